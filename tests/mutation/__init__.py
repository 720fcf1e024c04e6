# SPDX-License-Identifier: Apache-2.0
"""Whether a test objects to each small change of the law."""
