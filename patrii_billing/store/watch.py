# SPDX-License-Identifier: Apache-2.0
"""The one row that watches over enforcement itself."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

_watch = schema.watch
# Asked for at each tick and more: put together once.
_row = _watch.select()


def get(conn: sa.Connection) -> sa.Row[Any]:
    return conn.execute(_row).one()


def lock(conn: sa.Connection) -> sa.Row[Any]:
    """The row, kept from others until the commit; caps are counted so."""
    conn.execute(_watch.update().values(id=1))
    return get(conn)


def change(conn: sa.Connection, /, **values: Any) -> None:
    conn.execute(_watch.update().values(**values))


def heard(conn: sa.Connection, at: dt.datetime) -> None:
    """Note the newest notification; costs one statement a batch."""
    conn.execute(
        _watch.update()
        .where(sa.or_(_watch.c.heard_at.is_(None), _watch.c.heard_at < at))
        .values(heard_at=at)
    )


def claim_bounces(
    conn: sa.Connection, now: dt.datetime, until: dt.datetime
) -> bool:
    """Whether the mailbox of bounces is ours to read, until an instant."""
    at = _watch.c.bounces_at
    done = conn.execute(
        _watch.update()
        .where(sa.or_(at.is_(None), at <= now))
        .values(bounces_at=until)
    )
    return done.rowcount == 1


def enter_safe_mode(conn: sa.Connection, why: str) -> bool:
    """Restores only, until an operator resumes; the first reason stays."""
    done = conn.execute(
        _watch.update().where(_watch.c.safe_why.is_(None)).values(safe_why=why)
    )
    return done.rowcount == 1


def resume(conn: sa.Connection, now: dt.datetime) -> None:
    """An operator agreed to go on, from here and by this clock."""
    change(
        conn, stopped_why=None, safe_why=None, counted_from=now, ticked_at=now
    )  # fmt: skip
