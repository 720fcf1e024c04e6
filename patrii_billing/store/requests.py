# SPDX-License-Identifier: Apache-2.0
"""What was answered to writes under an idempotency key."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import database
from patrii_billing.store import schema

_requests = schema.requests


def find(conn: sa.Connection, caller: str, key: str) -> sa.Row[Any] | None:
    return conn.execute(
        _requests.select().where(
            _requests.c.caller == caller, _requests.c.key == key
        )
    ).one_or_none()


def add(conn: sa.Connection, /, **values: Any) -> None:
    """Raises DBDuplicateEntry where the same request is under way."""
    database.insert(conn, _requests, **values)


def purge(conn: sa.Connection, now: dt.datetime, limit: int) -> int:
    """Forget what is kept no longer, a batch of it; how many there were."""
    old = conn.scalars(
        sa.select(_requests.c.id)
        .where(_requests.c.expires_at <= now)
        .order_by(_requests.c.expires_at)
        .limit(limit)
    ).all()
    if old:
        conn.execute(_requests.delete().where(_requests.c.id.in_(old)))
    return len(old)
