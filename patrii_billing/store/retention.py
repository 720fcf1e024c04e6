# SPDX-License-Identifier: Apache-2.0
"""Forgetting what has done its service, a batch at a time.

Each function goes by the ids that it has not looked at yet, tells how far it
came, and ends where rows are too young, for ids are given in order: so that a
batch costs the same however much is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
import datetime as dt

import sqlalchemy as sa

from patrii_billing.store import inbox
from patrii_billing.store import schema


@dataclass(frozen=True, slots=True)
class Batch:
    """How much was forgotten, and the last id looked at; None: the end."""

    count: int
    last: int | None


Forget = Callable[[sa.Connection, dt.datetime, int, int, bool], Batch]


def messages(
    conn: sa.Connection,
    before: dt.datetime,
    after: int,
    limit: int,
    dry_run: bool = False,
) -> Batch:
    """Delete notifications that were read and received before an instant."""
    box = schema.inbox
    settled = box.c.state.in_((inbox.DONE, inbox.IGNORED))
    is_old = box.c.received_at < before
    ids, last = _look(conn, box, after, limit, settled, is_old)
    if ids and not dry_run:
        conn.execute(box.delete().where(box.c.id.in_(ids)))
    return Batch(len(ids), last)


def mails(
    conn: sa.Connection,
    before: dt.datetime,
    after: int,
    limit: int,
    dry_run: bool = False,
) -> Batch:
    """Drop the texts of mails that were settled before an instant.

    That they were sent, when, to whom and what was answered stays: the
    ladder stands on it.
    """
    sent = schema.notices
    goes = sa.and_(
        sent.c.next_at.is_(None), sent.c.settled_at < before,
        sent.c.body.is_not(None),
    )  # fmt: skip
    is_old = sent.c.created_at < before
    ids, last = _look(conn, sent, after, limit, goes, is_old)
    if ids and not dry_run:
        conn.execute(
            sent.update().where(sent.c.id.in_(ids)).values(body=None)
        )
    return Batch(len(ids), last)


def _look(
    conn: sa.Connection,
    table: sa.Table,
    after: int,
    limit: int,
    goes: sa.ColumnElement[bool],
    is_old: sa.ColumnElement[bool],
) -> tuple[list[int], int | None]:
    """Which of the next rows go, and the last of these rows."""
    rows = conn.execute(
        sa.select(
            table.c.id, sa.and_(goes, is_old).label('goes'),
            is_old.label('is_old'),
        )
        .where(table.c.id > after)
        .order_by(table.c.id)
        .limit(limit)
    ).all()
    more = len(rows) == limit and rows[-1].is_old
    last = rows[-1].id if more else None
    return [row.id for row in rows if row.goes], last
