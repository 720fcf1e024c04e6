# SPDX-License-Identifier: Apache-2.0
"""Money in and out, and which invoice it went to.

A row of `payments` is one movement of money; its amount (minor units, above
zero) never changes. By its kind:

- payment: a customer's money, and credit: what he need not pay. A credit
  whose source is `service` comes of a document (a sum below zero, a credit
  note, an opening balance) and is in the books by it; any other is goodwill.
- fee: the rest of an invoice that a bank kept and that is let go of.
- refund (paid back by us), charge_back (taken back by a bank), withdrawal (a
  credit or fee undone): what went out again of the row `refunds` points at,
  at its own `received_at`. Such a row has nothing free.

So for each row of the first three kinds that is neither pending nor failed
amount - what went out = its live allocations + free, and for each invoice
total - its live allocations = owed. Once all went out, the row's state is
refunded or charged_back since `ended_at`, which for the journal adds nothing
to the rows that went out. An allocation lives until its `undone_at`; then it
is history. `received_at` is when the money came, by the bank's day if it is
known; `allocations.at` is when it was used. A payment whose account is NULL
is of nobody known yet; `assigned_at` is when one was found. A charge_back
that is pending awaits a person who says what it takes back.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import database
from patrii_billing.store import schema

_payments = schema.payments
_allocations = schema.allocations
_LIVE = _allocations.c.undone_at.is_(None)
_CHUNK = 500


def add(conn: sa.Connection, /, **values: Any) -> int:
    return database.insert(
        conn,
        _payments,
        **{'kind': 'payment', 'source': 'person', **values},
    )


def add_once(conn: sa.Connection, /, **values: Any) -> bool:
    """Add a row unless its key is taken; whether it was added."""
    return database.insert_once(
        conn,
        _payments,
        'key',
        **{'kind': 'payment', 'source': 'person', **values},
    )


def get(conn: sa.Connection, payment_id: int) -> sa.Row[Any]:
    return conn.execute(
        _payments.select().where(_payments.c.id == payment_id)
    ).one()


def find(conn: sa.Connection, payment_id: int) -> sa.Row[Any] | None:
    return conn.execute(
        _payments.select().where(_payments.c.id == payment_id)
    ).one_or_none()


def by_key(conn: sa.Connection, key: str) -> sa.Row[Any] | None:
    return conn.execute(
        _payments.select().where(_payments.c.key == key)
    ).one_or_none()


def by_keys(
    conn: sa.Connection, keys: Sequence[str]
) -> dict[str, sa.Row[Any]]:
    """The rows there are of these keys."""
    found: dict[str, sa.Row[Any]] = {}
    for first in range(0, len(keys), _CHUNK):
        part = keys[first : first + _CHUNK]
        rows = conn.execute(
            _payments.select().where(_payments.c.key.in_(part))
        )
        found |= {row.key: row for row in rows}
    return found


def beginning(conn: sa.Connection, prefix: str) -> Sequence[sa.Row[Any]]:
    """The rows whose key begins so, oldest first."""
    return conn.execute(
        _payments.select()
        .where(_payments.c.key.startswith(prefix, autoescape=True))
        .order_by(_payments.c.id)
    ).all()


def fees(conn: sa.Connection, key: str) -> Sequence[sa.Row[Any]]:
    """What was let go of and still is, whose key begins so."""
    return conn.execute(
        _payments.select().where(
            _payments.c.kind == lifecycle.PaymentKind.FEE,
            _payments.c.state == lifecycle.PaymentState.RECEIVED,
            sa.or_(_payments.c.key == key, _payments.c.key.like(f'{key}:%')),
        )
    ).all()


def lock(conn: sa.Connection, payment_id: int) -> None:
    """Keep others from a payment of no account until the commit."""
    conn.execute(
        _payments.update()
        .where(_payments.c.id == payment_id)
        .values(free=_payments.c.free)
    )


def change(conn: sa.Connection, /, payment_id: int, **values: Any) -> None:
    conn.execute(
        _payments.update().where(_payments.c.id == payment_id).values(**values)
    )


def take_up(
    conn: sa.Connection, payment_id: int, account_id: int, now: dt.datetime
) -> bool:
    """Give a payment of nobody an account; whether it was nobody's."""
    done = conn.execute(
        _payments.update()
        .where(
            _payments.c.id == payment_id,
            _payments.c.account_id.is_(None),
            _payments.c.state == lifecycle.PaymentState.RECEIVED,
        )
        .values(account_id=account_id, assigned_at=now)
    )
    return done.rowcount == 1


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
            _payments.c.kind == lifecycle.PaymentKind.PAYMENT,
            _payments.c.state == lifecycle.PaymentState.RECEIVED,
        )
        .order_by(_payments.c.received_at.desc(), _payments.c.id.desc())
        .limit(1)
    ).one_or_none()


