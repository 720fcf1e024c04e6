# SPDX-License-Identifier: Apache-2.0
"""A project's quota: asked for, recorded as what it pays for, told."""

import collections
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Contract
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import quota as law
from patrii_billing.engine import bill
from patrii_billing.engine import collect
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import issuing
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import notices
from patrii_billing.store import plans
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline
from patrii_billing.store import watch


def request(
    conn: sa.Connection,
    subscription_id: int,
    quota: Mapping[str, int],
    now: dt.datetime,
    *,
    force: bool = False,
    by: str = timeline.ENGINE,
) -> int:
    """Ask for a quota (nova's units) of a subscription's project.

    Answers the action's id. With `force` it may be below what is in use.
    Raises InvalidInput naming the key that cannot be, and Conflict where a
    change is under way, or where the quota is frozen.
    """
    sub = subscriptions.get(conn, subscription_id)
    wanted = law.checked(quota)
    check(conn, sub, wanted)
    action = _ask(
        conn, sub, now,
        purpose='change', quota=wanted, force=force, by=by,
    )  # fmt: skip
    if action is None:
        raise errors.Conflict('a quota change is under way')
    timeline.record(
        conn, now, 'request', ActionType.QUOTA_CHANGE, law.told(wanted),
        account_id=sub.account_id, subscription_id=sub.id, by=by,
        quota=wanted, force=force,
    )  # fmt: skip
    return action


def check(
    conn: sa.Connection, sub: sa.Row[Any], wanted: Mapping[str, int]
) -> None:
    """Whether it may be asked for. Raises InvalidInput or Conflict."""
    if sub.contract == Contract.ENDED:
        raise errors.Conflict(f'{sub.name} has ended')
    if sub.server is not None:
        raise errors.Conflict(f'{sub.name} is of a server, not of a project')
    project = accounts.project(conn, sub.project)
    if project is not None and project.quota_before is not None:
        raise errors.Conflict('the quota is frozen until the debt is paid')
    for resource in sorted(priced_of(conn, paying(conn, sub.project))):
        if wanted.get(law.nova_key(resource)) == law.UNLIMITED:
            raise errors.InvalidInput(
                'cannot be without limit: the plan has a price of each',
                resource,
            )


def revert(
    conn: sa.Connection,
    sub: sa.Row[Any],
    quota: Mapping[str, int],
    now: dt.datetime,
) -> bool:
    """Have what somebody changed in nova put back, once at a time."""
    return bool(_ask(conn, sub, now, purpose='revert', quota=dict(quota)))


def _ask(
    conn: sa.Connection, sub: sa.Row[Any], now: dt.datetime, **args: Any
) -> int | None:
    asked = actions.ask(
        conn, ActionType.QUOTA_CHANGE, now,
        subscription_id=sub.id, account_id=sub.account_id,
        project=sub.project, case_id='', args=args,
    )  # fmt: skip
    if not asked:
        return None
    return actions.live_id(
        conn, ActionType.QUOTA_CHANGE, f'{sub.project}:{args["purpose"]}'
    )


def paying(conn: sa.Connection, project: str) -> Sequence[sa.Row[Any]]:
    """The subscriptions that a project's quota belongs to, if any."""
    return [
        sub
        for sub in subscriptions.of_project(conn, project)
        if sub.server is None and sub.contract != Contract.ENDED
    ]


def priced_of(
    conn: sa.Connection, subs: Sequence[sa.Row[Any]]
) -> frozenset[str]:
    """The quota that the plan of any of these has, or had, a price of."""
    return frozenset[str]().union(*(priced(conn, sub) for sub in subs))


def priced(conn: sa.Connection, sub: sa.Row[Any]) -> frozenset[str]:
    """The quota that a subscription's plan has, or had, a price of."""
    return priced_by(conn, sub.plan_id)


def priced_by(conn: sa.Connection, plan_id: int) -> frozenset[str]:
    """The quota that a plan has, or had, a price of."""
    return frozenset(
        row.resource
        for row in plans.prices(conn, plan_id)
        if row.kind == pricing.PriceKind.QUOTA
    )


