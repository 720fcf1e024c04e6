# SPDX-License-Identifier: Apache-2.0
"""The ears: what the cloud sends becomes facts the engine can observe."""
