# SPDX-License-Identifier: Apache-2.0
"""Contracts of another engine, as subscriptions."""

from collections.abc import Mapping
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain import cloud
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.engine import agreeing
from patrii_billing.engine import amending
from patrii_billing.engine.bridging import customers
from patrii_billing.engine.bridging import records
from patrii_billing.engine import contract as ends
from patrii_billing.engine import holds
from patrii_billing.engine import ports
from patrii_billing.engine import projects
from patrii_billing.engine import subscribing
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import bridges
from patrii_billing.store import plans
from patrii_billing.store import subscriptions

# What of a contract may be decided here, besides what of a customer may.
PLAN = 'plan'

_Look = tuple[cloud.KeystoneProject, agreeing.Quota | None]


def look(
    tools: toolbox.Tools, by: ports.Bridge, contract: bridge.Contract
) -> _Look | None:
    """Ask the cloud for what a new contract rests on.

    None for one that is in the books. Raises InvalidInput for what it lacks,
    CloudError. Not for within a unit of work.
    """
    known = tools.db.read(
        bridges.link, by.name, bridges.CONTRACT, contract.ref
    )
    if known is not None and known.subscription_id is not None:
        return None
    if contract.ends_on is not None and contract.ends_on <= tools.now().date():
        raise errors.InvalidInput(
            f'ended on {contract.ends_on}, before it was known here'
        )
    if contract.project is None:
        raise errors.InvalidInput('names no project of keystone')
    if contract.plan is None:
        raise errors.InvalidInput('names no plan')
    project = projects.find(tools, contract.project, None)
    body = tools.db.read(_body, by, contract, tools.now().date())
    return project, subscribing.look(tools, body)


def fold(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    contract: bridge.Contract,
    seen: _Look | None,
    now: dt.datetime,
) -> None:
    """Enter it, or follow what changed. Raises BillingError."""
    records.check(contract)
    known = bridges.link(conn, by.name, bridges.CONTRACT, contract.ref)
    subscription_id = known.subscription_id if known is not None else None
    if subscription_id is None:
        if seen is None:
            raise errors.StaleWrite('the contract was taken back; try again')
        subscription_id = _enter(conn, tools, by, contract, seen, now)
    sub = subscriptions.get(conn, subscription_id)
    accounts.lock(conn, sub.account_id)
    _must_be_of_same(sub, known, contract)
    unlike = _follow_plan(conn, tools, by, sub, contract, now)
    sub = subscriptions.get(conn, sub.id)
    _follow_end(conn, tools, by, sub, contract, now)
    _follow_holds(conn, tools, by, sub.id, contract, known, now)
    bridges.put(
        conn, by.name, bridges.CONTRACT, contract.ref, now,
        customer=contract.customer, said=records.written(contract),
        state=LinkState.LINKED, why=unlike,
        account_id=sub.account_id, subscription_id=sub.id,
    )  # fmt: skip


def _enter(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    contract: bridge.Contract,
    seen: _Look,
    now: dt.datetime,
) -> int:
    project, quota = seen
    account_id = customers.account(conn, by, contract.customer, now)
    projects.add(conn, project, account_id, now, by.name)
    body = {
        **_body(conn, by, contract, now.date()),
        'account_id': account_id,
    }
    subscription_id = subscribing.create(
        conn, tools, body, quota, now, by.name
    )
    if by.engine.invoices is bridge.Owner.THEIRS:
        subscriptions.change(conn, subscription_id, invoiced_by=by.name)
    return subscription_id


def _body(
    conn: sa.Connection,
    by: ports.Bridge,
    contract: bridge.Contract,
    today: dt.date,
) -> dict[str, Any]:
    """The subscription, in the words of the API."""
    plan = plans.by_name(conn, str(contract.plan))
    billed = contract.paid_until
    if by.engine.invoices is bridge.Owner.THEIRS:
        # The period that runs is where changes are prorated. They invoice
        # one that began, and was not invoiced yet, from its start on.
        begun = contract.start if contract.start < today else None
        billed = contract.period_start or begun
    body = {
        'name': _name(conn, contract),
        'plan_id': plan.id,
        'project_id': contract.project,
        'server_id': contract.server,
        'start': contract.start.isoformat(),
        'anchor_day': contract.anchor_day,
        'paid_until': billed and billed.isoformat(),
    }
    return {name: value for name, value in body.items() if value is not None}


