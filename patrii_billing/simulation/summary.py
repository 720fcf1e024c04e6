# SPDX-License-Identifier: Apache-2.0
"""What became of everybody: counts by state, from the books."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema


def counts(world: worlds.World) -> dict[str, Any]:
    """Customers, invoices, notices and actions by state."""
    return world.tools.db.read(_counts)


def customers(world: worlds.World) -> list[dict[str, Any]]:
    """Every subscription with its next step, the most urgent first."""
    return world.tools.db.read(_customers)


def _counts(conn: sa.Connection) -> dict[str, Any]:
    subs, invoices = schema.subscriptions, schema.invoices
    notices, actions = schema.notices, schema.actions
    statuses = {str(status): 0 for status in lifecycle.Status}
    results: dict[str, dict[str, int]] = {}
    for kind, result, number in _grouped(
        conn, actions.c.type, actions.c.result
    ):
        results.setdefault(kind, {})[result or 'pending'] = number
    return {
        'accounts': statuses | _by(conn, subs.c.billing_status),
        'invoices': _by(conn, invoices.c.state),
        'notices': _by(conn, notices.c.template),
        'actions': results,
    }


def _by(conn: sa.Connection, column: sa.Column[Any]) -> dict[str, int]:
    return {name: number for name, number in _grouped(conn, column)}


def _grouped(conn: sa.Connection, *columns: sa.Column[Any]) -> list[Any]:
    query = sa.select(*columns, sa.func.count()).group_by(*columns)
    return list(conn.execute(query.order_by(*columns)))


def _customers(conn: sa.Connection) -> list[dict[str, Any]]:
    subs, accounts = schema.subscriptions, schema.accounts
    invoices = schema.invoices
    owed = (
        sa.select(sa.func.sum(invoices.c.owed))
        .where(
            invoices.c.account_id == accounts.c.id,
            invoices.c.state == lifecycle.InvoiceState.OPEN,
        )
        .scalar_subquery()
    )
    rows = conn.execute(
        sa.select(
            accounts.c.name, accounts.c.currency, subs.c.billing_status,
            subs.c.step, subs.c.due_at, owed.label('owed'),
        )
        .join(accounts, accounts.c.id == subs.c.account_id)
        .order_by(subs.c.due_at.is_(None), subs.c.due_at, accounts.c.name)
    )  # fmt: skip
    return [dict(row._mapping) for row in rows]
