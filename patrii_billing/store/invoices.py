# SPDX-License-Identifier: Apache-2.0
"""Invoices, their lines, and the chain of what time they bill."""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.store import database
from patrii_billing.store import schema

_invoices = schema.invoices
_lines = schema.lines
_spans = schema.spans
_series = schema.series

SERIES = 'INV'
# Why a span has no invoice though it is billed: what turns up later of it is
# a line of the next invoice.
NOTHING_YET = 'nothing to bill'


def issue(
    conn: sa.Connection,
    /,
    now: dt.datetime,
    lines: Sequence[dict[str, Any]],
    **values: Any,
) -> int:
    """Write an open invoice with the next number of its series.

    Its total is the sum of its lines, in minor units. The number is drawn
    in this transaction: if it fails, the number is not used up.
    """
    total = sum(line['amount'] for line in lines)
    values = {'series': SERIES, **values}
    invoice_id = database.insert(
        conn,
        _invoices,
        number=_draw_number(conn, values['series']),
        state=lifecycle.InvoiceState.OPEN,
        issued_at=now,
        **{'net': total, 'total': total, 'owed': total, **values},
    )
    if lines:
        conn.execute(
            _lines.insert(),
            [
                {
                    'discount': 0,
                    'net': line['amount'],
                    **line,
                    'invoice_id': invoice_id,
                }
                for line in lines
            ],
        )
    return invoice_id


def _draw_number(conn: sa.Connection, name: str) -> int:
    """The next number; the row stays locked until the commit."""
    new = {'name': name, 'next_number': 1}
    if not _take_number(conn, name):
        database.insert_missing(conn, _series, [new], 'name')
        _take_number(conn, name)
    following = conn.execute(
        sa.select(_series.c.next_number).where(_series.c.name == name)
    ).scalar_one()
    return int(following) - 1


def _take_number(conn: sa.Connection, name: str) -> bool:
    done = conn.execute(
        _series.update()
        .where(_series.c.name == name)
        .values(next_number=_series.c.next_number + 1)
    )
    return done.rowcount == 1


def get(conn: sa.Connection, invoice_id: int) -> sa.Row[Any]:
    return conn.execute(
        _invoices.select().where(_invoices.c.id == invoice_id)
    ).one()


def lines_of(conn: sa.Connection, invoice_id: int) -> Sequence[sa.Row[Any]]:
    return conn.execute(
        _lines.select()
        .where(_lines.c.invoice_id == invoice_id)
        .order_by(_lines.c.id)
    ).all()


def lines_from(
    conn: sa.Connection, subscription_id: int, day: dt.date
) -> Sequence[sa.Row[Any]]:
    """The issued lines of a subscription that reach past a day.

    A void invoice says nothing any more, nor does the note that negates it.
    """
    return conn.execute(
        standing_lines()
        .where(
            _lines.c.subscription_id == subscription_id, _lines.c.ends > day
        )
        .order_by(_lines.c.id)
    ).all()


def standing_lines() -> sa.Select[Any]:
    """The lines of all invoices but void ones and what negates them."""
    negated = _invoices.alias('negated')
    return (
        sa.select(_lines)
        .join(_invoices, _invoices.c.id == _lines.c.invoice_id)
        .outerjoin(negated, negated.c.id == _invoices.c.corrects)
        .where(
            _invoices.c.state != lifecycle.InvoiceState.VOID,
            sa.or_(
                negated.c.id.is_(None),
                negated.c.state != lifecycle.InvoiceState.VOID,
            ),
        )
    )


def open_of_subscription(
    conn: sa.Connection, subscription_id: int
) -> Sequence[sa.Row[Any]]:
    """The open invoices, oldest due first."""
    return conn.execute(
        _invoices.select()
        .where(
            _invoices.c.subscription_id == subscription_id,
            _invoices.c.state == lifecycle.InvoiceState.OPEN,
        )
        .order_by(_invoices.c.due_at, _invoices.c.id)
    ).all()


def open_of_account(
    conn: sa.Connection, account_id: int
) -> Sequence[sa.Row[Any]]:
    """The open invoices, oldest due first."""
    return conn.execute(
        _invoices.select()
        .where(
            _invoices.c.account_id == account_id,
            _invoices.c.state == lifecycle.InvoiceState.OPEN,
        )
        .order_by(_invoices.c.due_at, _invoices.c.id)
    ).all()


def write_owed(
    conn: sa.Connection,
    invoice_id: int,
    owed: int,
    now: dt.datetime,
    due_at: dt.datetime | None = None,
) -> None:
    """Set what is left to pay (minor units); nothing left means paid.

    `due_at` gives a reopened invoice its new due instant.
    """
    paid = owed <= 0
    written_off = lifecycle.InvoiceState.UNCOLLECTIBLE
    values: dict[str, Any] = {
        'owed': owed,
        'state': lifecycle.InvoiceState.PAID
        if paid
        # What was given up is not asked for again.
        else sa.case(
            (_invoices.c.state == written_off, written_off),
            else_=lifecycle.InvoiceState.OPEN,
        ),
        'paid_at': now if paid else None,
    }
    if due_at is not None:
        values['due_at'] = due_at
    conn.execute(
        _invoices.update().where(_invoices.c.id == invoice_id).values(**values)
    )


def bill_span(
    conn: sa.Connection,
    subscription_id: int,
    starts: dt.date,
    ends: dt.date,
    invoice_id: int | None = None,
    unbilled_why: str | None = None,
    cycle: calendar.Period | None = None,
) -> None:
    """Add the next link to the chain of billed time.

    `cycle` is the whole anchored cycle it lies in, by default the span.
    Raises oslo.db's DBDuplicateEntry or DBReferenceError where the span
    overlaps one that is there or leaves a gap.
    """
    first = (
        conn.execute(
            sa.select(_spans.c.id)
            .where(_spans.c.subscription_id == subscription_id)
            .limit(1)
        ).one_or_none()
        is None
    )
    conn.execute(
        _spans.insert().values(
            subscription_id=subscription_id,
            starts=starts,
            ends=ends,
            cycle_starts=cycle.start if cycle else starts,
            cycle_ends=cycle.end if cycle else ends,
            follows=None if first else starts,
            first=1 if first else None,
            invoice_id=invoice_id,
            unbilled_why=unbilled_why,
        )
    )


def billed_spans(
    conn: sa.Connection, subscription_id: int
) -> Sequence[sa.Row[Any]]:
    """The time that is billed, in order, also where it cost nothing yet."""
    return conn.execute(
        _spans.select()
        .where(
            _spans.c.subscription_id == subscription_id,
            sa.or_(
                _spans.c.unbilled_why.is_(None),
                _spans.c.unbilled_why == NOTHING_YET,
            ),
        )
        .order_by(_spans.c.starts)
    ).all()


def last_span(conn: sa.Connection, subscription_id: int) -> sa.Row[Any] | None:
    return conn.execute(
        _spans.select()
        .where(_spans.c.subscription_id == subscription_id)
        .order_by(_spans.c.starts.desc())
        .limit(1)
    ).one_or_none()
