# SPDX-License-Identifier: Apache-2.0
"""The timeline, for people to read."""

from collections.abc import Iterator
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

_accounts = schema.accounts
_servers = schema.servers
_subs = schema.subscriptions
_timeline = schema.timeline

KEYS = {'id': _timeline.c.id}
# Entries are written in the order of their instants but for clocks that
# differ and units of work that take long; so far apart they never are.
_OUT_OF_ORDER = dt.timedelta(days=1)


def query(
    conn: sa.Connection,
    *,
    account_id: int | None = None,
    subscription_id: int | None = None,
    server: str | None = None,
    what: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> sa.Select[Any]:
    """Entries with `account`, `currency`, `subscription`, `server_name`.

    From an instant up to, and without, another.
    """
    found = (
        sa.select(
            _timeline,
            _accounts.c.name.label('account'),
            _accounts.c.currency,
            _subs.c.name.label('subscription'),
            _servers.c.name.label('server_name'),
        )
        .outerjoin(_accounts, _accounts.c.id == _timeline.c.account_id)
        .outerjoin(_subs, _subs.c.id == _timeline.c.subscription_id)
        .outerjoin(_servers, _servers.c.id == _timeline.c.server)
    )
    for column, value in (
        (_timeline.c.account_id, account_id),
        (_timeline.c.subscription_id, subscription_id),
        (_timeline.c.server, server),
        (_timeline.c.what, what),
    ):
        if value is not None:
            found = found.where(column == value)
    return found.where(*_within(conn, since, until))


def _within(
    conn: sa.Connection, since: dt.datetime | None, until: dt.datetime | None
) -> Iterator[sa.ColumnElement[bool]]:
    """A span of time, and ids around it.

    A list goes by ids: within bounds of them, few are looked at in vain.
    They are read first, for MariaDB would not begin at a subquery's.
    """
    at = _timeline.c.at
    if since is not None:
        yield at >= since
        older = at < since - _OUT_OF_ORDER
        before = conn.scalar(
            sa.select(_timeline.c.id)
            .where(older)
            .order_by(at.desc())
            .limit(1)
        )
        if before is not None:
            yield _timeline.c.id > before
    if until is not None:
        yield at < until
        newer = at >= until + _OUT_OF_ORDER
        behind = conn.scalar(
            sa.select(_timeline.c.id).where(newer).order_by(at).limit(1)
        )
        if behind is not None:
            yield _timeline.c.id < behind


def of_account(
    conn: sa.Connection, account_id: int, last: int
) -> Sequence[sa.Row[Any]]:
    """The last entries, oldest first."""
    newest = conn.execute(
        query(conn, account_id=account_id)
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
