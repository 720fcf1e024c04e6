# SPDX-License-Identifier: Apache-2.0
"""Notifications as they came, stored before they are acknowledged."""

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import claims
from patrii_billing.store import database
from patrii_billing.store import schema

_inbox = schema.inbox

NEW, DONE, IGNORED, PARKED = 'new', 'done', 'ignored', 'parked'
# Who told; a flood from one does not keep what the other says from being
# read.
NOVA, CEILOMETER = 'nova', 'ceilometer'
# Characters of one statement: MySQL takes 16 MiB by default.
_STATEMENT = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it is stored; `body` is what will be read, in JSON."""

    message_id: str
    event_type: str
    body: str


def store(
    conn: sa.Connection,
    letters: Sequence[Letter],
    now: dt.datetime,
    source: str = NOVA,
) -> None:
    """Store a batch in one statement; what is already there is left.

    Only where they are very long it is more than one.
    """
    for portion in _portions(letters):
        rows = [
            {
                'source': source,
                'message_id': _name(letter.message_id),
                'event_type': _name(letter.event_type),
                'body': letter.body,
                'state': NEW,
                'received_at': now,
                'next_at': now,
            }
            for letter in portion
        ]
        database.insert_missing(conn, _inbox, rows, 'message_id')


def _portions(letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
    """As many at a time as one statement holds."""
    begin = size = 0
    for place, letter in enumerate(letters):
        if size and size + len(letter.body) > _STATEMENT:
            yield letters[begin:place]
            begin, size = place, 0
        size += len(letter.body)
    if begin < len(letters):
        yield letters[begin:]


def _name(text: str) -> str:
    """What any of the databases can keep of whatever was sent as a name."""
    if text.isascii() and text.isprintable():
        return text[:255]
    told = text.replace('\0', '')[:255]
    return told.encode(errors='replace').decode()


def claim(
    conn: sa.Connection,
    now: dt.datetime,
    lease: dt.timedelta,
    limit: int,
    source: str = NOVA,
) -> Sequence[sa.Row[Any]]:
    return claims.claim(
        conn, _inbox, now, lease, limit, among=_inbox.c.source == source
    )


def settle(
    conn: sa.Connection, row: sa.Row[Any], state: str, why: str | None = None
) -> None:
    """Close a message. Raises LeaseLost."""
    claims.release(conn, _inbox, row, None, state=state, why=why)


def settle_all(
    conn: sa.Connection,
    rows: Sequence[sa.Row[Any]],
    state: str,
    why: str | None = None,
) -> None:
    """Close messages of one claim alike. Raises LeaseLost."""
    claims.release_all(conn, _inbox, rows, state=state, why=why)


def forget(conn: sa.Connection, row: sa.Row[Any]) -> None:
    """Drop a message whose whole content is kept elsewhere.

    Raises LeaseLost.
    """
    settle(conn, row, DONE)
    conn.execute(_inbox.delete().where(_inbox.c.id == row.id))


def give_back(conn: sa.Connection, rows: Sequence[sa.Row[Any]]) -> None:
    """Leave to others what was claimed and not begun."""
    claims.give_back(conn, _inbox, rows)


def replay(
    conn: sa.Connection, now: dt.datetime, ids: Sequence[int] | None = None
) -> int:
    """Have parked messages read again; how many there were."""
    wanted = [_inbox.c.state == PARKED]
    if ids is not None:
        wanted.append(_inbox.c.id.in_(ids))
    done = conn.execute(
        _inbox.update().where(*wanted).values(state=NEW, why=None, next_at=now)
    )
    return done.rowcount


def parked(conn: sa.Connection, limit: int) -> Sequence[sa.Row[Any]]:
    return conn.execute(
        _inbox.select()
        .where(_inbox.c.state == PARKED)
        .order_by(_inbox.c.id)
        .limit(limit)
    ).all()


def oldest(conn: sa.Connection) -> dt.datetime | None:
    """When the oldest of nova's messages still to be read was received."""
    return conn.execute(
        sa.select(sa.func.min(_inbox.c.next_at)).where(
            _inbox.c.source == NOVA
        )
    ).scalar_one_or_none()
