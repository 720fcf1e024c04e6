# SPDX-License-Identifier: Apache-2.0
"""Money in: recorded once, used, and what follows from it at once.

What is used pays the oldest invoices first, or a named one before them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.engine import balance
from patrii_billing.engine import collect
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import payments
from patrii_billing.store import timeline

_State = lifecycle.PaymentState
_Kind = lifecycle.PaymentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where money came from; what a bank tells of it."""

    source: str = 'person'
    payer: str | None = None
    remittance: str | None = None
    received_at: dt.datetime | None = None  # None: when it is recorded


BY_HAND = Origin()
# Who says whose a payment is; of what a bank or another system tells it is
# only found out.
_KNOWS_WHOSE = ('person', 'service')


def record(
    conn: sa.Connection,
    tools: toolbox.Tools,
    account_id: int | None,
    amount: money.Money,
    key: str,
    now: dt.datetime,
    *,
    reference: str = '',
    by: str = timeline.ENGINE,
    pending: bool = False,
    invoice_ids: Sequence[int] = (),
    origin: Origin = BY_HAND,
) -> int:
    """Record a payment, use it, and cancel or undo what it settles.

    `key` makes it idempotent: the same key and body answer the payment that
    is there. Pending money stops the ladder for a span; recorded again when
    it arrives, be it after it was said to have failed, it takes effect. A
    payment of no account waits for `assign`. The invoices named are paid
    first, in their order. What a bank or another system tells is the same
    payment whosever it was found to be. Raises InvalidInput for an amount
    that is not positive or an invoice of another, Conflict for the same key
    with another body.
    """
    if amount.minor <= 0:
        raise errors.InvalidInput('must be above zero', 'amount')
    body = body_hash(account_id, amount, invoice_ids, origin)
    values = {
        'account_id': account_id, 'amount': amount.minor,
        'currency': amount.currency, 'key': key, 'body_hash': body,
        'reference': reference, 'received_at': origin.received_at or now,
        'by': by, 'source': origin.source, 'payer': origin.payer,
        'remittance': origin.remittance,
    }  # fmt: skip
    if account_id is None:
        values |= {'state': _State.RECEIVED, 'free': amount.minor}
    else:
        accounts.lock(conn, account_id)
        _check_invoices(conn, account_id, amount.currency, invoice_ids)
        values |= _on_account(conn, tools, account_id, amount, pending, now)
    added = payments.add_once(conn, **values)
    payment = payments.by_key(conn, key)
    if payment is None or payment.body_hash != body:
        raise errors.Conflict(f'the key {key!r} was used for another payment')
    if added:
        _take_effect(conn, tools, payment, now, by, invoice_ids)
    elif not pending and payment.state in (_State.PENDING, _State.FAILED):
        payments.change(
            conn, payment.id, state=_State.RECEIVED, free=payment.amount,
            in_transit_until=None, received_at=values['received_at'],
            ended_at=None,
        )  # fmt: skip
        payment = payments.get(conn, payment.id)
        _take_effect(conn, tools, payment, now, by, invoice_ids)
    return int(payment.id)


def record_unmatched(
    conn: sa.Connection,
    tools: toolbox.Tools,
    amount: money.Money,
    key: str,
    now: dt.datetime,
    *,
    reference: str = '',
    by: str = timeline.ENGINE,
    origin: Origin = BY_HAND,
) -> int:
    """Record money nobody can be found for, as `record` does."""
    return record(
        conn, tools, None, amount, key, now,
        reference=reference, by=by, origin=origin,
    )  # fmt: skip


def body_hash(
    account_id: int | None,
    amount: money.Money,
    invoice_ids: Sequence[int],
    origin: Origin,
) -> str:
    """What must be the same wherever the key is."""
    body: dict[str, Any] = {
        'amount': amount.minor, 'currency': amount.currency
    }  # fmt: skip
    if origin.source in _KNOWS_WHOSE:
        body['account'] = account_id
        body['invoices'] = list(invoice_ids)
    return balance.body_hash(**body)


def assign(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment_id: int,
    account_id: int,
    now: dt.datetime,
    by: str = timeline.ENGINE,
    invoice_ids: Sequence[int] = (),
) -> None:
    """Say whose a payment of nobody is; it takes effect as if it came now.

    What the journal has told stays: a payment of the wrong account is
    refunded there, and recorded for the right one. Raises Conflict if it is
    somebody's or gone, InvalidInput for an account that pays in another
    currency or an invoice of another.
    """
    accounts.lock(conn, account_id)
    payment = payments.get(conn, payment_id)
    if payment.kind != _Kind.PAYMENT:
        raise errors.Conflict(f'it is no payment but a {payment.kind}')
    _check_currency(conn, account_id, payment.currency)
    _check_invoices(conn, account_id, payment.currency, invoice_ids)
    if not payments.take_up(conn, payment_id, account_id, now):
        state = payment.state if payment.account_id is None else 'taken'
        raise errors.Conflict(f'the payment is {state}')
    payment = payments.get(conn, payment_id)
    _take_effect(conn, tools, payment, now, by, invoice_ids)


def fail(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment_id: int,
    now: dt.datetime,
    by: str = timeline.ENGINE,
) -> None:
    """A pending payment did not arrive. Raises Conflict if it is another."""
    payment = locked(conn, payment_id)
    if payment.state != _State.PENDING:
        raise errors.Conflict(f'the payment is {payment.state}')
    payments.change(conn, payment.id, state=_State.FAILED, ended_at=now)
    tell(conn, payment, _State.FAILED, now, by)
    ask(conn, payment, 'payment_failed', f'{_State.FAILED}', now)
    collect.judge_account(conn, tools, payment.account_id, now)


