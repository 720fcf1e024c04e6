# SPDX-License-Identifier: Apache-2.0
"""What was invoiced and collected, month by month, and what it left owed."""

from collections.abc import Iterator
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain.lifecycle import PaymentKind
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store.views import balances
from patrii_billing.store.views import receivables

_allocations = schema.allocations
_invoices = schema.invoices
_payments = schema.payments

_OPENING = 'opening'
_Sums = dict[str, int]


@dataclass(frozen=True, slots=True)
class Month:
    """A month in one currency, in minor units, with taxes.

    `brought_in` is what was owed before this service billed. `credited` is
    what documents below zero say: credit notes and negative invoices.
    `granted` is what customers need not pay without such a document:
    goodwill, balances brought in, fees that a bank kept. `written_off` is
    less what was recovered of it later. `unused` is how much more is kept as
    balance than before, of customers and of nobody known.
    """

    month: dt.date
    currency: str
    opening: int
    invoiced: int
    brought_in: int
    credited: int
    collected: int
    granted: int
    refunded: int
    charged_back: int
    written_off: int
    unused: int
    closing: int

    @property
    def expected(self) -> int:
        """What must be owed at the end, by all the others."""
        return (
            self.opening
            + self.invoiced
            + self.brought_in
            - self.credited
            - self.collected
            - self.granted
            + self.refunded
            + self.charged_back
            - self.written_off
            + self.unused
        )


def months(start: dt.date, until: dt.date) -> Iterator[dt.date]:
    """The first days of the month of a day, and of all that begin by then."""
    day = start.replace(day=1)
    while day < until:
        yield day
        day = following(day)


def following(month: dt.date) -> dt.date:
    return (month.replace(day=1) + dt.timedelta(days=31)).replace(day=1)


def of(
    conn: sa.Connection, month: dt.date, zone: dt.tzinfo
) -> list[Month]:
    """The month that begins on a day in a zone, by currency."""
    start = calendar.start_of_day(month, zone)
    end = calendar.start_of_day(following(month), zone)
    parts = {
        'opening': receivables.totals(conn, start),
        'closing': receivables.totals(conn, end),
        **_documents(conn, start, end),
        **_money(conn, start, end),
        'written_off': _written_off(conn, start, end),
        'unused': _less(_kept(conn, end), _kept(conn, start)),
    }
    currencies = {currency for part in parts.values() for currency in part}
    rows = [
        Month(
            month=month,
            currency=currency,
            **{name: part.get(currency, 0) for name, part in parts.items()},
        )
        for currency in sorted(currencies)
    ]
    nothing = (0,) * len(parts)
    return [
        row
        for row in rows
        if tuple(getattr(row, name) for name in parts) != nothing
    ]


def _documents(
    conn: sa.Connection, start: dt.datetime, end: dt.datetime
) -> dict[str, _Sums]:
    total = _invoices.c.total
    opening = _invoices.c.kind == _OPENING
    rows = conn.execute(
        sa.select(
            _invoices.c.currency,
            _sum_if(sa.and_(total > 0, sa.not_(opening)), total),
            _sum_if(sa.and_(total > 0, opening), total),
            _sum_if(total < 0, -total),
        )
        .where(
            _invoices.c.issued_at >= start,
            _invoices.c.issued_at < end,
            _invoices.c.kind.not_in(invoices.THEIRS),
        )
        .group_by(_invoices.c.currency)
    ).all()
    return _named(rows, 'invoiced', 'brought_in', 'credited')


