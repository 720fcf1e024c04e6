# SPDX-License-Identifier: Apache-2.0
"""Place and release holds."""

import datetime as dt

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.engine import charge
from patrii_billing.engine import collect
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline


def place(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    kind: lifecycle.HoldType,
    until: dt.datetime | None,
    reason: str,
    by: str,
    now: dt.datetime,
) -> None:
    """Stop the ladder of a subscription until an instant (None: released).

    Raises InvalidInput for an end that is not ahead, Conflict where a hold
    of this kind is in force.
    """
    if until is not None and until <= now:
        raise errors.InvalidInput('must be in the future', 'until')
    if until is None and kind is lifecycle.HoldType.PROMISE:
        raise errors.InvalidInput('a promise needs a date', 'until')
    sub = subscriptions.get(conn, subscription_id)
    accounts.lock(conn, sub.account_id)
    subscriptions.add_hold(conn, sub.id, kind, now, until, reason, by)
    if kind is lifecycle.HoldType.PAUSE and until is not None:
        subscriptions.settle(conn, sub.id, until)
    timeline.record(
        conn, now, 'hold', f'{kind} begun', reason,
        account_id=sub.account_id, subscription_id=sub.id, by=by,
        until=until.isoformat() if until else None,
    )  # fmt: skip
    collect.judge(conn, tools, sub.id, now)


def release(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    kind: lifecycle.HoldType,
    by: str,
    now: dt.datetime,
) -> None:
    """End a hold before its time. Raises NotFound where none is in force."""
    sub = subscriptions.get(conn, subscription_id)
    accounts.lock(conn, sub.account_id)
    collect.end_hold(conn, sub, kind, 'released', now, by)
    if kind is lifecycle.HoldType.PAUSE:
        charge.schedule(conn, tools, sub)
    collect.judge(conn, tools, sub.id, now)
