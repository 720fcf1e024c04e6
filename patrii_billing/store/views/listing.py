# SPDX-License-Identifier: Apache-2.0
"""A page of a list, which costs the same wherever in the list it begins.

A page begins behind a marker, the id of the last row of the page before, and
is found by the index of what it is ordered by; nothing is counted or skipped.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import operator
from typing import Any

import sqlalchemy as sa

from patrii_billing import errors


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of a list are wanted, and in what order.

    Since the page before the marker may have left the list, as an invoice
    that was paid: a `lost` one still tells where to go on.
    """

    limit: int
    marker: int | str | None = None
    key: str = 'id'
    descending: bool = False
    lost: bool = False


def orders(
    narrowed: Mapping[str, object],
    served: Mapping[frozenset[str], tuple[str, ...]],
) -> tuple[str, ...]:
    """The orders in which an index has what is narrowed so.

    `narrowed` are the filters, those that are not used None or False. Raises
    InvalidInput where there is none: all rows would have to be gone through.
    """
    names = frozenset(name for name, value in narrowed.items() if value)
    if names not in served:
        raise errors.InvalidInput(
            'together these narrow only what is of one account',
            ', '.join(sorted(names)),
        )
    return served[names]


def page(
    conn: sa.Connection,
    query: sa.Select[Any],
    keys: Mapping[str, sa.ColumnElement[Any]],
    window: Window,
    apart: sa.ColumnElement[Any] | None = None,
) -> Sequence[sa.Row[Any]]:
    """One row more than the limit, where there are more.

    `keys` are what it may be ordered by; its `id` is unique and breaks the
    ties of the others. A row without a value of the key is not of the list.
    The keys of rows that differ in `apart` do not compare, as money of two
    currencies: those of one come together, and after each other by it.
    Raises InvalidInput for a marker that is none of its rows.
    """
    key, ident = keys[window.key], keys['id']
    if window.key != 'id':
        query = query.where(key.is_not(None))
    if window.marker is not None:
        behind = _behind(conn, query, key, ident, window, apart)
        query = query.where(behind)
    order = [key] if _is_unique(key) else [key, ident]
    if window.descending:
        order = [each.desc() for each in order]
    if apart is not None:
        order.insert(0, apart)
    if _is_of_few(query):
        ids = query.with_only_columns(ident).order_by(*order)
    elif _narrows_itself(query, ident):
        ids = _index_page(query, key, ident).order_by(*order)
    else:
        ids = None
    if ids is not None:
        # What else is shown is asked of those alone.
        found = conn.execute(ids.limit(window.limit + 1)).scalars().all()
        query = query.where(ident.in_(found))
    return conn.execute(query.order_by(*order).limit(window.limit + 1)).all()


def _is_of_few(query: sa.Select[Any]) -> bool:
    """Whether another table's index finds few: left to the database."""
    return bool(query.get_execution_options().get('few'))


def _narrows_itself(
    query: sa.Select[Any], ident: sa.ColumnElement[Any]
) -> bool:
    """Whether the table that is listed has all that it is filtered by."""
    return all(
        column.table is _table(ident)
        for part in _all_of(query.whereclause)
        for column in _columns(part)
    )


def _columns(part: Any) -> Iterator[sa.Column[Any]]:
    """Those of a condition, but for what it asks of others."""
    if isinstance(part, sa.Column):
        yield part
    elif not isinstance(part, (sa.SelectBase, sa.ScalarSelect)):
        for child in part.get_children():
            yield from _columns(child)


def _index_page(
    query: sa.Select[Any],
    key: sa.ColumnElement[Any],
    ident: sa.ColumnElement[Any],
) -> sa.Select[Any]:
    """The ids alone, out of the index that has them in their order.

    Of the whole query MySQL might go through a smaller table first and sort
    all it finds; of these, through all that a filter leaves up to a marker.
    """
    ids = sa.select(ident).where(*_all_of(query.whereclause))
    index = _index(query, key, ident)
    if index is not None:
        for dialect in ('mysql', 'mariadb'):
            hint = f'FORCE INDEX ({index})'
            ids = ids.with_hint(_table(ident), hint, dialect)
    return ids


def _index(
    query: sa.Select[Any],
    key: sa.ColumnElement[Any],
    ident: sa.ColumnElement[Any],
) -> str | None:
    """The name of the one that has what is filtered in the wanted order.

    Each of InnoDB's ends with the table's own key.
    """
    table = _table(ident)
    fixed = {
        part.left.name
        for part in _all_of(query.whereclause)
        if isinstance(part, sa.BinaryExpression)
        and part.operator is operator.eq
        and isinstance(part.left, sa.Column)
        and part.left.table is table
        and isinstance(part.right, sa.BindParameter)
    }
    for index in table.indexes:
        names = [*index.columns.keys(), *table.primary_key.columns.keys()]
        first, rest = names[: len(fixed)], names[len(fixed) :]
        if set(first) == fixed and rest[:1] == [key.key]:
            return str(index.name)
    return None


def _all_of(
    where: sa.ColumnElement[Any] | None,
) -> Iterator[sa.ColumnElement[Any]]:
    """The conditions that all must hold."""
    if isinstance(where, sa.BooleanClauseList) and (
        where.operator is sa.sql.operators.and_
    ):
        for part in where.clauses:
            yield from _all_of(part)
    elif where is not None:
        yield where


def _is_unique(key: sa.ColumnElement[Any]) -> bool:
    """Whether it needs no other to break ties: MySQL has none in its index."""
    return isinstance(key, sa.Column) and bool(key.unique or key.primary_key)


def _table(ident: sa.ColumnElement[Any]) -> sa.Table:
    assert isinstance(ident, sa.Column)  # noqa: S101 - as all keys are
    return ident.table


def _behind(
    conn: sa.Connection,
    query: sa.Select[Any],
    key: sa.ColumnElement[Any],
    ident: sa.ColumnElement[Any],
    window: Window,
    apart: sa.ColumnElement[Any] | None,
) -> sa.ColumnElement[bool]:
    """What comes after the marker."""
    columns = [key, ident] if apart is None else [key, ident, apart]
    asked = query.with_only_columns(*columns)
    if window.lost and getattr(key, 'table', None) is _table(ident):
        asked = sa.select(*columns).where(key.is_not(None))
    last = conn.execute(asked.where(ident == window.marker)).one_or_none()
    if last is None:
        raise errors.InvalidInput('is nothing of this list', 'marker')
    after = _beyond(conn, key, ident, window, last[0], last[1])
    if apart is None:
        return after
    return sa.or_(apart > last[2], sa.and_(apart == last[2], after))


def _beyond(
    conn: sa.Connection,
    key: sa.ColumnElement[Any],
    ident: sa.ColumnElement[Any],
    window: Window,
    value: Any,
    at: Any,
) -> sa.ColumnElement[bool]:
    """What is so in the order of the key. No index of MySQL has tuples."""
    if _is_unique(key):
        return sa.and_(key < value if window.descending else key > value)
    # Many may have the value of the marker: they are not gone through.
    if conn.dialect.name != 'mysql':
        both = sa.tuple_(key, ident)
        marked = sa.tuple_(
            sa.literal(value, key.type), sa.literal(at, ident.type)
        )
        return both < marked if window.descending else both > marked
    if window.descending:
        after, beyond = ident < at, key < value
    else:
        after, beyond = ident > at, key > value
    return sa.or_(beyond, sa.and_(key == value, after))
