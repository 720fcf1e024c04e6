# SPDX-License-Identifier: Apache-2.0
"""Whether the database keeps what it has committed.

A notification is acknowledged to the broker, and a server deleted, once that
is committed: a server of databases that forgets its last second at a crash
forgets what nobody will tell again.
"""

from collections.abc import Iterator

import sqlalchemy as sa


def risks(conn: sa.Connection) -> list[str]:
    """Settings with which commits are lost when the server or host dies."""
    asked = {'mysql': _of_mysql, 'postgresql': _of_postgresql}
    return list(asked.get(conn.dialect.name, _of_none)(conn))


def _of_mysql(conn: sa.Connection) -> Iterator[str]:
    """Below Galera the other servers have it as well."""
    (flush,) = conn.execute(
        sa.text('SELECT @@innodb_flush_log_at_trx_commit')
    ).one()
    clustered = conn.execute(
        sa.text("SHOW STATUS LIKE 'wsrep_cluster_size'")
    ).first()
    alone = clustered is None or int(clustered[1]) < 2
    if flush == 0 or (flush != 1 and alone):
        yield (
            f'innodb_flush_log_at_trx_commit is {flush}: a crash loses what '
            'was committed last; 1 keeps it'
        )


def _of_postgresql(conn: sa.Connection) -> Iterator[str]:
    for setting in ('fsync', 'synchronous_commit', 'full_page_writes'):
        if conn.scalar(sa.text(f'SHOW {setting}')) == 'off':
            yield (
                f'{setting} is off: a crash loses what was committed last; '
                'on keeps it'
            )


def _of_none(conn: sa.Connection) -> Iterator[str]:
    return iter(())
