# SPDX-License-Identifier: Apache-2.0
"""Subscription billing and its enforcement for OpenStack clouds."""
