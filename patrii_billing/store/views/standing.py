# SPDX-License-Identifier: Apache-2.0
"""Where the subscriptions stand, for people to look at."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import schema
from patrii_billing.store.types import Minor

_accounts = schema.accounts
_custody = schema.custody
_invoices = schema.invoices
_plans = schema.plans
_projects = schema.projects
_subs = schema.subscriptions

# What is open of a subscription's invoices, in minor units of the plan.
_OPEN = (
    sa.select(sa.func.coalesce(sa.func.sum(_invoices.c.owed), 0))
    .where(
        _invoices.c.subscription_id == _subs.c.id,
        _invoices.c.state == lifecycle.InvoiceState.OPEN,
    )
    .scalar_subquery()
)
# A sum of integers is a decimal in MySQL and PostgreSQL.
_OWED = sa.cast(_OPEN, Minor).label('owed')


def listed(
    conn: sa.Connection,
    account: str | None = None,
    status: str | None = None,
    name: str | None = None,
) -> Sequence[sa.Row[Any]]:
    """Subscriptions by name, with the names of what they refer to.

    Beside its own columns a row has `account`, its `parked_why`, `plan`,
    `project_name`, `currency` and `owed` (minor units).
    """
    wanted: list[sa.ColumnElement[bool]] = []
    for column, value in (
        (_accounts.c.name, account),
        (_subs.c.billing_status, status),
        (_subs.c.name, name),
    ):
        if value is not None:
            wanted.append(column == value)
    return conn.execute(
        sa.select(
            _subs,
            _accounts.c.name.label('account'),
            _accounts.c.timezone,
            _accounts.c.parked_why,
            _plans.c.name.label('plan'),
            _plans.c.cycle,
            _plans.c.currency,
            _projects.c.name.label('project_name'),
            _OWED,
        )
        .join(_accounts, _accounts.c.id == _subs.c.account_id)
        .join(_plans, _plans.c.id == _subs.c.plan_id)
        .join(_projects, _projects.c.id == _subs.c.project)
        .where(*wanted)
        .order_by(_subs.c.name)
    ).all()


def custody_by_server(
    conn: sa.Connection, subscription_id: int, case_id: str | None
) -> dict[str, sa.Row[Any]]:
    """What became of the servers of a case."""
    if case_id is None:
        return {}
    rows = conn.execute(
        _custody.select().where(
            _custody.c.subscription_id == subscription_id,
            _custody.c.case_id == case_id,
        )
    )
    return {row.server: row for row in rows}
