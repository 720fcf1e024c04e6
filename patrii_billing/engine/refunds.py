# SPDX-License-Identifier: Apache-2.0
"""Money out: refunds, charge-backs, withdrawals, and allocation by hand."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.engine import balance
from patrii_billing.engine import payments as incoming
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import invoices
from patrii_billing.store import payments
from patrii_billing.store import timeline

_State = lifecycle.PaymentState
_Kind = lifecycle.PaymentKind


def refund(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment_id: int,
    amount: money.Money | None,
    key: str,
    now: dt.datetime,
    *,
    by: str = timeline.ENGINE,
    why: str = '',
    force: bool = False,
) -> int:
    """Write down that money was paid back: of a payment, or of a credit.

    It takes what is free, all of it without an amount; with `force` also
    what paid invoices, the newest allocation first: they are owed again. Not
    so of the balance that a document left, of which only the rest is paid
    out. Also for a payment of nobody. The same key and body refund once.
    Raises Conflict where less is free, or for the same key with another body.
    """
    payment = incoming.locked(conn, payment_id)
    return _out(
        conn, tools, payment, amount, _Kind.REFUND, key, now, by, why, force
    )


def withdraw(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment_id: int,
    now: dt.datetime,
    *,
    by: str = timeline.ENGINE,
    why: str = '',
) -> int:
    """Take goodwill back that was given by mistake, all that is left of it.

    What it paid is owed again. Raises Conflict for what is no goodwill.
    """
    credit = incoming.locked(conn, payment_id)
    if not _is_goodwill(credit):
        raise errors.Conflict('only a credit given by a person is withdrawn')
    key = f'{_Kind.WITHDRAWAL}:{payment_id}'
    return _out(
        conn, tools, credit, None, _Kind.WITHDRAWAL, key, now, by, why, True
    )


def charge_back(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment_id: int,
    now: dt.datetime,
    by: str = timeline.ENGINE,
    *,
    amount: money.Money | None = None,
    key: str | None = None,
    why: str = '',
    origin: incoming.Origin = incoming.BY_HAND,
) -> int:
    """The bank took a payment back, or an amount of it.

    What it paid is due from now on, and other money may pay it. The same
    key and body take it back once. Raises Conflict where less than that is
    left of it, or for the same key with another body.
    """
    payment = incoming.locked(conn, payment_id)
    key = key or f'{_Kind.CHARGE_BACK}:{payment_id}'
    return _out(
        conn, tools, payment, amount, _Kind.CHARGE_BACK, key, now, by, why,
        True, origin,
    )  # fmt: skip


def record_taken_back(
    conn: sa.Connection,
    amount: money.Money,
    key: str,
    now: dt.datetime,
    *,
    reference: str = '',
    by: str = timeline.ENGINE,
    origin: incoming.Origin = incoming.BY_HAND,
) -> int:
    """The bank took back a payment that cannot be told; a person will.

    Raises Conflict for the same key with another body.
    """
    body = _body(None, amount, _Kind.CHARGE_BACK)
    payments.add_once(
        conn, account_id=None, kind=_Kind.CHARGE_BACK, state=_State.PENDING,
        amount=amount.minor, free=0, currency=amount.currency, key=key,
        body_hash=body, reference=reference,
        received_at=origin.received_at or now, by=by, source=origin.source,
        payer=origin.payer, remittance=origin.remittance,
    )  # fmt: skip
    row = payments.by_key(conn, key)
    if row is None or row.body_hash != body:
        raise errors.Conflict(f'the key {key!r} was used for another')
    return int(row.id)


def explain(
    conn: sa.Connection,
    tools: toolbox.Tools,
    taken_back_id: int,
    payment_id: int,
    now: dt.datetime,
    by: str = timeline.ENGINE,
) -> None:
    """Say which payment it was that a bank took back; it takes effect now.

    Raises Conflict if that is known, or if less is left of the payment.
    """
    payments.lock(conn, taken_back_id)
    payment = incoming.locked(conn, payment_id)
    row = payments.get(conn, taken_back_id)
    if row.kind != _Kind.CHARGE_BACK or row.state != _State.PENDING:
        raise errors.Conflict(f'it is a {row.kind}, {row.state}')
    amount = money.Money(row.amount, row.currency)
    payment = _freed(conn, payment, amount, _Kind.CHARGE_BACK, True, now)
    payments.change(
        conn, row.id, account_id=payment.account_id, refunds=payment.id,
        state=_State.CHARGED_BACK, assigned_at=now,
    )  # fmt: skip
    balance.less(conn, payment, row.amount, now, _Kind.CHARGE_BACK)
    _told(conn, tools, payment, row.id, now, by, '')


def allocate(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment_id: int,
    invoice_id: int,
    amount: money.Money | None,
    now: dt.datetime,
    by: str = timeline.ENGINE,
) -> None:
    """Put free money on an invoice by hand: an amount, or what it can.

    Also on one that was written off: that money is recovered. Raises
    Conflict for an invoice that owes nothing or is of another account,
    InvalidInput for more than is free or owed.
    """
    payment, invoice = _both(conn, payment_id, invoice_id)
    most = min(payment.free, invoice.owed)
    wanted = _minor(amount, payment.currency, most)
    if not 0 < wanted <= most:
        left = money.Money(most, payment.currency)
        raise errors.InvalidInput(f'can be up to {left}', 'amount')
    if not balance.use(conn, payment_id, invoice_id, now, wanted):
        raise errors.Conflict(
            f'{balance.number(invoice)} is {invoice.state}'
        )  # fmt: skip
    balance.settle_fees(conn, tools, payment_id, now)
    incoming.tell(
        conn, payment, 'allocated', now, by, balance.number(invoice), wanted
    )
    incoming.settle(conn, tools, payment.account_id, now)


def undo_allocation(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment_id: int,
    invoice_id: int,
    now: dt.datetime,
    by: str = timeline.ENGINE,
) -> None:
    """Take a payment off an invoice; the money is free, the invoice owed.

    The invoice is due from now on, yet not sooner than at first, so its
    ladder begins anew. The money stays off this invoice until a person puts
    it there again; it pays other open invoices at once, and other free money
    of the account pays this one. The row stays, as history. Raises Conflict
    if the payment pays nothing of the invoice, or for the balance that a
    document left: what was credited is not asked for again.
    """
    payment, invoice = _both(conn, payment_id, invoice_id)
    parts = payments.allocations(conn, payment_id, invoice_id)
    mine = payment.kind == _Kind.PAYMENT or _is_goodwill(payment)
    if not parts or not mine or invoice.state == lifecycle.InvoiceState.VOID:
        raise errors.Conflict(
            f'it pays nothing of {balance.number(invoice)} that can be undone'
        )
    balance.take_off(conn, payment_id, parts, now)
    back = sum(part.amount for part in parts)
    incoming.tell(
        conn, payment, 'freed', now, by, balance.number(invoice), back
    )
    incoming.settle(conn, tools, payment.account_id, now)


def _is_goodwill(row: sa.Row[Any]) -> bool:
    return row.kind == _Kind.CREDIT and not _is_of_document(row)


def _is_of_document(row: sa.Row[Any]) -> bool:
    """Whether it is what an invoice or a credit note says already."""
    return bool(row.kind == _Kind.CREDIT and row.source == 'service')


def _both(
    conn: sa.Connection, payment_id: int, invoice_id: int
) -> tuple[sa.Row[Any], sa.Row[Any]]:
    """Both under the account's lock, which must be the same account."""
    payment = incoming.locked(conn, payment_id)
    invoice = invoices.get(conn, invoice_id)
    if (payment.account_id, payment.currency) != (
        invoice.account_id,
        invoice.currency,
    ):
        raise errors.Conflict(
            f'{balance.number(invoice)} is of another account or currency'
        )
    return payment, invoice


