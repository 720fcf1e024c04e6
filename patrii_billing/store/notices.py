# SPDX-License-Identifier: Apache-2.0
"""Mails that must reach somebody, one row each."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any
import uuid

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing import errors
from patrii_billing.store import bulk
from patrii_billing.store import claims
from patrii_billing.store import database
from patrii_billing.store import schema

_notices = schema.notices

# Smaller goes out first. Operators can still avert what they are told of;
# then what a deletion or a switch-off rests on, and what was done to servers;
# then what asks for something; last what only confirms.
_URGENCY = {
    'operator': 0,
    'last_warning': 1,
    'grace': 2,
    'deleted': 3,
    'deletion_requested': 3,
    'restored': 3,
    'shelved': 3,
    'payment_failed': 4,
    'reminder': 4,
    'contract_ending': 5,
    'hold_begun': 5,
    'hold_ended': 5,
    'quota_refused': 5,
    'invoice': 6,
    'contract_kept': 7,
    'credit_note': 7,
    'quota_changed': 7,
    'payment_received': 8,
}
# Why one waits, in place of an answer.
_STOPPED = 'enforcement is stopped'
# How far back the last alarm of a name is looked for, and how many one mail
# tells of.
_ALARMS = 100
_TRIED = (NoticeState.ACCEPTED, NoticeState.REFUSED, NoticeState.UNKNOWN)
# However much that is urgent comes in, nobody waits for ever: what has waited
# so long goes first, the urgent of it before the rest.
_PATIENCE = dt.timedelta(days=1)


def ask(
    conn: sa.Connection,
    key: str,
    template: str,
    now: dt.datetime,
    *,
    account_id: int | None = None,
    subscription_id: int | None = None,
    invoice_id: int | None = None,
    case_id: str | None = None,
    servers: Sequence[str] = (),
    names: dt.datetime | None = None,
    context: dict[str, Any] | None = None,
    repeats: int | None = None,
    next_at: dt.datetime | None = None,
) -> bool:
    """Add a notice, once per key; to be sent from `next_at` on, or now."""
    new = _new(now, template)
    return database.insert_once(
        conn,
        _notices,
        'key',
        **{
            **new,
            'key': key,
            'account_id': account_id,
            'subscription_id': subscription_id,
            'invoice_id': invoice_id,
            'case_id': case_id,
            'servers': list(servers),
            'names': names,
            'context': context or {},
            'repeats': repeats,
            'next_at': next_at or now,
        },
    )


def ask_all(
    conn: sa.Connection,
    now: dt.datetime,
    template: str,
    wanted: Sequence[Mapping[str, Any]],
) -> None:
    """Add notices, each with a key of its own that is new for certain."""
    bulk.insert(
        conn, _notices, [{**_new(now, template), **one} for one in wanted]
    )


def _new(now: dt.datetime, template: str) -> dict[str, Any]:
    return {
        'template': template,
        'account_id': None,
        'subscription_id': None,
        'invoice_id': None,
        'case_id': None,
        'servers': [],
        'names': None,
        'context': {},
        'state': NoticeState.PENDING,
        'urgency': _URGENCY.get(template, 6),
        'next_at': now,
        'attempts': 0,
        'message_id': uuid.uuid4().hex,
        'created_at': now,
    }


def claim(
    conn: sa.Connection,
    now: dt.datetime,
    lease: dt.timedelta,
    limit: int,
    *,
    operators: bool = False,
) -> Sequence[sa.Row[Any]]:
    """The due ones, most urgent first; see claims.claim.

    `operators` are only those to the operator.
    """
    patient = sa.case(
        (_notices.c.created_at <= now - _PATIENCE, 0), else_=1
    )  # fmt: skip
    return claims.claim(
        conn, _notices, now, lease, limit, patient, _notices.c.urgency,
        among=_notices.c.account_id.is_(None) if operators else None,
    )  # fmt: skip


def count_attempt(
    conn: sa.Connection, row: sa.Row[Any], until: dt.datetime
) -> sa.Row[Any]:
    """Keep the lease, and count an attempt that nobody ended; the row."""
    claims.write(
        conn, _notices, row, lease_until=until, attempts=row.attempts + 1
    )
    return by_id(conn, row.id)


def renew(
    conn: sa.Connection,
    row: sa.Row[Any],
    now: dt.datetime,
    until: dt.datetime,
) -> None:
    """Keep the lease. Raises LeaseLost, also where it was over."""
    claims.renew(conn, _notices, row, now, until)


def give_back(conn: sa.Connection, rows: Sequence[sa.Row[Any]]) -> None:
    """Leave to others what was claimed and not begun."""
    claims.give_back(conn, _notices, rows)


def again(
    conn: sa.Connection,
    /,
    row: sa.Row[Any],
    next_at: dt.datetime,
    answer: str,
    **values: Any,
) -> None:
    """Try it again later. Raises LeaseLost."""
    claims.release(
        conn, _notices, row, next_at,
        answer=answer, attempts=row.attempts + 1, **values,
    )  # fmt: skip


def last_alarm(conn: sa.Connection, name: str) -> sa.Row[Any] | None:
    """The newest of a name among the newest to the operator."""
    newest = conn.execute(
        sa.select(
            _notices.c.context, _notices.c.next_at, _notices.c.settled_at
        )
        .where(_notices.c.template == 'operator')
        .order_by(_notices.c.id.desc())
        .limit(_ALARMS)
    )
    return next((row for row in newest if row.context['name'] == name), None)


def gather_alarms(
    conn: sa.Connection, row: sa.Row[Any], now: dt.datetime
) -> sa.Row[Any]:
    """Have this mail tell of all that waits of the same alarm; the row.

    What another worker has in hand is left to him. Raises LeaseLost.
    """
    columns = _notices.c
    free = sa.and_(
        columns.state == NoticeState.PENDING,
        columns.attempts == 0,
        sa.or_(columns.owner.is_(None), columns.owner == row.owner),
    )
    waiting = conn.execute(
        sa.select(columns.id, columns.context)
        .where(columns.template == 'operator', columns.id != row.id, free)
        .order_by(columns.id)
    )
    name = row.context['name']
    ids = [one.id for one in waiting if one.context['name'] == name][:_ALARMS]
    if not ids:
        return row
    answer = f'told with {row.id}'
    conn.execute(
        _notices.update()
        .where(columns.id.in_(ids), free)
        .values(
            state=NoticeState.CANCELLED, settled_at=now, next_at=None,
            owner=None, lease_until=None, answer=answer,
        )
    )  # fmt: skip
    gathered = conn.execute(
        _notices.select()
        .where(columns.id.in_(ids), columns.answer == answer)
        .order_by(columns.id)
    ).all()
    also = [
        {**one.context, 'server': next(iter(one.servers), None)}
        for one in gathered
    ]
    servers = [server for one in (row, *gathered) for server in one.servers]
    claims.write(
        conn, _notices, row, servers=servers,
        context={
            **row.context, 'also': [*row.context.get('also', ()), *also]
        },
    )  # fmt: skip
    return by_id(conn, row.id)


def bring_back(
    conn: sa.Connection, now: dt.datetime, beyond: dt.datetime
) -> None:
    """Have the operator told now what a wrong clock put off beyond then."""
    conn.execute(
        _notices.update()
        .where(_notices.c.account_id.is_(None), _notices.c.next_at > beyond)
        .values(next_at=now)
    )


def withhold(
    conn: sa.Connection, row: sa.Row[Any], next_at: dt.datetime
) -> None:
    """Look at it later: it was not tried. Raises LeaseLost."""
    claims.release(conn, _notices, row, next_at, answer=_STOPPED)


def go_on(conn: sa.Connection, now: dt.datetime) -> None:
    """Have what was withheld looked at now."""
    conn.execute(
        _notices.update()
        .where(
            _notices.c.state == NoticeState.PENDING,
            _notices.c.answer == _STOPPED,
            _notices.c.next_at > now,
        )
        .values(next_at=now)
    )


def settle(
    conn: sa.Connection,
    /,
    row: sa.Row[Any],
    state: NoticeState,
    now: dt.datetime,
    answer: str,
    **values: Any,
) -> None:
    """Close the notice. Raises LeaseLost."""
    if state is NoticeState.ACCEPTED:
        values['accepted_at'] = now
    claims.release(
        conn, _notices, row, None,
        state=state, settled_at=now, answer=answer,
        attempts=row.attempts + (state in _TRIED), **values,
    )  # fmt: skip


def bounced(
    conn: sa.Connection, key: str, now: dt.datetime, answer: str
) -> None:
    """What was accepted came back: nothing may rest on it any more."""
    conn.execute(
        _notices.update()
        .where(_notices.c.key == key)
        .values(
            state=NoticeState.REFUSED,
            accepted_at=None,
            settled_at=now,
            answer=answer,
        )
    )


def by_id(conn: sa.Connection, notice_id: int) -> sa.Row[Any]:
    """The notice of that id. Raises NotFound."""
    row = conn.execute(
        _notices.select().where(_notices.c.id == notice_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'there is no notice {notice_id}')
    return row


def by_message_ids(
    conn: sa.Connection, message_ids: Collection[str]
) -> Sequence[sa.Row[Any]]:
    """The notices of mails, by their ids without the domain."""
    return conn.execute(
        _notices.select().where(_notices.c.message_id.in_(message_ids))
    ).all()


def repeated(conn: sa.Connection, row: sa.Row[Any]) -> sa.Row[Any]:
    """The notice that a copy repeats; else itself."""
    return row if row.repeats is None else by_id(conn, row.repeats)


def copies(conn: sa.Connection, notice_id: int) -> Sequence[sa.Row[Any]]:
    """The copies of a notice, oldest first."""
    return conn.execute(
        _notices.select()
        .where(_notices.c.repeats == notice_id)
        .order_by(_notices.c.id)
    ).all()


def by_key(conn: sa.Connection, key: str) -> sa.Row[Any]:
    """The notice of that key. Raises NotFound."""
    row = conn.execute(
        _notices.select().where(_notices.c.key == key)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'no notice has the key {key!r}')
    return row


def prove(
    conn: sa.Connection,
    /,
    notice_id: int,
    at: dt.datetime,
    evidence: str,
    **values: Any,
) -> None:
    """It reached its reader by another way; no worker sends it any more."""
    conn.execute(
        _notices.update()
        .where(_notices.c.id == notice_id)
        .values(
            state=NoticeState.ACCEPTED,
            accepted_at=at,
            settled_at=at,
            answer=evidence,
            owner=None,
            lease_until=None,
            next_at=None,
            **values,
        )
    )


def name_later(
    conn: sa.Connection, notice_id: int, names: dt.datetime
) -> None:
    """It names an instant that is no sooner than this one."""
    conn.execute(
        _notices.update()
        .where(
            _notices.c.id == notice_id,
            sa.or_(_notices.c.names.is_(None), _notices.c.names < names),
        )
        .values(names=names)
    )


def latest(
    conn: sa.Connection, subscription_id: int, template: str
) -> sa.Row[Any] | None:
    """The newest that is no copy of another."""
    return conn.execute(
        _notices.select()
        .where(
            _notices.c.subscription_id == subscription_id,
            _notices.c.template == template,
            _notices.c.repeats.is_(None),
        )
        .order_by(_notices.c.id.desc())
        .limit(1)
    ).one_or_none()
