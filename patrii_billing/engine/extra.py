# SPDX-License-Identifier: Apache-2.0
"""Invoices that a person asks for: of his own lines, or of what waits.

A line that he writes is of no subscription, so that no correction of billed
time ever takes it for a part of that. The invoice itself is answered for by
a subscription, whose ladder it is on, as any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bounds
from patrii_billing.domain import calendar
from patrii_billing.domain import invoice as invoicing
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import tax
from patrii_billing.engine import bill
from patrii_billing.engine import collect
from patrii_billing.engine import correct
from patrii_billing.engine import gather
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import issuing
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import subscriptions

_RESOURCE = 'extra'
_DAY = dt.timedelta(days=1)
_NO_TIME = {'starts': None, 'ends': None}
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So much of something at a price; the days, if it has any, half-open."""

    label: str
    unit_price: Decimal
    quantity: Decimal = _ONE
    unit: str | None = None
    starts: dt.date | None = None
    ends: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An invoice as a person asks for it.

    `subscription_id` answers for it, see `issue`. It is due at the start of
    `due_on`, else after the usual net days. `inclusive` prices hold their
    taxes. `force` issues it though it is many times the invoices before it.
    """

    account_id: int
    lines: Sequence[Line]
    subscription_id: int | None = None
    currency: str | None = None
    due_on: dt.date | None = None
    inclusive: bool = False
    force: bool = False


def issue(
    conn: sa.Connection,
    tools: toolbox.Tools,
    wanted: Wanted,
    now: dt.datetime,
    by: str,
    why: str,
) -> int:
    """Issue it, use the balance on it, and tell the customer; its id.

    Taxes are those of the account on the day on which a line starts, or
    today; its discounts are those of plans and are not given. Without a
    subscription the oldest live one that enforces a project answers for it:
    else nobody would be reminded, and who has several would choose which of
    his debts has no consequence. An account that has none is asked all the
    same, without a ladder. Raises InvalidInput, NotFound for a subscription
    of another account, Conflict for one that has ended.
    """
    accounts.lock(conn, wanted.account_id)
    account = accounts.get(conn, wanted.account_id)
    if wanted.currency not in (None, account.currency):
        raise errors.InvalidInput(
            f'{account.name} pays in {account.currency}', 'currency'
        )
    sub = _answers(conn, wanted)
    draft = _draft(conn, tools, wanted, account, sub, now, by=by, why=why)
    [invoice_id] = issuing.issue(conn, [draft], now)
    collect.judge_account(conn, tools, account.id, now)
    return invoice_id


def issue_waiting(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    now: dt.datetime,
    by: str,
    why: str,
) -> list[int]:
    """Invoice now what would come with the next invoice; the ids.

    That are the corrections of billed time, and what was used in it so far.
    What lowers an open invoice is given back by a document of its own, as
    ever. Raises Conflict where nothing waits, or it cannot be billed.
    """
    account_id = subscriptions.get(conn, subscription_id).account_id
    accounts.lock(conn, account_id)
    sub = subscriptions.get(conn, subscription_id)
    try:
        issued = correct.settle(conn, tools, sub, now)
        sub = subscriptions.get(conn, subscription_id)
        [ground] = grounds.read(conn, tools, [sub])
        today = calendar.local_day(now, ground.zone)
        entries = [*bill.entries(ground), *bill.metered(conn, ground, today)]
        if entries:
            draft = issuing.correction(
                tools, ground, entries, now, by=by, why=why
            )
            issued += issuing.issue(conn, [draft], now)
    except (errors.InvalidInput, errors.NotFound) as error:
        raise errors.Conflict(
            f'{sub.name} cannot be billed: {error}'
        ) from error
    if not issued:
        raise errors.Conflict(f'nothing of {sub.name} waits to be invoiced')
    collect.judge_account(conn, tools, account_id, now)
    return issued


def _answers(
    conn: sa.Connection, wanted: Wanted
) -> sa.Row[Any] | None:
    """Whose ladder it is on."""
    known = subscriptions.of_account(conn, wanted.account_id)
    ended = lifecycle.Contract.ENDED
    if wanted.subscription_id is None:
        live = [sub for sub in known if sub.contract != ended]
        live.sort(key=lambda sub: (sub.enforces is None, sub.id))
        return next(iter(live), None)
    for sub in known:
        if sub.id == wanted.subscription_id:
            if sub.contract == ended:
                raise errors.Conflict(
                    f'{sub.name} has ended: name another subscription, or '
                    'none'
                )
            return sub
    raise errors.NotFound(
        f'the account has no subscription {wanted.subscription_id}'
    )


def _draft(
    conn: sa.Connection,
    tools: toolbox.Tools,
    wanted: Wanted,
    account: sa.Row[Any],
    sub: sa.Row[Any] | None,
    now: dt.datetime,
    **told: str,
) -> issuing.Draft:
    zone = calendar.zone(account.timezone)
    today = calendar.local_day(now, zone)
    entries = [
        _entry(line, place, today, account.currency, tools.settings.limits)
        for place, line in enumerate(wanted.lines)
    ]
    said = invoicing.compose(
        [entry.line for entry in entries], posted=(), discounts=(),
        rates=tax.read(account.taxes), inclusive=wanted.inclusive,
        rounding=tax.Rounding(tools.settings.tax_rounding), zone=zone,
    )  # fmt: skip
    _check(conn, tools, wanted, account, sub, said, today)
    rows = []
    for asked, entry, item in zip(
        wanted.lines, entries, said.items, strict=True
    ):
        row = bill.row(entry, item, None, zone)
        rows.append(row if asked.starts else row | _NO_TIME)
    return issuing.Draft(
        account=account, subscription_id=sub.id if sub else None,
        currency=account.currency, kind=issuing.EXTRA,
        period=_period(wanted.lines), announce_at=now, lines=tuple(rows),
        due_at=_due(conn, tools, wanted, account, sub, now),
        said=said, told=told,
    )  # fmt: skip


def _entry(
    line: Line,
    place: int,
    today: dt.date,
    currency: str,
    limits: bounds.Limits,
) -> bill.Entry:
    """Raises InvalidInput naming the field."""
    where = f'lines[{place}]'
    if line.quantity <= 0:
        raise errors.InvalidInput('must be above zero', f'{where}.quantity')
    if line.unit_price < 0:
        raise errors.InvalidInput('is below zero', f'{where}.unit_price')
    if (line.starts is None) is not (line.ends is None):
        raise errors.InvalidInput(
            'comes with the other end of the period',
            f'{where}.{"ends" if line.ends else "starts"}',
        )
    start, end = line.starts or today, line.ends or today + _DAY
    if start >= end:
        raise errors.InvalidInput('is not after starts', f'{where}.ends')
    for name, day in (('starts', start), ('ends', end)):
        why = bounds.too_far(day, today, limits)
        if why is not None:
            raise errors.InvalidInput(f'is {why}', f'{where}.{name}')
    level = pricing.Level(line.quantity, line.unit_price)
    said = proration.once(_RESOURCE, level, start, currency, end)
    if said.amount > money.MOST:
        raise errors.InvalidInput('is more than the books can hold', where)
    return bill.Entry(said, line.label, line.unit)


def _period(lines: Sequence[Line]) -> calendar.Period | None:
    """From the first to the last day that a line names."""
    starts = [line.starts for line in lines if line.starts is not None]
    ends = [line.ends for line in lines if line.ends is not None]
    return calendar.Period(min(starts), max(ends)) if starts else None


def _due(
    conn: sa.Connection,
    tools: toolbox.Tools,
    wanted: Wanted,
    account: sa.Row[Any],
    sub: sa.Row[Any] | None,
    now: dt.datetime,
) -> dt.datetime:
    """Raises InvalidInput for a day that is not ahead, or too far."""
    zone = calendar.zone(account.timezone)
    if wanted.due_on is not None:
        today = calendar.local_day(now, zone)
        if wanted.due_on <= today:
            raise errors.InvalidInput('must be after today', 'due_on')
        why = bounds.too_far(wanted.due_on, today, tools.settings.limits)
        if why is not None:
            raise errors.InvalidInput(f'is {why}', 'due_on')
        return calendar.start_of_day(wanted.due_on, zone)
    policy = tools.settings.policy.reading(account.policy)
    if sub is not None:
        policy = gather.policy(conn, tools, sub)
    return policy.net.after(now, zone)


def _check(
    conn: sa.Connection,
    tools: toolbox.Tools,
    wanted: Wanted,
    account: sa.Row[Any],
    sub: sa.Row[Any] | None,
    said: invoicing.Invoice,
    today: dt.date,
) -> None:
    """Raises InvalidInput for nothing to pay, and beyond the bounds."""
    if said.total <= 0:
        raise errors.InvalidInput(
            'come to nothing; what is given back is a credit', 'lines'
        )
    if said.total > money.MOST:
        raise errors.InvalidInput('come to too much', 'lines')
    billed, last = 0, None
    if sub is not None:
        billed, last = invoices.billed_so_far(conn, [sub.id]).get(
            sub.id, (0, None)
        )
    period = _period(wanted.lines)
    period = period or calendar.Period(today, today + _DAY)
    before = None
    if last is not None:
        whole = calendar.Period(last.period_start, last.period_end)
        before = last.total, whole
    for previous, hint in ((None, ''), (before, ': force issues it')):
        why = bounds.why_not(
            said, account.currency, period, today,
            previous=None if wanted.force else previous, billed=billed,
            limits=tools.settings.limits,
        )  # fmt: skip
        if why is not None:
            raise errors.InvalidInput(f'{why}{hint}', 'lines')