def of_bank(
    conn: sa.Connection, amount: int, currency: str
) -> Sequence[sa.Row[Any]]:
    """Whole payments of an amount that a bank told of, newest first."""
    return conn.execute(
        _payments.select()
        .where(
            _payments.c.source == 'bank',
            _payments.c.kind == lifecycle.PaymentKind.PAYMENT,
            _payments.c.state == lifecycle.PaymentState.RECEIVED,
            _payments.c.amount == amount,
            _payments.c.currency == currency,
        )
        .order_by(_payments.c.received_at.desc(), _payments.c.id.desc())
    ).all()


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


def allocations(
    conn: sa.Connection, payment_id: int, invoice_id: int | None = None
) -> Sequence[sa.Row[Any]]:
    """The live allocations, oldest first; of one invoice only, if given."""
    query = _allocations.select().where(
        _allocations.c.payment_id == payment_id, _LIVE
    )
    if invoice_id is not None:
        query = query.where(_allocations.c.invoice_id == invoice_id)
    return conn.execute(query.order_by(_allocations.c.id)).all()


def here(conn: sa.Connection, payment: sa.Row[Any]) -> int:
    """What has not gone out again of a payment, in minor units."""
    parts = allocations(conn, payment.id)
    return int(payment.free + sum(part.amount for part in parts))


def undo_allocations(
    conn: sa.Connection, ids: Iterable[int], now: dt.datetime
) -> None:
    """Make allocations history."""
    conn.execute(
        _allocations.update()
        .where(_allocations.c.id.in_(list(ids)))
        .values(undone_at=now)
    )


def taken_off(conn: sa.Connection, account_id: int) -> set[tuple[int, int]]:
    """Which free money, by payment, was taken off which invoice."""
    rows = conn.execute(
        sa.select(_allocations.c.payment_id, _allocations.c.invoice_id)
        .join(_payments, _payments.c.id == _allocations.c.payment_id)
        .where(
            _payments.c.account_id == account_id,
            _payments.c.free > 0,
            _allocations.c.undone_at.is_not(None),
        )
    )
    return {(row.payment_id, row.invoice_id) for row in rows}


def accounts_with_balance(
    conn: sa.Connection, account_ids: Collection[int]
) -> Sequence[int]:
    """Those of some accounts that have money which is not allocated."""
    return (
        conn.execute(
            sa.select(_payments.c.account_id)
            .where(
                _payments.c.account_id.in_(account_ids),
                _payments.c.state == lifecycle.PaymentState.RECEIVED,
                _payments.c.free > 0,
            )
            .distinct()
            .order_by(_payments.c.account_id)
        )
        .scalars()
        .all()
    )


def balances(
    conn: sa.Connection, account_ids: Collection[int]
) -> dict[tuple[int, str], int]:
    """What accounts have that is not allocated, by account and currency."""
    rows = conn.execute(
        sa.select(
            _payments.c.account_id,
            _payments.c.currency,
            sa.func.sum(_payments.c.free).label('free'),
        )
        .where(
            _payments.c.account_id.in_(account_ids),
            _payments.c.state == lifecycle.PaymentState.RECEIVED,
            _payments.c.free > 0,
        )
        .group_by(_payments.c.account_id, _payments.c.currency)
    )
    return {(row.account_id, row.currency): int(row.free) for row in rows}
