# SPDX-License-Identifier: Apache-2.0
"""The journal of a period, told from the books in the order of time.

Each kind of row is read by the page, and the kinds are merged; so nothing of
the period is held but a page of each.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import datetime as dt
import heapq
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import document
from patrii_billing.domain import journal
from patrii_billing.domain.lifecycle import PaymentKind
from patrii_billing.domain import tax
from patrii_billing.store import database
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store.views import agreed
from patrii_billing.store.views import balances
from patrii_billing.store.views import currencies
from patrii_billing.store.views import monthly
from patrii_billing.store.views import pages
from patrii_billing.store.views import receivables

_accounts = schema.accounts
_allocations = schema.allocations
_invoices = schema.invoices
_lines = schema.lines
_payments = schema.payments
_subs = schema.subscriptions
_corrected = _invoices.alias('corrected')
_source = _payments.alias('source')

_Stream = Iterator[tuple[dt.datetime, int, int, journal.Entry]]
_Postings = tuple[journal.Posting, ...]

_WORDS = {
    'opening': 'Owed before',
    'credit_note': 'Credit note',
    PaymentKind.PAYMENT: 'Payment',
    PaymentKind.CREDIT: 'Credit',
    PaymentKind.FEE: 'Fee kept by a bank',
    PaymentKind.REFUND: 'Refund',
    PaymentKind.CHARGE_BACK: 'Charge-back',
    PaymentKind.WITHDRAWAL: 'Credit withdrawn',
}


def entries(
    db: database.Database,
    start: dt.datetime,
    end: dt.datetime,
    zone: dt.tzinfo,
) -> Iterator[journal.Entry]:
    """What happened from an instant on, until another, by the zone's days.

    Of what happened at one instant documents come first, then money, then
    what it was used for; so the same books always tell it in one order.
    """
    teller = _Teller(db, start, end, zone)
    merged = heapq.merge(
        *(
            stream(rank)
            for rank, stream in enumerate(
                (
                    teller.documents,
                    teller.incoming,
                    teller.outgoing,
                    teller.assigned,
                    teller.undone,
                    teller.used,
                    teller.closed,
                )
            )
        ),
        key=lambda told: told[:3],
    )
    for _, _, _, entry in merged:
        yield entry


def closing(
    conn: sa.Connection, end: dt.datetime, now: dt.datetime, zone: dt.tzinfo
) -> list[journal.Closing]:
    """What the receivables must be at the end, by currency.

    That is what the open invoices owe; of an end in the past, what they did.
    """
    owed = receivables.totals(conn, end)
    if end > now:
        owed = dict.fromkeys(owed, 0) | receivables.open_now(conn)
    used = currencies.of(conn, _invoices.c.currency)
    day = calendar.local_day(end, zone) - dt.timedelta(days=1)
    return [
        journal.Closing(
            day, journal.RECEIVABLE, owed.get(currency, 0), currency
        )
        for currency in sorted({*owed, *used})
    ]


def money_account(row: sa.Row[Any]) -> str:
    """Where money of a row is; what went out, where it had come in.

    The row has `source_kind` and `source_source`, of what it refunds.
    """
    back = row.source_kind == PaymentKind.PAYMENT and row.assigned_at is None
    return journal.money(row.source_source if back else row.source)


def outgoing() -> sa.Select[Any]:
    """What went out, with what it went out of and whose it was."""
    return (
        sa.select(
            _payments, _accounts.c.name.label('account'),
            _source.c.kind.label('source_kind'),
            _source.c.source.label('source_source'),
            _source.c.key.label('source_key'),
        )
        .outerjoin(_accounts, _accounts.c.id == _payments.c.account_id)
        .outerjoin(_source, _source.c.id == _payments.c.refunds)
        .where(balances.went_out())
    )  # fmt: skip


class _Teller:
    """The streams of a period, each by (instant, rank, id)."""

    def __init__(
        self, db: database.Database, start: dt.datetime, end: dt.datetime,
        zone: dt.tzinfo,
    ) -> None:  # fmt: skip
        self._db = db
        self._start = start
        self._end = end
        self._zone = zone
        self._plans = db.read(agreed.plans)

    def documents(self, rank: int) -> _Stream:
        at = _invoices.c.issued_at
        query = (
            sa.select(
                _invoices, _accounts.c.name.label('account'),
                _corrected.c.series.label('corrected_series'),
                _corrected.c.number.label('corrected_number'),
            )
            .join(_accounts, _accounts.c.id == _invoices.c.account_id)
            .outerjoin(_corrected, _corrected.c.id == _invoices.c.corrects)
            .where(
                *self._during(at), _invoices.c.kind.not_in(invoices.THEIRS)
            )
        )  # fmt: skip
        for page in pages.batches(self._db, query, at, _invoices.c.id):
            sales = self._db.read(_sales, [row.id for row in page])
            for row in page:
                postings = self._document(row, sales.get(row.id, ()))
                yield row.issued_at, rank, row.id, self._told(
                    row.issued_at, row, row.kind, _number(row),
                    f'{_WORDS.get(row.kind, "Invoice")} {_number(row)}',
                    postings, *_corrected_number(row),
                )  # fmt: skip

    def incoming(self, rank: int) -> _Stream:
        at = _payments.c.received_at
        query = self._money().where(
            balances.came_in(),
            sa.not_(
                sa.and_(
                    _payments.c.kind == PaymentKind.CREDIT,
                    monthly.of_document(),
                )
            ),
            *self._during(at),
        )
        for row in pages.rows(self._db, query, at, _payments.c.id):
            yield row.received_at, rank, row.id, self._payment(
                row.received_at, row, _WORDS[row.kind],
                (_came_from(row), row.amount), (_owner(row), -row.amount),
            )  # fmt: skip

    def outgoing(self, rank: int) -> _Stream:
        at = _payments.c.received_at
        query = outgoing().where(*self._during(at))
        for row in pages.rows(self._db, query, at, _payments.c.id):
            yield row.received_at, rank, row.id, self._payment(
                row.received_at, row, _WORDS[row.kind],
                (_owner(row), row.amount), (_went_to(row), -row.amount),
            )  # fmt: skip

    def assigned(self, rank: int) -> _Stream:
        """It was found whose money is, that came in or went out."""
        at = _payments.c.assigned_at
        out = _payments.alias('out')
        gone = (
            sa.select(sa.func.coalesce(sa.func.sum(out.c.amount), 0))
            .where(
                out.c.refunds == _payments.c.id, out.c.account_id.is_(None)
            )
            .correlate(_payments)
            .scalar_subquery()
        )
        query = (
            self._money()
            .add_columns(gone.label('gone'))
            .where(
                _payments.c.account_id.is_not(None),
                sa.or_(balances.came_in(), balances.went_out()),
                *self._during(at),
            )
        )
        for row in pages.rows(self._db, query, at, _payments.c.id):
            moved = row.amount - int(row.gone)
            if row.kind in balances.OUTGOING:
                moved = -moved
            yield row.assigned_at, rank, row.id, self._payment(
                row.assigned_at, row, 'Assigned',
                (journal.UNMATCHED, moved), (_credit(row), -moved),
            )  # fmt: skip

    def used(self, rank: int) -> _Stream:
        yield from self._allocations(rank, _allocations.c.at, 'Used for', 1)

    def undone(self, rank: int) -> _Stream:
        at = _allocations.c.undone_at
        yield from self._allocations(rank, at, 'Taken off', -1)

    def closed(self, rank: int) -> _Stream:
        """What was given up."""
        query = monthly.closed_with(self._start, self._end)
        query = query.add_columns(_accounts.c.name.label('account')).join(
            _accounts, _accounts.c.id == _invoices.c.account_id
        )
        at = _invoices.c.closed_at
        for row in pages.rows(self._db, query, at, _invoices.c.id):
            owed = int(row.owed)
            yield row.closed_at, rank, row.id, self._told(
                row.closed_at, row, 'write_off', _number(row),
                f'Written off {_number(row)}',
                _postings((journal.WRITE_OFFS, owed),
                          (_receivable(row), -owed)),
                _number(row),
            )  # fmt: skip

    def _allocations(
        self, rank: int, at: sa.ColumnElement[Any], word: str, sign: int
    ) -> _Stream:
        """After an invoice was closed it is no receivable: it is recovered."""
        query = (
            sa.select(
                _allocations.c.id, _allocations.c.amount, at.label('then'),
                _payments.c.key, _invoices.c.account_id, _invoices.c.series,
                _invoices.c.number, _invoices.c.currency,
                _invoices.c.closed_at, _accounts.c.name.label('account'),
            )
            .join(_payments, _payments.c.id == _allocations.c.payment_id)
            .join(_invoices, _invoices.c.id == _allocations.c.invoice_id)
            .join(_accounts, _accounts.c.id == _invoices.c.account_id)
            .where(*self._during(at))
        )  # fmt: skip
        for row in pages.rows(self._db, query, at, _allocations.c.id):
            late = row.closed_at is not None and row.then > row.closed_at
            paid = journal.WRITE_OFFS if late else _receivable(row)
            minor = sign * row.amount
            yield row.then, rank, row.id, self._told(
                row.then, row, 'use', row.key, f'{word} {_number(row)}',
                _postings((_credit(row), minor), (paid, -minor)),
                _number(row),
            )  # fmt: skip

    def _document(
        self, row: sa.Row[Any], sales: Sequence[tuple[int | None, int]]
    ) -> _Postings:
        whose = _credit(row) if row.total < 0 else _receivable(row)
        if row.kind == 'opening':
            return _postings((whose, row.total), (journal.OPENING, -row.total))
        parts = []
        for plan_id, net in sales:
            account = journal.other_sales()
            if plan_id is not None:
                plan = self._plans[plan_id]
                account = journal.sales(plan.name, plan.id)
            parts.append((account, -net))
        for each in tax.sums_read(row.taxes):
            account = journal.tax(each.name, each.rate)
            parts.append((account, -each.amount))
        rest = row.total + sum(minor for _, minor in parts)
        return _postings(
            (whose, row.total),
            *((name, minor) for name, minor in parts if minor),
            *([(journal.ROUNDING, -rest)] if rest else []),
        )

    def _money(self) -> sa.Select[Any]:
        return sa.select(
            _payments, _accounts.c.name.label('account')
        ).outerjoin(_accounts, _accounts.c.id == _payments.c.account_id)

    def _payment(
        self, at: dt.datetime, row: sa.Row[Any], word: str,
        *parts: tuple[str, int],
    ) -> journal.Entry:  # fmt: skip
        text = f'{word}: {row.reference}' if row.reference else word
        return self._told(
            at, row, row.kind, row.key, text, _postings(*parts)
        )

    def _told(
        self, at: dt.datetime, row: sa.Row[Any], kind: str, code: str,
        text: str, postings: _Postings, *links: str,
    ) -> journal.Entry:  # fmt: skip
        return journal.Entry(
            at=at,
            day=calendar.local_day(at, self._zone),
            kind=str(kind),
            code=code,
            payee=row.account or getattr(row, 'payer', None) or '',
            text=text,
            currency=row.currency,
            postings=postings,
            links=links,
            account=row.account_id,
        )

    def _during(
        self, at: sa.ColumnElement[Any]
    ) -> tuple[sa.ColumnElement[bool], ...]:
        return at >= self._start, at < self._end


def _sales(
    conn: sa.Connection, invoice_ids: Sequence[int]
) -> dict[int, list[tuple[int | None, int]]]:
    """The net of each plan on invoices; None: of no subscription."""
    line = (
        sa.select(
            _lines.c.invoice_id,
            _lines.c.net,
            agreed.plan_id(_lines.c.starts).label('plan_id'),
        )
        .outerjoin(_subs, _subs.c.id == _lines.c.subscription_id)
        .where(_lines.c.invoice_id.in_(invoice_ids))
        .subquery()
    )
    rows = conn.execute(
        sa.select(line.c.invoice_id, line.c.plan_id, sa.func.sum(line.c.net))
        .group_by(line.c.invoice_id, line.c.plan_id)
        .order_by(line.c.invoice_id, line.c.plan_id)
    )
    sales: dict[int, list[tuple[int | None, int]]] = {}
    for invoice_id, plan_id, net in rows:
        sales.setdefault(invoice_id, []).append((plan_id, int(net)))
    return sales


def _number(row: sa.Row[Any]) -> str:
    return document.number(row.series, row.number)


def _corrected_number(row: sa.Row[Any]) -> tuple[str, ...]:
    """What a document is linked by: its number, and of what it corrects."""
    if row.corrected_number is None:
        return (_number(row),)
    corrected = document.number(row.corrected_series, row.corrected_number)
    return _number(row), corrected


def _postings(*parts: tuple[str, int]) -> _Postings:
    return tuple(journal.Posting(name, minor) for name, minor in parts)


def _receivable(row: sa.Row[Any]) -> str:
    return journal.receivable(row.account, row.account_id)


def _credit(row: sa.Row[Any]) -> str:
    return journal.credit(row.account, row.account_id)


def _owner(row: sa.Row[Any]) -> str:
    """Whose money it was when it came or went."""
    if row.account_id is None or row.assigned_at is not None:
        return journal.UNMATCHED
    return _credit(row)


def _came_from(row: sa.Row[Any]) -> str:
    if row.kind == PaymentKind.FEE:
        return journal.FEES
    if row.kind == PaymentKind.CREDIT:
        return _granted(row.key)
    return journal.money(row.source)


def _went_to(row: sa.Row[Any]) -> str:
    if row.kind != PaymentKind.WITHDRAWAL:
        return money_account(row)
    if row.source_kind == PaymentKind.FEE:
        return journal.FEES
    return _granted(row.source_key)


def _granted(key: str) -> str:
    opening = key.startswith('opening:')
    return journal.OPENING if opening else journal.GOODWILL
