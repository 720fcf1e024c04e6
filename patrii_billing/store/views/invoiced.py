# SPDX-License-Identifier: Apache-2.0
"""Invoices as finance reads them: lists, and all that is known of one."""

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
_lines = schema.lines
_notices = schema.notices
_payments = schema.payments
_subs = schema.subscriptions

_corrected = _invoices.alias('corrected')
_earlier = _lines.alias('earlier')

# What a list of them may be ordered by; the id is the order of issue.
KEYS = {
    'id': _invoices.c.id,
    'issued_at': _invoices.c.issued_at,
    'due_at': _invoices.c.due_at,
}

# How all invoices, narrowed so, are found in an order.
_SERVED: dict[frozenset[str], tuple[str, ...]] = {
    frozenset(): tuple(KEYS),
    frozenset({'state'}): ('id', 'due_at'),
    frozenset({'kind'}): ('id',),
    frozenset({'kind', 'state'}): ('id',),
    frozenset({'due'}): ('due_at',),
    frozenset({'due', 'state'}): ('due_at',),
    frozenset({'issued'}): ('issued_at',),
}
# Those of one customer are few enough to be put in any order.
_OF_FEW = {
    'due': ('due_at', 'id', 'issued_at'),
    'issued': ('issued_at', 'id', 'due_at'),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which invoices a list is to have; None does not narrow it.

    `number` is a series and the number in it. `overdue_at` wants those that
    were past due at an instant and are still open.
    """

    account_id: int | None = None
    subscription_id: int | None = None
    number: tuple[str, int] | None = None
    state: str | None = None
    kind: str | None = None
    due_before: dt.datetime | None = None
    overdue_at: dt.datetime | None = None
    issued_since: dt.datetime | None = None
    issued_before: dt.datetime | None = None

    def orders(self) -> tuple[str, ...]:
        """By which keys an index has them, the most natural first.

        Raises InvalidInput for what none has: it would have to look through
        all the invoices there are.
        """
        narrowed = {
            'kind': self.kind,
            'state': self.state or self.overdue_at,
            'due': self.due_before or self.overdue_at,
            'issued': self.issued_since or self.issued_before,
        }
        few = (self.account_id, self.subscription_id, self.number)
        if all(one is None for one in few):
            return listing.orders(narrowed, _SERVED)
        ranges = [name for name in _OF_FEW if narrowed[name]]
        return _OF_FEW[ranges[0]] if ranges else tuple(KEYS)


def query(wanted: Wanted) -> sa.Select[Any]:
    """Documents, with the names of their `account` and `subscription`.

    Those that correct one have its `corrected_series`, `corrected_number`.
    """
    found = (
        sa.select(
            _invoices,
            _accounts.c.name.label('account'),
            _subs.c.name.label('subscription'),
            _corrected.c.series.label('corrected_series'),
            _corrected.c.number.label('corrected_number'),
        )
        .join(_accounts, _accounts.c.id == _invoices.c.account_id)
        .outerjoin(_subs, _subs.c.id == _invoices.c.subscription_id)
        .outerjoin(_corrected, _corrected.c.id == _invoices.c.corrects)
    )
    for name in ('account_id', 'subscription_id', 'state', 'kind'):
        value = getattr(wanted, name)
        if value is not None:
            found = found.where(_invoices.c[name] == value)
    if wanted.number is not None:
        series, number = wanted.number
        found = found.where(
            _invoices.c.series == series, _invoices.c.number == number
        )
    if wanted.due_before is not None:
        found = found.where(_invoices.c.due_at < wanted.due_before)
    if wanted.overdue_at is not None:
        found = found.where(
            _invoices.c.state == lifecycle.InvoiceState.OPEN,
            _invoices.c.due_at <= wanted.overdue_at,
        )
    if wanted.issued_since is not None:
        found = found.where(_invoices.c.issued_at >= wanted.issued_since)
    if wanted.issued_before is not None:
        found = found.where(_invoices.c.issued_at < wanted.issued_before)
    return found


def one(conn: sa.Connection, invoice_id: int) -> sa.Row[Any]:
    """A document as it is in a list."""
    return conn.execute(
        query(Wanted()).where(_invoices.c.id == invoice_id)
    ).one()


def listed(
    conn: sa.Connection,
    account_id: int | None = None,
    state: str | None = None,
    limit: int = 50,
) -> Sequence[sa.Row[Any]]:
    """The newest documents of a query, newest first."""
    found = query(Wanted(account_id=account_id, state=state))
    return conn.execute(
        found.order_by(_invoices.c.id.desc()).limit(limit)
    ).all()


def lines(conn: sa.Connection, invoice_id: int) -> Sequence[sa.Row[Any]]:
    """The lines of an invoice, in their order.

    What corrects a line has the `corrected_series` and `corrected_number`
    of the document that line is on.
    """
    return conn.execute(
        sa.select(
            _lines,
            _corrected.c.series.label('corrected_series'),
            _corrected.c.number.label('corrected_number'),
        )
        .outerjoin(_earlier, _earlier.c.id == _lines.c.corrects)
        .outerjoin(_corrected, _corrected.c.id == _earlier.c.invoice_id)
        .where(_lines.c.invoice_id == invoice_id)
        .order_by(_lines.c.id)
    ).all()


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


def notices(conn: sa.Connection, invoice_id: int) -> Sequence[sa.Row[Any]]:
    """The mails about an invoice, oldest first, without their texts."""
    return conn.execute(
        sa.select(
            _notices.c.id, _notices.c.template, _notices.c.state,
            _notices.c.recipients, _notices.c.attempts, _notices.c.answer,
            _notices.c.created_at, _notices.c.accepted_at,
            _notices.c.settled_at,
        )
        .where(_notices.c.invoice_id == invoice_id)
        .order_by(_notices.c.id)
    ).all()  # fmt: skip
