# SPDX-License-Identifier: Apache-2.0
"""An operator's word to give back now what is paid for.

A payment asks for that by itself. This is for where it takes long: what
waits in vain is tried anew, at once and as if it had never failed.
"""

from collections.abc import Iterator
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain import money
from patrii_billing.domain import standing
from patrii_billing.engine import collect
from patrii_billing.engine import contract
from patrii_billing.engine import gather
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import actions
from patrii_billing.store import invoices
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline


def restore(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    now: dt.datetime,
    by: str,
    why: str = '',
) -> list[sa.Row[Any]]:
    """Have the servers and the quota of a subscription given back now.

    Answers the actions that do. Raises Conflict where something is past
    due, and names it; where an abuse hold is in force; and where nothing is
    to be given back.
    """
    contract.locked(conn, subscription_id)
    collect.judge(conn, tools, subscription_id, now)
    sub = subscriptions.get(conn, subscription_id)
    _must_be_paid(conn, tools, sub, now)
    found = [row for row in _open(conn, sub) if _gives_back(row)]
    if not found:
        raise errors.Conflict(
            f'{sub.name} is {sub.billing_status}: nothing is to be given back'
        )
    for row in found:
        actions.try_now(conn, row.id, now)
    timeline.record(
        conn, now, 'request', ActionType.RESTORE, why,
        account_id=sub.account_id, subscription_id=sub.id, by=by,
    )  # fmt: skip
    return found


def _must_be_paid(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    now: dt.datetime,
) -> None:
    facts = gather.facts(conn, tools, sub, now)
    if facts.owes(gather.policy(conn, tools, sub).tolerance, now):
        owed = ', '.join(_owed(conn, facts, now))
        raise errors.Conflict(f'{sub.name} is not paid: {owed} past due')
    hold = facts.hold(now)
    if hold is not None and hold.type is lifecycle.HoldType.ABUSE:
        raise errors.Conflict(
            f'an abuse hold is in force on {sub.name}: release that first'
        )


def _owed(
    conn: sa.Connection, facts: standing.Standing, now: dt.datetime
) -> Iterator[str]:
    """What is past due, by invoice."""
    for one in facts.invoices:
        if one.due_at <= now:
            row = invoices.get(conn, one.id)
            owed = money.Money(one.owed, row.currency)
            yield f'{owed} of {row.series}-{row.number:06d}'


def _open(conn: sa.Connection, sub: sa.Row[Any]) -> list[sa.Row[Any]]:
    kinds = (ActionType.RESTORE, ActionType.QUOTA_CHANGE)
    return list(actions.not_begun(conn, sub.id, kinds))


def _gives_back(row: sa.Row[Any]) -> bool:
    return bool(
        row.type == ActionType.RESTORE or row.args['purpose'] == 'thaw'
    )
