# SPDX-License-Identifier: Apache-2.0
"""A project's quota as nova and the books have it, and what a change costs."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import math
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bounds
from patrii_billing.domain import calendar
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Status
from patrii_billing.domain import money
from patrii_billing.domain import policy as policies
from patrii_billing.domain import quota as law
from patrii_billing.engine import bill
from patrii_billing.engine import gather
from patrii_billing.engine import quota
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import invoices
from patrii_billing.store import servers
from patrii_billing.store import subscriptions

_Rows = Sequence[sa.Row[Any]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What nova says of a project, in its own units."""

    limits: Mapping[str, int]
    used: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Item:
    """One quota in the units of plans; -1 is without limit."""

    resource: str
    used: Decimal
    limit: Decimal
    billed: Decimal | None  # None where no plan has a price of it


@dataclass(frozen=True, slots=True)
class Allowance:
    """A project's quota, and what is to be known of it.

    `drift` is what policy does with what somebody changed past us, `drifted`
    what of it was told to the operator; `own` is the project's own quota
    while ours is in its place. Both are in nova's units.
    """

    items: Sequence[Item]
    paying: _Rows  # the subscriptions it belongs to
    drift: policies.Drift | None
    own: Mapping[str, int] | None
    drifted: Mapping[str, int] | None
    changing: bool  # a change is under way


@dataclass(frozen=True, slots=True)
class Preview:
    """What a quota would change: nova's keys now, and lines on the bills.

    `total` is in minor units, without discounts and taxes.
    """

    now: Mapping[str, int]
    then: Mapping[str, int]
    entries: Sequence[bill.Entry]
    total: int
    billed: policies.Changes
    changes: bool  # nova or the books


def look(tools: toolbox.Tools, project: str) -> Shown:
    """Ask nova. Raises CloudError. Not for within a unit of work."""
    limits = tools.cloud.quotas.get(project)
    used = tools.cloud.quotas.usage(project) if limits else {}
    return Shown(limits, used)


def read(
    conn: sa.Connection, tools: toolbox.Tools, project: str, shown: Shown
) -> Allowance:
    row = accounts.project(conn, project)
    subs = quota.paying(conn, project)
    priced = quota.priced_of(conn, subs)
    held = servers.quota_levels(conn, project)
    used = law.billed(shown.used)
    return Allowance(
        items=[
            Item(
                resource, used.get(resource, Decimal(0)), limit,
                held[resource].quantity
                if resource in held and resource in priced
                else None,
            )
            for resource, limit in law.billed(shown.limits).items()
        ],
        paying=subs,
        drift=gather.policy(conn, tools, subs[0]).quota_drift
        if subs
        else None,
        own=None if row is None else row.quota_before,
        drifted=None if row is None else row.quota_drift,
        changing=actions.under_way(conn, ActionType.QUOTA_CHANGE, project),
    )  # fmt: skip


def subscription(conn: sa.Connection, project: sa.Row[Any]) -> sa.Row[Any]:
    """The one that a change of the quota is billed by. Raises NotFound."""
    found = quota.paying(conn, project.id)
    if not found:
        raise errors.NotFound(f'no subscription is of project {project.name}')
    priced = [sub for sub in found if quota.priced(conn, sub)]
    return (priced or found)[0]


def asked(words: Iterable[tuple[str, object]]) -> dict[str, int]:
    """A quota by key in nova's units. Raises InvalidInput by `quota.KEY`."""
    try:
        return law.parse(f'{key}={value}' for key, value in words)
    except errors.InvalidInput as error:
        raise _placed(error) from None


def check(shown: Shown, wanted: Mapping[str, int], force: bool) -> None:
    """Raises what nova would refuse: InvalidInput by key, or Conflict."""
    for key in wanted:
        if key not in shown.limits:
            raise errors.InvalidInput('this cloud has no quota of it', key)
    below = law.below_usage(wanted, shown.used)
    if below and not force:
        raise errors.Conflict('; '.join(below))


