# SPDX-License-Identifier: Apache-2.0
"""Actions with the names of what they are about, for people to read."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import actions
from patrii_billing.store import schema

_accounts = schema.accounts
_actions = schema.actions
_servers = schema.servers
_subs = schema.subscriptions

KEYS = {'id': _actions.c.id}
# What narrows a list, each with an index in the order of the ids.
FILTERS = ('account_id', 'subscription_id', 'server', 'type', 'state')


def query(
    unapproved: Collection[str] | None = None, **wanted: Any
) -> sa.Select[Any]:
    """Actions with `account`, `subscription` and `server_name`.

    `wanted` are values of FILTERS, None for any. With `unapproved` those of
    these types that wait for a person to say yes.
    """
    found = (
        sa.select(
            _actions,
            _accounts.c.name.label('account'),
            _subs.c.name.label('subscription'),
            _servers.c.name.label('server_name'),
        )
        .outerjoin(_accounts, _accounts.c.id == _actions.c.account_id)
        .outerjoin(_subs, _subs.c.id == _actions.c.subscription_id)
        .outerjoin(_servers, _servers.c.id == _actions.c.server)
    )
    for name in FILTERS:
        value = wanted.pop(name, None)
        if value is not None:
            found = found.where(_actions.c[name] == value)
    assert not wanted, wanted  # noqa: S101 - a slip of the caller's
    if unapproved is not None:
        found = found.where(
            _actions.c.state == 'pending', actions.unapproved(unapproved)
        )
    return found


def one(conn: sa.Connection, action_id: int) -> sa.Row[Any] | None:
    return conn.execute(
        query().where(_actions.c.id == action_id)
    ).one_or_none()
