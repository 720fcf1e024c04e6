# SPDX-License-Identifier: Apache-2.0
"""Money that another engine collected for invoices of ours, as payments.

What of it pays ours there is paid here, and what does not any more is taken
back here: the books follow, by the engine's own key, whatever came between.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain import calendar
from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.domain.lifecycle import PaymentKind
from patrii_billing.domain import money
from patrii_billing.engine.bridging import records
from patrii_billing.engine import payments as incoming
from patrii_billing.engine import ports
from patrii_billing.engine import refunds
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import bridges
from patrii_billing.store import credits
from patrii_billing.store import payments


def fold(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    payment: bridge.Payment,
    now: dt.datetime,
) -> None:
    """Have paid here what is paid there. Raises BillingError.

    Money that never paid an invoice of ours is only remembered.
    """
    records.check(payment)
    customer = bridges.link(conn, by.name, bridges.CUSTOMER, payment.customer)
    if customer is None or customer.account_id is None:
        raise errors.NotFound('its customer has no account here')
    accounts.lock(conn, customer.account_id)
    account = accounts.get(conn, customer.account_id)
    _check(conn, by, payment, account)
    missing = payment.amount - _booked(conn, by, payment)
    if missing > 0:
        _receive(conn, tools, by, payment, account, missing, now)
    elif missing < 0:
        _take_back(conn, tools, by, payment, -missing, now)
    bridges.put(
        conn, by.name, bridges.PAYMENT, payment.ref, now,
        customer=payment.customer, said=records.written(payment),
        state=LinkState.LINKED, why=payment.why, account_id=account.id,
    )  # fmt: skip


def _check(
    conn: sa.Connection,
    by: ports.Bridge,
    payment: bridge.Payment,
    account: sa.Row[Any],
) -> None:
    if payment.currency != account.currency:
        raise errors.Conflict(
            f'it is in {payment.currency}, and {account.name} pays in '
            f'{account.currency}'
        )
    known = bridges.link(conn, by.name, bridges.PAYMENT, payment.ref)
    if known is not None and known.account_id not in (None, account.id):
        raise errors.Conflict(f'it was of {known.customer} before')


def _booked(
    conn: sa.Connection, by: ports.Bridge, payment: bridge.Payment
) -> int:
    """What the books have of it, whatever was done with that here since."""
    rows = payments.beginning(conn, _prefix(by, payment))
    return sum(
        row.amount if row.kind == PaymentKind.PAYMENT else -row.amount
        for row in rows
    )


def _receive(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    payment: bridge.Payment,
    account: sa.Row[Any],
    minor: int,
    now: dt.datetime,
) -> None:
    zone = calendar.zone(account.timezone)
    day = calendar.start_of_day(payment.received_on, zone)
    incoming.record(
        conn, tools, account.id, money.Money(minor, payment.currency),
        _key(conn, by, payment), now, reference=payment.number[:255],
        by=by.name, origin=incoming.Origin(
            source=by.name, received_at=min(day, now)
        ),
        invoice_ids=[
            credits.by_number(conn, number).id for number in payment.invoices
        ],
    )  # fmt: skip


def _take_back(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    payment: bridge.Payment,
    minor: int,
    now: dt.datetime,
) -> None:
    """From what came last. Raises Conflict where a person gave it back."""
    for row in reversed(payments.beginning(conn, _prefix(by, payment))):
        if row.kind != PaymentKind.PAYMENT or not minor:
            continue
        part = min(minor, payments.here(conn, row))
        if part:
            refunds.charge_back(
                conn, tools, row.id, now, by.name,
                amount=money.Money(part, payment.currency),
                key=_key(conn, by, payment), why=f'taken back in {by.name}',
                origin=incoming.Origin(source=by.name),
            )  # fmt: skip
            minor -= part
    if minor:
        left = money.Money(minor, payment.currency)
        raise errors.Conflict(f'{left} of it is not here to be taken back')


def _prefix(by: ports.Bridge, payment: bridge.Payment) -> str:
    return f'bridge:{by.name}:{payment.ref}:'


def _key(
    conn: sa.Connection, by: ports.Bridge, payment: bridge.Payment
) -> str:
    """Of its next movement; the account's lock lets one at a time."""
    prefix = _prefix(by, payment)
    return f'{prefix}{len(payments.beginning(conn, prefix)) + 1}'
