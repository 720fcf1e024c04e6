# SPDX-License-Identifier: Apache-2.0
"""Tell the operator: an alarm on the timeline and a mail, once per key."""

import datetime as dt

import sqlalchemy as sa

from patrii_billing import errors
from patrii_billing.store import notices
from patrii_billing.store import timeline


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


def _key(key: str) -> str:
    return f'operator:{key}'