def _out(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment: sa.Row[Any],
    amount: money.Money | None,
    kind: lifecycle.PaymentKind,
    key: str,
    now: dt.datetime,
    by: str,
    why: str,
    force: bool,
    origin: incoming.Origin = incoming.BY_HAND,
) -> int:
    """Let money of a payment go out again, once per key."""
    body = _body(payment.id, amount, kind)
    known = payments.by_key(conn, key)
    if known is not None:
        if known.body_hash != body:
            raise errors.Conflict(f'the key {key!r} was used for another')
        return int(known.id)
    payment = _freed(conn, payment, amount, kind, force, now)
    out = _minor(amount, payment.currency, payment.free)
    out_id = balance.take_out(
        conn, payment, out, now, kind,
        key=key, body_hash=body, by=by, reference=why[:255],
        source=origin.source, received_at=origin.received_at or now,
    )  # fmt: skip
    _told(conn, tools, payment, out_id, now, by, why)
    return out_id


def _freed(
    conn: sa.Connection,
    payment: sa.Row[Any],
    amount: money.Money | None,
    kind: lifecycle.PaymentKind,
    force: bool,
    now: dt.datetime,
) -> sa.Row[Any]:
    """The payment with as much free as is to go out."""
    takes = _Kind.PAYMENT, _Kind.CREDIT
    if payment.kind not in takes[: 1 if kind is _Kind.CHARGE_BACK else 2]:
        raise errors.Conflict(f'it is no payment but a {payment.kind}')
    if payment.state != _State.RECEIVED:
        raise errors.Conflict(f'the payment is {payment.state}')
    parts = payments.allocations(conn, payment.id)
    force = force and not _is_of_document(payment)
    most = payments.here(conn, payment) if force else payment.free
    out = _minor(amount, payment.currency, most)
    if out <= 0 and amount is not None:
        raise errors.InvalidInput('must be above zero', 'amount')
    if not 0 < out <= most:
        left = money.Money(most, payment.currency)
        word = 'left' if force else 'free'
        raise errors.Conflict(f'no more than {left} of it is {word}')
    missing = out - payment.free
    for part in reversed(parts):
        if missing <= 0:
            break
        balance.take_off(conn, payment.id, [part], now)
        if part.amount > missing:
            stays = part.amount - missing
            balance.use(conn, payment.id, part.invoice_id, now, stays)
        missing -= part.amount
    return payments.get(conn, payment.id)


def _told(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment: sa.Row[Any],
    out_id: int,
    now: dt.datetime,
    by: str,
    why: str,
) -> None:
    out = payments.get(conn, out_id)
    state = balance.OUT[lifecycle.PaymentKind(out.kind)]
    incoming.tell(conn, payment, state, now, by, why, out.amount)
    if state is _State.CHARGED_BACK and payment.account_id is not None:
        incoming.ask(
            conn, payment, 'payment_failed', f'{state}:{out_id}', now,
            out.amount,
        )  # fmt: skip
    incoming.settle(conn, tools, payment.account_id, now)


def _minor(amount: money.Money | None, currency: str, otherwise: int) -> int:
    if amount is None:
        return otherwise
    if amount.currency != currency:
        raise errors.InvalidInput(f'must be in {currency}', 'amount')
    return amount.minor


def _body(
    payment_id: int | None,
    amount: money.Money | None,
    kind: lifecycle.PaymentKind,
) -> str:
    return balance.body_hash(
        payment=payment_id,
        amount=None if amount is None else amount.minor,
        currency=None if amount is None else amount.currency,
        kind=kind,
    )
