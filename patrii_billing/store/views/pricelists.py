# SPDX-License-Identifier: Apache-2.0
"""Plans as people look for them."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

_plans = schema.plans

# What a list may be ordered by.
KEYS: Mapping[str, sa.ColumnElement[Any]] = {
    'id': _plans.c.id,
    'name': _plans.c.name,
}


def listed(
    *,
    plan_id: int | None = None,
    name: str | None = None,
    currency: str | None = None,
) -> sa.Select[Any]:
    query = _plans.select()
    for column, value in (
        (_plans.c.id, plan_id),
        (_plans.c.name, name),
        (_plans.c.currency, currency),
    ):
        if value is not None:
            query = query.where(column == value)
    return query
