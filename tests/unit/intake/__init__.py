# SPDX-License-Identifier: Apache-2.0
"""Notifications in, facts out."""
