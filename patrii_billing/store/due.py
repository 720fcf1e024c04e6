# SPDX-License-Identifier: Apache-2.0
"""When there is work next, of each kind; one statement over the indexes."""

import datetime as dt

import sqlalchemy as sa

from patrii_billing.store import schema

_NEXT = {
    'correct': schema.subscriptions.c.settle_at,
    'charge': schema.subscriptions.c.charge_at,
    'collect': schema.subscriptions.c.check_at,
    'act': schema.actions.c.next_at,
    'notify': schema.notices.c.next_at,
    'purge': schema.custody.c.undo_until,
    'forget': schema.requests.c.expires_at,
    'meter': schema.usage.c.stale_at,
    'outflow': schema.watch.c.mail_opens_at,
}
KINDS = tuple(kind for kind in _NEXT if kind != 'outflow')
_QUERY = sa.select(
    *(
        sa.select(sa.func.min(column)).scalar_subquery().label(name)
        for name, column in _NEXT.items()
    )
)


def instants(conn: sa.Connection) -> dict[str, dt.datetime]:
    """The next instant at which each kind of work is due, if it is at all."""
    found = conn.execute(_QUERY).one()._mapping
    due = {name: at for name, at in found.items() if at is not None}
    opens_at = due.pop('outflow', None)
    if opens_at is not None and 'notify' in due:
        due['notify'] = max(due['notify'], opens_at)
    return due
