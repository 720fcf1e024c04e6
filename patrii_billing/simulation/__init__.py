# SPDX-License-Identifier: Apache-2.0
"""The real engine over the simulated cloud, on a virtual clock."""
