# SPDX-License-Identifier: Apache-2.0
"""Contracts as people look for them."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import schema
from patrii_billing.store.types import Minor

_accounts = schema.accounts
_holds = schema.holds
_invoices = schema.invoices
_plans = schema.plans
_projects = schema.projects
_subs = schema.subscriptions

# What a list of them may be ordered by.
KEYS: Mapping[str, sa.ColumnElement[Any]] = {
    'id': _subs.c.id,
    'name': _subs.c.name,
    'due_at': _subs.c.due_at,
    'status_since': _subs.c.status_since,
}
HOLD_KEYS: Mapping[str, sa.ColumnElement[Any]] = {'id': _holds.c.id}

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


def query(
    *,
    account_id: int | None = None,
    name: str | None = None,
    status: str | None = None,
    contract: str | None = None,
    plan_id: int | None = None,
    project: str | None = None,
    server: str | None = None,
    parked: bool | None = None,
) -> sa.Select[Any]:
    """Subscriptions, with the names of what they refer to.

    Beside its own columns a row has `account`, its `timezone` and its
    `parked_why`, `plan`, `cycle`, `currency`, `project_name` and `owed`
    (minor units).
    """
    found = (
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
    )
    for column, value in (
        (_subs.c.account_id, account_id),
        (_subs.c.name, name),
        (_subs.c.billing_status, status),
        (_subs.c.contract, contract),
        (_subs.c.plan_id, plan_id),
        (_subs.c.project, project),
        (_subs.c.server, server),
    ):
        if value is not None:
            found = found.where(column == value)
    if parked is not None:
        whose = sa.select(_accounts.c.id).where(
            _accounts.c.parked_why.is_not(None)
        )
        is_parked = _subs.c.account_id.in_(whose)
        found = found.where(is_parked if parked else ~is_parked)
        found = found.execution_options(few=parked)
    return found


def one(conn: sa.Connection, subscription_id: int) -> sa.Row[Any] | None:
    return conn.execute(
        query().where(_subs.c.id == subscription_id)
    ).one_or_none()


def holds(subscription_id: int) -> sa.Select[Any]:
    """Every hold that there was or is on a subscription."""
    return _holds.select().where(_holds.c.subscription_id == subscription_id)
