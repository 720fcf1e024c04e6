# SPDX-License-Identifier: Apache-2.0
"""A test that runs on SQLite, MariaDB and PostgreSQL, each time afresh.

A module with such tests says `load_tests = backends.load_tests`.
"""

import atexit
from collections.abc import Callable
import contextlib
import datetime as dt
import functools
import pathlib
import threading
from typing import Any, TypeVar
import uuid

import fixtures
from oslotest import base
import sqlalchemy as sa
import testscenarios

from patrii_billing.store import database
from patrii_billing.store import migrate
from tests import services

T = TypeVar('T')

load_tests = testscenarios.load_tests_apply_scenarios

# Long enough for a loaded machine, short enough to show a real deadlock.
PATIENCE = 30

LEASE = dt.timedelta(minutes=1)


class Scratch(fixtures.Fixture):
    """A database of its own on one of the backends; its URL.

    It is empty, or at head.
    """

    url: str
    # Of an SQLite that is copied.
    content: bytes

    def __init__(self, backend: str, at_head: bool = False) -> None:
        self._backend = backend
        self._pattern = _pattern(backend) if at_head else None

    def _setUp(self) -> None:
        if self._backend == 'sqlite':
            self._make_file()
            return
        server = sa.make_url(
            services.mysql_url()
            if self._backend == 'mysql'
            else services.postgresql_url()
        )
        self.name = f'books_{uuid.uuid4().hex}'
        create = f'CREATE DATABASE {self.name}'
        if self._pattern and self._backend == 'postgresql':
            create += f' TEMPLATE {self._pattern.name}'
        _run(server, create)
        self.addCleanup(_run, server, f'DROP DATABASE {self.name}')
        url = server.set(database=self.name)
        self.url = url.render_as_string(hide_password=False)
        if self._pattern and self._backend == 'mysql':
            _run(url, *_told(self._pattern))

    def _make_file(self) -> None:
        folder = self.useFixture(fixtures.TempDir()).path
        self.file = pathlib.Path(folder) / 'books.db'
        self.url = f'sqlite:///{self.file}'
        if self._pattern:
            self.file.write_bytes(self._pattern.content)


@functools.cache
def _pattern(backend: str) -> Scratch:
    """What those at head are copied from, for to migrate each takes long."""
    first = Scratch(backend)
    first.setUp()
    atexit.register(first.cleanUp)
    migrate.upgrade(first.url)
    if backend == 'sqlite':
        # Its folder goes with the test that was the first.
        first.content = first.file.read_bytes()
    return first


@functools.cache
def _told(pattern: Scratch) -> list[str]:
    """What makes a copy on MariaDB, which has no templates."""
    engine = sa.create_engine(pattern.url)
    with engine.connect() as conn:
        ask = conn.exec_driver_sql
        names = [f'`{name}`' for name in sa.inspect(conn).get_table_names()]
        made = [ask(f'SHOW CREATE TABLE {name}').one()[1] for name in names]
        filled = [
            f'INSERT INTO {name} SELECT * FROM {pattern.name}.{name}'
            for name in names
            if ask(f'SELECT 1 FROM {name} LIMIT 1').first()  # noqa: S608
        ]
    engine.dispose()
    return ['SET FOREIGN_KEY_CHECKS = 0', *made, *filled]


def _run(server: sa.URL, *statements: str) -> None:
    engine = sa.create_engine(server, isolation_level='AUTOCOMMIT')
    with contextlib.closing(engine.raw_connection()) as conn:
        cursor = conn.cursor()
        for statement in statements:
            cursor.execute(statement)
    engine.dispose()


class EmptyDatabaseTestCase(base.BaseTestCase):
    """Each test has a database without any table."""

    scenarios = [
        (name, {'backend': name}) for name in ('sqlite', 'mysql', 'postgresql')
    ]
    backend: str
    at_head = False

    def setUp(self) -> None:
        super().setUp()
        self.url = self.useFixture(Scratch(self.backend, self.at_head)).url
        self.database = self.open()

    def open(self) -> database.Database:
        """Return a way into the database with connections of its own."""
        opened = database.Database(connection=self.url, max_retries=0)
        self.addCleanup(opened.engine.dispose)
        return opened


class DatabaseTestCase(EmptyDatabaseTestCase):
    """Each test has a database at head, with nothing in it."""

    at_head = True

    def one_after_the_other(
        self, work: Callable[[sa.Connection], T]
    ) -> list[T]:
        """What two get of whom the second begins before the first commits."""
        begun = threading.Event()

        def hold(conn: sa.Connection) -> T:
            found = work(conn)
            begun.set()
            threading.Event().wait(0.3)
            return found

        def follow() -> T:
            own = self.open()
            self.assertTrue(begun.wait(PATIENCE))
            return own.write(work)

        return together(lambda: self.database.write(hold), follow)


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
