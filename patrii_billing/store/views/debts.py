# SPDX-License-Identifier: Apache-2.0
"""What accounts owe now: sums over what is open, which is little of all."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import schema

_accounts = schema.accounts
_invoices = schema.invoices

AMOUNTS = ('owed', 'overdue')
ORDERS = (*AMOUNTS, 'oldest_due_at')
_IS_OPEN = sa.and_(
    _invoices.c.state == lifecycle.InvoiceState.OPEN, _invoices.c.owed > 0
)


def _sums(now: dt.datetime) -> tuple[sa.ColumnElement[Any], ...]:
    """Minor units; `overdue` is NULL where nothing is past due.

    `oldest_due_at` is when the oldest open invoice is, or was, due.
    """
    past_due = sa.case((_invoices.c.due_at < now, _invoices.c.owed))
    return (
        sa.func.sum(_invoices.c.owed).label('owed'),
        sa.func.sum(past_due).label('overdue'),
        sa.func.min(_invoices.c.due_at).label('oldest_due_at'),
    )


def of_all(now: dt.datetime) -> sa.Subquery:
    """A row for each account that owes, by `account_id`."""
    return (
        sa.select(_invoices.c.account_id, *_sums(now))
        .where(_IS_OPEN)
        .group_by(_invoices.c.account_id)
        .subquery('debts')
    )


def owes() -> sa.ColumnElement[bool]:
    """Whether an account of a query does."""
    return sa.exists().where(
        _IS_OPEN, _invoices.c.account_id == _accounts.c.id
    )


def of_each(now: dt.datetime) -> tuple[sa.ColumnElement[Any], ...]:
    """The same as columns of a query for accounts."""
    return tuple(
        sa.select(one)
        .where(_IS_OPEN, _invoices.c.account_id == _accounts.c.id)
        .correlate(_accounts)
        .scalar_subquery()
        .label(one.name)
        for one in _sums(now)
    )
