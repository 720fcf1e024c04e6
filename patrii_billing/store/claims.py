# SPDX-License-Identifier: Apache-2.0
"""Claiming due rows for one worker, for the span of a lease.

The claim's tag is the fencing token: a worker whose lease ran out and whose
row was claimed again finds another tag there, and none of its writes match.
"""

from collections.abc import Sequence
import datetime as dt
from typing import Any
import uuid

import sqlalchemy as sa

from patrii_billing import errors


def claim(
    conn: sa.Connection,
    table: sa.Table,
    now: dt.datetime,
    lease: dt.timedelta,
    limit: int,
    *order: sa.ColumnElement[Any],
    among: sa.ColumnElement[bool] | None = None,
) -> Sequence[sa.Row[Any]]:
    """Claim at most `limit` rows whose `next_at` has come, most urgent first.

    Two workers never get the same row: the one whose update comes second
    finds the lease taken, and looks for others. `among` narrows down which
    are meant.
    """
    columns = table.c
    due = sa.and_(columns.next_at <= now, _is_free(table, now))
    wanted = sa.true() if among is None else among
    inorder = (*order, columns.next_at, columns.id)
    tag = uuid.uuid4().hex
    chosen = sa.select(columns.id).where(wanted, due)
    while ids := conn.scalars(chosen.order_by(*inorder).limit(limit)).all():
        these = columns.id.in_(ids)
        taken = conn.execute(
            table.update()
            .where(these, due)
            .values(owner=tag, lease_until=now + lease)
        )
        if taken.rowcount:
            mine = table.select().where(these, columns.owner == tag)
            return conn.execute(mine.order_by(*inorder)).all()
    return ()


def is_any_free(
    conn: sa.Connection, table: sa.Table, now: dt.datetime
) -> bool:
    """Whether there is a row that could be claimed."""
    query = sa.select(table.c.id).where(
        table.c.next_at <= now, _is_free(table, now)
    )
    return conn.execute(query.limit(1)).first() is not None


def _is_free(table: sa.Table, now: dt.datetime) -> sa.ColumnElement[bool]:
    until = table.c.lease_until
    return sa.or_(until.is_(None), until < now)


def write(
    conn: sa.Connection,
    /,
    table: sa.Table,
    row: sa.Row[Any],
    **values: Any,
) -> None:
    """Change a claimed row. Raises LeaseLost if it was claimed again."""
    done = conn.execute(
        table.update()
        .where(table.c.id == row.id, table.c.owner == row.owner)
        .values(**values)
    )
    if done.rowcount != 1:
        raise errors.LeaseLost(f'{table.name} {row.id} was claimed again')


def renew(
    conn: sa.Connection,
    /,
    table: sa.Table,
    row: sa.Row[Any],
    now: dt.datetime,
    until: dt.datetime,
    **values: Any,
) -> None:
    """Keep a lease that is not over yet. Raises LeaseLost.

    Whoever stood still for longer has judged by what may not be so any more,
    be it that nobody else has claimed the row.
    """
    done = conn.execute(
        table.update()
        .where(
            table.c.id == row.id,
            table.c.owner == row.owner,
            table.c.lease_until >= now,
        )
        .values(lease_until=until, **values)
    )
    if done.rowcount != 1:
        raise errors.LeaseLost(f'the lease of {table.name} {row.id} is over')


def release(
    conn: sa.Connection,
    /,
    table: sa.Table,
    row: sa.Row[Any],
    next_at: dt.datetime | None,
    **values: Any,
) -> None:
    """Give a claimed row back, due again at `next_at` (None: never)."""
    write(
        conn, table, row,
        owner=None, lease_until=None, next_at=next_at, **values,
    )  # fmt: skip


def release_all(
    conn: sa.Connection,
    /,
    table: sa.Table,
    rows: Sequence[sa.Row[Any]],
    **values: Any,
) -> None:
    """Give rows of one claim back, never due again. Raises LeaseLost."""
    if not rows:
        return
    done = conn.execute(
        table.update()
        .where(
            table.c.id.in_([row.id for row in rows]),
            table.c.owner == rows[0].owner,
        )
        .values(owner=None, lease_until=None, next_at=None, **values)
    )
    if done.rowcount != len(rows):
        raise errors.LeaseLost(f'some of {table.name} were claimed again')


def give_back(
    conn: sa.Connection, table: sa.Table, rows: Sequence[sa.Row[Any]]
) -> None:
    """Free what is still held of a claim, to be taken by others at once."""
    for row in rows:
        conn.execute(
            table.update()
            .where(table.c.id == row.id, table.c.owner == row.owner)
            .values(owner=None, lease_until=None)
        )