def adopt(
    conn: sa.Connection,
    project: str,
    quota: Mapping[str, int],
    at: dt.datetime,
    why: str,
) -> None:
    """Record a project's quota as what it holds, and pays for, from then.

    What is without limit is not recorded: no price would fit it.
    """
    for resource, quantity in law.billed(quota).items():
        if quantity >= 0:
            servers.add_level(
                conn, f'{project}:{resource}:{quantity}:{at.isoformat()}',
                project, resource, quantity, at, why,
            )  # fmt: skip


def foretell(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    quota: Mapping[str, int],
    now: dt.datetime,
) -> tuple[list[bill.Entry], int]:
    """The lines a quota would add to the bills, and what they come to.

    In minor units, without discounts and taxes; of what is billed so far.
    Nothing of it stays in the books.
    """
    before = _entries(conn, tools, sub)
    with conn.begin_nested() as rehearsal:
        adopt(conn, sub.project, quota, now, 'foretold')
        after = _entries(conn, tools, sub)
        rehearsal.rollback()
    new = collections.Counter(after) - collections.Counter(before)
    total = sum(entry.line.amount for entry in after)
    return list(new.elements()), total - sum(
        entry.line.amount for entry in before
    )


def worth(
    conn: sa.Connection, tools: toolbox.Tools, sub: sa.Row[Any]
) -> money.Money | None:
    """What waits to be invoiced of a subscription, with its taxes.

    None where that would be no invoice, or nobody can be told of it.
    """
    [ground] = grounds.read(conn, tools, [sub])
    entries = list(bill.entries(ground))
    currency = ground.account.currency
    if not entries:
        return money.Money(0, currency)
    try:
        draft = issuing.correction(tools, ground, entries, tools.now())
    except (errors.InvalidInput, errors.NotFound):
        return None
    return money.Money(draft.said.total, draft.currency)


def difference(
    before: money.Money | None, after: money.Money | None
) -> dict[str, str]:
    """What a change came to, for the words of its notice."""
    if before is None or after is None or before == after:
        return {}
    minor = after.minor - before.minor
    return {
        'amount': money.plain(minor, after.currency),
        'currency': after.currency,
    }


def _entries(
    conn: sa.Connection, tools: toolbox.Tools, sub: sa.Row[Any]
) -> list[bill.Entry]:
    [ground] = grounds.read(conn, tools, [sub])
    return list(bill.entries(ground))


def tell_changed(
    conn: sa.Connection,
    key: str,
    template: str,
    now: dt.datetime,
    sub: sa.Row[Any],
    before: Mapping[str, int],
    after: Mapping[str, int],
    **context: str,
) -> None:
    """Tell the customer what his quota was and is, once per key."""
    project = accounts.project(conn, sub.project)
    old = {key: before[key] for key in after if key in before}
    notices.ask(
        conn, key, template, now,
        account_id=sub.account_id, subscription_id=sub.id,
        context={
            'project': sub.project if project is None else project.name,
            'old': law.told(old), 'new': law.told(after), **context,
        },
    )  # fmt: skip


def blocked(conn: sa.Connection, tools: toolbox.Tools) -> str | None:
    """Why nothing is done of our own will."""
    if tools.settings.dry_run:
        return 'dry run'
    state = watch.get(conn)
    why: str | None = state.stopped_why or state.safe_why
    return why


def close(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    state: ActionState,
    result: str,
    why: str,
) -> None:
    """Finish an action on a quota, and ask the law. Raises LeaseLost."""
    now = tools.now()
    accounts.lock(conn, row.account_id)
    actions.finish(conn, row, now, state, result, why)
    args = row.args
    told = {key: args[key] for key in ('purpose', 'quota') if key in args}
    timeline.record(
        conn, now, 'action', row.type, why or row.args['purpose'],
        account_id=row.account_id, subscription_id=row.subscription_id,
        result=result, state=str(state), action=row.id, **told,
    )  # fmt: skip
    collect.judge(conn, tools, row.subscription_id, now)
