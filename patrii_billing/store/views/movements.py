# SPDX-License-Identifier: Apache-2.0
"""Money in and out, for people to read."""

from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import schema
from patrii_billing.store.views import listing

_accounts = schema.accounts
_allocations = schema.allocations
_invoices = schema.invoices
_payments = schema.payments

# What a list of them may be ordered by.
KEYS = {'id': _payments.c.id, 'received_at': _payments.c.received_at}


# How all movements, narrowed so, are found in an order.
_SERVED: dict[frozenset[str], tuple[str, ...]] = {
    frozenset(): tuple(KEYS),
    frozenset({'state'}): ('id',),
    frozenset({'kind'}): ('id',),
    frozenset({'kind', 'state'}): ('id',),
    frozenset({'received'}): ('received_at',),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which movements a list is to have; None does not narrow it.

    Unmatched is what still waits for a person to say whose it is, or what
    it takes back.
    """

    account_id: int | None = None
    state: str | None = None
    kind: str | None = None
    reference: str | None = None
    key: str | None = None
    unmatched: bool = False
    received_since: dt.datetime | None = None
    received_before: dt.datetime | None = None

    def orders(self) -> tuple[str, ...]:
        """By which keys an index has them, the most natural first.

        Raises what listing.orders raises.
        """
        received = self.received_since or self.received_before
        few = (self.account_id, self.reference, self.key)
        if self.unmatched or any(one is not None for one in few):
            return tuple(KEYS)
        return listing.orders(
            {'state': self.state, 'kind': self.kind, 'received': received},
            _SERVED,
        )


def query(wanted: Wanted = Wanted()) -> sa.Select[Any]:
    """Movements, with the name of their `account`."""
    found = sa.select(_payments, _accounts.c.name.label('account')).outerjoin(
        _accounts, _accounts.c.id == _payments.c.account_id
    )
    for name in ('account_id', 'state', 'kind', 'reference', 'key'):
        value = getattr(wanted, name)
        if value is not None:
            found = found.where(_payments.c[name] == value)
    if wanted.received_since is not None:
        found = found.where(_payments.c.received_at >= wanted.received_since)
    if wanted.received_before is not None:
        found = found.where(_payments.c.received_at < wanted.received_before)
    if wanted.unmatched:
        waiting = sa.or_(
            _payments.c.free > 0,
            _payments.c.state == lifecycle.PaymentState.PENDING,
        )
        found = found.where(_payments.c.account_id.is_(None), waiting)
        found = found.execution_options(few=True)
    return found


def listed(
    conn: sa.Connection,
    account_id: int | None = None,
    state: str | None = None,
    unmatched: bool = False,
    last: int = 50,
) -> Sequence[sa.Row[Any]]:
    """The last movements of a query, oldest first."""
    newest = query(
        Wanted(account_id=account_id, state=state, unmatched=unmatched)
    )
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
