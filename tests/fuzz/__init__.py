# SPDX-License-Identifier: Apache-2.0
"""Whatever comes from outside, in millions of ways that nobody thought of."""
