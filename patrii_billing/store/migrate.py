# SPDX-License-Identifier: Apache-2.0
"""Bringing a database to the schema this release reads and writes."""

from collections.abc import Iterator
import contextlib
import pathlib
from typing import Any

from alembic import command
from alembic import config as alembic_config
from alembic.runtime import migration
from alembic import script
import sqlalchemy as sa

from patrii_billing.store import database
from patrii_billing.store import schema
from patrii_billing.store import sought

_HERE = pathlib.Path(__file__).parent


def upgrade(target: sa.Engine | str, revision: str = 'head') -> None:
    """Apply what is missing up to a revision to an engine or an URL."""
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
        if revision == 'head':
            sought.fill(connection)


def version(engine: sa.Engine) -> tuple[str | None, str]:
    """The revision a database is at (None: an empty one), and the newest."""
    with engine.connect() as connection:
        context = migration.MigrationContext.configure(connection)
        current = context.get_current_revision()
    head = script.ScriptDirectory.from_config(_config()).get_current_head()
    return current, str(head)


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


def _config() -> alembic_config.Config:
    config = alembic_config.Config()
    config.set_main_option(
        'script_location', str(_HERE / 'migrations').replace('%', '%%')
    )
    config.set_main_option('path_separator', 'os')
    return config