def credit(
    conn: sa.Connection,
    tools: toolbox.Tools,
    account_id: int,
    amount: money.Money,
    key: str,
    now: dt.datetime,
    *,
    why: str,
    by: str = timeline.ENGINE,
) -> int:
    """Give an account goodwill: money that it need not pay.

    Idempotent as `record` is. Raises InvalidInput for an amount that is not
    positive, another currency, or no reason; Conflict for the same key with
    another body.
    """
    if amount.minor <= 0:
        raise errors.InvalidInput('must be above zero', 'amount')
    if not 0 < len(why) <= 255:
        raise errors.InvalidInput('must say so in 1 to 255 characters', 'why')
    accounts.lock(conn, account_id)
    _check_currency(conn, account_id, amount.currency)
    body = balance.body_hash(
        account=account_id, amount=amount.minor, currency=amount.currency,
        kind=_Kind.CREDIT,
    )  # fmt: skip
    added = payments.add_once(
        conn, account_id=account_id, kind=_Kind.CREDIT,
        state=_State.RECEIVED, amount=amount.minor, free=amount.minor,
        currency=amount.currency, key=key, body_hash=body, reference=why,
        received_at=now, by=by,
    )  # fmt: skip
    payment = payments.by_key(conn, key)
    if payment is None or payment.body_hash != body:
        raise errors.Conflict(f'the key {key!r} was used for another payment')
    if added:
        tell(conn, payment, _Kind.CREDIT, now, by, why)
        settle(conn, tools, account_id, now)
    return int(payment.id)


def locked(conn: sa.Connection, payment_id: int) -> sa.Row[Any]:
    """The payment, under the lock of its account or, of nobody, its own.

    Raises StaleWrite where it was given to another meanwhile.
    """
    account_id = payments.get(conn, payment_id).account_id
    if account_id is None:
        payments.lock(conn, payment_id)
    else:
        accounts.lock(conn, account_id)
    payment = payments.get(conn, payment_id)
    if payment.account_id != account_id:
        raise errors.StaleWrite(
            'the payment has just been assigned; try again'
        )
    return payment


def settle(
    conn: sa.Connection,
    tools: toolbox.Tools,
    account_id: int | None,
    now: dt.datetime,
) -> None:
    """Use what is free of an account, and judge what is left to pay."""
    if account_id is not None:
        balance.allocate(conn, account_id, now)
        collect.judge_account(conn, tools, account_id, now)


def tell(
    conn: sa.Connection,
    payment: sa.Row[Any],
    result: str,
    now: dt.datetime,
    by: str,
    why: str = '',
    amount: int | None = None,
) -> None:
    """Say on the timeline what became of money, or of a part of it."""
    minor = payment.amount if amount is None else amount
    timeline.record(
        conn, now, 'payment', payment.reference or payment.key, why,
        account_id=payment.account_id, by=by,
        amount=money.plain(minor, payment.currency), result=str(result),
        currency=payment.currency, payment=payment.id,
    )  # fmt: skip


def ask(
    conn: sa.Connection,
    payment: sa.Row[Any],
    template: str,
    which: str,
    now: dt.datetime,
    amount: int | None = None,
) -> None:
    """Have a mail of a payment written; once for each `which`."""
    minor = payment.amount if amount is None else amount
    notices.ask(
        conn, f'payment:{payment.id}:{which}', template, now,
        account_id=payment.account_id,
        context={
            'amount': money.plain(minor, payment.currency),
            'currency': payment.currency,
        },
    )  # fmt: skip


def _on_account(
    conn: sa.Connection,
    tools: toolbox.Tools,
    account_id: int,
    amount: money.Money,
    pending: bool,
    now: dt.datetime,
) -> dict[str, Any]:
    if not pending:
        return {'state': _State.RECEIVED, 'free': amount.minor}
    account = accounts.get(conn, account_id)
    span = tools.settings.policy.reading(account.policy).in_transit
    until = span.after(now, calendar.zone(account.timezone))
    return {'state': _State.PENDING, 'free': 0, 'in_transit_until': until}


def _take_effect(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment: sa.Row[Any],
    now: dt.datetime,
    by: str,
    invoice_ids: Sequence[int],
) -> None:
    account_id = payment.account_id
    tell(conn, payment, payment.state, now, by)
    if account_id is None:
        return
    if payment.state == _State.RECEIVED:
        for invoice_id in invoice_ids:
            balance.use(conn, payment.id, invoice_id, now)
        balance.use_all(conn, payments.get(conn, payment.id), now)
        balance.settle_fees(conn, tools, payment.id, now)
        which = str(_State.RECEIVED)
        if payment.assigned_at is not None:
            which = f'assigned:{account_id}'
        ask(conn, payment, 'payment_received', which, now)
    settle(conn, tools, account_id, now)


def _check_currency(
    conn: sa.Connection, account_id: int, currency: str
) -> None:
    account = accounts.get(conn, account_id)
    if account.currency != currency:
        raise errors.InvalidInput(
            f'{account.name} pays in {account.currency}', 'currency'
        )


def _check_invoices(
    conn: sa.Connection,
    account_id: int,
    currency: str,
    invoice_ids: Sequence[int],
) -> None:
    for invoice_id in invoice_ids:
        invoice = invoices.get(conn, invoice_id)
        if (invoice.account_id, invoice.currency) != (account_id, currency):
            raise errors.InvalidInput(
                f'{balance.number(invoice)} is of another account or currency',
                'invoice',
            )
