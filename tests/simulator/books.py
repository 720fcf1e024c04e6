# SPDX-License-Identifier: Apache-2.0
"""The real schema in memory, shared by workers who take turns within units.

What a server with READ COMMITTED lets two transactions see of each other is
kept: until its first write a unit reads what is committed now, statement by
statement, and others may commit in between. From its first write on a unit
runs to its end alone, as if it held the lock of all it may write; a read that
locks is as a write. What two units that have both written see of each other is
not played here: the tests of the databases do that on MariaDB and PostgreSQL
themselves.
"""

from collections.abc import Callable
import sqlite3
from typing import Any

from oslo_db import exception
from oslo_db.sqlalchemy import exc_filters
import sqlalchemy as sa

from tests.simulator import stepping

_TRIES = 10


class Unit:
    """A unit of work: what it has written so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.writes: list[tuple[str, str, Any, str]] = []
        self.is_alone = False


class Books:
    """One database for all histories of a process, filled anew for each.

    An engine of its own for each would compile every statement again.
    """

    def __init__(self) -> None:
        self.engine = sa.create_engine(
            'sqlite://',
            poolclass=sa.StaticPool,
            connect_args={'check_same_thread': False},
        )
        exc_filters.register_engine(self.engine)
        self.raw: sqlite3.Connection = self._bare()
        self.raw.isolation_level = None
        self.stage: stepping.Stage | None = None
        self.committed: Callable[[stepping.Worker, Unit], None] | None = None
        sa.event.listen(
            self.engine, 'before_cursor_execute', self._before_statement
        )

    def _bare(self) -> Any:
        return self.engine.raw_connection().driver_connection

    def fill(self, image: sqlite3.Connection) -> None:
        self.raw.execute('PRAGMA foreign_keys = OFF')
        image.backup(self.raw)
        self.raw.execute('PRAGMA foreign_keys = ON')

    def ask(self, query: str, *values: Any) -> list[Any]:
        """Rows of a plain query, for who judges."""
        return self.raw.execute(query, values).fetchall()

    def _before_statement(
        self, _conn: Any, _cursor: Any, statement: str, values: Any,
        context: Any, _many: bool,
    ) -> None:  # fmt: skip
        stage = self.stage
        worker = stage.worker if stage else None
        if stage is None or worker is None or worker.unit is None:
            return
        unit = worker.unit
        reads = statement.startswith(('SELECT', 'WITH'))
        if not unit.is_alone:
            if reads and not _locks(context):
                stage.point('read')
                return
            stage.point('write')
            self.raw.execute('BEGIN')
            unit.is_alone = True
        if not reads:
            unit.writes.append((*_target(statement), values, statement))


def _locks(context: Any) -> bool:
    """Whether others wait for the rows, which SQLite has no words for."""
    asked = getattr(context, 'invoked_statement', None)
    return getattr(asked, '_for_update_arg', None) is not None


def _target(statement: str) -> tuple[str, str]:
    """The verb and the table: ('UPDATE', 'actions')."""
    words = statement.split(None, 3)
    at = 1 if words[0] == 'UPDATE' else 2
    return words[0], words[at] if len(words) > at else ''


class WorkersBooks:
    """The books as one process has them; stands for database.Database."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.engine = books.engine

    def write(self, work: Any, /, *args: Any, **kwargs: Any) -> Any:
        """As the real one: again where it lost a race, or the connection."""
        for _ in range(_TRIES):
            answer, is_done = self._unit(work, args, kwargs)
            if is_done:
                return answer
        raise exception.DBConnectionError('ten times in a row')

    read = write

    def _unit(self, work: Any, args: Any, kwargs: Any) -> tuple[Any, bool]:
        stage = self._books.stage
        worker = stage.worker if stage else None
        if stage is None or worker is None:
            with self._books.engine.connect() as conn:
                answer = work(conn, *args, **kwargs)
                conn.commit()
            return answer, True
        if worker.unit is not None:
            raise RuntimeError('a unit of work inside another')
        stage.point('turn')
        unit = worker.unit = Unit(getattr(work, '__qualname__', str(work)))
        try:
            with self._books.engine.connect() as conn:
                answer = work(conn, *args, **kwargs)
                fault = self._commit(stage, worker, unit, conn)
        except exception.RetryRequest:
            return None, False
        finally:
            worker.unit = None
        if fault == 'killed after':
            raise stepping.Killed
        if fault in ('race lost', 'answer lost'):
            return None, False
        if unit.writes:
            stage.point('committed', unit.name)
        return answer, True

    def _commit(
        self,
        stage: stepping.Stage,
        worker: stepping.Worker,
        unit: Unit,
        conn: sa.Connection,
    ) -> str | None:
        if not unit.writes:
            conn.rollback()
            return None
        fault = stage.point('commit', unit.name)
        if fault == 'killed before':
            conn.rollback()
            raise stepping.Killed
        if fault == 'race lost':
            conn.rollback()
            return fault
        conn.commit()
        if self._books.committed is not None:
            self._books.committed(worker, unit)
        return fault
