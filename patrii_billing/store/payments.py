# SPDX-License-Identifier: Apache-2.0
"""Money in, and which invoice it went to."""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import database
from patrii_billing.store import schema

_payments = schema.payments
_allocations = schema.allocations


def add(conn: sa.Connection, /, **values: Any) -> int:
    return database.insert(
        conn,
        _payments,
        **{'kind': 'payment', 'source': 'person', **values},
    )


def get(conn: sa.Connection, payment_id: int) -> sa.Row[Any]:
    return conn.execute(
        _payments.select().where(_payments.c.id == payment_id)
    ).one()


def by_key(conn: sa.Connection, key: str) -> sa.Row[Any] | None:
    return conn.execute(
        _payments.select().where(_payments.c.key == key)
    ).one_or_none()


def change(conn: sa.Connection, /, payment_id: int, **values: Any) -> None:
    conn.execute(
        _payments.update().where(_payments.c.id == payment_id).values(**values)
    )


def with_balance(
    conn: sa.Connection, account_id: int
) -> Sequence[sa.Row[Any]]:
    """Received money that is not allocated yet, oldest first."""
    return conn.execute(
        _payments.select()
        .where(
            _payments.c.account_id == account_id,
            _payments.c.state == lifecycle.PaymentState.RECEIVED,
            _payments.c.free > 0,
        )
        .order_by(_payments.c.received_at, _payments.c.id)
    ).all()


def latest(conn: sa.Connection, account_id: int) -> sa.Row[Any] | None:
    """The newest payment that was received."""
    return conn.execute(
        _payments.select()
        .where(
            _payments.c.account_id == account_id,
            _payments.c.kind == 'payment',
            _payments.c.state == lifecycle.PaymentState.RECEIVED,
        )
        .order_by(_payments.c.received_at.desc(), _payments.c.id.desc())
        .limit(1)
    ).one_or_none()


def in_transit_until(
    conn: sa.Connection, account_id: int, now: dt.datetime
) -> dt.datetime | None:
    """Until when money on its way stops the ladder."""
    return conn.execute(
        sa.select(sa.func.max(_payments.c.in_transit_until)).where(
            _payments.c.account_id == account_id,
            _payments.c.state == lifecycle.PaymentState.PENDING,
            _payments.c.in_transit_until > now,
        )
    ).scalar_one_or_none()


def allocate(
    conn: sa.Connection,
    payment_id: int,
    invoice_id: int,
    amount: int,
    now: dt.datetime,
) -> None:
    conn.execute(
        _allocations.insert().values(
            payment_id=payment_id,
            invoice_id=invoice_id,
            amount=amount,
            at=now,
        )
    )


def allocations(conn: sa.Connection, payment_id: int) -> Sequence[sa.Row[Any]]:
    return conn.execute(
        _allocations.select()
        .where(_allocations.c.payment_id == payment_id)
        .order_by(_allocations.c.id)
    ).all()


def forget_allocations(conn: sa.Connection, payment_id: int) -> None:
    """Undo the allocation of a payment that was taken back."""
    conn.execute(
        _allocations.delete().where(_allocations.c.payment_id == payment_id)
    )
