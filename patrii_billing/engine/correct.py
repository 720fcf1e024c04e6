# SPDX-License-Identifier: Apache-2.0
"""Look at what changed within a time that is billed already.

While an invoice is open what lowers the bill is credited at once, so that
nobody is past due for money he does not owe. The rest waits for the next
invoice, unless policy says otherwise or there is none to come.
"""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain import policy as policies
from patrii_billing.engine import bill
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import issuing
from patrii_billing.engine import parking
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import chain
from patrii_billing.store import invoices
from patrii_billing.store import subscriptions


def run(tools: toolbox.Tools, now: dt.datetime) -> int:
    """Look at what changed; how many subscriptions there were."""
    due = tools.db.read(subscriptions.to_settle, now, tools.settings.batch)
    parking.each_alone(tools, due, _run_one, now, 'correction', 'settle_at')
    return len(due)


def _run_one(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    account_id: int,
    now: dt.datetime,
) -> None:
    accounts.lock(conn, account_id)
    sub = subscriptions.get(conn, subscription_id)
    if sub.settle_at is not None and sub.settle_at <= now:
        settle_or_park(conn, tools, sub, now)


def settle_or_park(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    now: dt.datetime,
) -> None:
    """As settle; what cannot be billed parks the account."""
    try:
        with conn.begin_nested():
            settle(conn, tools, sub, now)
    except (errors.InvalidInput, errors.NotFound) as error:
        parking.park(conn, sub, str(error), now)


def settle(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    now: dt.datetime,
) -> list[int]:
    """Issue what may not wait; the invoices. The account's lock is held.

    Raises InvalidInput or NotFound for what cannot be billed.
    """
    # First, so that a level of which only the row's writer knows yet is
    # looked at again.
    pauses = [
        hold.until
        for hold in subscriptions.holds(conn, sub.id, now)
        if hold.type == lifecycle.HoldType.PAUSE and hold.until is not None
    ]
    settle_at = min(pauses, default=None)
    subscriptions.change(conn, sub.id, settle_at=settle_at)
    ground = _read(conn, tools, sub)
    if _leave_out_pauses(conn, ground, now):
        ground = _read(conn, tools, sub)
    entries = list(bill.entries(ground))
    lowered = lowering(entries)
    issued = []
    # Also what lowers a paid one: that becomes balance, which pays this.
    if lowered and invoices.open_of_subscription(conn, sub.id):
        issued += issuing.issue(
            conn, [issuing.correction(tools, ground, lowered, now)], now
        )
        ground = _read(conn, tools, sub)
        entries = list(bill.entries(ground))
    # Which invoice takes them is for the engine that draws it up to say.
    at_once = sub.invoiced_by is not None or (
        ground.policy.changes is policies.Changes.AT_ONCE
    )
    is_over = sub.contract == lifecycle.Contract.ENDED
    if is_over:
        # There is no next invoice for what was used last.
        today = calendar.local_day(now, ground.zone)
        entries += bill.metered(conn, ground, today)
    if entries and (at_once or is_over):
        issued += issuing.issue(
            conn, [issuing.correction(tools, ground, entries, now)], now
        )
    return issued


def lowering(entries: Sequence[bill.Entry]) -> list[bill.Entry]:
    """What gives more back than it asks for.

    All that is said of a resource goes together: of a smaller server both
    the credit of the larger one and the charge of what it is now.
    """
    sums = bill.sums(entries)
    return bill.only(entries, [name for name in sums if sums[name] < 0])


def ended(hold: sa.Row[Any], now: dt.datetime) -> dt.datetime | None:
    """When a hold ended; None while it runs."""
    ends = [at for at in (hold.ended_at, hold.until) if at is not None]
    end = min(ends, default=None)
    return end if end is not None and end <= now else None


def _read(
    conn: sa.Connection, tools: toolbox.Tools, sub: sa.Row[Any]
) -> grounds.Ground:
    return grounds.read(conn, tools, [subscriptions.get(conn, sub.id)])[0]


def _leave_out_pauses(
    conn: sa.Connection, ground: grounds.Ground, now: dt.datetime
) -> bool:
    """Bill no whole day on which it was paused; whether one was billed.

    A pause counts from the day on which it began to that of its end.
    """
    if ground.policy.pause_billed:
        return False
    left_out = False
    for hold in ground.pauses:
        end = ended(hold, now)
        if end is None:
            continue
        days = calendar.Period(
            calendar.local_day(hold.starts_at, ground.zone),
            calendar.local_day(end, ground.zone),
        )
        left_out |= _leave_out(conn, ground, days)
    return left_out


def _leave_out(
    conn: sa.Connection, ground: grounds.Ground, days: calendar.Period
) -> bool:
    billed = [
        span
        for span in ground.spans
        if span.unbilled_why in invoices.BILLED
        and max(span.starts, days.start) < min(span.ends, days.end)
    ]
    if billed:
        chain.leave_out_days(conn, ground.sub.id, days, 'paused')
    return bool(billed)
