# SPDX-License-Identifier: Apache-2.0
"""Servers under enforcement: as they were before, and what became of them."""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import database
from patrii_billing.store import schema

_custody = schema.custody


def get(conn: sa.Connection, server: str, case_id: str) -> sa.Row[Any] | None:
    return conn.execute(
        _custody.select().where(
            _custody.c.server == server, _custody.c.case_id == case_id
        )
    ).one_or_none()


def take(
    conn: sa.Connection,
    /,
    server: str,
    case_id: str,
    subscription_id: int,
    project: str,
    now: dt.datetime,
    **values: Any,
) -> sa.Row[Any]:
    """The record of a server in a case, made at the first touch.

    Raises RetryRequest where another worker makes it now.
    """
    row = get(conn, server, case_id)
    if row is not None:
        return row
    database.insert_new(
        conn,
        _custody,
        [
            {
                'server': server,
                'case_id': case_id,
                'subscription_id': subscription_id,
                'project': project,
                'state': lifecycle.Custody.TAKEN,
                'shelve_refused': False,
                'relock_due': False,
                'why': '',
                'at': now,
                **values,
            }
        ],
    )
    row = get(conn, server, case_id)
    assert row is not None  # noqa: S101 - written in this transaction
    return row


def change(conn: sa.Connection, /, custody_id: int, **values: Any) -> None:
    conn.execute(
        _custody.update().where(_custody.c.id == custody_id).values(**values)
    )


def held(conn: sa.Connection, server: str) -> sa.Row[Any] | None:
    """A server that is out of its owner's hands, by its newest case."""
    return conn.execute(
        _custody.select()
        .where(
            _custody.c.server == server,
            _custody.c.state.in_(list(lifecycle.IN_CUSTODY)),
        )
        .order_by(_custody.c.id.desc())
        .limit(1)
    ).one_or_none()


def case_known(conn: sa.Connection, case_id: str) -> bool:
    """Whether the books know the case a lock in Nova names."""
    found = conn.execute(
        sa.select(_custody.c.id).where(_custody.c.case_id == case_id).limit(1)
    ).one_or_none()
    return found is not None


def deleted(conn: sa.Connection, server: str) -> sa.Row[Any] | None:
    """What is kept of a server we deleted, the newest first."""
    return conn.execute(
        _custody.select()
        .where(
            _custody.c.server == server,
            _custody.c.state == lifecycle.Custody.DELETED,
        )
        .order_by(_custody.c.id.desc())
        .limit(1)
    ).one_or_none()


def keep_until(
    conn: sa.Connection, case_id: str, until: dt.datetime
) -> None:
    """Keep what there is still of a case until then, or longer."""
    conn.execute(
        _custody.update()
        .where(_custody.c.case_id == case_id, _custody.c.undo_until < until)
        .values(undo_until=until)
    )


def to_purge(
    conn: sa.Connection, now: dt.datetime, limit: int
) -> Sequence[sa.Row[Any]]:
    """What was kept of deleted servers and whose undo span is over."""
    return conn.execute(
        _custody.select()
        .where(_custody.c.undo_until <= now)
        .order_by(_custody.c.undo_until, _custody.c.id)
        .limit(limit)
    ).all()
