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
    *, name: str | None = None, currency: str | None = None
) -> sa.Select[Any]:
    query = _plans.select()
    if name is not None:
        query = query.where(_plans.c.name == name)
    if currency is not None:
        query = query.where(_plans.c.currency == currency)
    return query
