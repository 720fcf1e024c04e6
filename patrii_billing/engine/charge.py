# SPDX-License-Identifier: Apache-2.0
"""Issue the next period's invoice when its time has come.

Any number of workers share the due ones: each claims a batch, and charges it
in one transaction. What is wrong with one keeps none of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import secrets
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.engine import bill
from patrii_billing.engine import correct
from patrii_billing.engine import ending
from patrii_billing.engine import gather
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import issuing
from patrii_billing.engine import looking
from patrii_billing.engine import parking
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import database
from patrii_billing.store import invoices
from patrii_billing.store import subscriptions

LOG = logging.getLogger(__name__)

TRIAL = 'trial'
SUSPENDED = (
    lifecycle.Status.SHELVED,
    lifecycle.Status.PENDING_DELETION,
    lifecycle.Status.DELETED,
)
_LATE_USAGE = dt.timedelta(days=2)
_Claim = Sequence[tuple[int, int]]


@dataclass(slots=True)
class Next:
    """What becomes of a subscription whose next invoice is due."""

    ground: grounds.Ground
    billed_until: dt.date
    charge_at: dt.datetime | None
    contract: str
    ended_at: dt.datetime | None = None
    left_out: list[tuple[dt.date, dt.date, str]] = field(default_factory=list)
    span: bill.Span | None = None
    draft: issuing.Draft | None = None


def run(tools: toolbox.Tools, now: dt.datetime) -> int:
    """Issue what is due; how many subscriptions there were."""
    # An instant of its own names the claim.
    until = now + tools.settings.lease
    until += dt.timedelta(microseconds=secrets.randbelow(1_000_000))
    claim = tools.db.write(
        subscriptions.claim_to_charge, now, until,
        tools.settings.charge_batch,
    )
    try:
        if claim:
            tools.db.write(_charge, tools, claim, until, now)
    except Exception:
        LOG.info('%s subscriptions are charged one by one', len(claim))
        for one in claim:
            _charge_alone(tools, one, until, now)
    return len(claim)


def charge_account(
    conn: sa.Connection,
    tools: toolbox.Tools,
    account_id: int,
    now: dt.datetime,
) -> None:
    """Issue what is due of one account. Its lock is held."""
    claim = [
        (sub.id, account_id)
        for sub in subscriptions.of_account(conn, account_id)
        if sub.charge_at is not None and sub.charge_at <= now
    ]
    for subscription_id, _ in claim:
        subscriptions.change(conn, subscription_id, charge_at=now)
    if claim:
        _charge(conn, tools, claim, now, now)


def _charge_alone(
    tools: toolbox.Tools,
    one: tuple[int, int],
    until: dt.datetime,
    now: dt.datetime,
) -> None:
    try:
        tools.db.write(_charge, tools, [one], until, now)
    except Exception as error:
        if database.is_of_server(error):
            raise
        LOG.exception('subscription %s: no invoice', one[0])
        tools.db.write(
            parking.put_off, tools, *one, now, 'charge', 'charge_at'
        )  # fmt: skip


def begin_trial(
    conn: sa.Connection,
    subscription_id: int,
    start: dt.date,
    until: dt.date,
) -> None:
    """Bill nothing of a new contract before a day."""
    invoices.bill_span(
        conn, subscription_id, start, until, unbilled_why=TRIAL
    )
    subscriptions.change(
        conn, subscription_id, contract=lifecycle.Contract.TRIAL
    )


def resume(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    now: dt.datetime,
) -> None:
    """Bill again after a time that was not billed, from today on."""
    if sub.contract == lifecycle.Contract.ENDED:
        return
    account = accounts.get(conn, sub.account_id)
    today = calendar.local_day(now, calendar.zone(account.timezone))
    if sub.billed_until < today:
        invoices.bill_span(
            conn, sub.id, sub.billed_until, today, unbilled_why='shelved'
        )
        subscriptions.change(conn, sub.id, billed_until=today)
    schedule(conn, tools, subscriptions.get(conn, sub.id))


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
    if sub.ends_on is not None:
        charge_at = min(charge_at, calendar.start_of_day(sub.ends_on, zone))
    subscriptions.change(conn, sub.id, charge_at=charge_at)


def _charge(
    conn: sa.Connection,
    tools: toolbox.Tools,
    claim: _Claim,
    until: dt.datetime,
    now: dt.datetime,
) -> None:
    accounts.lock_all(conn, [account_id for _, account_id in claim])
    ids = [subscription_id for subscription_id, _ in claim]
    subs = subscriptions.claimed(conn, ids, until)
    changed = [
        sub for sub in subs
        if sub.settle_at is not None and sub.settle_at <= now
    ]  # fmt: skip
    for sub in changed:
        correct.settle(conn, tools, sub, now)
    if changed:
        subs = subscriptions.claimed(conn, ids, until)
    found = []
    for ground in looking.read(conn, tools, subs):
        try:
            found.append(following(conn, tools, ground, now))
        except (errors.InvalidInput, errors.NotFound) as error:
            parking.park(conn, ground.sub, str(error), now)
    _write(conn, found, now)


def _write(
    conn: sa.Connection, found: Sequence[Next], now: dt.datetime
) -> None:
    # First what waits for no number, see issuing.
    subscriptions.change_all(conn, [_change(each, now) for each in found])
    drafts = [each.draft for each in found if each.draft is not None]
    ids = iter(issuing.issue(conn, drafts, now))
    links = []
    for each in found:
        invoice_id = next(ids) if each.draft is not None else None
        links += links_of(each, invoice_id)
    invoices.bill_spans(conn, links)
    for each in found:
        if each.span is not None and each.ground.pauses:
            # Some of it may have been paused.
            subscriptions.settle(conn, each.ground.sub.id, now)
        if each.ended_at is not None:
            ending.tell(conn, each.ground.sub, now)
            # What was used in the last hours is told of later.
            subscriptions.settle(conn, each.ground.sub.id, now + _LATE_USAGE)


def _change(each: Next, now: dt.datetime) -> dict[str, Any]:
    """What is new of a subscription; the law is asked where there is debt."""
    sub = each.ground.sub
    return {
        'subscription_id': sub.id,
        'billed_until': each.billed_until,
        'charge_at': each.charge_at,
        'contract': each.contract,
        'ended_at': each.ended_at,
        'check_at': now if each.draft or each.ended_at else sub.check_at,
    }


def links_of(each: Next, invoice_id: int | None) -> list[dict[str, Any]]:
    """The new links of a chain, in their order."""
    sub, known = each.ground.sub, bool(each.ground.spans)
    links: list[dict[str, Any]] = []
    for start, end, why in each.left_out:
        first = not (known or links)
        links.append(
            invoices.span(sub.id, start, end, None, why, None, first)
        )
    if each.span is not None:
        period, first = each.span.period, not (known or links)
        links.append(
            invoices.span(
                sub.id, period.start, period.end, invoice_id,
                None if invoice_id else invoices.NOTHING_YET,
                each.span.cycle, first,
            )
        )  # fmt: skip
    return links


def following(
    conn: sa.Connection,
    tools: toolbox.Tools,
    ground: grounds.Ground,
    now: dt.datetime,
) -> Next:
    """Bill what comes, or say when to ask again. Writes nothing."""
    sub = ground.sub
    found = Next(ground, sub.billed_until, None, sub.contract)
    if sub.billing_status in SUSPENDED:
        return _idle(conn, tools, found, now, None, 'shelved')
    if not ground.policy.pause_billed:
        running = _leave_out_pauses(found, now)
        if running is not None:
            until = running.until
            return _idle(conn, tools, found, now, until, 'paused')
    if sub.ends_on is not None and sub.ends_on <= found.billed_until:
        return _last(conn, tools, found, now)
    _bill(conn, tools, found, now)
    return found


def _leave_out_pauses(found: Next, now: dt.datetime) -> sa.Row[Any] | None:
    """Go on from the day on which a pause ended; the one that runs, if any.

    What began later is taken out of what is billed, see engine.correct.
    """
    ground = found.ground
    last = ground.sub.ends_on or dt.date.max
    for hold in ground.pauses:
        starts = calendar.local_day(hold.starts_at, ground.zone)
        if starts > found.billed_until or last <= found.billed_until:
            return None
        end = correct.ended(hold, now)
        if end is None:
            return hold
        day = min(calendar.local_day(end, ground.zone), last)
        if day > found.billed_until:
            found.left_out.append((found.billed_until, day, 'paused'))
            found.billed_until = day
    return None


def _idle(
    conn: sa.Connection,
    tools: toolbox.Tools,
    found: Next,
    now: dt.datetime,
    until: dt.datetime | None,
    why: str,
) -> Next:
    """Bill nothing until then; the contract may have its end meanwhile."""
    ground, ends_on = found.ground, found.ground.sub.ends_on
    found.charge_at = until
    if ends_on is None:
        return found
    ends_at = calendar.start_of_day(ends_on, ground.zone)
    if now < ends_at:
        found.charge_at = min(until or ends_at, ends_at)
        return found
    if found.billed_until < ends_on:
        found.left_out.append((found.billed_until, ends_on, why))
        found.billed_until = ends_on
    return _last(conn, tools, found, now)


def _last(
    conn: sa.Connection,
    tools: toolbox.Tools,
    found: Next,
    now: dt.datetime,
) -> Next:
    """On its last day a contract has its end, and what is left is billed."""
    ground = found.ground
    ends_at = calendar.start_of_day(ground.sub.ends_on, ground.zone)
    if now < ends_at:
        found.charge_at = ends_at
        return found
    found.charge_at = None
    found.contract, found.ended_at = lifecycle.Contract.ENDED, now
    today = calendar.local_day(now, ground.zone)
    entries = [*bill.entries(ground), *bill.metered(conn, ground, today)]
    if entries:
        found.draft = issuing.correction(tools, ground, entries, now)
    return found


def _bill(
    conn: sa.Connection,
    tools: toolbox.Tools,
    found: Next,
    now: dt.datetime,
) -> None:
    """Bill from where it is billed to, up to the end of that cycle."""
    ground, start = found.ground, found.billed_until
    zone, policy = ground.zone, ground.policy
    span = _span(ground, start)
    kind = _kind(found)
    today = calendar.local_day(now, zone)
    entries = [
        *bill.metered(conn, ground, today),
        *bill.entries(ground, span),
        *(bill.once(ground, span) if kind == 'first' else ()),
    ]
    starts_at = calendar.start_of_day(start, zone)
    announce_at = due_at = now
    if kind == 'renewal':
        announce_at = policy.invoice_lead.before(starts_at, zone)
        due_at = starts_at
    else:
        due_at = policy.net.after(now, zone)
    if entries:
        found.draft = issuing.draft(
            tools, ground, kind, entries, span.period, due_at, announce_at,
            now,
        )  # fmt: skip
    ends_at = calendar.start_of_day(span.period.end, zone)
    found.span = span
    found.billed_until = span.period.end
    found.charge_at = policy.invoice_lead.before(ends_at, zone)
    if found.contract == lifecycle.Contract.TRIAL:
        found.contract = lifecycle.Contract.LIVE


def _span(ground: grounds.Ground, start: dt.date) -> bill.Span:
    """Up to the end of the cycle, or of the contract, or of its terms."""
    cycle = bill.next_cycle(ground, start)
    term = ground.term_on(start)
    ends = [cycle.end]
    if ground.sub.ends_on is not None:
        ends.append(ground.sub.ends_on)
    ends += [
        other.law.since
        for other in ground.terms
        if start < other.law.since and other.cycles != term.cycles
    ]
    return bill.Span(calendar.Period(start, min(ends)), cycle)


def _kind(found: Next) -> str:
    """A first invoice, a renewal, or the stub after a time not billed."""
    sub = found.ground.sub
    if found.billed_until == sub.start:
        return 'first'
    reasons = [span.unbilled_why for span in found.ground.spans]
    reasons += [why for *_, why in found.left_out]
    if all(why == TRIAL for why in reasons) and reasons:
        return 'first'
    last = reasons[-1] if reasons else None
    return 'renewal' if last in invoices.BILLED else 'extra'
