# SPDX-License-Identifier: Apache-2.0
"""One file per page, each a blueprint."""
