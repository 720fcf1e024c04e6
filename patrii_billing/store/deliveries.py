# SPDX-License-Identifier: Apache-2.0
"""Events on their way to listeners, and how each listener fares.

A listener is claimed as a whole: one worker tells it, in the order in which
things happened, and one that is away holds up no other.
"""

from collections.abc import Collection
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import DeliveryState
from patrii_billing.store import claims
from patrii_billing.store import database
from patrii_billing.store import schema

_deliveries = schema.deliveries
_listeners = schema.listeners


def new(event_id: int, listener: str, now: dt.datetime) -> dict[str, Any]:
    """A delivery as it begins."""
    return {
        'event_id': event_id, 'listener': listener, 'since': now,
        'state': DeliveryState.PENDING, 'next_at': now, 'attempts': 0,
        'answer': '', 'settled_at': None,
    }  # fmt: skip


def listener(conn: sa.Connection, name: str) -> sa.Row[Any] | None:
    return conn.execute(
        _listeners.select().where(_listeners.c.name == name)
    ).one_or_none()


def add_listener(conn: sa.Connection, name: str, now: dt.datetime) -> None:
    database.insert_once(
        conn, _listeners, 'name', name=name, failures=0, next_at=now
    )


def is_due(conn: sa.Connection, name: str, now: dt.datetime) -> bool:
    """Whether a listener that does not rest has something to hear."""
    found = conn.execute(
        sa.select(_deliveries.c.id)
        .where(_deliveries.c.listener == name, _deliveries.c.next_at <= now)
        .limit(1)
    ).first()
    if found is None:
        return False
    row = listener(conn, name)
    if row is None:
        return True
    held = row.lease_until is not None and row.lease_until >= now
    return bool(row.next_at <= now and not held)


def claim(
    conn: sa.Connection, name: str, now: dt.datetime, lease: dt.timedelta
) -> sa.Row[Any] | None:
    """The listener, for one worker; None while he rests or hears another."""
    add_listener(conn, name, now)
    rows = claims.claim(
        conn, _listeners, now, lease, 1, among=_listeners.c.name == name
    )
    return rows[0] if rows else None


def take_turn(conn: sa.Connection, name: str, now: dt.datetime) -> None:
    """Wait until no other unit of work has the turn of that name."""
    add_listener(conn, name, now)
    conn.execute(
        _listeners.update()
        .where(_listeners.c.name == name)
        .values(failures=_listeners.c.failures)
    )


def due(
    conn: sa.Connection, name: str, now: dt.datetime, limit: int
) -> Sequence[sa.Row[Any]]:
    """What a listener is to hear now, in order."""
    return conn.execute(
        _deliveries.select()
        .where(_deliveries.c.listener == name, _deliveries.c.next_at <= now)
        .order_by(_deliveries.c.next_at, _deliveries.c.id)
        .limit(limit)
    ).all()


def settle(
    conn: sa.Connection,
    /,
    held: sa.Row[Any],
    row: sa.Row[Any],
    until: dt.datetime,
    **values: Any,
) -> None:
    """Write what became of a try, and keep the listener. Raises LeaseLost."""
    claims.write(conn, _listeners, held, lease_until=until)
    conn.execute(
        _deliveries.update()
        .where(_deliveries.c.id == row.id)
        .values(attempts=row.attempts + 1, **values)
    )


def release(
    conn: sa.Connection, /, held: sa.Row[Any], next_at: dt.datetime,
    **values: Any,
) -> None:  # fmt: skip
    """Let the listener go, to rest until an instant. Raises LeaseLost."""
    claims.release(conn, _listeners, held, next_at, **values)


def bury(
    conn: sa.Connection,
    before: dt.datetime,
    now: dt.datetime,
    answer: str,
    *,
    listener: str | None = None,
    but: Collection[str] = (),
) -> int:
    """Give up what is on its way since before an instant; how much it was.

    To one listener, or to all but some.
    """
    whose: sa.ColumnElement[bool] = _deliveries.c.listener.not_in(list(but))
    if listener is not None:
        whose = _deliveries.c.listener == listener
    done = conn.execute(
        _deliveries.update()
        .where(
            whose,
            _deliveries.c.next_at.is_not(None),
            _deliveries.c.since < before,
        )
        .values(
            state=DeliveryState.DEAD, next_at=None, settled_at=now,
            answer=answer,
        )
    )  # fmt: skip
    return done.rowcount


def again(
    conn: sa.Connection, event_id: int, now: dt.datetime, names: Sequence[str]
) -> int:
    """Send what was given up once more, and what arrived if it is named.

    How many listeners it goes to. Without names it is those who missed it.
    """
    which = _deliveries.c.state == DeliveryState.DEAD
    if names:
        which = _deliveries.c.listener.in_(names)
    done = conn.execute(
        _deliveries.update()
        .where(
            _deliveries.c.event_id == event_id,
            _deliveries.c.next_at.is_(None),
            which,
        )
        .values(
            state=DeliveryState.PENDING, since=now, next_at=now,
            settled_at=None,
        )
    )  # fmt: skip
    return done.rowcount


def of_events(
    conn: sa.Connection, event_ids: Collection[int]
) -> Sequence[sa.Row[Any]]:
    return conn.execute(
        _deliveries.select()
        .where(_deliveries.c.event_id.in_(event_ids))
        .order_by(_deliveries.c.event_id, _deliveries.c.id)
    ).all()


def purge(
    conn: sa.Connection,
    state: DeliveryState,
    before: dt.datetime,
    limit: int,
) -> int:
    """Forget deliveries settled before an instant; how many."""
    ids = (
        conn.execute(
            sa.select(_deliveries.c.id)
            .where(
                _deliveries.c.state == state,
                _deliveries.c.settled_at < before,
            )
            .order_by(_deliveries.c.settled_at)
            .limit(limit)
        )
        .scalars()
        .all()
    )
    if ids:
        conn.execute(_deliveries.delete().where(_deliveries.c.id.in_(ids)))
    return len(ids)
