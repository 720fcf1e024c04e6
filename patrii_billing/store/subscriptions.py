# SPDX-License-Identifier: Apache-2.0
"""Contracts, their place on the ladder, and their holds."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain import standing
from patrii_billing import errors
from patrii_billing.store import database
from patrii_billing.store import rows
from patrii_billing.store import schema
from patrii_billing.store import terms

_subs = schema.subscriptions
_holds = schema.holds
# What no bill asks: the place on the ladder, and what tells of it.
_UNBILLED = {
    'step', 'reminder', 'step_invoice', 'due_at', 'awaits', 'case_id',
    'round', 'late', 'frozen', 'status_since', 'enforce_from', 'created_at',
}  # fmt: skip
_BILLED = tuple(one for one in _subs.c if one.name not in _UNBILLED)


def add(
    conn: sa.Connection,
    /,
    name: str,
    now: dt.datetime,
    *,
    account_id: int,
    plan_id: int,
    project: str,
    anchor_day: int,
    start: dt.date,
    billed_until: dt.date,
    charge_at: dt.datetime,
    server: str | None = None,
    enforces: bool = True,
    **values: Any,
) -> int:
    """Add a subscription, live unless `contract` says otherwise.

    `enforces` makes it the one that covers its project (or its server);
    a second one raises oslo.db's DBDuplicateEntry.
    """
    position = standing.Position()
    subscription_id = database.insert(
        conn,
        _subs,
        name=name,
        account_id=account_id,
        plan_id=plan_id,
        project=project,
        server=server,
        anchor_day=anchor_day,
        start=start,
        billed_until=billed_until,
        charge_at=charge_at,
        billing_status=lifecycle.Status.ACTIVE,
        status_since=now,
        enforces=(server or project) if enforces else None,
        created_at=now,
        **{
            'policy': {},
            'contract': lifecycle.Contract.LIVE,
            **values,
            **_position(position),
        },
    )
    terms.agree(conn, subscription_id, start, plan_id, anchor_day)
    return subscription_id


def get(conn: sa.Connection, subscription_id: int) -> sa.Row[Any]:
    return conn.execute(
        _subs.select().where(_subs.c.id == subscription_id)
    ).one()


def find(conn: sa.Connection, subscription_id: int) -> sa.Row[Any]:
    """The subscription of an id that a person gave. Raises NotFound."""
    row = conn.execute(
        _subs.select().where(_subs.c.id == subscription_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'there is no subscription {subscription_id}')
    return row


def by_name(conn: sa.Connection, name: str) -> sa.Row[Any]:
    """The subscription of that name. Raises NotFound."""
    row = conn.execute(
        _subs.select().where(_subs.c.name == name)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'no subscription is called {name!r}')
    return row


def of_account(conn: sa.Connection, account_id: int) -> Sequence[sa.Row[Any]]:
    return conn.execute(
        _subs.select()
        .where(_subs.c.account_id == account_id)
        .order_by(_subs.c.id)
    ).all()


def of_project(conn: sa.Connection, project: str) -> Sequence[sa.Row[Any]]:
    """The subscriptions of a project and of servers of it."""
    return conn.execute(
        _subs.select().where(_subs.c.project == project).order_by(_subs.c.id)
    ).all()


def in_case(
    conn: sa.Connection, projects: Collection[str]
) -> Sequence[sa.Row[Any]]:
    """(id, account_id) of those of some projects that have a case."""
    return conn.execute(
        sa.select(_subs.c.id, _subs.c.account_id)
        .where(_subs.c.project.in_(projects), _subs.c.case_id.is_not(None))
        .order_by(_subs.c.id)
    ).all()


def change(
    conn: sa.Connection, /, subscription_id: int, **values: Any
) -> None:
    conn.execute(
        _subs.update().where(_subs.c.id == subscription_id).values(**values)
    )


def change_all(
    conn: sa.Connection, changes: Sequence[Mapping[str, Any]]
) -> None:
    """Change several, by `subscription_id`; the same change at once."""
    alike: dict[frozenset[tuple[str, Any]], list[int]] = {}
    for each in changes:
        values = frozenset(
            pair for pair in each.items() if pair[0] != 'subscription_id'
        )
        alike.setdefault(values, []).append(each['subscription_id'])
    for values, ids in alike.items():
        conn.execute(
            _subs.update().where(_subs.c.id.in_(ids)).values(dict(values))
        )


def look(conn: sa.Connection, subscription_id: int, now: dt.datetime) -> None:
    """Have the law asked about it at the next chance."""
    change(conn, subscription_id, check_at=now)


def look_at_plan(conn: sa.Connection, plan_id: int, now: dt.datetime) -> None:
    """Have the law asked about all of a plan."""
    conn.execute(
        _subs.update().where(_subs.c.plan_id == plan_id).values(check_at=now)
    )


def due(
    conn: sa.Connection, now: dt.datetime, limit: int
) -> Sequence[tuple[int, int]]:
    """(subscription, account) of those the law is to be asked about."""
    rows = conn.execute(
        sa.select(_subs.c.id, _subs.c.account_id)
        .where(_subs.c.check_at <= now)
        .order_by(_subs.c.check_at, _subs.c.id)
        .limit(limit)
    )
    return [(row.id, row.account_id) for row in rows]


def claim_to_charge(
    conn: sa.Connection, now: dt.datetime, until: dt.datetime, limit: int
) -> Sequence[tuple[int, int]]:
    """(subscription, account) of those whose next invoice is due.

    They are due again at `until`, lest another worker takes them as well:
    an instant that no other claim has is the claim's name. Who charges one
    asks under the account's lock whether it is still there. None means that
    nothing is due: whom others forestall looks again.
    """
    those = sa.select(_subs.c.id, _subs.c.account_id)
    due = _subs.c.charge_at <= now
    first = those.where(due).order_by(_subs.c.charge_at, _subs.c.id)
    while rows := conn.execute(first.limit(limit)).all():
        wanted = _subs.c.id.in_([row.id for row in rows])
        taken = conn.execute(
            _subs.update().where(wanted, due).values(charge_at=until)
        ).rowcount
        if 0 < taken < len(rows):
            # Another worker was quicker with some.
            mine = those.where(wanted, _subs.c.charge_at == until)
            rows = conn.execute(mine).all()
        if taken:
            ours = ((row.id, row.account_id) for row in rows)
            return sorted(ours, key=lambda one: one[::-1])
    return ()


def claimed(
    conn: sa.Connection, ids: Sequence[int], until: dt.datetime
) -> Sequence[sa.Row[Any]]:
    """Those of a claim that nobody else has charged or put off since.

    Without their place on the ladder.
    """
    return rows.named(
        conn.execute(
            sa.select(*_BILLED)
            .where(_subs.c.id.in_(ids), _subs.c.charge_at == until)
            .order_by(_subs.c.account_id, _subs.c.id)
        )
    )


def settle_projects(
    conn: sa.Connection, since: Mapping[str, dt.datetime]
) -> None:
    """Have what was billed for each project be looked at from an instant on.

    See engine.correct; what has ended is looked at as well. Their rows are
    locked also where that is so already: a correction that is under way
    would end it, and has not seen what this unit of work wrote.
    """
    rows = conn.execute(
        sa.select(_subs.c.id, _subs.c.project, _subs.c.settle_at)
        .where(_subs.c.project.in_(since))
        .order_by(_subs.c.id)
        .with_for_update()
    )
    changes = [
        {'subscription_id': row.id, 'settle_at': since[row.project]}
        for row in rows
        if row.settle_at is None or row.settle_at > since[row.project]
    ]
    change_all(conn, changes)


def settle_plan(conn: sa.Connection, plan_id: int, at: dt.datetime) -> None:
    """Have what the subscriptions of a plan were billed be looked at."""
    _settle(conn, at, _subs.c.id.in_(terms.subscriptions_of(plan_id)))


def settle(conn: sa.Connection, subscription_id: int, at: dt.datetime) -> None:
    """Have what was billed be looked at from an instant on."""
    _settle(conn, at, _subs.c.id == subscription_id)


def _settle(
    conn: sa.Connection, at: dt.datetime, wanted: sa.ColumnElement[bool]
) -> None:
    sooner = sa.or_(_subs.c.settle_at.is_(None), _subs.c.settle_at > at)
    # All of them are written, and so locked, as in settle_projects.
    earliest = sa.case((sooner, at), else_=_subs.c.settle_at)
    conn.execute(_subs.update().where(wanted).values(settle_at=earliest))


def to_settle(
    conn: sa.Connection, now: dt.datetime, limit: int
) -> Sequence[tuple[int, int]]:
    """(subscription, account) of those whose changes are to be looked at."""
    rows = conn.execute(
        sa.select(_subs.c.id, _subs.c.account_id)
        .where(_subs.c.settle_at <= now)
        .order_by(_subs.c.settle_at, _subs.c.id)
        .limit(limit)
    )
    return [(row.id, row.account_id) for row in rows]


def of_projects(
    conn: sa.Connection, projects: Collection[str]
) -> Sequence[sa.Row[Any]]:
    """Project and server of each subscription of some projects."""
    return rows.named(
        conn.execute(
            sa.select(_subs.c.id, _subs.c.project, _subs.c.server).where(
                _subs.c.project.in_(projects)
            )
        )
    )


def servers_apart(
    conn: sa.Connection, projects: Collection[str]
) -> Sequence[sa.Row[Any]]:
    """(project, server) of each of theirs that is of one server alone."""
    return conn.execute(
        sa.select(_subs.c.project, _subs.c.server).where(
            _subs.c.project.in_(projects), _subs.c.server.is_not(None)
        )
    ).all()


def pauses(
    conn: sa.Connection, subscription_ids: Collection[int]
) -> Sequence[sa.Row[Any]]:
    """Every pause that there was or is, by when it began."""
    return rows.named(
        conn.execute(
            _holds.select()
            .where(
                _holds.c.subscription_id.in_(subscription_ids),
                _holds.c.type == lifecycle.HoldType.PAUSE,
            )
            .order_by(_holds.c.starts_at, _holds.c.id)
        )
    )


def position(row: sa.Row[Any]) -> standing.Position:
    return standing.Position(
        step=lifecycle.Step(row.step),
        reminder=row.reminder,
        invoice=row.step_invoice,
        due_at=row.due_at,
        awaits=row.awaits,
        case=row.case_id,
        round=row.round,
        late=row.late,
        frozen=row.frozen,
    )


def write_ladder(
    conn: sa.Connection,
    subscription_id: int,
    place: standing.Position,
    check_at: dt.datetime | None,
) -> None:
    change(conn, subscription_id, check_at=check_at, **_position(place))


def write_status(
    conn: sa.Connection,
    subscription_id: int,
    status: lifecycle.Status,
    now: dt.datetime,
) -> None:
    change(
        conn, subscription_id, billing_status=status, status_since=now
    )  # fmt: skip


def _position(place: standing.Position) -> dict[str, Any]:
    values = dataclasses.asdict(place)
    values['step_invoice'] = values.pop('invoice')
    values['case_id'] = values.pop('case')
    return values


def add_hold(
    conn: sa.Connection,
    subscription_id: int,
    kind: lifecycle.HoldType,
    now: dt.datetime,
    until: dt.datetime | None,
    reason: str,
    by: str,
) -> int:
    """Place a hold; only one of a kind may run. Raises Conflict."""
    if any(hold.type == kind for hold in holds(conn, subscription_id, now)):
        raise errors.Conflict(f'a hold is in force already: {kind}')
    return database.insert(
        conn,
        _holds,
        subscription_id=subscription_id,
        type=kind,
        starts_at=now,
        until=until,
        reason=reason,
        by=by,
    )


def hold(conn: sa.Connection, hold_id: int) -> sa.Row[Any]:
    """A hold that is, or was, in force. Raises NotFound."""
    row = conn.execute(
        _holds.select().where(_holds.c.id == hold_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'there is no hold {hold_id}')
    return row


def change_hold(conn: sa.Connection, /, hold_id: int, **values: Any) -> None:
    conn.execute(
        _holds.update().where(_holds.c.id == hold_id).values(**values)
    )


def holds(
    conn: sa.Connection, subscription_id: int, now: dt.datetime
) -> Sequence[sa.Row[Any]]:
    """The holds in force."""
    return conn.execute(
        _holds.select()
        .where(
            _holds.c.subscription_id == subscription_id,
            _holds.c.ended_at.is_(None),
            sa.or_(_holds.c.until.is_(None), _holds.c.until > now),
        )
        .order_by(_holds.c.id)
    ).all()


def last_over(
    conn: sa.Connection, subscription_id: int, now: dt.datetime
) -> sa.Row[Any] | None:
    """The hold that came to its end last."""
    end = sa.func.coalesce(_holds.c.ended_at, _holds.c.until)
    return conn.execute(
        _holds.select()
        .where(_holds.c.subscription_id == subscription_id, end <= now)
        .order_by(end.desc(), _holds.c.id.desc())
        .limit(1)
    ).one_or_none()


def held_until(
    conn: sa.Connection,
    subscription_id: int,
    kind: lifecycle.HoldType,
    now: dt.datetime,
) -> dt.datetime | None:
    """When the last hold of a kind that is over came to its end."""
    end = sa.func.coalesce(_holds.c.ended_at, _holds.c.until)
    return conn.execute(
        sa.select(sa.func.max(end)).where(
            _holds.c.subscription_id == subscription_id,
            _holds.c.type == kind,
            end <= now,
        )
    ).scalar_one_or_none()


def end_hold(
    conn: sa.Connection,
    subscription_id: int,
    kind: lifecycle.HoldType,
    now: dt.datetime,
) -> None:
    """End the hold of this kind. Raises NotFound where none is in force."""
    for hold in holds(conn, subscription_id, now):
        if hold.type == kind:
            conn.execute(
                _holds.update()
                .where(_holds.c.id == hold.id)
                .values(ended_at=now)
            )
            return
    raise errors.NotFound(f'no {kind} hold is in force')
