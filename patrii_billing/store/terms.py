# SPDX-License-Identifier: Apache-2.0
"""The plan and the anchor of a subscription, and since when."""

from collections.abc import Collection
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import rows
from patrii_billing.store import schema

_terms = schema.terms


def agree(
    conn: sa.Connection,
    subscription_id: int,
    since: dt.date,
    plan_id: int,
    anchor_day: int,
) -> None:
    """Write down what holds from a day on, whatever was agreed for later."""
    conn.execute(
        _terms.delete().where(
            _terms.c.subscription_id == subscription_id,
            _terms.c.since >= since,
        )
    )
    conn.execute(
        _terms.insert().values(
            subscription_id=subscription_id,
            since=since,
            plan_id=plan_id,
            anchor_day=anchor_day,
        )
    )


def subscriptions_of(plan_id: int) -> sa.Select[Any]:
    """Those that have, had or will have a plan."""
    return sa.select(_terms.c.subscription_id).where(
        _terms.c.plan_id == plan_id
    )


def of(
    conn: sa.Connection, subscription_ids: Collection[int]
) -> Sequence[sa.Row[Any]]:
    """The terms of some subscriptions, the oldest of each first."""
    return rows.named(
        conn.execute(
            _terms.select()
            .where(_terms.c.subscription_id.in_(subscription_ids))
            .order_by(_terms.c.subscription_id, _terms.c.since)
        )
    )
