# SPDX-License-Identifier: Apache-2.0
"""The append-only record of what happened, when, why and by whom.

An entry names the API request in whose unit of work it was written.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import bulk
from patrii_billing.store import events
from patrii_billing.store import schema

ENGINE = 'patrii-billing'
_REQUEST = 'request_id'


def of_request(conn: sa.Connection, request_id: str) -> None:
    """Have all that this unit of work records name a request."""
    conn.execution_options(**{_REQUEST: request_id})


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
    _append(
        conn,
        {
            'at': at, 'what': what, 'name': name, 'why': why,
            'account_id': account_id, 'subscription_id': subscription_id,
            'server': server, 'by': by, 'detail': detail,
            'request_id': _request(conn),
        },
    )  # fmt: skip


def record_all(
    conn: sa.Connection,
    at: dt.datetime,
    what: str,
    entries: Sequence[Mapping[str, Any]],
) -> None:
    """Append entries of one kind, each with its `name` and `detail`."""
    if not entries:
        return
    new = {
        'at': at, 'what': what, 'why': '', 'by': ENGINE, 'account_id': None,
        'subscription_id': None, 'server': None, 'request_id': _request(conn),
    }  # fmt: skip
    _append(conn, *({**new, **entry} for entry in entries))


def _append(conn: sa.Connection, *entries: Mapping[str, Any]) -> None:
    bulk.insert(conn, schema.timeline, entries)
    events.add(conn, entries)


def tell(
    conn: sa.Connection,
    /,
    at: dt.datetime,
    what: str,
    name: str,
    why: str = '',
    *,
    account_id: int | None = None,
    subscription_id: int | None = None,
    **detail: Any,
) -> None:
    """Tell those who listen what follows from an entry, and is none."""
    entry = {
        'at': at, 'what': what, 'name': name, 'why': why, 'by': ENGINE,
        'account_id': account_id, 'subscription_id': subscription_id,
        'server': None, 'detail': detail, 'request_id': _request(conn),
    }  # fmt: skip
    events.add(conn, [entry])


def _request(conn: sa.Connection) -> str | None:
    return conn.get_execution_options().get(_REQUEST)
