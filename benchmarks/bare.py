# SPDX-License-Identifier: Apache-2.0
"""The rows of invoices, written without a thought: floors for issuing."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import itertools
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm as mapping

from patrii_billing.store import schema

BATCH = 500
_Row = Mapping[str, Any]
_invoices, _lines = schema.invoices, schema.lines


class _Invoice:
    """Mapped by hand: the house has no ORM."""

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)


class _Line(_Invoice):
    pass


_registry = mapping.registry()
_registry.map_imperatively(
    _Invoice, _invoices,
    properties={'its_lines': mapping.relationship(_Line)},
)  # fmt: skip
_registry.map_imperatively(_Line, _lines)


class Floors:
    """Copies of one invoice with its lines, in books of their own."""

    def __init__(
        self, engine: sa.Engine, invoice: _Row, lines: Sequence[_Row]
    ) -> None:
        self._engine = engine
        self._invoice = _without(invoice, 'id')
        self._lines = [_without(line, 'id', 'invoice_id') for line in lines]
        self._numbers = itertools.count(1)

    def core(self, count: int) -> None:
        """Two statements for a batch, in a transaction of its own."""
        for numbers in self._batches(count):
            with self._engine.begin() as conn:
                self._insert(conn, numbers)

    def each(self, count: int) -> None:
        """A transaction for each invoice."""
        for number in itertools.islice(self._numbers, count):
            with self._engine.begin() as conn:
                self._insert(conn, [number])

    def orm(self, count: int) -> None:
        for numbers in self._batches(count):
            with mapping.Session(self._engine) as session, session.begin():
                session.add_all(
                    _Invoice(
                        **self._numbered(number),
                        its_lines=[_Line(**line) for line in self._lines],
                    )
                    for number in numbers
                )

    def driver(self, count: int) -> None:
        """As Core says it, by the driver without SQLAlchemy."""
        first = next(self._numbers)
        with self._engine.connect() as conn:
            dialect = conn.dialect
            rows = [
                _bound(_invoices, self._numbered(first), dialect),
                *(_bound(_lines, line, dialect) for line in self._lines),
            ]
        raw = self._engine.raw_connection()
        cursor = raw.cursor()
        for numbers in self._batches(count):
            if dialect.name == 'sqlite':
                cursor.execute('BEGIN')
            for table, some in (
                (_invoices, [{**rows[0], **self._marks(n)} for n in numbers]),
                (
                    _lines,
                    [
                        {**line, 'invoice_id': n}
                        for n in numbers
                        for line in rows[1:]
                    ],
                ),
            ):
                _insert_many(cursor, dialect.name, table.name, some)
            raw.commit()
        raw.close()

    def _insert(self, conn: sa.Connection, numbers: Iterable[int]) -> None:
        numbers = list(numbers)
        conn.execute(
            _invoices.insert(), [self._numbered(each) for each in numbers]
        )
        conn.execute(
            _lines.insert(),
            [
                {**line, 'invoice_id': each}
                for each in numbers
                for line in self._lines
            ],
        )

    def _batches(self, count: int) -> Iterable[list[int]]:
        left = count
        while left > 0:
            size = min(BATCH, left)
            yield list(itertools.islice(self._numbers, size))
            left -= size

    def _numbered(self, number: int) -> dict[str, Any]:
        return {**self._invoice, **self._marks(number)}

    def _marks(self, number: int) -> dict[str, Any]:
        """What no two invoices have alike."""
        return {'id': number, 'number': number, 'reference': f'B{number}'}


def _without(row: _Row, *names: str) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in names}


def _bound(table: sa.Table, row: _Row, dialect: sa.Dialect) -> dict[str, Any]:
    """The values as the types of the columns hand them to the driver."""
    bound = {}
    for name, value in row.items():
        process = table.c[name].type.dialect_impl(dialect).bind_processor(
            dialect
        )
        bound[name] = process(value) if process else value
    return bound


def _insert_many(
    cursor: Any, dialect: str, table: str, rows: Sequence[_Row]
) -> None:
    names = list(rows[0])
    mark = '`' if dialect == 'mysql' else '"'
    columns = ', '.join(f'{mark}{name}{mark}' for name in names)
    values = [tuple(row[name] for name in names) for row in rows]
    into = f'INSERT INTO {mark}{table}{mark} ({columns}) VALUES'
    if dialect == 'postgresql':
        from psycopg2 import extras

        extras.execute_values(
            cursor, f'{into} %s', values, page_size=len(values)
        )
        return
    sign = '?' if dialect == 'sqlite' else '%s'
    places = ', '.join([sign] * len(names))
    cursor.executemany(f'{into} ({places})', values)
