# SPDX-License-Identifier: Apache-2.0
"""Money and what it pays: allocation to the oldest invoice, and its undo.

All of it is called under the account's lock.
"""

from collections.abc import Sequence
from collections.abc import Set
import datetime as dt
import hashlib
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import policy as policies
from patrii_billing.domain import steps
from patrii_billing.engine import gather
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import payments
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

_PAYABLE = (
    lifecycle.InvoiceState.OPEN,
    lifecycle.InvoiceState.UNCOLLECTIBLE,
)
# What money is that went out again, by how it did.
OUT = {
    lifecycle.PaymentKind.REFUND: lifecycle.PaymentState.REFUNDED,
    lifecycle.PaymentKind.WITHDRAWAL: lifecycle.PaymentState.REFUNDED,
    lifecycle.PaymentKind.CHARGE_BACK: lifecycle.PaymentState.CHARGED_BACK,
}


def announce_invoice(
    conn: sa.Connection,
    tools: toolbox.Tools,
    invoice_id: int,
    now: dt.datetime,
) -> None:
    """Record an invoice just issued, use the balance on it, and tell."""
    invoice = invoices.get(conn, invoice_id)
    timeline.record_all(conn, now, 'invoice', [told(invoice)])
    if invoice.total <= 0:
        keep_as_credit(conn, invoice, now)
    allocate(conn, invoice.account_id, now)
    notices.ask(
        conn, steps.invoice_key(invoice_id), 'invoice', now,
        account_id=invoice.account_id,
        subscription_id=invoice.subscription_id, invoice_id=invoice_id,
    )  # fmt: skip


def told(invoice: sa.Row[Any]) -> dict[str, Any]:
    """What the timeline says of an invoice just issued."""
    why = str(invoice.kind)
    if invoice.period_start is not None:
        why += f': {invoice.period_start} to {invoice.period_end}'
    amount = money.plain(invoice.total, invoice.currency)
    return {
        'name': number(invoice),
        'why': why,
        'account_id': invoice.account_id,
        'subscription_id': invoice.subscription_id,
        'detail': {'amount': amount, 'result': 'open'},
    }


def allocate(conn: sa.Connection, account_id: int, now: dt.datetime) -> None:
    """Use what is free on the oldest open invoices of its currency.

    Money that was taken off an invoice does not go back on it by itself. The
    law is asked about each subscription whose debt that lowers.
    """
    free = payments.with_balance(conn, account_id)
    if not free:
        return
    apart = payments.taken_off(conn, account_id)
    for payment in free:
        _use_on_oldest(conn, payment, apart, now)


def use_all(
    conn: sa.Connection, payment: sa.Row[Any], now: dt.datetime
) -> None:
    """Use what is free of a payment on the oldest open invoices, on all."""
    _use_on_oldest(conn, payment, set(), now)


def _use_on_oldest(
    conn: sa.Connection,
    payment: sa.Row[Any],
    apart: Set[tuple[int, int]],
    now: dt.datetime,
) -> None:
    free = payment.free
    if not free:
        return
    for invoice in invoices.open_of_account(conn, payment.account_id):
        if free == 0:
            return
        same = invoice.currency == payment.currency
        if same and (payment.id, invoice.id) not in apart:
            free -= use(conn, payment.id, invoice.id, now)


def use(
    conn: sa.Connection,
    payment_id: int,
    invoice_id: int,
    now: dt.datetime,
    limit: int | None = None,
) -> int:
    """Put free money on an invoice; how much (minor units) it was.

    As much as is free and owed, and no more than the limit. What was given
    up is paid only so, by name.
    """
    payment = payments.get(conn, payment_id)
    invoice = invoices.get(conn, invoice_id)
    used = min(payment.free, invoice.owed)
    if limit is not None:
        used = min(used, limit)
    # What is paid on another engine's is booked there.
    theirs = invoice.kind in invoices.THEIRS
    if used <= 0 or theirs or invoice.state not in _PAYABLE:
        return 0
    payments.allocate(conn, payment_id, invoice_id, used, now)
    payments.change(conn, payment_id, free=payment.free - used)
    invoices.write_owed(conn, invoice_id, invoice.owed - used, now)
    if used == invoice.owed:
        _tell(conn, invoice, 'paid', now, paid_with=payment.kind)
    given_up = invoice.state == lifecycle.InvoiceState.UNCOLLECTIBLE
    if given_up and payment.kind == lifecycle.PaymentKind.PAYMENT:
        timeline.record(
            conn, now, 'invoice', number(invoice), 'paid after all',
            account_id=invoice.account_id,
            subscription_id=invoice.subscription_id,
            amount=money.plain(used, invoice.currency), result='recovered',
        )  # fmt: skip
    _have_looked_at(conn, invoice, now)
    return int(used)


