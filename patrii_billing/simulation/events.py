# SPDX-License-Identifier: Apache-2.0
"""What the people of a scenario do, each by the way they would do it."""

from collections.abc import Callable
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bounce
from patrii_billing.domain import calendar
from patrii_billing.domain import facts
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import server as nova
from patrii_billing.domain import usage
from patrii_billing.engine import amending
from patrii_billing.engine import bounces
from patrii_billing.engine import contract
from patrii_billing.engine import holds
from patrii_billing.engine import observe
from patrii_billing.engine import payments
from patrii_billing.engine import quota
from patrii_billing.engine import refunds
from patrii_billing.engine import samples
from patrii_billing.engine import switches
from patrii_billing.engine import voiding
from patrii_billing import errors
from patrii_billing.simulation import scenario as scenarios
from patrii_billing.simulation import world as worlds
from patrii_billing.store import accounts
from patrii_billing.store import credits
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import payments as payment_rows
from patrii_billing.store import plans
from patrii_billing.store import subscriptions

# Of a mail to one there is no doubt from whom it came back.
_DEAD = (
    bounce.Verdict(bounce.Fate.FAILED, (), '5.1.1', '550 no such mailbox'),
)
Happening = Callable[
    [sa.Connection, worlds.World, scenarios.Event], None
]  # fmt: skip


def happen(world: worlds.World, event: scenarios.Event) -> None:
    """Let an event happen; what is refused changes nothing.

    Raises InvalidInput for an event that makes no sense at its time.
    """
    try:
        world.tools.db.write(_HAPPENINGS[event.kind], world, event)
    except errors.CloudRefused:
        return  # as a user is refused by Nova, 409
    except (errors.Conflict, errors.InvalidInput, errors.NotFound) as error:
        raise errors.InvalidInput(str(error), event.where) from None


