# SPDX-License-Identifier: Apache-2.0
"""The append-only record of what happened, when, why and by whom."""

from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

ENGINE = 'patrii-billing'


def record(
    conn: sa.Connection,
    /,
    at: dt.datetime,
    what: str,
    name: str,
    why: str = '',
    *,
    account_id: int | None = None,
    subscription_id: int | None = None,
    server: str | None = None,
    by: str = ENGINE,
    **detail: Any,
) -> None:
    """Append an entry; `what` is its kind, `name` what exactly it was."""
    conn.execute(
        schema.timeline.insert().values(
            at=at,
            what=what,
            name=name,
            why=why,
            account_id=account_id,
            subscription_id=subscription_id,
            server=server,
            by=by,
            detail=detail,
        )
    )


def record_all(
    conn: sa.Connection,
    at: dt.datetime,
    what: str,
    entries: Sequence[Mapping[str, Any]],
) -> None:
    """Append entries of one kind, each with its `name` and `detail`."""
    new = {
        'at': at, 'what': what, 'why': '', 'by': ENGINE, 'account_id': None,
        'subscription_id': None, 'server': None,
    }  # fmt: skip
    conn.execute(
        schema.timeline.insert(), [{**new, **entry} for entry in entries]
    )