def preview(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    shown: Shown,
    wanted: Mapping[str, int],
    now: dt.datetime,
) -> Preview:
    """What would follow on the bills, as far as they are written.

    Raises InvalidInput or Conflict where it must not be asked for.
    """
    quota.check(conn, sub, wanted)
    held = law.in_nova({
        key: row.quantity
        for key, row in servers.quota_levels(conn, sub.project).items()
    })  # fmt: skip
    changes = any(law.differing(one, wanted) for one in (shown.limits, held))
    entries, total = quota.foretell(conn, tools, sub, wanted, now)
    present = {key: shown.limits[key] for key in wanted}
    billed = gather.policy(conn, tools, sub).changes
    return Preview(present, wanted, entries, total, billed, changes)


def request(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    shown: Shown,
    wanted: Mapping[str, int],
    now: dt.datetime,
    by: str,
    force: bool = False,
    own: bool = False,
) -> tuple[Preview, int | None]:
    """Ask for a quota: what it changes, and the action; None where nothing.

    `own` where the customer himself asks: then only for what he pays for,
    and for no more than is billed without a person. Raises InvalidInput by
    `quota.KEY`, and Conflict.
    """
    accounts.lock(
        conn, subscriptions.get(conn, subscription_id).account_id
    )
    sub = subscriptions.get(conn, subscription_id)
    try:
        check(shown, wanted, force)
        found = preview(conn, tools, sub, shown, wanted, now)
        if not found.changes:
            return found, None
        if own:
            _must_be_paid_for(conn, tools, sub, found)
        action = quota.request(
            conn, sub.id, wanted, now, force=force, by=by
        )
    except errors.InvalidInput as error:
        raise _placed(error) from None
    return found, action


def _must_be_paid_for(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    found: Preview,
) -> None:
    """Raises InvalidInput by key, and Conflict."""
    priced = quota.priced_of(conn, quota.paying(conn, sub.project))
    for resource in law.billed(found.then):
        if resource not in priced:
            raise errors.InvalidInput(
                'has no price in the plan: only the provider changes it',
                resource,
            )
    if not _is_more(found):
        return
    if sub.billing_status != Status.ACTIVE:
        raise errors.Conflict(
            f'{sub.name} is {sub.billing_status}: what is past due is paid '
            'before there is more'
        )
    if accounts.get(conn, sub.account_id).parked_why is not None:
        raise errors.Conflict('a person looks at the bills at this moment')
    why = _too_much(conn, tools, sub, found)
    if why is not None:
        raise errors.Conflict(
            f'{why}: only the provider changes it by so much'
        )


def _is_more(found: Preview) -> bool:
    return any(
        0 <= found.now[key] < value for key, value in found.then.items()
    )


def _too_much(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    found: Preview,
) -> str | None:
    """Why the bill with the change, and a whole cycle of it, is nonsense.

    It would park the account: what he has would not be billed for days.
    """
    cycle = sum(
        entry.line.amount / entry.line.ratio.fraction
        for entry in found.entries
        if entry.line.amount > 0
    )
    currency = accounts.get(conn, sub.account_id).currency
    more = money.Money(math.ceil(found.total + cycle), currency)
    limits = tools.settings.limits
    _, last = invoices.billed_so_far(conn, [sub.id]).get(sub.id, (0, None))
    if last is None or last.total <= 0:
        most = limits.amount * 10 ** money.digits(currency)
        return f'it comes to {more}' if more.minor > most else None
    period = calendar.Period(last.period_start, last.period_end)
    return bounds.too_much(
        last.total + more.minor, period, (last.total, period), currency,
        limits,
    )  # fmt: skip


def _placed(error: errors.InvalidInput) -> errors.InvalidInput:
    where = error.where.partition('=')[0]
    path = where if where in ('', 'quota') else f'quota.{where}'
    return errors.InvalidInput(error.reason, path)