def take_off(
    conn: sa.Connection,
    payment_id: int,
    parts: Sequence[sa.Row[Any]],
    now: dt.datetime,
) -> None:
    """Undo live allocations of a payment; what they paid is free and owed.

    It is due from now on, yet not sooner than it was due at first. A bank
    fee that was let go of with the payment is owed again as well.
    """
    payments.undo_allocations(conn, [part.id for part in parts], now)
    for part in parts:
        invoice = invoices.get(conn, part.invoice_id)
        invoices.write_owed(
            conn, invoice.id, invoice.owed + part.amount, now,
            due_at=max(invoice.due_at, now),
        )  # fmt: skip
        if invoice.state == lifecycle.InvoiceState.PAID:
            _tell(conn, invoice, 'unpaid', now)
        _have_looked_at(conn, invoice, now)
        if invoice.subscription_id is not None:
            # What waited for the next invoice may lower this open one.
            subscriptions.settle(conn, invoice.subscription_id, now)
    payment = payments.get(conn, payment_id)
    back = sum(part.amount for part in parts)
    payments.change(conn, payment_id, free=payment.free + back)
    for invoice_id in {part.invoice_id for part in parts}:
        _take_off_fee(conn, payment_id, invoice_id, now)


def settle_fees(
    conn: sa.Connection,
    tools: toolbox.Tools,
    payment_id: int,
    now: dt.datetime,
) -> None:
    """Let go of what a payment left of its invoices, where policy says so.

    Only a rest within the tolerance, and only of invoices that the payment
    paid in part: it is taken for what a bank kept of the transfer.
    """
    for part in payments.allocations(conn, payment_id):
        invoice = invoices.get(conn, part.invoice_id)
        if invoice.state != lifecycle.InvoiceState.OPEN:
            continue
        policy = _policy(conn, tools, invoice)
        if policy.settle_fees and invoice.owed <= policy.tolerance:
            _let_go(conn, payment_id, invoice, now)


def body_hash(**body: Any) -> str:
    """The same body, the same hash; for idempotency keys."""
    text = '\n'.join(f'{key}={body[key]}' for key in sorted(body))
    return hashlib.sha256(text.encode()).hexdigest()


def number(invoice: sa.Row[Any]) -> str:
    """The number of an invoice as it stands on it."""
    return f'{invoice.series}-{invoice.number:06d}'


def _tell(
    conn: sa.Connection,
    invoice: sa.Row[Any],
    result: str,
    now: dt.datetime,
    **detail: str,
) -> None:
    """Tell those who listen what became of an invoice by money."""
    timeline.tell(
        conn, now, 'invoice', number(invoice), result,
        account_id=invoice.account_id,
        subscription_id=invoice.subscription_id, result=result, **detail,
    )  # fmt: skip


def _have_looked_at(
    conn: sa.Connection, invoice: sa.Row[Any], now: dt.datetime
) -> None:
    if invoice.subscription_id is not None:
        subscriptions.look(conn, invoice.subscription_id, now)


def _policy(
    conn: sa.Connection, tools: toolbox.Tools, invoice: sa.Row[Any]
) -> policies.Policy:
    if invoice.subscription_id is not None:
        sub = subscriptions.get(conn, invoice.subscription_id)
        return gather.policy(conn, tools, sub)
    account = accounts.get(conn, invoice.account_id)
    return tools.settings.policy.reading(account.policy)


