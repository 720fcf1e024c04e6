# SPDX-License-Identifier: Apache-2.0
"""Where the subscriptions stand, for people to look at."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema
from patrii_billing.store.views import contracts

_accounts = schema.accounts
_custody = schema.custody
_subs = schema.subscriptions


def listed(
    conn: sa.Connection,
    account: str | None = None,
    status: str | None = None,
    name: str | None = None,
) -> Sequence[sa.Row[Any]]:
    """Subscriptions by name, with the names of what they refer to."""
    query = contracts.query(status=status, name=name)
    if account is not None:
        query = query.where(_accounts.c.name == account)
    return conn.execute(query.order_by(_subs.c.name)).all()


def custody_by_server(
    conn: sa.Connection, subscription_id: int, case_id: str | None
) -> dict[str, sa.Row[Any]]:
    """What became of the servers of a case."""
    if case_id is None:
        return {}
    rows = conn.execute(
        _custody.select().where(
            _custody.c.subscription_id == subscription_id,
            _custody.c.case_id == case_id,
        )
    )
    return {row.server: row for row in rows}
