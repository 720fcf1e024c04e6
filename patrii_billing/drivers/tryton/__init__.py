# SPDX-License-Identifier: Apache-2.0
"""Tryton, a business system, by the REST API of its server."""
