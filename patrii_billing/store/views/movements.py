# SPDX-License-Identifier: Apache-2.0
"""Money in and out, for people to read."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import schema

_accounts = schema.accounts
_allocations = schema.allocations
_invoices = schema.invoices
_payments = schema.payments

# What a list of them may be ordered by.
KEYS = {'id': _payments.c.id, 'received_at': _payments.c.received_at}


def query(
    account_id: int | None = None,
    state: str | None = None,
    unmatched: bool = False,
) -> sa.Select[Any]:
    """Movements, with the name of their `account`.

    Unmatched is what still waits for a person to say whose it is, or what
    it takes back.
    """
    found = sa.select(_payments, _accounts.c.name.label('account')).outerjoin(
        _accounts, _accounts.c.id == _payments.c.account_id
    )
    if account_id is not None:
        found = found.where(_payments.c.account_id == account_id)
    if state is not None:
        found = found.where(_payments.c.state == state)
    if unmatched:
        waiting = sa.or_(
            _payments.c.free > 0,
            _payments.c.state == lifecycle.PaymentState.PENDING,
        )
        found = found.where(_payments.c.account_id.is_(None), waiting)
    return found


def listed(
    conn: sa.Connection,
    account_id: int | None = None,
    state: str | None = None,
    unmatched: bool = False,
    last: int = 50,
) -> Sequence[sa.Row[Any]]:
    """The last movements of a query, oldest first."""
    newest = query(account_id, state, unmatched)
    newest = newest.order_by(_payments.c.id.desc()).limit(last)
    return conn.execute(newest).all()[::-1]


def one(conn: sa.Connection, payment_id: int) -> sa.Row[Any] | None:
    return conn.execute(
        query().where(_payments.c.id == payment_id)
    ).one_or_none()


def used(conn: sa.Connection, payment_id: int) -> Sequence[sa.Row[Any]]:
    """What a payment paid, with the `series` and `number` of the invoice."""
    return conn.execute(
        sa.select(_allocations, _invoices.c.series, _invoices.c.number)
        .join(_invoices, _invoices.c.id == _allocations.c.invoice_id)
        .where(_allocations.c.payment_id == payment_id)
        .order_by(_allocations.c.id)
    ).all()


def went_out(conn: sa.Connection, payment_id: int) -> Sequence[sa.Row[Any]]:
    """What went out again of a payment, oldest first."""
    return conn.execute(
        _payments.select()
        .where(_payments.c.refunds == payment_id)
        .order_by(_payments.c.id)
    ).all()
