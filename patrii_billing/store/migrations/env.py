# SPDX-License-Identifier: Apache-2.0
"""What alembic runs: migrate.py hands it a connection, a developer an URL.

Migrations only go forward; back is a restored backup. A released one is
never changed, nor a type it takes from store/types.py.
"""

# The first migration, written anew from schema.py while nothing is released
# (alembic and ruff are on the PATH of the development environment):
#
#   cd patrii_billing/store && rm -f migrations/versions/0001_initial.py &&
#       alembic revision --autogenerate --rev-id 0001 -m initial
#
# A later one, from what schema.py has and a scratch database at head has not:
#
#   cd patrii_billing/store
#   alembic -x url=sqlite:////tmp/scratch.db upgrade head
#   alembic -x url=sqlite:////tmp/scratch.db \
#       revision --autogenerate --rev-id 0002 -m "what it adds"

from typing import Any, Literal

from alembic import context
import sqlalchemy as sa

from patrii_billing.store import schema
from patrii_billing.store import types

# Columns of these types are written by name.
_NAMES = {
    id(types.Id): 'types.Id',
    id(types.LongText): 'types.LongText',
    id(types.Sought): 'types.Sought',
}


def render(kind: str, value: Any, _autogenerate: Any) -> str | Literal[False]:
    """Write the types of the books as they stand in schema.py."""
    if kind != 'type':
        return False
    if type(value).__module__ == types.__name__:
        return f'types.{type(value).__name__}()'
    return _NAMES.get(id(value), False)


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=schema.metadata,
        render_item=render,
        compare_server_default=True,
        # SQLite cannot alter a table: alembic copies it instead.
        render_as_batch=connection.dialect.name == 'sqlite',
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get('connection')
if given is not None:
    run(given)
else:
    url = context.get_x_argument(as_dictionary=True).get(
        'url', context.config.get_main_option('sqlalchemy.url')
    )
    with sa.create_engine(str(url)).connect() as own:
        run(own)
