# SPDX-License-Identifier: Apache-2.0
"""Change what a contract is for: its plan, or the day its periods begin on.

What is changed within billed time is prorated by what bills it: the terms
say what holds from which day on.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import pricing
from patrii_billing.domain import quota
from patrii_billing.engine import collect
from patrii_billing.engine import contract
from patrii_billing.engine import correct
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import chain
from patrii_billing.store import plans
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import terms


def change_anchor(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    day: int,
    now: dt.datetime,
    by: str,
    why: str = '',
) -> None:
    """Begin the periods on another day of the month, once; next bills a stub.

    From the end of what is billed on. Raises InvalidInput for what is no day
    of a month, Conflict where the plan counts days or the contract ends.
    """
    sub = _going_on(conn, subscription_id, now)
    if not 1 <= day <= 31:
        raise errors.InvalidInput('must be from 1 to 31', 'anchor_day')
    plan = plans.get(conn, sub.plan_id)
    if not calendar.Cycle.parse(plan.cycle).months:
        raise errors.Conflict(
            f'{plan.name} counts {plan.cycle}: its periods begin on no day '
            'of the month'
        )
    if day == sub.anchor_day:
        return
    _agree(conn, sub, sub.billed_until, plan.id, day)
    contract.tell(
        conn, sub, now, by, why, 'anchor', anchor_day=day,
        was=sub.anchor_day, since=sub.billed_until.isoformat(),
    )  # fmt: skip
    collect.judge_account(conn, tools, sub.account_id, now)


def change_plan(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    plan_id: int,
    since: dt.date | None,
    now: dt.datetime,
    by: str,
    why: str = '',
) -> dt.date:
    """Bill by another plan from a local day on, and return that day.

    By default that is the next period; a day of the running one or of what is
    billed later takes plans of the same cycle. Raises Conflict where the
    plans do not fit, InvalidInput for a day that is none of these, NotFound
    where the new plan has no price of what is held.
    """
    sub = _going_on(conn, subscription_id, now)
    old, new = plans.get(conn, sub.plan_id), plans.get(conn, plan_id)
    if new.currency != old.currency:
        raise errors.Conflict(
            f'{new.name} is in {new.currency}, {old.name} in {old.currency}'
        )
    _must_price(conn, sub, new)
    starts, ends = _running(conn, sub, now)
    alike = is_alike(old, new)
    day = since or (ends if alike else sub.billed_until)
    if not alike and day != sub.billed_until:
        raise errors.Conflict(
            f'{new.name} and {old.name} differ in their cycle: only from '
            f'{sub.billed_until}, the end of what is billed'
        )
    if not starts <= day <= sub.billed_until:
        raise errors.InvalidInput(
            f'must be from {starts}, where the period begins, to '
            f'{sub.billed_until}, where what is billed ends',
            'from',
        )
    _must_keep_anchor(conn, sub, day)
    if not _agree(conn, sub, day, new.id, sub.anchor_day):
        return day
    contract.tell(
        conn, sub, now, by, why, 'plan', plan=new.name, was=old.name,
        since=day.isoformat(),
    )  # fmt: skip
    correct.settle(conn, tools, subscriptions.get(conn, sub.id), now)
    collect.judge_account(conn, tools, sub.account_id, now)
    return day


def is_alike(plan: sa.Row[Any], other: sa.Row[Any]) -> bool:
    """Whether both may bill parts of one cycle."""
    return _counted(plan) == _counted(other)


def _going_on(
    conn: sa.Connection, subscription_id: int, now: dt.datetime
) -> sa.Row[Any]:
    sub = contract.locked(conn, subscription_id)
    if contract.has_ended(conn, sub, now):
        raise errors.Conflict(f'{sub.name} has ended')
    if sub.ends_on is not None:
        raise errors.Conflict(
            f'{sub.name} ends on {sub.ends_on}: withdraw that first'
        )
    return sub


def _counted(plan: sa.Row[Any]) -> tuple[Any, ...]:
    """What two plans must share to bill parts of one cycle."""
    return plan.cycle, plan.unit, plan.tax_inclusive


def _must_price(
    conn: sa.Connection, sub: sa.Row[Any], plan: sa.Row[Any]
) -> None:
    """Raises Conflict where the plan prices what is held without limit."""
    priced = {
        price.resource
        for price in plans.prices(conn, plan.id)
        if price.kind == pricing.PriceKind.QUOTA
    }
    held = servers.quota_levels(conn, sub.project)
    for resource in sorted(priced & held.keys()):
        if sub.server is None and held[resource].quantity == quota.UNLIMITED:
            raise errors.Conflict(
                f'{resource} of {sub.project} is without limit, and '
                f'{plan.name} has a price of each'
            )


def _running(
    conn: sa.Connection, sub: sa.Row[Any], now: dt.datetime
) -> tuple[dt.date, dt.date]:
    """The period that runs; at the end of what is billed it has no length."""
    today = contract.today(conn, sub, now)
    spans = chain.of(conn, sub.id)
    for span in spans:
        if today < span.starts:  # before that it was billed elsewhere
            return span.starts, span.starts
        if today < span.ends:
            ends = [row.ends for row in spans
                    if row.cycle_starts == span.cycle_starts]  # fmt: skip
            return max(span.cycle_starts, sub.start), max(ends)
    return sub.billed_until, sub.billed_until


def _must_keep_anchor(
    conn: sa.Connection, sub: sa.Row[Any], day: dt.date
) -> None:
    """Raises Conflict where another anchor is agreed for after that day."""
    for row in terms.of(conn, [sub.id]):
        if row.since > day and row.anchor_day != _anchor_on(conn, sub, day):
            raise errors.Conflict(
                f'from {row.since} on its anchor is {row.anchor_day}: change '
                'the plan from that day on'
            )


def _anchor_on(conn: sa.Connection, sub: sa.Row[Any], day: dt.date) -> int:
    held = [row for row in terms.of(conn, [sub.id]) if row.since <= day]
    return int(held[-1].anchor_day if held else sub.anchor_day)


def _agree(
    conn: sa.Connection,
    sub: sa.Row[Any],
    since: dt.date,
    plan_id: int,
    anchor_day: int,
) -> bool:
    """Write new terms in place of all from that day on; whether they are."""
    agreed = terms.of(conn, [sub.id])
    later = [row for row in agreed if row.since > since]
    held = [row for row in agreed if row.since <= since]
    said = held and (held[-1].plan_id, held[-1].anchor_day)
    if said == (plan_id, anchor_day) and not later:
        return False
    terms.agree(conn, sub.id, since, plan_id, anchor_day)
    subscriptions.change(conn, sub.id, plan_id=plan_id, anchor_day=anchor_day)
    return True