def _pay(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    account = accounts.by_name(conn, event.target)
    amount = event.given.get('amount')
    if amount is None:
        owed = [one.owed for one in invoices.open_of_account(conn, account.id)]
        if not owed:
            return
        paid = money.Money(sum(owed), account.currency)
    else:
        paid = scenarios.minor(amount, account.currency)
    now = world.clock.now()
    payments.record(
        conn, world.tools, account.id, paid,
        event.given.get('key', _key(event, now)), now,
        reference=event.target, by=event.target,
        pending=event.given.get('pending', False),
    )  # fmt: skip


def _key(event: scenarios.Event, now: dt.datetime) -> str:
    """What makes it one payment: two may come at the same instant."""
    return f'{event.target}@{now.isoformat()} {event.where}'


def _charge_back(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    account = accounts.by_name(conn, event.target)
    payment = payment_rows.latest(conn, account.id)
    if payment is None:
        raise errors.NotFound(f'{event.target} has no payment to take back')
    refunds.charge_back(conn, world.tools, payment.id, world.clock.now())


def _quota_change(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    for sub in subscriptions.of_project(conn, event.target):
        if sub.server is None:
            quota.request(
                conn, sub.id, event.given['quota'], world.clock.now()
            )
            return
    raise errors.NotFound(f'no subscription of project {event.target}')


def _resize(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    shown = _owners(world, event)
    flavor = event.given['flavor']
    world.nova.set(shown.id, flavor=flavor)
    fact = facts.ServerResized(
        flavor=worlds.flavor(flavor), **_who(world, shown)
    )
    observe.observe(conn, world.tools, fact, world.clock.now())


def _boot(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    project = event.given.get('project')
    if project is None:
        project = world.scenario.accounts[0].projects[0].name
    server = scenarios.Server(
        event.target,
        event.given.get('flavor', 's1'),
        event.given.get('state', 'active'),
    )
    world.boot(conn, server, project, world.clock.now())


def _delete(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    shown = _shown(world, event)
    world.nova.remove(shown.id)
    now = world.clock.now()
    fact = facts.ServerDeleted(deleted_at=now, **_who(world, shown))
    observe.observe(conn, world.tools, fact, now)


def _lock(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    shown = _shown(world, event)
    locker = nova.Locker(event.given.get('by', 'owner'))
    if shown.locked and locker is nova.Locker.OWNER:
        return  # as Nova: a second lock by the owner changes nothing
    world.nova.set_lock(shown.id, locker)


def _unlock(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    if event.given.get('by', 'owner') == 'owner':
        _owners(world, event)
    world.nova.set_lock(worlds.server_id(event.target), None)


def _stop(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    world.nova.stop(_owners(world, event).id)


def _start(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    world.nova.start(_owners(world, event).id)


def _hold(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    sub = subscriptions.by_name(conn, event.target)
    until = event.given.get('until')
    if until is not None and not isinstance(until, dt.datetime):
        account = accounts.get(conn, sub.account_id)
        until = calendar.start_of_day(until, calendar.zone(account.timezone))
    holds.place(
        conn, world.tools, sub.id,
        event.given.get('type', lifecycle.HoldType.PROMISE),
        until, '', 'support', world.clock.now(),
    )  # fmt: skip


def _release(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    sub = subscriptions.by_name(conn, event.target)
    holds.release(
        conn, world.tools, sub.id,
        event.given.get('type', lifecycle.HoldType.PROMISE),
        'support', world.clock.now(),
    )  # fmt: skip


def _cancel(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    sub = subscriptions.by_name(conn, event.target)
    contract.cancel(
        conn, world.tools, sub.id, event.given.get('on'), world.clock.now(),
        event.target,
    )  # fmt: skip


def _keep(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    sub = subscriptions.by_name(conn, event.target)
    contract.keep(conn, world.tools, sub.id, world.clock.now(), event.target)


def _plan_change(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    sub = subscriptions.by_name(conn, event.target)
    plan = plans.by_name(conn, event.given['plan'])
    amending.change_plan(
        conn, world.tools, sub.id, plan.id, event.given.get('on'),
        world.clock.now(), 'support',
    )  # fmt: skip


def _anchor_change(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    sub = subscriptions.by_name(conn, event.target)
    amending.change_anchor(
        conn, world.tools, sub.id, event.given['day'], world.clock.now(),
        'support',
    )  # fmt: skip


def _void(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    invoice = credits.by_number(conn, event.target)
    voiding.void(
        conn, world.tools, invoice.id, world.clock.now(), 'finance', 'void',
        event.given.get('again', False),
    )  # fmt: skip


def _credit(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    invoice = credits.by_number(conn, event.target)
    amount = event.given.get('amount')
    if amount is not None:
        amount = scenarios.minor(amount, invoice.currency)
    voiding.credit(
        conn, world.tools, invoice.id, amount, world.clock.now(), 'finance',
        'credited',
    )  # fmt: skip


def _write_off(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    invoice = credits.by_number(conn, event.target)
    voiding.write_off(
        conn, world.tools, invoice.id, world.clock.now(), 'finance',
        'written off',
    )  # fmt: skip


def _bounce(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    """His mailbox is dead from now on, and the last warning came back."""
    account = accounts.by_name(conn, event.target)
    world.mailbox.dead.update(account.contacts)
    now = world.clock.now()
    for sub in subscriptions.of_account(conn, account.id):
        users = world.tools.cloud.projects.contacts(sub.project)
        world.mailbox.dead.update(users)
        row = notices.latest(conn, sub.id, 'last_warning')
        for one in (row, *notices.copies(conn, row.id)) if row else ():
            report = bounce.Report((one.message_id,), _DEAD)
            bounces.settle(conn, world.tools, report, now)


def _resume(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    switches.resume(conn, 'operator', world.clock.now())


def _usage(
    conn: sa.Connection, world: worlds.World, event: scenarios.Event
) -> None:
    """A sample of a server, as the intake hands it over."""
    shown = _shown(world, event)
    type_ = event.given.get('sample', usage.Type.DELTA)
    sample = usage.Sample(world.clock.now(), type_, event.given['volume'])
    reading = usage.Reading(
        shown.project, shown.id, shown.id, event.given['meter'], '', sample
    )
    samples.record(conn, world.tools, [reading], world.clock.now())


def _shown(world: worlds.World, event: scenarios.Event) -> nova.Server:
    shown = world.nova.guests.get(worlds.server_id(event.target))
    if shown is None:
        raise errors.CloudRefused(f'no server {event.target}', 404)
    return shown.shown


def _owners(world: worlds.World, event: scenarios.Event) -> nova.Server:
    """The server, if its owner may move it."""
    shown = _shown(world, event)
    if world.nova.guests[shown.id].locker is nova.Locker.ADMIN:
        raise errors.CloudRefused('the server is locked', 409)
    return shown


def _who(world: worlds.World, shown: nova.Server) -> dict[str, Any]:
    return {
        'server': shown.id,
        'project': shown.project,
        'at': world.clock.now(),
        'message_id': world.message_id(),
        'name': shown.name,
    }


_HAPPENINGS: dict[str, Happening] = {
    'pay': _pay,
    'charge_back': _charge_back,
    'quota_change': _quota_change,
    'resize': _resize,
    'boot': _boot,
    'delete': _delete,
    'lock': _lock,
    'unlock': _unlock,
    'stop': _stop,
    'start': _start,
    'hold': _hold,
    'release': _release,
    'bounce': _bounce,
    'resume': _resume,
    'cancel': _cancel,
    'keep': _keep,
    'plan_change': _plan_change,
    'anchor_change': _anchor_change,
    'void': _void,
    'credit': _credit,
    'write_off': _write_off,
    'usage': _usage,
}
