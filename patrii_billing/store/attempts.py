# SPDX-License-Identifier: Apache-2.0
"""Each handing over of a notice, with what the mail server answered."""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import Attempt
from patrii_billing.store import schema

_attempts = schema.attempts


def begin(
    conn: sa.Connection,
    notice_id: int,
    at: dt.datetime,
    recipients: Sequence[str],
) -> None:
    """The mail is about to leave; nobody knows yet what becomes of it."""
    record(conn, notice_id, at, Attempt.BEGUN, None, recipients)


def end(
    conn: sa.Connection,
    notice_id: int,
    result: Attempt,
    answer: str,
    recipients: Sequence[str] = (),
) -> bool:
    """Note what came of the attempt that has begun; False if none has.

    With the recipients who get it, where they are known better by now.
    """
    values: dict[str, Any] = {'result': result, 'answer': answer}
    if recipients:
        values['recipients'] = list(recipients)
    done = conn.execute(
        _attempts.update()
        .where(_open(notice_id))
        .values(**values)
    )
    return done.rowcount > 0


def record(
    conn: sa.Connection,
    notice_id: int,
    at: dt.datetime,
    result: Attempt,
    answer: str | None,
    recipients: Sequence[str],
) -> None:
    """Note an attempt, or what became of one later."""
    before = sa.func.coalesce(sa.func.max(_attempts.c.number), 0)
    number = conn.execute(
        sa.select(before).where(_attempts.c.notice_id == notice_id)
    ).scalar_one()
    conn.execute(
        _attempts.insert().values(
            notice_id=notice_id,
            number=number + 1,
            at=at,
            result=result,
            answer=answer,
            recipients=list(recipients),
        )
    )


def is_open(conn: sa.Connection, notice_id: int) -> bool:
    """Whether one has begun of which nobody noted what came of it."""
    found = conn.execute(sa.select(_attempts.c.id).where(_open(notice_id)))
    return found.first() is not None


def of(conn: sa.Connection, notice_id: int) -> Sequence[sa.Row[Any]]:
    """The attempts of a notice, in their order."""
    return conn.execute(
        _attempts.select()
        .where(_attempts.c.notice_id == notice_id)
        .order_by(_attempts.c.number)
    ).all()


def since(conn: sa.Connection, at: dt.datetime, limit: int) -> list[Any]:
    """When the newest began, newest first: those after that instant."""
    return list(
        conn.execute(
            sa.select(_attempts.c.at)
            .where(_attempts.c.at > at, _attempts.c.result != Attempt.BOUNCED)
            .order_by(_attempts.c.at.desc())
            .limit(limit)
        ).scalars()
    )


def _open(notice_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        _attempts.c.notice_id == notice_id,
        _attempts.c.result == Attempt.BEGUN,
    )
