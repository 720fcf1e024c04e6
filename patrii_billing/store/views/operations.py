# SPDX-License-Identifier: Apache-2.0
"""What waits, for how long, and what goes wrong, in figures for a monitor.

They are asked every minute for ever: each reads what is open or recent, by an
index, and never what is settled.
"""

from collections.abc import Collection
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain.lifecycle import DeliveryState
from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain.lifecycle import ReceiptState
from patrii_billing.domain.lifecycle import Step
from patrii_billing.store import inbox
from patrii_billing.store import schema

_actions = schema.actions
_attempts = schema.attempts
_deliveries = schema.deliveries
_inbox = schema.inbox
_links = schema.links
_listeners = schema.listeners
_notices = schema.notices
_receipts = schema.receipts
_servers = schema.servers
_subs = schema.subscriptions

_Rows = Sequence[sa.Row[Any]]
_count = sa.func.count


def ladder(conn: sa.Connection, now: dt.datetime, until: dt.datetime) -> _Rows:
    """`step`, how many are `late`, since when the `oldest`, how many `ahead`.

    Late is a step that was due before now and was not taken; ahead is one
    due before `until`. A hold stops the time of a step, which is then neither.
    """
    due_at = _subs.c.due_at
    late = sa.case((due_at <= now, 1), else_=0)
    return conn.execute(
        sa.select(
            _subs.c.step,
            sa.cast(sa.func.sum(late), sa.Integer).label('late'),
            sa.func.min(due_at).label('oldest'),
            sa.cast(sa.func.sum(1 - late), sa.Integer).label('ahead'),
        )
        .where(
            due_at < until,
            _subs.c.step.not_in([Step.NONE, Step.END]),
            _subs.c.frozen.is_(None),
        )
        .group_by(_subs.c.step)
    ).all()


def actions(conn: sa.Connection) -> _Rows:
    """`type` and the `oldest` of those to be done."""
    return conn.execute(
        sa.select(
            _actions.c.type, sa.func.min(_actions.c.created_at).label('oldest')
        )
        .where(_actions.c.state == ActionState.PENDING)
        .group_by(_actions.c.type)
    ).all()


def finished(conn: sa.Connection, since: dt.datetime) -> _Rows:
    """`type`, `state`, and how many `actions` came to it since then."""
    of = (_actions.c.type, _actions.c.state)
    return conn.execute(
        sa.select(*of, _count().label('actions'))
        .where(_actions.c.finished_at >= since)
        .group_by(*of)
    ).all()


def oldest_notice(conn: sa.Connection) -> dt.datetime | None:
    """Since when the oldest notice waits that is still to be handed over."""
    return conn.execute(
        sa.select(sa.func.min(_notices.c.created_at)).where(
            _notices.c.state == NoticeState.PENDING
        )
    ).scalar_one_or_none()


def attempts(conn: sa.Connection, since: dt.datetime) -> _Rows:
    """`result` and how many times since then a mail was handed over so."""
    result = _attempts.c.result
    return conn.execute(
        sa.select(result, _count().label('attempts'))
        .where(_attempts.c.at >= since)
        .group_by(result)
    ).all()


def unread(conn: sa.Connection) -> _Rows:
    """`source`, the `messages` of it to be read, and the `oldest` of them."""
    return conn.execute(
        sa.select(
            _inbox.c.source,
            _count().label('messages'),
            sa.func.min(_inbox.c.received_at).label('oldest'),
        )
        .where(_inbox.c.next_at.is_not(None))
        .group_by(_inbox.c.source)
    ).all()


def inbox_held_until(conn: sa.Connection) -> dt.datetime | None:
    """Until when the newest claim of messages that are being read lasts."""
    return conn.execute(
        sa.select(sa.func.max(_inbox.c.lease_until)).where(
            _inbox.c.next_at.is_not(None)
        )
    ).scalar_one_or_none()


def newest_read(conn: sa.Connection) -> dt.datetime | None:
    """When the newest message came that was read, whatever came of it."""
    came: list[dt.datetime] = []
    # One look into the index for each, however many there are.
    for state in (inbox.DONE, inbox.IGNORED, inbox.PARKED):
        newest = (
            sa.select(_inbox.c.received_at)
            .where(_inbox.c.state == state)
            .order_by(_inbox.c.id.desc())
            .limit(1)
        )
        came += conn.execute(newest).scalars()
    return max(came, default=None)


def last_attempt(conn: sa.Connection) -> dt.datetime | None:
    """When a mail was handed over last, or tried to be."""
    query = sa.select(sa.func.max(_attempts.c.at))
    return conn.execute(query).scalar_one_or_none()


def records_waiting(conn: sa.Connection, bridges: Collection[str]) -> _Rows:
    """`bridge`, `kind`, and `records` of it that were not taken over."""
    of = (_links.c.bridge, _links.c.kind)
    return conn.execute(
        sa.select(*of, _count().label('records'))
        .where(
            _links.c.bridge.in_(bridges),
            _links.c.state == LinkState.WAITING,
        )
        .group_by(*of)
    ).all()


def deliveries(conn: sa.Connection) -> _Rows:
    """`listener`, `state`, `events` that did not arrive, the `oldest`."""
    state = _deliveries.c.state
    return conn.execute(
        sa.select(
            _deliveries.c.listener,
            state,
            _count().label('events'),
            sa.func.min(_deliveries.c.since).label('oldest'),
        )
        .where(state.in_([DeliveryState.PENDING, DeliveryState.DEAD]))
        .group_by(_deliveries.c.listener, state)
    ).all()


def listeners(conn: sa.Connection) -> _Rows:
    """`name` and `failures` in a row."""
    return conn.execute(
        sa.select(_listeners.c.name, _listeners.c.failures)
    ).all()


def receipts(conn: sa.Connection) -> _Rows:
    """`state` and `receipts` of other systems that wait for a person."""
    state = _receipts.c.state
    return conn.execute(
        sa.select(state, _count().label('receipts'))
        .where(state.in_([ReceiptState.PARKED, ReceiptState.UNMATCHED]))
        .group_by(state)
    ).all()


def undeliverable(conn: sa.Connection) -> int:
    """How many addresses of customers are written to no more."""
    query = sa.select(_count(schema.undeliverable.c.id))
    return int(conn.execute(query).scalar_one())


def missed(conn: sa.Connection) -> int:
    """How many servers nova did not know once, to be confirmed."""
    query = sa.select(_count(_servers.c.id)).where(
        _servers.c.missed_at.is_not(None)
    )
    return int(conn.execute(query).scalar_one())


def drifted(conn: sa.Connection) -> int:
    """How many projects have another quota than is billed, left as it is."""
    query = sa.select(_count(schema.projects.c.id)).where(
        schema.projects.c.quota_drift.is_not(None)
    )
    return int(conn.execute(query).scalar_one())
