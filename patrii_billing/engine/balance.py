# SPDX-License-Identifier: Apache-2.0
"""Money and what it pays: allocation to the oldest invoice, and its undo."""

import datetime as dt
import hashlib
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import steps
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import payments
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline


def announce_invoice(
    conn: sa.Connection,
    tools: toolbox.Tools,
    invoice_id: int,
    now: dt.datetime,
) -> None:
    """Record an invoice just issued, use the balance on it, and tell."""
    invoice = invoices.get(conn, invoice_id)
    if invoice.total <= 0:
        _keep_as_credit(conn, invoice, now)
    timeline.record(
        conn, now, 'invoice', f'{invoice.series}-{invoice.number:06d}',
        _period(invoice),
        account_id=invoice.account_id,
        subscription_id=invoice.subscription_id,
        amount=money.plain(invoice.total, invoice.currency), result='open',
    )  # fmt: skip
    allocate(conn, invoice.account_id, now)
    notices.ask(
        conn, steps.invoice_key(invoice_id), 'invoice', now,
        account_id=invoice.account_id,
        subscription_id=invoice.subscription_id, invoice_id=invoice_id,
    )  # fmt: skip


def _period(invoice: sa.Row[Any]) -> str:
    if invoice.period_start is None:
        return str(invoice.kind)
    return f'{invoice.kind}: {invoice.period_start} to {invoice.period_end}'


def allocate(conn: sa.Connection, account_id: int, now: dt.datetime) -> None:
    """Use what is free on the oldest open invoices of its currency.

    The law is asked about each subscription whose debt that lowers.
    """
    for payment in payments.with_balance(conn, account_id):
        free = payment.free
        for invoice in invoices.open_of_account(conn, account_id):
            if free == 0:
                break
            if invoice.currency != payment.currency:
                continue
            used = min(free, invoice.owed)
            free -= used
            payments.allocate(conn, payment.id, invoice.id, used, now)
            invoices.write_owed(conn, invoice.id, invoice.owed - used, now)
            if invoice.subscription_id is not None:
                subscriptions.look(conn, invoice.subscription_id, now)
        if free != payment.free:
            payments.change(conn, payment.id, free=free)


def take_back(conn: sa.Connection, payment_id: int, now: dt.datetime) -> None:
    """Undo a payment's allocation; what it paid is due from now on.

    Not sooner than it was due at first, and other money may pay it.
    """
    for part in payments.allocations(conn, payment_id):
        invoice = invoices.get(conn, part.invoice_id)
        invoices.write_owed(
            conn, invoice.id, invoice.owed + part.amount, now,
            due_at=max(invoice.due_at, now),
        )  # fmt: skip
    payments.forget_allocations(conn, payment_id)
    payment = payments.get(conn, payment_id)
    payments.change(conn, payment_id, free=0)
    allocate(conn, payment.account_id, now)


def body_hash(**body: Any) -> str:
    """The same body, the same hash; for idempotency keys."""
    text = '\n'.join(f'{key}={body[key]}' for key in sorted(body))
    return hashlib.sha256(text.encode()).hexdigest()


def _keep_as_credit(
    conn: sa.Connection, invoice: sa.Row[Any], now: dt.datetime
) -> None:
    """A sum not above zero issues at nothing; the rest becomes balance."""
    invoices.write_owed(conn, invoice.id, 0, now)
    amount = -invoice.total
    if not amount:
        return
    key = f'credit:invoice:{invoice.id}'
    payments.add(
        conn, account_id=invoice.account_id, kind='credit',
        state=lifecycle.PaymentState.RECEIVED, amount=amount, free=amount,
        currency=invoice.currency, key=key, body_hash=body_hash(key=key),
        reference=f'{invoice.series}-{invoice.number:06d}',
        received_at=now, by=timeline.ENGINE,
    )  # fmt: skip