def _name(conn: sa.Connection, contract: bridge.Contract) -> str:
    try:
        subscriptions.by_name(conn, contract.name)
    except errors.NotFound:
        return contract.name
    return f'{contract.name} ({contract.ref})'


def _must_be_of_same(
    sub: sa.Row[Any], known: sa.Row[Any] | None, contract: bridge.Contract
) -> None:
    """Servers go to no other customer or project by a word of another engine.

    Raises Conflict; a person is to settle it, see engine.bridging.doubt.
    """
    linked = known is not None and known.subscription_id is not None
    if known is not None and linked and contract.customer != known.customer:
        raise errors.Conflict(
            f'the customer is another there: {contract.customer}'
        )
    if contract.project not in (None, sub.project):
        raise errors.Conflict(
            f'the project is another there: {contract.project}'
        )


def _follow_plan(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    sub: sa.Row[Any],
    contract: bridge.Contract,
    now: dt.datetime,
) -> str | None:
    """Bill by the plan that is said there; why not, if that cannot be.

    Where we invoice, from today on, and prorated by our rules; where they do,
    it is prorated there, and here it holds from the end of what is billed.
    """
    old = plans.get(conn, sub.plan_id)
    if PLAN in by.ours or contract.plan in (None, old.name):
        return None
    if sub.contract == lifecycle.Contract.ENDED or sub.ends_on is not None:
        return None
    try:
        with conn.begin_nested():
            new = plans.by_name(conn, str(contract.plan))
            since = sub.billed_until
            if sub.invoiced_by is None and amending.is_alike(old, new):
                today = ends.today(conn, sub, now)
                since = min(max(today, sub.start), since)
            amending.change_plan(
                conn, tools, sub.id, new.id, since, now, by.name,
                f'as in {by.name}',
            )  # fmt: skip
    except (errors.Conflict, errors.InvalidInput, errors.NotFound) as error:
        there = contract.plan
        return f'the plan is {old.name} here and {there} there: {error}'
    return None


def _follow_end(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    sub: sa.Row[Any],
    contract: bridge.Contract,
    now: dt.datetime,
) -> None:
    if sub.contract == lifecycle.Contract.ENDED:
        return
    if contract.ends_on is not None and contract.ends_on != sub.ends_on:
        # Not sooner than today: what was has been billed.
        today = ends.today(conn, sub, now)
        day = max(contract.ends_on, today, sub.start)
        why = f'ended in {by.name}'
        if day != sub.ends_on:
            ends.cancel(conn, tools, sub.id, day, now, by.name, why)
    elif contract.ends_on is None and sub.ends_on is not None:
        if not ends.has_ended(conn, sub, now):
            ends.keep(conn, tools, sub.id, now, by.name, f'as in {by.name}')


def _follow_holds(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    subscription_id: int,
    contract: bridge.Contract,
    known: sa.Row[Any] | None,
    now: dt.datetime,
) -> None:
    """Place what is new there and release what was lifted there.

    A hold that a person has placed here is his, whatever is said there.
    """
    before: Mapping[str, Any] = {}
    if known is not None and known.subscription_id is not None:
        before = {one['ref']: one for one in known.said['holds']}
    running = {one.ref: one for one in contract.holds}
    mine = {
        hold.type
        for hold in subscriptions.holds(conn, subscription_id, now)
        if hold.by == by.name
    }
    for ref, old in before.items():
        new = running.get(ref)
        same = new is not None and records.held(new) == old
        if not same and old['type'] in mine:
            holds.release(
                conn, tools, subscription_id,
                lifecycle.HoldType(old['type']), by.name, now,
                f'lifted in {by.name}',
            )  # fmt: skip
            mine.discard(old['type'])
    taken = {
        hold.type for hold in subscriptions.holds(conn, subscription_id, now)
    }
    for new in running.values():
        ahead = new.until is None or new.until > now
        if ahead and new.type not in taken:
            holds.place(
                conn, tools, subscription_id,
                lifecycle.HoldType(new.type), new.until, new.reason,
                by.name, now,
            )  # fmt: skip
            taken.add(new.type)
