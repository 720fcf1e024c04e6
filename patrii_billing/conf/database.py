# SPDX-License-Identifier: Apache-2.0
"""Where the books are kept: oslo.db's own options."""

from typing import Any

from oslo_config import cfg
from oslo_db import options as oslo_db_options

GROUP = 'database'

# What the books' connection takes of them. A slave_connection is left out:
# nothing here may be decided on what a replica has not heard of yet.
_TAKEN = (
    'connection',
    'connection_debug',
    'connection_parameters',
    'connection_recycle_time',
    'connection_trace',
    'max_overflow',
    'max_pool_size',
    'max_retries',
    'mysql_sql_mode',
    'mysql_wsrep_sync_wait',
    'pool_timeout',
    'retry_interval',
    'sqlite_synchronous',
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(oslo_db_options.database_opts, group=GROUP)


def options(conf: cfg.ConfigOpts) -> dict[str, Any]:
    """What store.database.Database is to be built with.

    Raises RequiredOptError where `connection` is not set.
    """
    group = conf[GROUP]
    if not group.connection:
        raise cfg.RequiredOptError('connection', cfg.OptGroup(GROUP))
    return {name: group[name] for name in _TAKEN}