def _money(
    conn: sa.Connection, start: dt.datetime, end: dt.datetime
) -> dict[str, _Sums]:
    amount, kind = _payments.c.amount, _payments.c.kind
    given = sa.or_(
        kind == PaymentKind.FEE,
        sa.and_(kind == PaymentKind.CREDIT, sa.not_(of_document())),
    )
    back = kind == PaymentKind.WITHDRAWAL
    rows = conn.execute(
        sa.select(
            _payments.c.currency,
            _sum_if(kind == PaymentKind.PAYMENT, amount),
            _sum_if(sa.or_(given, back), sa.case((back, -amount),
                                                 else_=amount)),
            _sum_if(kind == PaymentKind.REFUND, amount),
            _sum_if(kind == PaymentKind.CHARGE_BACK, amount),
        )
        .where(
            _payments.c.received_at >= start,
            _payments.c.received_at < end,
            sa.or_(balances.came_in(), balances.went_out()),
        )
        .group_by(_payments.c.currency)
    ).all()  # fmt: skip
    return _named(rows, 'collected', 'granted', 'refunded', 'charged_back')


def of_document() -> sa.ColumnElement[bool]:
    """Whether a credit is what an invoice or a credit note says already."""
    return sa.and_(
        _payments.c.source == 'service',
        _payments.c.key.not_like('opening:%'),
    )


def _written_off(
    conn: sa.Connection, start: dt.datetime, end: dt.datetime
) -> _Sums:
    """What was given up, less what came of it later."""
    sums: _Sums = {}
    closed = closed_with(start, end).subquery()
    _add(sums, conn, sa.select(closed.c.currency, sa.func.sum(closed.c.owed))
         .group_by(closed.c.currency), 1)  # fmt: skip
    for column, sign in (
        (_allocations.c.at, -1), (_allocations.c.undone_at, 1)
    ):  # fmt: skip
        late = (
            sa.select(
                _invoices.c.currency, sa.func.sum(_allocations.c.amount)
            )
            .join(_invoices, _invoices.c.id == _allocations.c.invoice_id)
            .where(
                column >= start, column < end, column > _invoices.c.closed_at
            )
            .group_by(_invoices.c.currency)
        )
        _add(sums, conn, late, sign)
    return sums


def closed_with(start: dt.datetime, end: dt.datetime) -> sa.Select[Any]:
    """The invoices closed unpaid in a span, with what was `owed` on them."""
    then = _invoices.c.closed_at
    used = (
        sa.select(sa.func.coalesce(sa.func.sum(_allocations.c.amount), 0))
        .where(
            _allocations.c.invoice_id == _invoices.c.id,
            _allocations.c.at <= then,
            sa.or_(
                _allocations.c.undone_at.is_(None),
                _allocations.c.undone_at > then,
            ),
        )
        .correlate(_invoices)
        .scalar_subquery()
    )
    owed = _invoices.c.total - used
    return sa.select(
        _invoices.c.id, _invoices.c.account_id, _invoices.c.series,
        _invoices.c.number, _invoices.c.currency, _invoices.c.closed_at,
        owed.label('owed'),
    ).where(
        then >= start, then < end, owed > 0,
        _invoices.c.kind.not_in(invoices.THEIRS),
    )  # fmt: skip


def _kept(conn: sa.Connection, instant: dt.datetime) -> _Sums:
    sums: _Sums = {}
    for (_, currency), minor in balances.at(conn, instant).items():
        sums[currency] = sums.get(currency, 0) + minor
    return sums


def _less(one: _Sums, other: _Sums) -> _Sums:
    return {
        currency: one.get(currency, 0) - other.get(currency, 0)
        for currency in {*one, *other}
    }


def _add(
    sums: _Sums, conn: sa.Connection, query: sa.Select[Any], sign: int
) -> None:
    for currency, minor in conn.execute(query):
        sums[currency] = sums.get(currency, 0) + sign * int(minor)


def _sum_if(
    when: sa.ColumnElement[bool], what: sa.ColumnElement[Any]
) -> sa.ColumnElement[Any]:
    return sa.func.sum(sa.case((when, what), else_=0))


def _named(rows: Any, *names: str) -> dict[str, _Sums]:
    return {
        name: {row[0]: int(row[place]) for row in rows}
        for place, name in enumerate(names, start=1)
    }