def _let_go(
    conn: sa.Connection,
    payment_id: int,
    invoice: sa.Row[Any],
    now: dt.datetime,
) -> None:
    # What was let go of and undone before has its key already.
    key = _fee_key(payment_id, invoice.id)
    key = f'{key}:{now.isoformat()}' if payments.by_key(conn, key) else key
    fee_id = payments.add(
        conn, account_id=invoice.account_id, kind=lifecycle.PaymentKind.FEE,
        state=lifecycle.PaymentState.RECEIVED, amount=invoice.owed,
        free=invoice.owed, currency=invoice.currency, key=key,
        body_hash=body_hash(key=key), reference=number(invoice),
        received_at=now, by=timeline.ENGINE, source='service',
    )  # fmt: skip
    timeline.record(
        conn, now, 'payment', number(invoice), 'kept by a bank',
        account_id=invoice.account_id,
        subscription_id=invoice.subscription_id,
        amount=money.plain(invoice.owed, invoice.currency), result='fee',
    )  # fmt: skip
    use(conn, fee_id, invoice.id, now)


def _fee_key(payment_id: int, invoice_id: int) -> str:
    return f'fee:{payment_id}:{invoice_id}'


def _take_off_fee(
    conn: sa.Connection, payment_id: int, invoice_id: int, now: dt.datetime
) -> None:
    """Owe again what was let go of, when the payment no more stands for it."""
    for fee in payments.fees(conn, _fee_key(payment_id, invoice_id)):
        take_off(
            conn, fee.id, payments.allocations(conn, fee.id, invoice_id), now
        )
        take_out(conn, payments.get(conn, fee.id), fee.amount, now)


def take_out(
    conn: sa.Connection,
    payment: sa.Row[Any],
    amount: int,
    now: dt.datetime,
    kind: lifecycle.PaymentKind = lifecycle.PaymentKind.WITHDRAWAL,
    **values: Any,
) -> int:
    """Let free money (minor units) go out again; the id of the row of it.

    Its key is made of what it takes from, unless it is given.
    """
    key = f'{kind}:{payment.id}'
    out_id = payments.add(
        conn,
        **{
            'account_id': payment.account_id, 'kind': kind,
            'state': OUT[kind], 'amount': amount, 'free': 0,
            'currency': payment.currency, 'key': key,
            'body_hash': body_hash(key=key), 'reference': '',
            'received_at': now, 'by': timeline.ENGINE, 'source': 'service',
            'refunds': payment.id, **values,
        },
    )  # fmt: skip
    less(conn, payment, amount, now, kind)
    return out_id


def less(
    conn: sa.Connection,
    payment: sa.Row[Any],
    amount: int,
    now: dt.datetime,
    kind: lifecycle.PaymentKind,
) -> None:
    """Have less of a payment free; what has nothing left has ended."""
    free = payment.free - amount
    whole = not free and not payments.allocations(conn, payment.id)
    ended = {'state': OUT[kind], 'ended_at': now} if whole else {}
    payments.change(conn, payment.id, free=free, **ended)


def keep_as_credit(
    conn: sa.Connection, invoice: sa.Row[Any], now: dt.datetime
) -> None:
    """A sum not above zero issues at nothing; the rest becomes balance.

    That is used on what the same subscription owes before anything else.
    """
    invoices.write_owed(conn, invoice.id, 0, now)
    _tell(conn, invoice, 'paid', now, paid_with=lifecycle.PaymentKind.CREDIT)
    amount = -invoice.total
    if not amount:
        return
    key = f'credit:invoice:{invoice.id}'
    credit_id = payments.add(
        conn, account_id=invoice.account_id,
        kind=lifecycle.PaymentKind.CREDIT,
        state=lifecycle.PaymentState.RECEIVED, amount=amount, free=amount,
        currency=invoice.currency, key=key, body_hash=body_hash(key=key),
        reference=number(invoice), received_at=now, by=timeline.ENGINE,
        source='service',
    )  # fmt: skip
    if invoice.subscription_id is not None:
        for owed in invoices.open_of_subscription(
            conn, invoice.subscription_id
        ):
            use(conn, credit_id, owed.id, now)
