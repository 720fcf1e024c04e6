# SPDX-License-Identifier: Apache-2.0
"""Balances: money that is here and pays for nothing yet, at an instant."""

from collections.abc import Collection
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import PaymentKind
from patrii_billing.domain.lifecycle import PaymentState
from patrii_billing.store import schema
from patrii_billing.store.views import receivables

_allocations = schema.allocations
_invoices = schema.invoices
_payments = schema.payments
_source = _payments.alias('source')

INCOMING = (PaymentKind.PAYMENT, PaymentKind.CREDIT, PaymentKind.FEE)
OUTGOING = (
    PaymentKind.REFUND, PaymentKind.CHARGE_BACK, PaymentKind.WITHDRAWAL,
)  # fmt: skip
# Of whoever is not known yet.
NOBODY = None


def came_in() -> sa.ColumnElement[bool]:
    """Whether a row is money, or a credit, that an account has or had."""
    never = (PaymentState.PENDING, PaymentState.FAILED)
    return sa.and_(
        _payments.c.kind.in_(INCOMING), _payments.c.state.not_in(never)
    )


def went_out() -> sa.ColumnElement[bool]:
    """Whether a row is what went out again.

    What a bank took back is gone, also while nobody knows of which payment.
    """
    return _payments.c.kind.in_(OUTGOING)


def at(
    conn: sa.Connection,
    instant: dt.datetime,
    account_ids: Collection[int] | None = None,
) -> dict[tuple[int | None, str], int]:
    """What accounts had before an instant, in minor units by currency.

    By account, NOBODY being one of them: what is not known whose it is
    belongs to it until the instant at which it was assigned. `account_ids`
    leaves out all others.
    """
    balances: dict[tuple[int | None, str], int] = {}
    for sign, query in (
        (1, _ins(instant)), (-1, _outs(instant)), (-1, _used(instant))
    ):  # fmt: skip
        part = query.subquery()
        sums = sa.select(
            part.c.owner, part.c.currency, sa.func.sum(part.c.amount)
        ).group_by(part.c.owner, part.c.currency)
        if account_ids is not None:
            sums = sums.where(part.c.owner.in_(account_ids))
        for owner, currency, amount in conn.execute(sums):
            key = owner, currency
            balances[key] = balances.get(key, 0) + sign * int(amount)
    return {key: minor for key, minor in balances.items() if minor}


def _ins(instant: dt.datetime) -> sa.Select[Any]:
    return sa.select(
        _owner(_payments, instant).label('owner'),
        _payments.c.currency,
        _payments.c.amount,
    ).where(came_in(), _payments.c.received_at < instant)


def _outs(instant: dt.datetime) -> sa.Select[Any]:
    """What went out belongs to whoever has, then, what it went out of."""
    owner = sa.case(
        (_payments.c.assigned_at >= instant, sa.null()),
        else_=_owner(_source, instant),
    )
    return (
        sa.select(
            owner.label('owner'), _payments.c.currency, _payments.c.amount
        )
        .outerjoin(_source, _source.c.id == _payments.c.refunds)
        .where(went_out(), _payments.c.received_at < instant)
    )


def _used(instant: dt.datetime) -> sa.Select[Any]:
    return (
        sa.select(
            _invoices.c.account_id.label('owner'),
            _invoices.c.currency,
            _allocations.c.amount,
        )
        .join(_invoices, _invoices.c.id == _allocations.c.invoice_id)
        .where(receivables.live_at(instant))
    )


def _owner(
    table: sa.FromClause, instant: dt.datetime
) -> sa.ColumnElement[Any]:
    return sa.case(
        (table.c.assigned_at >= instant, sa.null()),
        else_=table.c.account_id,
    )
