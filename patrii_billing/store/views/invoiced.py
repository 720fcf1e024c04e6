# SPDX-License-Identifier: Apache-2.0
"""Invoices as finance reads them: a list, and what was paid on one."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

_accounts = schema.accounts
_allocations = schema.allocations
_invoices = schema.invoices
_payments = schema.payments
_subs = schema.subscriptions


def listed(
    conn: sa.Connection,
    account_id: int | None = None,
    state: str | None = None,
    limit: int = 50,
) -> Sequence[sa.Row[Any]]:
    """The newest documents, newest first; `account`, `subscription`: names."""
    query = (
        sa.select(
            _invoices,
            _accounts.c.name.label('account'),
            _subs.c.name.label('subscription'),
        )
        .join(_accounts, _accounts.c.id == _invoices.c.account_id)
        .outerjoin(_subs, _subs.c.id == _invoices.c.subscription_id)
        .order_by(_invoices.c.id.desc())
        .limit(limit)
    )
    if account_id is not None:
        query = query.where(_invoices.c.account_id == account_id)
    if state is not None:
        query = query.where(_invoices.c.state == state)
    return conn.execute(query).all()


def paid_on(conn: sa.Connection, invoice_id: int) -> Sequence[sa.Row[Any]]:
    """What money is on an invoice, oldest first: `used` of which payment."""
    return conn.execute(
        sa.select(
            _payments,
            _allocations.c.amount.label('used'),
            _allocations.c.at.label('used_at'),
        )
        .join(_payments, _payments.c.id == _allocations.c.payment_id)
        .where(
            _allocations.c.invoice_id == invoice_id,
            _allocations.c.undone_at.is_(None),
        )
        .order_by(_allocations.c.id)
    ).all()
