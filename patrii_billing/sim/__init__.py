# SPDX-License-Identifier: Apache-2.0
"""The simulated cloud, clock and mailbox: the one set of fakes."""
