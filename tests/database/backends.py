# SPDX-License-Identifier: Apache-2.0
"""A test that runs on SQLite, MariaDB and PostgreSQL, each time afresh.

A module with such tests says `load_tests = backends.load_tests`.
"""

from collections.abc import Callable
import datetime as dt
import pathlib
import threading
from typing import Any
import uuid

import fixtures
from oslotest import base
import sqlalchemy as sa
import testscenarios

from patrii_billing.store import database
from patrii_billing.store import migrate
from tests import services

load_tests = testscenarios.load_tests_apply_scenarios

# Long enough for a loaded machine, short enough to show a real deadlock.
PATIENCE = 30

LEASE = dt.timedelta(minutes=1)


class Scratch(fixtures.Fixture):
    """An empty database of its own on one of the backends; its URL."""

    url: str

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def _setUp(self) -> None:
        if self._backend == 'sqlite':
            folder = self.useFixture(fixtures.TempDir()).path
            self.url = f'sqlite:///{pathlib.Path(folder) / "books.db"}'
            return
        server = sa.make_url(
            services.mysql_url()
            if self._backend == 'mysql'
            else services.postgresql_url()
        )
        name = f'books_{uuid.uuid4().hex}'
        self._run(server, f'CREATE DATABASE {name}')
        self.addCleanup(self._run, server, f'DROP DATABASE {name}')
        self.url = server.set(database=name).render_as_string(
            hide_password=False
        )

    def _run(self, server: sa.URL, statement: str) -> None:
        engine = sa.create_engine(server, isolation_level='AUTOCOMMIT')
        with engine.connect() as conn:
            conn.execute(sa.text(statement))
        engine.dispose()


class EmptyDatabaseTestCase(base.BaseTestCase):
    """Each test has a database without any table."""

    scenarios = [
        (name, {'backend': name}) for name in ('sqlite', 'mysql', 'postgresql')
    ]
    backend: str

    def setUp(self) -> None:
        super().setUp()
        self.url = self.useFixture(Scratch(self.backend)).url
        self.database = self.open()

    def open(self) -> database.Database:
        """Return a way into the database with connections of its own."""
        opened = database.Database(connection=self.url, max_retries=0)
        self.addCleanup(opened.engine.dispose)
        return opened


class DatabaseTestCase(EmptyDatabaseTestCase):
    """Each test has a database at head, with nothing in it."""

    def setUp(self) -> None:
        super().setUp()
        migrate.upgrade(self.database.engine)


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run each work in a thread of its own; what each one returned.

    The first exception of any of them is raised, and also a thread that
    does not end.
    """
    results: list[Any] = [None] * len(works)
    failures: list[BaseException] = []

    def run(index: int) -> None:
        try:
            results[index] = works[index]()
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)

    threads = [
        threading.Thread(target=run, args=(index,), daemon=True)
        for index in range(len(works))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    if failures:
        raise failures[0]
    if any(thread.is_alive() for thread in threads):
        raise TimeoutError('the works wait for each other')
    return results
