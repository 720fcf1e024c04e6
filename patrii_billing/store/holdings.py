# SPDX-License-Identifier: Apache-2.0
"""All that is held of one account, table by table.

A test sees to it that no table is forgotten.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

Rows = Sequence[sa.Row[Any]]
_Of = Callable[[int], sa.ColumnElement[bool]]


def _by(column: sa.Column[Any]) -> _Of:
    return lambda account_id: column == account_id


def _through(
    column: sa.Column[Any], table: sa.Table, key: str = 'id'
) -> _Of:
    """By what belongs to the account and is referred to."""

    def of(account_id: int) -> sa.ColumnElement[bool]:
        whose = HELD[table](account_id)
        return column.in_(sa.select(table.c[key]).where(whose))

    return of


def _subscribed(table: sa.Table) -> _Of:
    return _through(table.c.subscription_id, schema.subscriptions)


HELD: Mapping[sa.Table, _Of] = {
    schema.accounts: _by(schema.accounts.c.id),
    schema.sought: _by(schema.sought.c.account_id),
    schema.projects: _by(schema.projects.c.account_id),
    schema.subscriptions: _by(schema.subscriptions.c.account_id),
    schema.terms: _subscribed(schema.terms),
    schema.holds: _subscribed(schema.holds),
    schema.spans: _subscribed(schema.spans),
    schema.invoices: _by(schema.invoices.c.account_id),
    schema.lines: _through(schema.lines.c.invoice_id, schema.invoices),
    schema.payments: _by(schema.payments.c.account_id),
    schema.allocations: _through(
        schema.allocations.c.payment_id, schema.payments
    ),
    schema.receipts: _through(schema.receipts.c.payment_id, schema.payments),
    schema.servers: _through(schema.servers.c.project, schema.projects),
    schema.levels: _through(schema.levels.c.project, schema.projects),
    schema.samples: _through(schema.samples.c.project, schema.projects),
    schema.usage: _through(schema.usage.c.project, schema.projects),
    schema.custody: _subscribed(schema.custody),
    schema.actions: _by(schema.actions.c.account_id),
    schema.notices: _by(schema.notices.c.account_id),
    schema.attempts: _through(schema.attempts.c.notice_id, schema.notices),
    schema.undeliverable: _by(schema.undeliverable.c.account_id),
    schema.timeline: _by(schema.timeline.c.account_id),
    schema.events: _by(schema.events.c.account_id),
    schema.deliveries: _through(schema.deliveries.c.event_id, schema.events),
    schema.links: _by(schema.links.c.account_id),
}
# What is of nobody alone. Messages and answers are kept for a while only.
OTHERS = frozenset({
    schema.plans, schema.prices, schema.series, schema.listeners,
    schema.watch, schema.inbox, schema.requests, schema.bridges,
})  # fmt: skip


def of_account(
    conn: sa.Connection, account_id: int
) -> Mapping[sa.Table, Rows]:
    """Every row that is held of an account, in the order of its keys."""
    return {
        table: conn.execute(
            table.select().where(of(account_id)).order_by(*table.primary_key)
        ).all()
        for table, of in HELD.items()
    }


def count(
    conn: sa.Connection,
    table: sa.Table,
    account_id: int,
    *among: sa.ColumnElement[bool],
) -> int:
    whose = HELD[table](account_id)
    query = sa.select(sa.func.count()).select_from(table)
    return int(conn.execute(query.where(whose, *among)).scalar_one())
