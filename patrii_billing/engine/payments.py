# SPDX-License-Identifier: Apache-2.0
"""Payments: recorded once, allocated, and what follows from them at once."""

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
from patrii_billing.store import notices
from patrii_billing.store import payments
from patrii_billing.store import timeline


def record(
    conn: sa.Connection,
    tools: toolbox.Tools,
    account_id: int,
    amount: money.Money,
    key: str,
    now: dt.datetime,
    *,
    reference: str = '',
    by: str = timeline.ENGINE,
    pending: bool = False,
) -> int:
    """Record a payment, use it, and cancel or undo what it settles.

    `key` makes it idempotent: the same key and body answer the payment that
    is there. Pending money stops the ladder for a span. Raises InvalidInput
    for an amount that is not positive, Conflict for the same key with
    another body.
    """
    if amount.minor <= 0:
        raise errors.InvalidInput('must be above zero', 'amount')
    accounts.lock(conn, account_id)
    body = balance.body_hash(
        account=account_id, amount=amount.minor, currency=amount.currency
    )
    known = payments.by_key(conn, key)
    if known is not None:
        return _same(conn, tools, known, body, pending, now)
    account = accounts.get(conn, account_id)
    span = tools.settings.policy.reading(account.policy).in_transit
    zone = calendar.zone(account.timezone)
    payment_id = payments.add(
        conn, account_id=account_id, amount=amount.minor,
        free=0 if pending else amount.minor, currency=amount.currency,
        state=lifecycle.PaymentState.PENDING
        if pending
        else lifecycle.PaymentState.RECEIVED,
        key=key, body_hash=body, reference=reference, received_at=now, by=by,
        in_transit_until=span.after(now, zone) if pending else None,
    )  # fmt: skip
    _take_effect(conn, tools, payments.get(conn, payment_id), now)
    return payment_id


def fail(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment_id: int,
    now: dt.datetime,
    by: str = timeline.ENGINE,
) -> None:
    """A pending payment did not arrive. Raises Conflict if it is another."""
    account_id = payments.get(conn, payment_id).account_id
    accounts.lock(conn, account_id)
    payment = payments.get(conn, payment_id)
    if payment.state != lifecycle.PaymentState.PENDING:
        raise errors.Conflict(f'the payment is {payment.state}')
    payments.change(
        conn, payment.id, state=lifecycle.PaymentState.FAILED, ended_at=now
    )
    _tell(conn, payment, lifecycle.PaymentState.FAILED, now, by)
    collect.judge_account(conn, tools, account_id, now)


def charge_back(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment_id: int,
    now: dt.datetime,
    by: str = timeline.ENGINE,
) -> None:
    """The bank took a payment back: what it paid is due from now on."""
    account_id = payments.get(conn, payment_id).account_id
    accounts.lock(conn, account_id)
    payment = payments.get(conn, payment_id)
    if payment.state != lifecycle.PaymentState.RECEIVED:
        raise errors.Conflict(f'the payment is {payment.state}')
    state = lifecycle.PaymentState.CHARGED_BACK
    payments.change(conn, payment.id, state=state, ended_at=now)
    balance.take_back(conn, payment.id, now)
    _tell(conn, payment, state, now, by)
    collect.judge_account(conn, tools, account_id, now)


def _same(
    conn: sa.Connection,
    tools: toolbox.Tools,
    known: sa.Row[Any],
    body: str,
    pending: bool,
    now: dt.datetime,
) -> int:
    if known.body_hash != body:
        raise errors.Conflict(
            f'the key {known.key!r} was used for another payment'
        )
    arrived = (
        known.state == lifecycle.PaymentState.PENDING and not pending
    )  # fmt: skip
    if arrived:
        payments.change(
            conn, known.id, state=lifecycle.PaymentState.RECEIVED,
            free=known.amount, in_transit_until=None, received_at=now,
        )  # fmt: skip
        _take_effect(conn, tools, payments.get(conn, known.id), now)
    return int(known.id)


def _take_effect(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment: sa.Row[Any],
    now: dt.datetime,
) -> None:
    balance.allocate(conn, payment.account_id, now)
    state = lifecycle.PaymentState(payment.state)
    _tell(conn, payment, state, now, payment.by)
    collect.judge_account(conn, tools, payment.account_id, now)


def _tell(
    conn: sa.Connection,
    payment: sa.Row[Any],
    state: lifecycle.PaymentState,
    now: dt.datetime,
    by: str,
) -> None:
    amount = money.plain(payment.amount, payment.currency)
    timeline.record(
        conn, now, 'payment', payment.reference or payment.key,
        account_id=payment.account_id, by=by,
        amount=amount, result=str(state),
    )  # fmt: skip
    template = {
        lifecycle.PaymentState.RECEIVED: 'payment_received',
        lifecycle.PaymentState.FAILED: 'payment_failed',
        lifecycle.PaymentState.CHARGED_BACK: 'payment_failed',
    }.get(state)
    if template:
        notices.ask(
            conn, f'payment:{payment.id}:{state}', template, now,
            account_id=payment.account_id,
            context={'amount': amount, 'currency': payment.currency},
        )  # fmt: skip
