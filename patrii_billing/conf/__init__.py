# SPDX-License-Identifier: Apache-2.0
"""The configuration: one file per group of options, none of them global."""
