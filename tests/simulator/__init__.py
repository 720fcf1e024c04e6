# SPDX-License-Identifier: Apache-2.0
"""The whole service, stepped from a seed, with faults wherever they occur."""
