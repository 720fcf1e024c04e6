# SPDX-License-Identifier: Apache-2.0
"""The hands: what the engine's ports mean on a real OpenStack."""
