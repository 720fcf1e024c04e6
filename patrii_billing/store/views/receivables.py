# SPDX-License-Identifier: Apache-2.0
"""Receivables: what is owed at an instant, and since when it is past due."""

from collections.abc import Iterator
from dataclasses import dataclass
import datetime as dt
import itertools
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.store import database
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store.views import pages

_accounts = schema.accounts
_allocations = schema.allocations
_invoices = schema.invoices

# More days past due than these begin the next column.
BOUNDS = (0, 30, 60, 90)


@dataclass(frozen=True, slots=True)
class Owed:
    """What an account owes in one currency, in minor units.

    `aged` is what is not due, then 1 to 30, 31 to 60, 61 to 90 and more
    days past due.
    """

    account_id: int
    account: str
    currency: str
    aged: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.aged)


def aged(
    db: database.Database, day: dt.date, zone: dt.tzinfo
) -> Iterator[Owed]:
    """What each account owes at the end of a day, by its id.

    The day on which an invoice was due is its first day past due.
    """
    until = _end_of(day, zone)
    owed = owed_at(until)
    columns = [
        sa.func.sum(sa.case((when, owed.c.owed), else_=0)).label(f'age_{n}')
        for n, when in enumerate(_ages(owed.c.due_at, day, zone))
    ]
    query = (
        sa.select(
            _accounts.c.id, _accounts.c.name, owed.c.currency, *columns
        )
        .join(owed, owed.c.account_id == _accounts.c.id)
        .group_by(_accounts.c.id, _accounts.c.name, owed.c.currency)
    )
    for row in pages.rows(db, query, _accounts.c.id, owed.c.currency):
        parts = tuple(
            int(getattr(row, f'age_{n}')) for n in range(len(columns))
        )
        yield Owed(row.id, row.name, row.currency, parts)


def totals(
    conn: sa.Connection, at: dt.datetime
) -> dict[str, int]:
    """What was owed in all before an instant, by currency."""
    owed = owed_at(at)
    rows = conn.execute(
        sa.select(owed.c.currency, sa.func.sum(owed.c.owed).label('sum'))
        .group_by(owed.c.currency)
    )  # fmt: skip
    return {row.currency: int(row.sum) for row in rows}


def open_now(conn: sa.Connection) -> dict[str, int]:
    """What the open invoices say is owed, by currency."""
    rows = conn.execute(
        sa.select(
            _invoices.c.currency, sa.func.sum(_invoices.c.owed).label('sum')
        )
        .where(
            _invoices.c.state == lifecycle.InvoiceState.OPEN,
            _invoices.c.kind.not_in(invoices.THEIRS),
        )
        .group_by(_invoices.c.currency)
    )
    return {row.currency: int(row.sum) for row in rows}


def owed_at(at: dt.datetime) -> sa.Subquery:
    """Of each invoice that was open before an instant, what was owed on it.

    `owed` on an invoice is what is owed now. What it was is its total less
    what was used on it by then and not taken off again.
    """
    used = (
        sa.select(sa.func.coalesce(sa.func.sum(_allocations.c.amount), 0))
        .where(_allocations.c.invoice_id == _invoices.c.id, live_at(at))
        .correlate(_invoices)
        .scalar_subquery()
    )
    owed = _invoices.c.total - used
    return (
        sa.select(
            _invoices.c.id, _invoices.c.account_id, _invoices.c.currency,
            _invoices.c.due_at, owed.label('owed'),
        )
        .where(
            _invoices.c.issued_at < at,
            _invoices.c.total > 0,
            _invoices.c.kind.not_in(invoices.THEIRS),
            _after(_invoices.c.closed_at, at),
            _after(_invoices.c.paid_at, at),
            owed > 0,
        )
        .subquery()
    )  # fmt: skip


def live_at(at: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether an allocation held before an instant."""
    return sa.and_(
        _allocations.c.at < at, _after(_allocations.c.undone_at, at)
    )


def _after(
    column: sa.ColumnElement[Any], at: dt.datetime
) -> sa.ColumnElement[bool]:
    return sa.or_(column.is_(None), column >= at)


def _end_of(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    return calendar.start_of_day(day + dt.timedelta(days=1), zone)


def _ages(
    due_at: sa.ColumnElement[Any], day: dt.date, zone: dt.tzinfo
) -> Iterator[sa.ColumnElement[bool]]:
    """When an invoice is in each of the columns."""
    edges = [_end_of(day - dt.timedelta(days=n), zone) for n in BOUNDS]
    yield due_at >= edges[0]
    for newer, older in itertools.pairwise(edges):
        yield sa.and_(due_at < newer, due_at >= older)
    yield due_at < edges[-1]
