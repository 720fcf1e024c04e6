# SPDX-License-Identifier: Apache-2.0
"""What other systems told by webhook, so that each is heard once."""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ReceiptState
from patrii_billing.store import database
from patrii_billing.store import schema

_receipts = schema.receipts


def by_message(
    conn: sa.Connection, source: str, message_id: str
) -> sa.Row[Any] | None:
    return conn.execute(
        _receipts.select().where(
            _receipts.c.source == source,
            _receipts.c.message_id == message_id,
        )
    ).one_or_none()


def add(conn: sa.Connection, /, **values: Any) -> int:
    """Raises oslo.db's DBDuplicateEntry where it was received meanwhile."""
    return database.insert(conn, _receipts, **values)


def change(conn: sa.Connection, /, receipt_id: int, **values: Any) -> None:
    conn.execute(
        _receipts.update().where(_receipts.c.id == receipt_id).values(**values)
    )


def of_key(conn: sa.Connection, key: str) -> Sequence[sa.Row[Any]]:
    """All that was told of a payment and is still kept, oldest first."""
    return conn.execute(
        _receipts.select()
        .where(_receipts.c.key == key)
        .order_by(_receipts.c.id)
    ).all()


def parked(conn: sa.Connection, key: str) -> Sequence[sa.Row[Any]]:
    """What was told of a payment and could not be done, oldest first."""
    return conn.execute(
        _receipts.select()
        .where(
            _receipts.c.key == key,
            _receipts.c.state == ReceiptState.PARKED,
        )
        .order_by(_receipts.c.id)
    ).all()


def purge(conn: sa.Connection, before: dt.datetime, limit: int) -> int:
    """Forget what was received before an instant, but for what is parked."""
    ids = (
        conn.execute(
            sa.select(_receipts.c.id)
            .where(
                _receipts.c.received_at < before,
                _receipts.c.state != ReceiptState.PARKED,
            )
            .order_by(_receipts.c.received_at)
            .limit(limit)
        )
        .scalars()
        .all()
    )
    if ids:
        conn.execute(_receipts.delete().where(_receipts.c.id.in_(ids)))
    return len(ids)
