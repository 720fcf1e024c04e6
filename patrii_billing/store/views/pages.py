# SPDX-License-Identifier: Apache-2.0
"""Rows of a table in order, some at a time: no report holds all of them.

Each page is a unit of work of its own and begins behind the last row of the
page before, so that a long report keeps no transaction open and no driver
hands over more than a page.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import database

SIZE = 500


def rows(
    db: database.Database, query: sa.Select[Any], *key: sa.ColumnElement[Any]
) -> Iterator[sa.Row[Any]]:
    """All rows of a query by its key, which must be unique and never NULL."""
    for page in batches(db, query, *key):
        yield from page


def batches(
    db: database.Database, query: sa.Select[Any], *key: sa.ColumnElement[Any]
) -> Iterator[Sequence[sa.Row[Any]]]:
    """The same, a page at a time."""
    last: Sequence[Any] | None = None
    marked = query.add_columns(
        *(part.label(f'key_{place}') for place, part in enumerate(key))
    )
    while True:
        page = db.read(_after(marked, key, last))
        if not page:
            return
        yield page
        if len(page) < SIZE:
            return
        last = page[-1][-len(key) :]


def _after(
    query: sa.Select[Any],
    key: Sequence[sa.ColumnElement[Any]],
    last: Sequence[Any] | None,
) -> Callable[[sa.Connection], Sequence[sa.Row[Any]]]:
    if last is not None:
        query = query.where(_is_after(key, last))
    query = query.order_by(*key).limit(SIZE)
    return lambda conn: conn.execute(query).all()


def _is_after(
    key: Sequence[sa.ColumnElement[Any]], last: Sequence[Any]
) -> sa.ColumnElement[bool]:
    """Row by row comparison, spelt out: not every index helps a tuple."""
    first: sa.ColumnElement[bool] = key[0] > last[0]
    if len(key) == 1:
        return first
    return sa.and_(
        key[0] >= last[0],
        sa.or_(first, _is_after(key[1:], last[1:])),
    )
