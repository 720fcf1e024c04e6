# SPDX-License-Identifier: Apache-2.0
"""What must be done to the cloud; claimed, committed, done."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing import errors
from patrii_billing.store import claims
from patrii_billing.store import database
from patrii_billing.store import schema

_actions = schema.actions

# Smaller is sooner: giving back goes before taking away.
_PRIORITY = {
    ActionType.QUOTA_CHANGE: 0,
    ActionType.RESTORE: 1,
    ActionType.SHELVE: 5,
    ActionType.DELETE: 6,
    ActionType.PURGE: 9,
}


def ask(
    conn: sa.Connection,
    kind: ActionType,
    now: dt.datetime,
    *,
    subscription_id: int,
    account_id: int,
    project: str,
    case_id: str,
    server: str | None = None,
    ground: lifecycle.Ground | None = None,
    args: dict[str, Any] | None = None,
) -> bool:
    """Add an action unless the same one is already to be done."""
    live = f'{kind}:{server or project}'
    if args and 'purpose' in args:
        live += f':{args["purpose"]}'
    return database.insert_once(
        conn,
        _actions,
        'live',
        type=kind,
        subscription_id=subscription_id,
        account_id=account_id,
        project=project,
        case_id=case_id,
        server=server,
        ground=ground,
        args=args or {},
        state=ActionState.PENDING,
        why='',
        live=live,
        priority=_PRIORITY[kind],
        next_at=now,
        attempts=0,
        requests=[],
        created_at=now,
    )


def claim(
    conn: sa.Connection, now: dt.datetime, lease: dt.timedelta, limit: int
) -> Sequence[sa.Row[Any]]:
    return claims.claim(conn, _actions, now, lease, limit, _actions.c.priority)


def is_any_due(conn: sa.Connection, now: dt.datetime) -> bool:
    """Whether any is to be advanced that nobody has claimed."""
    return claims.is_any_free(conn, _actions, now)


def get(conn: sa.Connection, action_id: int) -> sa.Row[Any]:
    return conn.execute(
        _actions.select().where(_actions.c.id == action_id)
    ).one()


def by_id(conn: sa.Connection, action_id: int) -> sa.Row[Any]:
    """The action of that id. Raises NotFound."""
    row = conn.execute(
        _actions.select().where(_actions.c.id == action_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'there is no action {action_id}')
    return row


def renew(
    conn: sa.Connection,
    row: sa.Row[Any],
    now: dt.datetime,
    until: dt.datetime,
) -> None:
    """Keep the lease. Raises LeaseLost, also where it was over."""
    claims.renew(conn, _actions, row, now, until)


def commit(conn: sa.Connection, row: sa.Row[Any], now: dt.datetime) -> None:
    """From here on a payment does not stop the action. Raises LeaseLost."""
    claims.write(conn, _actions, row, committed_at=row.committed_at or now)


def give_back(conn: sa.Connection, rows: Sequence[sa.Row[Any]]) -> None:
    """Leave to others what was claimed and not begun."""
    claims.give_back(conn, _actions, rows)


def again(
    conn: sa.Connection,
    row: sa.Row[Any],
    next_at: dt.datetime,
    why: str,
    attempts: int | None = None,
) -> None:
    """Put it back to be looked at again at `next_at`. Raises LeaseLost."""
    claims.release(
        conn, _actions, row, next_at,
        why=why, attempts=row.attempts if attempts is None else attempts,
    )  # fmt: skip


def finish(
    conn: sa.Connection,
    row: sa.Row[Any],
    now: dt.datetime,
    state: ActionState,
    result: str,
    why: str = '',
) -> None:
    """Close the action. Raises LeaseLost."""
    claims.release(
        conn, _actions, row, None,
        state=state, result=result, why=why, live=None, finished_at=now,
    )  # fmt: skip


def note(conn: sa.Connection, /, row: sa.Row[Any], **args: Any) -> None:
    """Remember in the action's row what its next try needs."""
    current = get(conn, row.id)
    claims.write(conn, _actions, row, args={**current.args, **args})


