# SPDX-License-Identifier: Apache-2.0
"""What happens when a contract has come to its end, and when it is paid."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.engine import gather
from patrii_billing.engine import tell as telling
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline


def tell(conn: sa.Connection, sub: sa.Row[Any], now: dt.datetime) -> None:
    """Record that its last day is over, and so is a pause that runs."""
    timeline.record(
        conn, now, 'contract', 'ended', f'it ended on {sub.ends_on}',
        account_id=sub.account_id, subscription_id=sub.id,
    )  # fmt: skip
    for hold in subscriptions.holds(conn, sub.id, now):
        if hold.type == lifecycle.HoldType.PAUSE:
            subscriptions.end_hold(conn, sub.id, hold.type, now)
            timeline.record(
                conn, now, 'hold', f'{hold.type} ended', 'the contract has',
                account_id=sub.account_id, subscription_id=sub.id,
            )  # fmt: skip
            # What of it was billed is to be given back.
            subscriptions.change(conn, sub.id, settle_at=now)


def let_go(conn: sa.Connection, sub: sa.Row[Any], now: dt.datetime) -> None:
    """Enforce no more what ended and owes nothing; another contract may.

    Servers that are left are covered by nobody: the operator is told.
    """
    if sub.enforces is None:
        return
    left = gather.covered_servers(conn, sub)
    subscriptions.change(conn, sub.id, enforces=None)
    if left:
        telling.operator(
            conn, now, 'uncovered', f'uncovered:{sub.id}',
            f'{sub.name} has ended, and {len(left)} servers of '
            f'{sub.project} are still there',
            account_id=sub.account_id, subscription_id=sub.id,
        )  # fmt: skip
