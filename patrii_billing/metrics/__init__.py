# SPDX-License-Identifier: Apache-2.0
"""The figures of the books for a monitor, in the format of Prometheus."""