def add_request(conn: sa.Connection, row: sa.Row[Any], request: str) -> None:
    """Remember Nova's request id of a call that was made."""
    current = get(conn, row.id)
    claims.write(conn, _actions, row, requests=[*current.requests, request])


def cancel(
    conn: sa.Connection,
    subscription_id: int,
    kinds: Iterable[lifecycle.ActionType],
    now: dt.datetime,
    why: str,
) -> Sequence[sa.Row[Any]]:
    """Withdraw what the ladder asked for and no worker holds; those withdrawn.

    A worker that holds one may have a call to Nova on its way. It asks the
    law again after it, and finishes the action itself.
    """
    open_ones = sa.and_(
        _actions.c.subscription_id == subscription_id,
        _actions.c.type.in_(list(kinds)),
        _actions.c.state == ActionState.PENDING,
        # What an owner asks for of his own no payment takes back.
        _actions.c.ground.is_(None),
        sa.or_(_actions.c.lease_until.is_(None), _actions.c.lease_until < now),
        sa.or_(
            _actions.c.type != ActionType.DELETE,
            _actions.c.committed_at.is_(None),
        ),
    )
    rows = conn.execute(
        _actions.select().where(open_ones).order_by(_actions.c.id)
    ).all()
    if rows:
        conn.execute(
            _actions.update()
            .where(open_ones, _actions.c.id.in_([row.id for row in rows]))
            .values(_cancelled(now, why))
        )
    return rows


def withdraw(
    conn: sa.Connection, action_id: int, now: dt.datetime, why: str
) -> bool:
    """Withdraw what is not committed, whoever holds it; whether it was.

    Nothing is sent before the commit, and a worker that holds it finds its
    claim lost. The account's lock must be held.
    """
    done = conn.execute(
        _actions.update()
        .where(
            _actions.c.id == action_id,
            _actions.c.state == ActionState.PENDING,
            _actions.c.committed_at.is_(None),
        )
        .values(_cancelled(now, why))
    )
    return done.rowcount == 1


def _cancelled(now: dt.datetime, why: str) -> dict[str, Any]:
    return {
        'state': ActionState.CANCELLED,
        'result': 'cancelled',
        'why': why,
        'live': None,
        'owner': None,
        'lease_until': None,
        'next_at': None,
        'finished_at': now,
    }


def approve(
    conn: sa.Connection, action_id: int, by: str, now: dt.datetime
) -> None:
    """A person said yes: it is looked at now."""
    conn.execute(
        _actions.update()
        .where(_actions.c.id == action_id)
        .values(approved_by=by, approved_at=now, next_at=now, why='')
    )


def try_now(conn: sa.Connection, action_id: int, now: dt.datetime) -> None:
    """Have it looked at now, as if it had never failed.

    What it waits for in Nova stays in its row.
    """
    conn.execute(
        _actions.update()
        .where(
            _actions.c.id == action_id,
            _actions.c.state == ActionState.PENDING,
        )
        .values(next_at=now, attempts=0)
    )


def not_begun(
    conn: sa.Connection, subscription_id: int, kinds: Iterable[ActionType]
) -> Sequence[sa.Row[Any]]:
    """What the ladder asked for of a subscription and is not committed."""
    return conn.execute(
        _actions.select()
        .where(
            _actions.c.subscription_id == subscription_id,
            _actions.c.type.in_(list(kinds)),
            _actions.c.state == ActionState.PENDING,
            _actions.c.ground.is_(None),
            _actions.c.committed_at.is_(None),
        )
        .order_by(_actions.c.id)
    ).all()


def pending(
    conn: sa.Connection, *among: sa.ColumnElement[bool]
) -> dict[ActionType, int]:
    """How many of each type are to be done."""
    rows = conn.execute(
        sa.select(_actions.c.type, sa.func.count())
        .where(_actions.c.state == ActionState.PENDING, *among)
        .group_by(_actions.c.type)
        .order_by(_actions.c.type)
    )
    return {ActionType(kind): int(count) for kind, count in rows}


