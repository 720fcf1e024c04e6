# SPDX-License-Identifier: Apache-2.0
"""What is told to other systems, written in the same unit as what happened.

A cursor over the timeline would miss entries: ids become visible in another
order than they are given.
"""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any
import uuid

import sqlalchemy as sa

from patrii_billing.domain import events
from patrii_billing.store import bulk
from patrii_billing.store import claims
from patrii_billing.store import schema

_events = schema.events
_deliveries = schema.deliveries
_KEPT = 'events'


def keep(engine: sa.Engine) -> None:
    """Have all that happens over this engine become events too."""
    engine.update_execution_options(**{_KEPT: True})


def are_kept(conn: sa.Connection) -> bool:
    return bool(conn.get_execution_options().get(_KEPT))


def add(conn: sa.Connection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Keep those entries of the timeline that are events, if anybody listens.

    One statement, however many there are.
    """
    if not are_kept(conn):
        return
    new = [
        {
            'key': f'evt_{uuid.uuid4().hex}',
            'type': name,
            'next_at': entry['at'],
            **{
                column: entry[column]
                for column in (
                    'at', 'account_id', 'subscription_id', 'server', 'name',
                    'why', 'by', 'detail', 'request_id',
                )
            },
        }
        for entry in entries
        for name in events.types_of(
            entry['what'], entry['name'], entry['detail']
        )
    ]  # fmt: skip
    if new:
        bulk.insert(conn, _events, new)


def is_any_due(conn: sa.Connection, now: dt.datetime) -> bool:
    """Whether any is to be put on its way."""
    query = sa.select(_events.c.id).where(_events.c.next_at <= now).limit(1)
    return conn.execute(query).first() is not None


def claim(
    conn: sa.Connection, now: dt.datetime, lease: dt.timedelta, limit: int
) -> Sequence[sa.Row[Any]]:
    """Those that nobody has got on their way yet, oldest first."""
    return claims.claim(conn, _events, now, lease, limit)


def put_on_the_way(
    conn: sa.Connection,
    bodies: Mapping[int, str],
    deliveries: Sequence[Mapping[str, Any]],
) -> None:
    """Write the bodies of claimed events, and a delivery to each listener."""
    conn.execute(
        _events.update().where(_events.c.id == sa.bindparam('event')),
        [
            {
                'event': event_id, 'body': body,
                'next_at': None, 'owner': None, 'lease_until': None,
            }
            for event_id, body in bodies.items()
        ],
    )  # fmt: skip
    if deliveries:
        conn.execute(_deliveries.insert(), deliveries)


def some(
    conn: sa.Connection, ids: Collection[int]
) -> dict[int, sa.Row[Any]]:
    rows = conn.execute(_events.select().where(_events.c.id.in_(ids)))
    return {row.id: row for row in rows}


def purge(conn: sa.Connection, before: dt.datetime, limit: int) -> int:
    """Forget events of before an instant that are on no way any more."""
    ids = (
        conn.execute(
            sa.select(_events.c.id)
            .outerjoin(_deliveries, _deliveries.c.event_id == _events.c.id)
            .where(
                _events.c.at < before,
                _events.c.next_at.is_(None),
                _deliveries.c.id.is_(None),
            )
            .order_by(_events.c.at)
            .limit(limit)
        )
        .scalars()
        .all()
    )
    if ids:
        conn.execute(_events.delete().where(_events.c.id.in_(ids)))
    return len(ids)
