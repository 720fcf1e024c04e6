# SPDX-License-Identifier: Apache-2.0
"""No other subscription engine."""