def unapproved(kinds: Collection[str]) -> sa.ColumnElement[bool]:
    """Which of those to be done wait for a person to say yes."""
    return sa.and_(
        _actions.c.type.in_(list(kinds)),
        _actions.c.approved_at.is_(None),
        _actions.c.committed_at.is_(None),
    )


def hurry(conn: sa.Connection, subscription_id: int, now: dt.datetime) -> None:
    """Have the open actions of a subscription looked at now."""
    conn.execute(
        _actions.update()
        .where(
            _actions.c.subscription_id == subscription_id,
            _actions.c.state == ActionState.PENDING,
            _actions.c.next_at > now,
        )
        .values(next_at=now)
    )


def bring_back(
    conn: sa.Connection, now: dt.datetime, beyond: dt.datetime
) -> None:
    """Have looked at now what a wrong clock has put off beyond an instant."""
    open_ones = _actions.c.state == ActionState.PENDING
    conn.execute(
        _actions.update()
        .where(open_ones, _actions.c.next_at > beyond)
        .values(next_at=now)
    )
    conn.execute(
        _actions.update()
        .where(open_ones, _actions.c.lease_until > beyond)
        .values(lease_until=now)
    )


def live(conn: sa.Connection, kind: ActionType, server: str) -> bool:
    """Whether such an action on a server is not finished."""
    found = conn.execute(
        sa.select(_actions.c.id).where(_actions.c.live == f'{kind}:{server}')
    ).one_or_none()
    return found is not None


def has_called(conn: sa.Connection, server: str, case: str) -> bool:
    """Whether Nova answered to a call about a server in a case."""
    rows = conn.scalars(
        sa.select(_actions.c.requests).where(
            _actions.c.server == server, _actions.c.case_id == case
        )
    )
    return any(rows)


def live_id(conn: sa.Connection, kind: ActionType, target: str) -> int | None:
    """The id of such an action that is not finished, if there is one."""
    return conn.execute(
        sa.select(_actions.c.id).where(_actions.c.live == f'{kind}:{target}')
    ).scalar_one_or_none()


def under_way(conn: sa.Connection, kind: ActionType, project: str) -> bool:
    """Whether any action of a type on a project is not finished."""
    found = conn.execute(
        sa.select(_actions.c.id)
        .where(
            _actions.c.live.startswith(f'{kind}:{project}:', autoescape=True)
        )
        .limit(1)
    ).one_or_none()
    return found is not None


def committed_since(
    conn: sa.Connection,
    kind: ActionType,
    since: dt.datetime,
    *,
    with_owners: bool = True,
) -> int:
    """How many actions of a type were committed since; for the caps.

    Without those that the servers' owners asked for, if so wanted.
    """
    count = (
        sa.select(sa.func.count())
        .select_from(_actions)
        .where(_actions.c.type == kind, _actions.c.committed_at >= since)
    )
    if not with_owners:
        count = count.where(_actions.c.ground.is_(None))
    return int(conn.execute(count).scalar_one())


def next_due(conn: sa.Connection) -> dt.datetime | None:
    return conn.execute(
        sa.select(sa.func.min(_actions.c.next_at))
    ).scalar_one_or_none()


def late(
    conn: sa.Connection, kind: ActionType, before: dt.datetime
) -> tuple[int, dt.datetime | None]:
    """How many of a type were due before then, and since when.

    What a worker holds is due until it is put back or finished.
    """
    count, since = conn.execute(
        sa.select(sa.func.count(), sa.func.min(_actions.c.next_at)).where(
            _actions.c.type == kind, _actions.c.next_at < before
        )
    ).one()
    return int(count), since


def committed_deletion(
    conn: sa.Connection, server: str
) -> sa.Row[Any] | None:
    """The newest delete of a server that went out to Nova."""
    return conn.execute(
        _actions.select()
        .where(
            _actions.c.server == server,
            _actions.c.type == lifecycle.ActionType.DELETE,
            _actions.c.committed_at.is_not(None),
        )
        .order_by(_actions.c.id.desc())
        .limit(1)
    ).one_or_none()
