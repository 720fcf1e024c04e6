# SPDX-License-Identifier: Apache-2.0
"""The daemon: which processes it runs, and how they begin and end."""
