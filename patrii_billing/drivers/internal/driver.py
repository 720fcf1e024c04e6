# SPDX-License-Identifier: Apache-2.0
"""Customers, contracts, invoices and payments are all our own.

`internal` is named as any other driver, and nothing stands behind the port:
our books would be read into themselves, and told what they have just said.
"""

from oslo_config import cfg


def build(conf: cfg.ConfigOpts) -> None:
    """There is no engine, whatever the configuration says."""
