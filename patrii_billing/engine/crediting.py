# SPDX-License-Identifier: Apache-2.0
"""Credit notes: what they say, and where the money they give back goes.

A note is an invoice of its own series whose sums are below zero. It settles
what it corrects as far as that is owed, and the rest becomes balance.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import credit
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import proration
from patrii_billing.engine import balance
from patrii_billing import errors
from patrii_billing.store import credits
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import payments
from patrii_billing.store import timeline

Line = dict[str, Any]

_FLIPPED = {
    proration.LineKind.CHARGE: proration.LineKind.CREDIT,
    proration.LineKind.CREDIT: proration.LineKind.CHARGE,
}
# What a note says of a line in that line's own words.
_SAME = (
    'subscription_id', 'resource', 'label', 'starts', 'ends', 'starts_at',
    'ends_at', 'quantity', 'unit', 'unit_price', 'ratio', 'reason',
)  # fmt: skip
_NO_TIME = {'starts': None, 'ends': None, 'starts_at': None, 'ends_at': None}


def negated(conn: sa.Connection, invoice: sa.Row[Any]) -> list[Line]:
    """Every line of an invoice, the other way round."""
    return [
        _line(row, _FLIPPED[row.kind], -_sums(row))
        for row in invoices.lines_of(conn, invoice.id)
    ]


def shared(
    conn: sa.Connection,
    invoice: sa.Row[Any],
    amount: money.Money | None,
    why: str,
) -> list[Line]:
    """Credits of so much of an invoice, or of all that is left of it.

    Each charge gives its share, and no time. Raises InvalidInput, Conflict.
    """
    if amount is not None and amount.currency != invoice.currency:
        raise errors.InvalidInput(
            f'the invoice is in {invoice.currency}', 'amount'
        )
    rows = [
        row
        for row in invoices.lines_of(conn, invoice.id)
        if row.kind == proration.LineKind.CHARGE
    ]
    whole = {row.id: _sums(row) for row in rows}
    left = dict(whole)
    for taken in credits.taken_from(conn, invoice.id):
        if taken.corrects in left:
            left[taken.corrects] = left[taken.corrects].less(_sums(taken))
    most = invoice.total + sum(
        note.total for note in credits.notes_of(conn, invoice.id)
    )
    gross = credit.left_of(left.values(), most)
    if amount is not None:
        gross = amount.minor
    elif not gross:
        return []
    parts = credit.spread(list(left.values()), gross, most)
    return [
        _share(row, whole[row.id], left[row.id], part, invoice.currency, why)
        for row, part in zip(rows, parts, strict=True)
        if part
    ]


def issue(
    conn: sa.Connection,
    invoice: sa.Row[Any],
    lines: Sequence[Line],
    now: dt.datetime,
    by: str,
    why: str,
    key: str | None = None,
) -> str:
    """Write a note, use what it gives back on its invoice; its number."""
    net = sum(line['net'] for line in lines)
    taxes = _taxes(lines)
    total = net + sum(tax['amount'] for tax in taxes)
    note_id = invoices.issue(
        conn, now, lines,
        account_id=invoice.account_id,
        subscription_id=invoice.subscription_id,
        series=credits.SERIES, kind=credits.KIND, currency=invoice.currency,
        period_start=invoice.period_start, period_end=invoice.period_end,
        net=net, taxes=taxes, total=total, owed=0, corrects=invoice.id,
        why=why, customer=invoice.customer, announce_at=now,
    )  # fmt: skip
    invoices.write_owed(conn, note_id, 0, now)
    note = invoices.get(conn, note_id)
    timeline.record(
        conn, now, 'invoice', balance.number(note), why,
        account_id=note.account_id, subscription_id=note.subscription_id,
        by=by, amount=money.plain(total, note.currency),
        result='credit note', corrects=balance.number(invoice),
    )  # fmt: skip
    _tell_customer(conn, invoice, note, now)
    _use(conn, invoice, note, now, by, key)
    return balance.number(note)


def _tell_customer(
    conn: sa.Connection,
    invoice: sa.Row[Any],
    note: sa.Row[Any],
    now: dt.datetime,
) -> None:
    if not note.total:
        return
    notices.ask(
        conn, f'credit_note:{note.id}', 'credit_note', now,
        account_id=note.account_id, subscription_id=note.subscription_id,
        invoice_id=note.id,
        context={
            'amount': money.plain(-note.total, note.currency),
            'currency': note.currency, 'corrects': balance.number(invoice),
        },
    )  # fmt: skip


def _use(
    conn: sa.Connection,
    invoice: sa.Row[Any],
    note: sa.Row[Any],
    now: dt.datetime,
    by: str,
    key: str | None,
) -> None:
    """On its invoice first, then on the oldest that is open."""
    amount = -note.total
    if amount <= 0:
        return
    payment_id = payments.add(
        conn, account_id=note.account_id,
        kind=lifecycle.PaymentKind.CREDIT, source='service',
        state=lifecycle.PaymentState.RECEIVED, amount=amount, free=amount,
        currency=note.currency,
        key=_key(key) if key else f'credit:invoice:{note.id}',
        body_hash=_body(invoice, amount), reference=balance.number(note),
        received_at=now, by=by,
    )  # fmt: skip
    balance.use(conn, payment_id, invoice.id, now)
    balance.allocate(conn, note.account_id, now)


def known(
    conn: sa.Connection,
    invoice: sa.Row[Any],
    amount: money.Money | None,
    key: str,
) -> bool:
    """Whether this very credit was given. Raises Conflict for another."""
    before = payments.by_key(conn, _key(key))
    if before is None:
        return False
    same = amount is None or before.body_hash == _body(invoice, amount.minor)
    if not same or before.account_id != invoice.account_id:
        raise errors.Conflict(f'the key {key!r} was used for another credit')
    return True


def give_up(
    conn: sa.Connection,
    invoice: sa.Row[Any],
    now: dt.datetime,
    by: str,
    why: str,
) -> None:
    """Write off what an open invoice owes; it stays written on it."""
    state = lifecycle.InvoiceState.UNCOLLECTIBLE
    credits.close(conn, invoice.id, state, why, now)
    timeline.record(
        conn, now, 'invoice', balance.number(invoice), why,
        account_id=invoice.account_id,
        subscription_id=invoice.subscription_id, by=by,
        amount=money.plain(invoice.owed, invoice.currency),
        result='written off',
    )  # fmt: skip


def _key(key: str) -> str:
    return f'credit_note:{key}'


def _body(invoice: sa.Row[Any], amount: int) -> str:
    return balance.body_hash(invoice=invoice.id, amount=amount)


def _sums(row: sa.Row[Any]) -> credit.Sums:
    return credit.Sums(
        row.amount, row.discount, row.net,
        tuple(tax['amount'] for tax in row.taxes or ()),
    )  # fmt: skip


def _share(
    row: sa.Row[Any],
    whole: credit.Sums,
    left: credit.Sums,
    gross: int,
    currency: str,
    why: str,
) -> Line:
    given = money.Money(gross, currency)
    billed = money.Money(whole.gross, currency)
    line = _line(
        row, proration.LineKind.CREDIT, credit.share(whole, left, gross)
    )
    return line | _NO_TIME | {
        'ratio': f'{gross}/{whole.gross}',
        'reason': f'{given} of {billed} given back: {why}',
    }  # fmt: skip


def _line(row: sa.Row[Any], kind: str, sums: credit.Sums) -> Line:
    said = {name: getattr(row, name) for name in _SAME}
    return said | {
        'kind': kind,
        'amount': sums.amount,
        'discount': sums.discount,
        'net': sums.net,
        'taxes': [
            {**tax, 'amount': amount}
            for tax, amount in zip(row.taxes or (), sums.taxes, strict=True)
        ],
        'corrects': row.id,
    }


def _taxes(lines: Iterable[Line]) -> list[Mapping[str, Any]]:
    """The taxes of a note by name and rate, each with its base."""
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines:
        for tax in line['taxes']:
            sum_of = sums.setdefault(
                (tax['name'], tax['rate']),
                {'name': tax['name'], 'rate': tax['rate'], 'base': 0,
                 'amount': 0},
            )  # fmt: skip
            sum_of['base'] += line['net']
            sum_of['amount'] += tax['amount']
    return list(sums.values())
