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
#
# What is taken away is left out of it, and goes into one of its own, which is
# applied when no worker of the release before runs any more:
#
#   alembic -x url=sqlite:////tmp/scratch.db upgrade head
#   alembic -x url=sqlite:////tmp/scratch.db -x phase=contract \
#       revision --autogenerate --rev-id 0003 -m "what it takes away"

from typing import Any, Literal

from alembic import context
from alembic.operations import ops
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


_ADD, _TAKE_AWAY = 'expand', 'contract'
_PHASE = context.get_x_argument(as_dictionary=True).get('phase', _ADD)
_TAKES_AWAY = (
    ops.AlterColumnOp, ops.DropColumnOp, ops.DropConstraintOp,
    ops.DropIndexOp, ops.DropTableOp,
)  # fmt: skip


def keep_phase(_context: Any, _revision: Any, scripts: Any) -> None:
    """Leave in a new migration what belongs to its phase."""
    for script in scripts:
        _keep(script.upgrade_ops)


def _keep(container: Any) -> None:
    for op in list(container.ops):
        if isinstance(op, ops.ModifyTableOps):
            _keep(op)
            belongs = bool(op.ops)
        else:
            belongs = isinstance(op, _TAKES_AWAY) is (_PHASE == _TAKE_AWAY)
        if not belongs:
            container.ops.remove(op)


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=schema.metadata,
        render_item=render,
        compare_server_default=True,
        process_revision_directives=keep_phase,
        template_args={'phase': _PHASE},
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
