# SPDX-License-Identifier: Apache-2.0
"""Which plan a subscription had, for reports of days that are over."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

_plans = schema.plans
_subs = schema.subscriptions
_terms = schema.terms


def plan_id(
    day: sa.ColumnElement[Any] | dt.date,
) -> sa.ColumnElement[Any]:
    """The plan on a day of the subscription of the row, in a query."""
    held = (
        sa.select(_terms.c.plan_id)
        .where(_terms.c.subscription_id == _subs.c.id, _terms.c.since <= day)
        .order_by(_terms.c.since.desc())
        .limit(1)
        .correlate_except(_terms)
        .scalar_subquery()
    )
    return sa.func.coalesce(held, _subs.c.plan_id)


def plans(conn: sa.Connection) -> dict[int, sa.Row[Any]]:
    """All plans by id; they are few."""
    return {row.id: row for row in conn.execute(_plans.select())}
