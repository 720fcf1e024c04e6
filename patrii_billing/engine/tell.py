# SPDX-License-Identifier: Apache-2.0
"""Tell the operator: an alarm on the timeline and a mail, once per key.

A nova that fails fails everybody: what follows an alarm of the same name is
gathered, and told in one mail.
"""

import datetime as dt

import sqlalchemy as sa

from patrii_billing import errors
from patrii_billing.store import notices
from patrii_billing.store import timeline

# From one mail of an alarm to the next. Within a minute he has to know.
_ROUND = dt.timedelta(seconds=30)


def told(conn: sa.Connection, key: str) -> bool:
    """Whether the operator was told of a key, or is going to be."""
    try:
        notices.by_key(conn, _key(key))
    except errors.NotFound:
        return False
    return True


def operator(
    conn: sa.Connection,
    now: dt.datetime,
    name: str,
    key: str,
    why: str,
    *,
    account_id: int | None = None,
    subscription_id: int | None = None,
    server: str | None = None,
) -> None:
    """Raise an alarm; the same key is told once."""
    told = notices.ask(
        conn,
        _key(key),
        'operator',
        now,
        next_at=_round(conn, now, name),
        servers=[server] if server else [],
        context={
            'name': name,
            'why': why,
            'account_id': account_id,
            'subscription_id': subscription_id,
        },
    )
    if told:
        timeline.record(
            conn, now, 'alarm', name, why,
            account_id=account_id, subscription_id=subscription_id,
            server=server,
        )  # fmt: skip


def _round(
    conn: sa.Connection, now: dt.datetime, name: str
) -> dt.datetime:
    """When to tell it: at once, or with what else comes in a moment."""
    last = notices.last_alarm(conn, name)
    if last is None:
        return now
    at = last.next_at or last.settled_at + _ROUND
    return min(max(at, now), now + _ROUND)  # type: ignore[no-any-return]


def _key(key: str) -> str:
    return f'operator:{key}'
