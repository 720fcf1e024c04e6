# SPDX-License-Identifier: Apache-2.0
"""The one way into the database: a unit of work in one transaction.

Every function of the store takes the connection of such a unit, so that
what belongs together is committed together. A unit that lost a race
(deadlock, serialization failure, a busy SQLite) is run again from its start.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
import threading
from typing import Any, Concatenate, ParamSpec, TypeVar

from oslo_db import api as oslo_db_api
from oslo_db import exception
from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from patrii_billing import errors
from patrii_billing.store import events

P = ParamSpec('P')
T = TypeVar('T')

_BACKENDS = ('sqlite', 'mysql', 'postgresql')
_OPTION = '[database] connection'
_SERIALIZATION_FAILURE = '40001'
# What a server says of itself and not of what it was asked. MySQL by error:
# no room on a disk, no memory, too many connections, being stopped, read
# only, an engine or a cluster that could not write or commit.
_SERVERS_OWN_ERRORS = frozenset({
    3, 1021, 1026, 1030, 1037, 1038, 1040, 1041, 1053, 1114, 1180, 1203,
    1226, 1290, 1836,
})  # fmt: skip
# PostgreSQL by class: resources, an operator's hand, its system; and that it
# is read only.
_SERVERS_OWN_STATES = ('53', '57', '58', '25006')
_FULL_SQLITE = 'database or disk is full'


@enginefacade.transaction_context_provider
class _Context:
    """What enginefacade hangs its connection on."""


class Database:
    """A configured database; safe to share between threads."""

    def __init__(
        self, connection: str, tells: bool = False, **options: Any
    ) -> None:
        """Take an URL and enginefacade's options (max_pool_size, ...).

        With `tells` what happens is kept for those who are told of it.
        Raises InvalidInput for an URL of no database that is supported.
        Nothing is connected yet.
        """
        url = _url(connection)
        self._manager = enginefacade.transaction_context()
        self._manager.configure(
            connection=url.render_as_string(hide_password=False),
            sqlite_fk=True,
            # Native threads need no turn given to green ones.
            thread_checkin=False,
            **options,
        )
        self._manager.append_on_engine_create(_quote_quickly)
        self._manager.append_on_engine_create(_read_committed)
        if tells:
            self._manager.append_on_engine_create(events.keep)
        self._turn = _Turn(needed=_is_in_memory(url))
        self._retry = oslo_db_api.wrap_db_retry(
            max_retries=10,
            retry_interval=0.05,
            inc_retry_interval=True,
            max_retry_interval=2,
            retry_on_deadlock=True,
            retry_on_disconnect=True,
            exception_checker=_lost_race,
        )

    def write(
        self,
        work: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run the work in one transaction; again where it lost a race."""

        def unit() -> T:
            using = self._manager.writer.connection.using
            with self._turn.taken(), using(_Context()) as conn:
                return work(conn, *args, **kwargs)

        return self._retry(unit)()  # type: ignore[no-any-return]

    def read(
        self,
        work: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run the work in one read-only transaction."""

        def unit() -> T:
            using = self._manager.reader.connection.using
            with self._turn.taken(), using(_Context()) as conn:
                return work(conn, *args, **kwargs)

        return self._retry(unit)()  # type: ignore[no-any-return]

    @property
    def engine(self) -> sa.Engine:
        return self._manager.writer.get_engine()  # type: ignore[no-any-return]


def insert(conn: sa.Connection, /, table: sa.Table, **values: Any) -> int:
    """Add a row; its new id."""
    key = conn.execute(table.insert().values(**values)).inserted_primary_key
    return int(key[0])  # type: ignore[index]


def insert_once(
    conn: sa.Connection, /, table: sa.Table, unique: str, **values: Any
) -> bool:
    """Add a row unless one has its unique value; whether it was added."""
    column = table.c[unique]
    same = sa.select(column).where(column == values[unique])
    if conn.execute(same).first():
        return False
    try:
        # Another unit may be adding it now: that waits here for its end.
        with conn.begin_nested():
            conn.execute(table.insert().values(**values))
    except exception.DBDuplicateEntry:
        return False
    return True


def insert_new(
    conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add rows that were not there when this unit of work looked.

    Raises RetryRequest where another one has added any of them meanwhile:
    the unit is run again, and sees it.
    """
    try:
        conn.execute(table.insert(), rows)
    except exception.DBDuplicateEntry as error:
        raise exception.RetryRequest(error) from error


def insert_missing(
    conn: sa.Connection,
    table: sa.Table,
    rows: Sequence[dict[str, Any]],
    unique: str,
) -> None:
    """Add rows in one statement; what has their unique value stays as is."""
    if conn.dialect.name == 'mysql':
        # Not INSERT IGNORE, which would also ignore what is wrong.
        insert = mysql.insert(table)
        same = {unique: insert.inserted[unique]}
        conn.execute(insert.on_duplicate_key_update(same), rows)
        return
    add = _insert(conn, table)
    _run(conn, add.on_conflict_do_nothing(index_elements=[unique]), rows)


def insert_or_change(
    conn: sa.Connection,
    table: sa.Table,
    rows: Sequence[dict[str, Any]],
    unique: Sequence[str],
    change: Callable[[Any], dict[str, Any]],
) -> None:
    """Add rows in one statement; change those that are there already.

    `change` makes the new values from the columns that would be added. It
    may bind no value, for which MySQL's driver has no place there.
    """
    if conn.dialect.name == 'mysql':
        insert = mysql.insert(table)
        conn.execute(
            insert.on_duplicate_key_update(change(insert.inserted)), rows
        )
        return
    add = _insert(conn, table)
    _run(
        conn,
        add.on_conflict_do_update(
            index_elements=list(unique), set_=change(add.excluded)
        ),
        rows,
    )


def _insert(
    conn: sa.Connection, table: sa.Table
) -> postgresql.Insert | sqlite.Insert:
    if conn.dialect.name == 'postgresql':
        return postgresql.insert(table)
    return sqlite.insert(table)


def _run(
    conn: sa.Connection,
    insert: postgresql.Insert | sqlite.Insert,
    rows: Sequence[dict[str, Any]],
) -> None:
    """Add many rows at once.

    Compiled for one row the statement is cached, and the drivers of MySQL
    and SQLite make one of it for all. For PostgreSQL SQLAlchemy does so, but
    where there are conflicts to settle only if something is returned.
    """
    if conn.dialect.name == 'postgresql':
        conn.execute(insert.returning(sa.literal_column('1')), rows)
    else:
        conn.execute(insert, rows)


class _Turn:
    """One unit of work at a time, where all threads share one connection.

    That is so in an in-memory SQLite: two units at once would be one
    transaction, and the end of either the end of both.
    """

    def __init__(self, needed: bool) -> None:
        self._needed = needed
        self._lock = threading.RLock()
        self._running = False

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn. Raises RuntimeError inside another unit."""
        if not self._needed:
            yield
            return
        with self._lock:
            if self._running:
                raise RuntimeError('a unit of work inside another')
            self._running = True
            try:
                yield
            finally:
                self._running = False


def _url(connection: str) -> sa.URL:
    try:
        url = sa.make_url(connection)
    except sa.exc.ArgumentError:
        raise errors.InvalidInput(
            'not the URL of a database', _OPTION
        ) from None
    if url.drivername.partition('+')[0] not in _BACKENDS:
        raise errors.InvalidInput(
            f'{url.drivername} is none of {", ".join(_BACKENDS)}', _OPTION
        )
    if url.get_backend_name() == 'mysql' and 'charset' not in url.query:
        # The driver's own default has no room for all of Unicode.
        return url.update_query_dict({'charset': 'utf8mb4'})
    return url


def _is_in_memory(url: sa.URL) -> bool:
    return url.get_backend_name() == 'sqlite' and (
        url.database in (None, '', ':memory:')
    )


def _quote_quickly(engine: sa.Engine) -> None:
    """Connect by a class of ours where the driver is PyMySQL."""
    if engine.dialect.driver != 'pymysql':
        return
    # The driver is there only where MySQL is.
    from patrii_billing.store import quoting

    @sa.event.listens_for(engine, 'do_connect')
    def _connect(
        _dialect: Any, _record: Any, where: Any, options: Any
    ) -> quoting.Connection:
        return quoting.Connection(*where, **options)


def _read_committed(engine: sa.Engine) -> None:
    """Have MySQL show each statement what is committed, as PostgreSQL does.

    By its own default a unit would go on seeing what was there at its first
    read, so that a judgement that has waited for the account's lock would
    miss the payment it waited for.
    """
    if engine.dialect.name != 'mysql':
        return

    @sa.event.listens_for(engine, 'connect')
    def _set(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'
            )

    engine.dispose()  # what oslo.db has opened before


def is_of_server(error: BaseException | None) -> bool:
    """Whether the server is in trouble, whatever it is asked: a full disk."""
    if isinstance(error, exception.DBError):
        return isinstance(
            error, exception.DBConnectionError
        ) or is_of_server(error.inner_exception)
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if _never_asked(error):
        return True
    state = getattr(error.orig, 'pgcode', None) or ''
    told: Sequence[Any] = getattr(error.orig, 'args', ())
    return (
        state.startswith(_SERVERS_OWN_STATES)
        or (bool(told) and told[0] in _SERVERS_OWN_ERRORS)
        or _FULL_SQLITE in str(error.orig)
    )


def _never_asked(error: sa.exc.DBAPIError) -> bool:
    """Whether not even a connection could be had.

    oslo.db names that only for a connection that had been there.
    """
    return (
        isinstance(error, sa.exc.OperationalError) and error.statement is None
    )


def _lost_race(error: BaseException | None) -> bool:
    """The races that oslo.db leaves unnamed."""
    if isinstance(error, exception.DBError):
        # A deadlock has ended the transaction, and so its savepoints:
        # MySQL complains about that, and oslo.db keeps the reason.
        cause = error.cause
        return isinstance(cause, exception.DBDeadlock) or _lost_race(cause)
    if not isinstance(error, sa.exc.OperationalError):
        return False
    code = getattr(error.orig, 'pgcode', None)
    return code == _SERIALIZATION_FAILURE or (
        'database is locked' in str(error.orig)
    )
