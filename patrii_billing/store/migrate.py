# SPDX-License-Identifier: Apache-2.0
"""Bringing a database to the schema this release reads and writes.

A revision either adds (`expand`) or takes away (`contract`). What is added
disturbs no worker of the release before, so that both run on it together;
what only that one uses is taken away when the last of its workers is gone.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import itertools
import pathlib
from typing import Any

from alembic import command
from alembic import config as alembic_config
from alembic.runtime import migration
from alembic import script
import sqlalchemy as sa

from patrii_billing import errors
from patrii_billing.store import database
from patrii_billing.store import schema
from patrii_billing.store import sought

_HERE = pathlib.Path(__file__).parent
# What the `phase` of a revision may be.
EXPAND, CONTRACT = 'expand', 'contract'


def upgrade(target: sa.Engine | str, revision: str = 'head') -> None:
    """Apply what is missing up to a revision to an engine or an URL.

    What is taken away on the way no worker of an older release may use.
    """
    if isinstance(target, str):
        own = database.Database(connection=target).engine
        try:
            upgrade(own, revision)
        finally:
            own.dispose()
        return
    config = _config()
    with _altering(target) as connection:
        config.attributes['connection'] = connection
        command.upgrade(config, revision)
    with target.begin() as connection:
        add_watch(connection)
        if revision in ('head', needed()):
            sought.fill(connection)


def expand(engine: sa.Engine) -> None:
    """Add what this release needs, while the one before goes on.

    Raises Conflict where something of older releases is to be taken away
    before: then theirs are not the last workers.
    """
    current, _ = version(engine)
    if current is None:
        upgrade(engine)
        return
    left = missing(current)
    added = list(itertools.takewhile(adds, left))
    beyond = left[len(added) :]
    if any(map(adds, beyond)):
        raise errors.Conflict(
            f'{beyond[0].revision} takes away what older releases use: run '
            'db contract before it if none of them runs any more, or else '
            'stop all workers and run db upgrade'
        )
    if added:
        upgrade(engine, added[-1].revision)


def contract(engine: sa.Engine) -> None:
    """Take away what only the release before used.

    Raises Conflict where this release does not have all it needs.
    """
    left = missing(version(engine)[0])
    gone = list(itertools.takewhile(takes_away, left))
    if left and not gone:
        raise errors.Conflict('first run db expand')
    if gone:
        upgrade(engine, gone[-1].revision)
    with engine.begin() as connection:
        # Of customers whom the release before entered meanwhile.
        sought.fill(connection)


def missing(current: str | None) -> Sequence[script.Script]:
    """What is to be applied yet to a database at a revision, in order."""
    found = list(_revisions().walk_revisions())[::-1]
    names = [each.revision for each in found]
    return found[names.index(current) + 1 if current in names else 0 :]


def adds(revision: script.Script) -> bool:
    return not takes_away(revision)


def takes_away(revision: script.Script) -> bool:
    """One that does not say what it is adds."""
    return getattr(revision.module, 'phase', EXPAND) == CONTRACT


def needed() -> str:
    """The revision that this release cannot work without."""
    found = filter(adds, _revisions().walk_revisions())
    return str(next(found).revision)


def version(engine: sa.Engine) -> tuple[str | None, str]:
    """The revision a database is at (None: an empty one), and the newest."""
    with engine.connect() as connection:
        context = migration.MigrationContext.configure(connection)
        current = context.get_current_revision()
    return current, str(_revisions().get_current_head())


def add_watch(connection: sa.Connection) -> None:
    """Add the single row of the table `watch`, once."""
    database.insert_missing(connection, schema.watch, [{'id': 1}], 'id')


@contextlib.contextmanager
def _altering(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that may alter tables other tables refer to.

    alembic alters one in SQLite by a copy that takes its place, which the
    foreign keys to it forbid; and they can be turned off only outside.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if engine.dialect.name == 'sqlite':
            driver.execute('PRAGMA foreign_keys = OFF')
        try:
            with connection.begin():
                yield connection
        finally:
            if engine.dialect.name == 'sqlite':
                driver.execute('PRAGMA foreign_keys = ON')


def _revisions() -> script.ScriptDirectory:
    return script.ScriptDirectory.from_config(_config())


def _config() -> alembic_config.Config:
    config = alembic_config.Config()
    config.set_main_option(
        'script_location', str(_HERE / 'migrations').replace('%', '%%')
    )
    config.set_main_option('path_separator', 'os')
    return config
