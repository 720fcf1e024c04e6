# SPDX-License-Identifier: Apache-2.0
"""What other systems told by webhook, for people to read."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

_receipts = schema.receipts

# What a list of them may be ordered by.
KEYS = {'id': _receipts.c.id}


def query(
    *, state: str | None = None, key: str | None = None
) -> sa.Select[Any]:
    """Receipts, without the bodies."""
    found = sa.select(*(c for c in _receipts.c if c.name != 'body'))
    if state is not None:
        found = found.where(_receipts.c.state == state)
    if key is not None:
        found = found.where(_receipts.c.key == key)
    return found


def one(conn: sa.Connection, receipt_id: int) -> sa.Row[Any] | None:
    return conn.execute(
        _receipts.select().where(_receipts.c.id == receipt_id)
    ).one_or_none()


def of_message(
    conn: sa.Connection, source: str, message_id: str
) -> sa.Row[Any]:
    return conn.execute(
        _receipts.select().where(
            _receipts.c.source == source,
            _receipts.c.message_id == message_id,
        )
    ).one()
