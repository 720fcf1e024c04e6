# SPDX-License-Identifier: Apache-2.0
"""Many new rows of one table, at hardly more than the driver's own cost.

SQLAlchemy works through every value of every row; what a day with a hundred
thousand invoices writes is bound column by column here.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import functools
import itertools
from typing import Any

import sqlalchemy as sa

# Of one statement to PostgreSQL, which is one text with all values in it.
_PAGE = 1000
_Process = Callable[[Any], Any]


def insert(
    conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add rows, all with the same columns.

    Of what no row says anything about the database's own NULL is as good.
    """
    count = len(rows)
    given = {name: [row[name] for row in rows] for name in rows[0]}
    said = {
        name: values
        for name, values in given.items()
        if values.count(None) < count
    }
    processes = _processes(table, tuple(said), conn.dialect)
    columns = [
        values if process is None else list(map(process, values))
        for values, process in zip(said.values(), processes, strict=True)
    ]
    into, places = _words(table, tuple(said), conn.dialect)
    bound = list(zip(*columns, strict=True))
    if conn.dialect.name != 'postgresql':
        # Their drivers make the most of it by themselves.
        conn.exec_driver_sql(f'{into} {places}', bound)
        return
    for first in range(0, count, _PAGE):
        page = bound[first : first + _PAGE]
        everything = ', '.join([places] * len(page))
        conn.exec_driver_sql(
            f'{into} {everything}', tuple(itertools.chain.from_iterable(page))
        )


@functools.lru_cache(maxsize=1000)
def _processes(
    table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect
) -> tuple[_Process | None, ...]:
    """What makes a value of each column what the driver takes."""
    return tuple(
        table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        for name in names
    )


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
