# SPDX-License-Identifier: Apache-2.0
"""Tell the operator: an alarm on the timeline and a mail, once per key."""

import datetime as dt

import sqlalchemy as sa

from patrii_billing.store import notices
from patrii_billing.store import timeline


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
        f'operator:{key}',
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
