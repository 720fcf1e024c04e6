# SPDX-License-Identifier: Apache-2.0
"""Many new rows of one table, at hardly more than the driver's own cost.

SQLAlchemy works through every value of every row; what a day with a hundred
thousand invoices writes is bound column by column here.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import functools
import itertools
from typing import Any

import sqlalchemy as sa

# Of one statement to PostgreSQL, which is one text with all values in it.
_PAGE = 1000
_Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """Rows of a table as the driver takes them, column by column."""

    table: sa.Table
    columns: Mapping[str, Sequence[Any]]


def insert(
    conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add rows, all with the same columns.

    Of what no row says anything about the database's own NULL is as good.
    """
    write(conn, bind(conn, table, rows))


def bind(
    conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> Bound:
    """Do for `write` what asks nothing of the database."""
    columns = ((name, [row[name] for row in rows]) for name in rows[0])
    return Bound(table, _for_driver(conn, table, columns))


def write(conn: sa.Connection, bound: Bound, **more: Sequence[Any]) -> None:
    """Add rows that are bound, with columns that were not known before."""
    table = bound.table
    columns = {**bound.columns, **_for_driver(conn, table, more.items())}
    into, places = _words(table, tuple(columns), conn.dialect)
    rows = list(zip(*columns.values(), strict=True))
    if conn.dialect.name != 'postgresql':
        # Their drivers make the most of it by themselves.
        conn.exec_driver_sql(f'{into} {places}', rows)
        return
    for first in range(0, len(rows), _PAGE):
        page = rows[first : first + _PAGE]
        everything = ', '.join([places] * len(page))
        conn.exec_driver_sql(
            f'{into} {everything}', tuple(itertools.chain.from_iterable(page))
        )


def _for_driver(
    conn: sa.Connection,
    table: sa.Table,
    columns: Iterable[tuple[str, Sequence[Any]]],
) -> dict[str, Sequence[Any]]:
    """Without those in which there is nothing."""
    bound: dict[str, Sequence[Any]] = {}
    for name, values in columns:
        if values.count(None) < len(values):
            process = _process(table, name, conn.dialect)
            bound[name] = list(map(process, values)) if process else values
    return bound


@functools.lru_cache(maxsize=1000)
def _process(
    table: sa.Table, name: str, dialect: sa.Dialect
) -> _Process | None:
    """What makes a value of a column what the driver takes."""
    kind = table.c[name].type.dialect_impl(dialect)
    process: _Process | None = kind.bind_processor(dialect)
    return process


@functools.lru_cache(maxsize=1000)
def _words(
    table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect
) -> tuple[str, str]:
    """The statement up to its values, and the places of those of one row."""
    quote = dialect.identifier_preparer
    columns = ', '.join(quote.quote(name) for name in names)
    sign = '?' if dialect.paramstyle == 'qmark' else '%s'
    places = ', '.join([sign] * len(names))
    return (
        f'INSERT INTO {quote.format_table(table)} ({columns}) VALUES',
        f'({places})',
    )
