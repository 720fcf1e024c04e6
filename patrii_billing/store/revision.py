# SPDX-License-Identifier: Apache-2.0
"""Which revision of the schema a database is at, told without alembic.

Each worker asks once, and would keep alembic in memory for it.
"""

import sqlalchemy as sa

# This release cannot work without it, see migrate.needed.
NEEDED = '0006'
# As alembic keeps it.
_TABLE = sa.table('alembic_version', sa.column('version_num'))


def found(engine: sa.Engine) -> str | None:
    """The revision a database is at; None for an empty one."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(_TABLE.name):
            return None
        # What takes away has a row of its own.
        at = connection.scalar(sa.select(sa.func.max(_TABLE.c.version_num)))
    return None if at is None else str(at)
