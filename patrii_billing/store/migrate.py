# SPDX-License-Identifier: Apache-2.0
"""Bringing a database to the schema this release reads and writes.

A revision either adds (`expand`) or takes away (`contract`). What is added
disturbs no worker of the release before, so that both run on it together;
what only that one uses is taken away when the last of its workers is gone.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
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
# Up to the newest, of what adds and of what takes away.
ALL = 'heads'


def upgrade(target: sa.Engine | str, revision: str = ALL) -> None:
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
        if revision in (ALL, needed()):
            sought.fill(connection)


def expand(engine: sa.Engine) -> None:
    """Add what this release needs, while the one before goes on.

    Raises Conflict where something of older releases is to be taken away
    before: then theirs are not the last workers.
    """
    if version(engine)[0] is None:
        upgrade(engine)
        return
    left = missing(engine)
    for each in filter(adds, left):
        before = _before(each.revision)
        gone = [
            other
            for other in filter(takes_away, left)
            if other.revision in before
        ]
        if gone:
            raise errors.Conflict(
                f'{gone[0].revision} takes away what older releases use: run '
                'db contract before it if none of them runs any more, or else '
                'stop all workers and run db upgrade'
            )
    for each in filter(adds, left):
        upgrade(engine, each.revision)


def contract(engine: sa.Engine) -> None:
    """Take away what only the release before used.

    Raises Conflict where this release does not have all it needs.
    """
    left = missing(engine)
    added = {each.revision for each in filter(adds, left)}
    gone = [
        each
        for each in filter(takes_away, left)
        if not added & _before(each.revision)
    ]
    if left and not gone:
        raise errors.Conflict('first run db expand')
    for each in gone:
        upgrade(engine, each.revision)
    with engine.begin() as connection:
        # Of customers whom the release before entered meanwhile.
        sought.fill(connection)


def missing(engine: sa.Engine) -> Sequence[script.Script]:
    """What is to be applied yet to a database, in order.

    One that a newer release has upgraded has all of ours.
    """
    return after(_applied(engine))


def after(applied: Sequence[str]) -> Sequence[script.Script]:
    """What is to be applied yet where these are the newest."""
    every = list(_revisions().walk_revisions())[::-1]
    if set(applied) - {each.revision for each in every}:
        return ()
    there = {*applied}.union(*map(_before, applied))
    return [each for each in every if each.revision not in there]


def _before(name: str) -> set[str]:
    """The revisions that one rests on."""
    found = _revisions()
    return {
        each.revision for each in found.iterate_revisions(name, 'base')
    } - {name}


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
    return max(_applied(engine), default=None), max(newest())


def newest() -> Sequence[str]:
    """The newest revisions there are: of what adds, and takes away."""
    return tuple(_revisions().get_heads())


def _applied(engine: sa.Engine) -> tuple[str, ...]:
    """The newest revisions of a database: of what adds, and takes away."""
    with engine.connect() as connection:
        context = migration.MigrationContext.configure(connection)
        return context.get_current_heads()


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
