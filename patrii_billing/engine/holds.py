# SPDX-License-Identifier: Apache-2.0
"""Place, prolong and release holds."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.engine import charge
from patrii_billing.engine import collect
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import notices
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

_Hold = lifecycle.HoldType


def place(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    kind: lifecycle.HoldType,
    until: dt.date | None,
    reason: str,
    by: str,
    now: dt.datetime,
) -> int:
    """Stop the ladder of a subscription, and return the hold's id.

    Until an instant or the beginning of a local day of its account (None:
    until it is released). Raises InvalidInput for an end that is not ahead,
    Conflict where a hold of this kind is in force.
    """
    sub = subscriptions.get(conn, subscription_id)
    accounts.lock(conn, sub.account_id)
    end = _end(conn, sub, kind, until, now)
    hold_id = subscriptions.add_hold(
        conn, sub.id, kind, now, end, reason, by
    )  # fmt: skip
    if kind is _Hold.PAUSE and end is not None:
        subscriptions.settle(conn, sub.id, end)
    _record(conn, sub, f'{kind} begun', reason, end, by, now)
    _tell(conn, sub, hold_id, kind, end, now)
    collect.judge(conn, tools, sub.id, now)
    return hold_id


def prolong(
    conn: sa.Connection,
    tools: toolbox.Tools,
    hold_id: int,
    until: dt.date | None,
    why: str,
    by: str,
    now: dt.datetime,
) -> None:
    """Give a hold that is in force another end, sooner or later.

    Raises NotFound, InvalidInput for an end that is not ahead, Conflict for
    a hold that is over.
    """
    sub, hold = _in_force(conn, hold_id, now)
    kind = _Hold(hold.type)
    end = _end(conn, sub, kind, until, now)
    if end == hold.until:
        return
    subscriptions.change_hold(conn, hold.id, until=end)
    if kind is _Hold.PAUSE:
        subscriptions.settle(conn, sub.id, now)
        charge.schedule(conn, tools, sub)
    _record(conn, sub, f'{kind} prolonged', why, end, by, now)
    _tell(conn, sub, hold.id, kind, end, now)
    collect.judge(conn, tools, sub.id, now)


def release(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    kind: lifecycle.HoldType,
    by: str,
    now: dt.datetime,
    why: str = '',
) -> None:
    """End a hold before its time. Raises NotFound where none is in force."""
    sub = subscriptions.get(conn, subscription_id)
    accounts.lock(conn, sub.account_id)
    collect.end_hold(conn, sub, kind, why or 'released', now, by)
    if kind is _Hold.PAUSE:
        charge.schedule(conn, tools, sub)
    collect.judge(conn, tools, sub.id, now)


def release_one(
    conn: sa.Connection,
    tools: toolbox.Tools,
    hold_id: int,
    by: str,
    now: dt.datetime,
    why: str = '',
) -> None:
    """The same, by its id. Raises NotFound, Conflict for one that is over."""
    sub, hold = _in_force(conn, hold_id, now)
    release(conn, tools, sub.id, _Hold(hold.type), by, now, why)


def is_over(hold: sa.Row[Any], now: dt.datetime) -> bool:
    return hold.ended_at is not None or (
        hold.until is not None and hold.until <= now
    )


def _in_force(
    conn: sa.Connection, hold_id: int, now: dt.datetime
) -> tuple[sa.Row[Any], sa.Row[Any]]:
    """The subscription, its account locked, and its hold."""
    sub_id = subscriptions.hold(conn, hold_id).subscription_id
    sub = subscriptions.get(conn, sub_id)
    accounts.lock(conn, sub.account_id)
    hold = subscriptions.hold(conn, hold_id)
    if is_over(hold, now):
        raise errors.Conflict(f'the {hold.type} hold is over')
    return subscriptions.get(conn, sub_id), hold


def _end(
    conn: sa.Connection,
    sub: sa.Row[Any],
    kind: lifecycle.HoldType,
    until: dt.date | None,
    now: dt.datetime,
) -> dt.datetime | None:
    if until is None:
        if kind is _Hold.PROMISE:
            raise errors.InvalidInput('a promise needs a date', 'until')
        return None
    if not isinstance(until, dt.datetime):
        zone = calendar.zone(accounts.get(conn, sub.account_id).timezone)
        until = calendar.start_of_day(until, zone)
    if until <= now:
        raise errors.InvalidInput('must be in the future', 'until')
    return until


def _record(
    conn: sa.Connection,
    sub: sa.Row[Any],
    name: str,
    why: str,
    until: dt.datetime | None,
    by: str,
    now: dt.datetime,
) -> None:
    timeline.record(
        conn, now, 'hold', name, why,
        account_id=sub.account_id, subscription_id=sub.id, by=by,
        until=until.isoformat() if until else None,
    )  # fmt: skip


def _tell(
    conn: sa.Connection,
    sub: sa.Row[Any],
    hold_id: int,
    kind: lifecycle.HoldType,
    until: dt.datetime | None,
    now: dt.datetime,
) -> None:
    """The customer is told of each end that a hold is given."""
    notices.ask(
        conn, f'hold:{hold_id}:begun:{now.isoformat()}', 'hold_begun', now,
        account_id=sub.account_id, subscription_id=sub.id, names=until,
        context={'type': kind},
    )  # fmt: skip
