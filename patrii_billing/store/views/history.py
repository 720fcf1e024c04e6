# SPDX-License-Identifier: Apache-2.0
"""The timeline of an account, for people to read."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

_servers = schema.servers
_subs = schema.subscriptions
_timeline = schema.timeline


def of_account(
    conn: sa.Connection, account_id: int, last: int
) -> Sequence[sa.Row[Any]]:
    """The last entries, oldest first; with `subscription`, `server_name`."""
    newest = conn.execute(
        sa.select(
            _timeline,
            _subs.c.name.label('subscription'),
            _servers.c.name.label('server_name'),
        )
        .outerjoin(_subs, _subs.c.id == _timeline.c.subscription_id)
        .outerjoin(_servers, _servers.c.id == _timeline.c.server)
        .where(_timeline.c.account_id == account_id)
        .order_by(_timeline.c.id.desc())
        .limit(last)
    ).all()
    return newest[::-1]


def last_id(conn: sa.Connection) -> int:
    """The newest entry's id; 0 where there is none."""
    newest = conn.execute(sa.select(sa.func.max(_timeline.c.id))).scalar()
    return int(newest or 0)


def of_request(
    conn: sa.Connection, request_id: str, after: int
) -> Sequence[sa.Row[Any]]:
    """What a request has recorded since an entry, oldest first."""
    return conn.execute(
        _timeline.select()
        .where(_timeline.c.id > after, _timeline.c.request_id == request_id)
        .order_by(_timeline.c.id)
    ).all()
