# SPDX-License-Identifier: Apache-2.0
"""Invoices, their lines, and the chain of what time they bill."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
import functools
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain import reference
from patrii_billing.store import bulk
from patrii_billing.store import database
from patrii_billing.store import rows
from patrii_billing.store import schema

_invoices = schema.invoices
_lines = schema.lines
_spans = schema.spans
_series = schema.series

SERIES = 'INV'
# Kinds of what another subscription engine invoices: a debt that it told of,
# time that it bills, and lines that it is to put on its next invoice. Their
# series has its name, and our journal none of them.
FOREIGN = 'foreign'
RECORD = 'record'
HANDOVER = 'handover'
THEIRS = (FOREIGN, RECORD, HANDOVER)
# What tells of one that was just issued.
_TOLD = (
    'id', 'series', 'number', 'kind', 'account_id', 'subscription_id',
    'currency', 'period_start', 'period_end', 'total',
)  # fmt: skip
_LINKS = (
    _spans.c.subscription_id, _spans.c.starts, _spans.c.ends,
    _spans.c.cycle_starts, _spans.c.cycle_ends, _spans.c.unbilled_why,
)  # fmt: skip
# Why a span has no invoice though it is billed: what turns up later of it is
# a line of the next invoice.
NOTHING_YET = 'nothing to bill'
BILLED = (None, NOTHING_YET)
# Between what is said of a line, and between lines; see `said`.
BAR = '|'
_END = '\n'


def issue(
    conn: sa.Connection,
    /,
    now: dt.datetime,
    lines: Sequence[dict[str, Any]],
    **values: Any,
) -> int:
    """Write one invoice, see issue_all.

    By default it is open and its total the sum of its lines, in minor units.
    """
    total = sum(line['amount'] for line in lines)
    state = lifecycle.InvoiceState.OPEN
    values = {'net': total, 'total': total, 'owed': total, 'state': state,
              **values}  # fmt: skip
    lines = [{'discount': 0, 'net': line['amount'], **line} for line in lines]
    return int(issue_all(conn, now, [(values, lines)])[0].id)


def issue_all(
    conn: sa.Connection,
    now: dt.datetime,
    drafts: Sequence[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]],
) -> Sequence[sa.Row[Any]]:
    """Write invoices, each with its lines; of each what tells of it.

    They are of one series and get its next numbers in this transaction: if
    it fails, none is used up. All have the same columns, and so have lines.
    """
    series = drafts[0][0].get('series', SERIES)
    told = {'series': series, 'issued_at': now}
    unnumbered = bulk.bind(
        conn, _invoices, [{**values, **told} for values, _ in drafts]
    )
    all_lines = [line for _, owned in drafts for line in owned]
    lines = bulk.bind(conn, _lines, all_lines) if all_lines else None
    # All others wait from here on; what is left to do is little.
    first = draw_numbers(conn, series, len(drafts))
    numbers = range(first, first + len(drafts))
    bulk.write(
        conn, unnumbered, number=numbers,
        reference=[
            values.get('reference', _reference(values, series, number))
            for number, (values, _) in zip(numbers, drafts, strict=True)
        ],
    )  # fmt: skip
    ids = conn.scalars(
        sa.select(_invoices.c.id)
        .where(
            _invoices.c.series == series,
            _invoices.c.number.between(numbers[0], numbers[-1]),
        )
        .order_by(_invoices.c.number)
    ).all()
    if lines is not None:
        whose = [
            invoice_id
            for invoice_id, (_, owned) in zip(ids, drafts, strict=True)
            for _ in owned
        ]
        bulk.write(conn, lines, invoice_id=whose)
    return rows.given(
        _TOLD,
        (
            {**values, **told, 'id': invoice_id, 'number': number}
            for invoice_id, number, (values, _) in zip(
                ids, numbers, drafts, strict=True
            )
        ),
    )


def _reference(
    values: Mapping[str, Any], series: str, number: int
) -> str | None:
    """What a payer is to write; nobody pays a credit note."""
    if values.get('corrects') is not None:
        return None
    return reference.of_invoice(series, number)


def draw_numbers(conn: sa.Connection, name: str, count: int) -> int:
    """The first of so many; the row stays locked until the commit.

    Of none that is the next number.
    """
    new = {'name': name, 'next_number': 1}
    if not _take_numbers(conn, name, count):
        database.insert_missing(conn, _series, [new], 'name')
        _take_numbers(conn, name, count)
    following = conn.execute(
        sa.select(_series.c.next_number).where(_series.c.name == name)
    ).scalar_one()
    return int(following) - count


def _take_numbers(conn: sa.Connection, name: str, count: int) -> bool:
    done = conn.execute(
        _series.update()
        .where(_series.c.name == name)
        .values(next_number=_series.c.next_number + count)
    )
    return done.rowcount == 1


def some(
    conn: sa.Connection, invoice_ids: Collection[int]
) -> Sequence[sa.Row[Any]]:
    """Invoices in the order of their ids."""
    return rows.named(
        conn.execute(
            _invoices.select()
            .where(_invoices.c.id.in_(invoice_ids))
            .order_by(_invoices.c.id)
        )
    )


def open_of_accounts(
    conn: sa.Connection, account_ids: Collection[int]
) -> Sequence[sa.Row[Any]]:
    """What accounts owe still: number, rest, and when it was due."""
    columns = (
        _invoices.c.account_id, _invoices.c.series, _invoices.c.number,
        _invoices.c.owed, _invoices.c.currency, _invoices.c.due_at,
    )  # fmt: skip
    return rows.named(
        conn.execute(
            sa.select(*columns)
            .where(
                _invoices.c.account_id.in_(account_ids),
                _invoices.c.state == lifecycle.InvoiceState.OPEN,
                _invoices.c.owed > 0,
            )
            .order_by(_invoices.c.due_at, _invoices.c.id)
        )
    )


def billed_so_far(
    conn: sa.Connection, subscription_ids: Collection[int]
) -> Mapping[int, tuple[int, sa.Row[Any] | None]]:
    """What all invoices of each came to, and the last one of a period.

    In minor units, with taxes, credits taken off.
    """
    # What another engine asks for is recorded as we would have billed it.
    mine = sa.and_(
        _invoices.c.subscription_id.in_(subscription_ids),
        _invoices.c.kind != FOREIGN,
    )
    periodic = _invoices.c.kind.in_(('first', 'renewal', RECORD))
    sums = conn.execute(
        sa.select(
            _invoices.c.subscription_id,
            sa.func.sum(_invoices.c.total),
            sa.func.max(sa.case((periodic, _invoices.c.id))),
        )
        .where(mine)
        .group_by(_invoices.c.subscription_id)
    ).all()
    newest = _invoices.c.id.in_([last for *_, last in sums if last])
    columns = (
        _invoices.c.id, _invoices.c.total,
        _invoices.c.period_start, _invoices.c.period_end,
    )  # fmt: skip
    found = conn.execute(sa.select(*columns).where(newest))
    last = {row.id: row for row in rows.named(found)}
    return {
        subscription_id: (int(billed), last.get(last_id))
        for subscription_id, billed, last_id in sums
    }


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


def posted(
    conn: sa.Connection,
    subscription_ids: Collection[int],
    day: dt.date | None,
) -> Sequence[sa.Row[Any]]:
    """The issued lines of subscriptions that reach past a day, of each in
    order, with the state of their invoice.

    Also credits of no time: money that was given back of a line. A void
    invoice says nothing any more, nor does the note that negates it.
    """
    return rows.named(
        conn.execute(
            standing_lines()
            .add_columns(_invoices.c.state.label('invoice_state'))
            .where(
                _lines.c.subscription_id.in_(subscription_ids),
                _reaches_past(day),
            )
            .order_by(_lines.c.subscription_id, _lines.c.id)
        )
    )


def _reaches_past(day: dt.date | None) -> sa.ColumnElement[bool]:
    timeless = _lines.c.ends.is_(None) & _lines.c.corrects.is_not(None)
    return timeless if day is None else timeless | (_lines.c.ends > day)


def said(
    conn: sa.Connection,
    subscription_ids: Collection[int],
    day: dt.date,
    apart: Iterable[str],
) -> Mapping[int, Sequence[str]]:
    """What `posted` finds, in few enough words to be read for many.

    Of each subscription its lines, without those whose resource begins as
    `apart` says: resource, kind, start, end, quantity and unit price, with
    a BAR between. Those of which a line cannot be said so are left out.
    """
    words = (
        _lines.c.resource,
        _lines.c.kind,
        sa.cast(_lines.c.starts, sa.String(10)),
        sa.cast(_lines.c.ends, sa.String(10)),
        sa.type_coerce(_lines.c.quantity, sa.String()),
        sa.type_coerce(_lines.c.unit_price, sa.String()),
    )
    text = functools.reduce(lambda one, other: one + BAR + other, words)
    by_days = sa.case((_lines.c.starts_at.is_(None), text))
    found = conn.execute(
        sa.select(
            _lines.c.subscription_id,
            sa.func.count(),
            sa.func.aggregate_strings(by_days, _END),
        )
        .where(
            _lines.c.subscription_id.in_(subscription_ids),
            _reaches_past(day),
            *_stand(),
            *(~_lines.c.resource.startswith(word) for word in apart),
        )
        .group_by(_lines.c.subscription_id)
    )
    split = (
        (subscription_id, count, (texts or '').split(_END))
        for subscription_id, count, texts in found.all()
    )
    return {
        subscription_id: lines
        for subscription_id, count, lines in split
        if len(lines) == count
    }


def _stand() -> tuple[sa.ColumnElement[bool], ...]:
    """What standing_lines asks of lines, asked of what is void alone.

    That is little. For the lines of some hundreds PostgreSQL would join all
    invoices that there are.
    """
    void, note, negated = (
        _invoices.alias(name) for name in ('void', 'note', 'negated')
    )
    gone = lifecycle.InvoiceState.VOID
    return (
        ~sa.exists().where(
            void.c.id == _lines.c.invoice_id, void.c.state == gone
        ),
        ~sa.exists().where(
            note.c.id == _lines.c.invoice_id,
            negated.c.id == note.c.corrects,
            negated.c.state == gone,
        ),
    )


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
            (_invoices.c.closed_at.is_not(None), written_off),
            else_=lifecycle.InvoiceState.OPEN,
        ),
        'paid_at': now if paid else None,
    }
    if due_at is not None:
        values |= {'due_at': due_at, 'overdue_at': None}
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
    found = sa.select(_spans.c.id).where(
        _spans.c.subscription_id == subscription_id
    )
    first = conn.execute(found.limit(1)).one_or_none() is None
    link = span(
        subscription_id, starts, ends, invoice_id, unbilled_why, cycle, first
    )
    conn.execute(_spans.insert(), [link])


def span(
    subscription_id: int,
    starts: dt.date,
    ends: dt.date,
    invoice_id: int | None,
    unbilled_why: str | None,
    cycle: calendar.Period | None,
    first: bool,
) -> dict[str, Any]:
    """A link of a chain, to be written by bill_spans."""
    return {
        'subscription_id': subscription_id,
        'starts': starts,
        'ends': ends,
        'cycle_starts': cycle.start if cycle else starts,
        'cycle_ends': cycle.end if cycle else ends,
        'follows': None if first else starts,
        'first': 1 if first else None,
        'invoice_id': invoice_id,
        'unbilled_why': unbilled_why,
    }


def bill_spans(
    conn: sa.Connection, links: Sequence[Mapping[str, Any]]
) -> None:
    """Add links to chains, those of each chain in their order."""
    if links:
        bulk.insert(conn, _spans, links)


def spans_of(
    conn: sa.Connection,
    subscription_ids: Collection[int],
    newest: int | None = None,
) -> Sequence[sa.Row[Any]]:
    """The chains of some subscriptions, each in order.

    Of each all of it, or so many of its newest links.
    """
    mine = _spans.c.subscription_id.in_(subscription_ids)
    if newest is None:
        found = sa.select(*_LINKS).where(mine)
        order = _spans.c.subscription_id, _spans.c.starts
        return rows.named(conn.execute(found.order_by(*order)))
    place = sa.func.row_number().over(
        partition_by=_spans.c.subscription_id, order_by=_spans.c.starts.desc()
    )
    told = sa.select(*_LINKS, place.label('place')).where(mine).subquery()
    links = [told.c[link.name] for link in _LINKS]
    return rows.named(
        conn.execute(
            sa.select(*links)
            .where(told.c.place <= newest)
            .order_by(told.c.subscription_id, told.c.starts)
        )
    )


def last_span(conn: sa.Connection, subscription_id: int) -> sa.Row[Any] | None:
    return conn.execute(
        _spans.select()
        .where(_spans.c.subscription_id == subscription_id)
        .order_by(_spans.c.starts.desc())
        .limit(1)
    ).one_or_none()
