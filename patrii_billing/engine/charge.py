# SPDX-License-Identifier: Apache-2.0
"""Issue the next period's invoice when its time has come."""

import datetime as dt
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.engine import balance
from patrii_billing.engine import bill
from patrii_billing.engine import gather
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import plans
from patrii_billing.store import subscriptions

LOG = logging.getLogger(__name__)

_SUSPENDED = (
    lifecycle.Status.SHELVED,
    lifecycle.Status.PENDING_DELETION,
    lifecycle.Status.DELETED,
)


def run(tools: toolbox.Tools, now: dt.datetime) -> int:
    """Issue what is due; how many subscriptions there were."""
    due = tools.db.read(subscriptions.to_charge, now, tools.settings.batch)
    for subscription_id, account_id in due:
        try:
            tools.db.write(_charge, tools, subscription_id, account_id, now)
        except (errors.InvalidInput, errors.NotFound) as error:
            tools.db.write(
                _park, subscription_id, account_id, str(error), now
            )  # fmt: skip
        except Exception:
            # One bad row must not keep the others.
            LOG.exception('subscription %s: no invoice', subscription_id)
            tools.db.write(_put_off, tools, subscription_id, account_id, now)
    return len(due)


def resume(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    now: dt.datetime,
) -> None:
    """Bill again after a time that was not billed, from today on."""
    account = accounts.get(conn, sub.account_id)
    today = calendar.local_day(now, calendar.zone(account.timezone))
    if sub.billed_until < today:
        sub = _leave_out(conn, sub, today, 'shelved')
    schedule(conn, tools, sub)


def schedule(
    conn: sa.Connection, tools: toolbox.Tools, sub: sa.Row[Any]
) -> None:
    """Have what comes after the billed time invoiced when that is due."""
    if sub.contract == lifecycle.Contract.ENDED:
        return
    account = accounts.get(conn, sub.account_id)
    zone = calendar.zone(account.timezone)
    lead = gather.policy(conn, tools, sub).invoice_lead
    ends_at = calendar.start_of_day(sub.billed_until, zone)
    charge_at = lead.before(ends_at, zone)
    subscriptions.change(conn, sub.id, charge_at=charge_at)


def _leave_out(
    conn: sa.Connection, sub: sa.Row[Any], until: dt.date, why: str
) -> sa.Row[Any]:
    """Write down that the time up to a day is not billed, and why."""
    invoices.bill_span(conn, sub.id, sub.billed_until, until, unbilled_why=why)
    subscriptions.change(conn, sub.id, billed_until=until)
    return subscriptions.get(conn, sub.id)


def _put_off(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    account_id: int,
    now: dt.datetime,
) -> None:
    later = now + tools.settings.retry_max
    subscriptions.change(conn, subscription_id, charge_at=later)
    tell.operator(
        conn, now, 'charge_failed', f'charge:{subscription_id}:{now.date()}',
        'an error of this service, see its log',
        account_id=account_id, subscription_id=subscription_id,
    )  # fmt: skip


def _park(
    conn: sa.Connection,
    subscription_id: int,
    account_id: int,
    why: str,
    now: dt.datetime,
) -> None:
    """Bill nothing rather than nonsense, and tell the operator."""
    accounts.change(conn, account_id, parked_why=why)
    subscriptions.change(conn, subscription_id, charge_at=None)
    tell.operator(
        conn, now, 'account_parked',
        f'parked:{subscription_id}:{now.date()}', why,
        account_id=account_id, subscription_id=subscription_id,
    )  # fmt: skip


def _charge(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    account_id: int,
    now: dt.datetime,
) -> None:
    accounts.lock(conn, account_id)
    sub = subscriptions.get(conn, subscription_id)
    if sub.charge_at is None or sub.charge_at > now:
        return
    if sub.billing_status in _SUSPENDED:
        subscriptions.change(conn, sub.id, charge_at=None)
        return
    paused = [
        hold
        for hold in subscriptions.holds(conn, sub.id, now)
        if hold.type == lifecycle.HoldType.PAUSE
    ]
    policy = gather.policy(conn, tools, sub)
    if paused and not policy.pause_billed:
        subscriptions.change(conn, sub.id, charge_at=paused[0].until)
        return
    if not policy.pause_billed:
        sub = _without_pause(conn, sub, now)
    _issue(conn, tools, sub, now)


def _without_pause(
    conn: sa.Connection, sub: sa.Row[Any], now: dt.datetime
) -> sa.Row[Any]:
    """Bill from the day on which the last pause ended."""
    ended = subscriptions.held_until(
        conn, sub.id, lifecycle.HoldType.PAUSE, now
    )
    if ended is None:
        return sub
    account = accounts.get(conn, sub.account_id)
    day = calendar.local_day(ended, calendar.zone(account.timezone))
    if day <= sub.billed_until:
        return sub
    return _leave_out(conn, sub, day, 'paused')


def _issue(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    now: dt.datetime,
) -> None:
    account = accounts.get(conn, sub.account_id)
    plan = plans.get(conn, sub.plan_id)
    policy = gather.policy(conn, tools, sub)
    zone = calendar.zone(account.timezone)
    anchor = calendar.anchored(
        calendar.Cycle.parse(plan.cycle), sub.anchor_day, sub.start
    )
    start = sub.billed_until
    end = anchor.cycle_of(start).end
    lines = list(bill.lines(conn, sub, plan, anchor, start, end, zone))
    kind = _kind(conn, sub)
    starts_at = calendar.start_of_day(start, zone)
    renewal = kind == 'renewal'
    due_at = starts_at if renewal else policy.net.after(now, zone)
    announce_at = policy.invoice_lead.before(starts_at, zone)
    invoice_id = None
    if lines:
        invoice_id = invoices.issue(
            conn, now, lines,
            account_id=sub.account_id, subscription_id=sub.id, kind=kind,
            currency=plan.currency, period_start=start, period_end=end,
            due_at=due_at, announce_at=announce_at if renewal else now,
        )  # fmt: skip
        balance.announce_invoice(conn, tools, invoice_id, now)
    invoices.bill_span(
        conn, sub.id, start, end, invoice_id,
        None if invoice_id else invoices.NOTHING_YET,
    )  # fmt: skip
    ends_at = calendar.start_of_day(end, zone)
    subscriptions.change(
        conn, sub.id, billed_until=end,
        charge_at=policy.invoice_lead.before(ends_at, zone), check_at=now,
    )  # fmt: skip


def _kind(conn: sa.Connection, sub: sa.Row[Any]) -> str:
    """A first invoice, a renewal, or the stub after a time not billed."""
    if sub.billed_until == sub.start:
        return 'first'
    last = invoices.last_span(conn, sub.id)
    renews = last is None or last.unbilled_why in (None, invoices.NOTHING_YET)
    return 'renewal' if renews else 'extra'
