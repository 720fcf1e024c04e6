# SPDX-License-Identifier: Apache-2.0
"""Monthly recurring revenue: what is billed for a day, as by the month.

It is told from the issued lines that cover the day, so it is what customers
are asked for and not what a price list hopes for. Setup fees and metered
usage do not recur; taxes are no revenue.
"""

from collections.abc import Iterator
import dataclasses
from dataclasses import dataclass
import datetime as dt
from fractions import Fraction
import itertools
import operator
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import recurring
from patrii_billing.store import database
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store.views import agreed
from patrii_billing.store.views import pages

_accounts = schema.accounts
_invoices = schema.invoices
_lines = schema.lines
_subs = schema.subscriptions

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recurring:
    """What a subscription bills by the month, net, in minor units."""

    id: int
    subscription: str
    account: str
    plan: str
    currency: str
    minor: int


@dataclass(frozen=True, slots=True)
class Movement:
    """From one day to another, in minor units of one currency.

    opening + new + expansion - contraction - churn = closing.
    """

    currency: str
    opening: int = 0
    new: int = 0
    expansion: int = 0
    contraction: int = 0
    churn: int = 0
    closing: int = 0

    @property
    def yearly(self) -> int:
        """Annual recurring revenue at the end."""
        return self.closing * recurring.MONTHS_OF_YEAR


def on(db: database.Database, day: dt.date) -> Iterator[Recurring]:
    """Each subscription that bills something for a day, by its id."""
    plans = db.read(agreed.plans)
    lines = pages.rows(db, _covering(day), _lines.c.subscription_id,
                       _lines.c.id)  # fmt: skip
    by_subscription = itertools.groupby(
        lines, operator.attrgetter('subscription_id')
    )
    for subscription_id, group in by_subscription:
        exact = Fraction(0)
        for line in group:
            last = line
            plan = plans[line.plan_id]
            if _recurs(line, day):
                cycle = calendar.Cycle.parse(plan.cycle)
                exact += recurring.monthly(_whole(line), cycle)
        minor = money.rounded(exact.numerator, exact.denominator)
        if minor:
            yield Recurring(
                subscription_id, last.subscription, last.account,
                plans[last.plan_id].name, last.currency, minor,
            )  # fmt: skip


def between(
    db: database.Database, first: dt.date, last: dt.date
) -> list[Movement]:
    """How it went from one day to a later one, by currency."""
    moved: dict[str, Movement] = {}
    for currency, before, after in _pairs(on(db, first), on(db, last)):
        known = moved.get(currency, Movement(currency))
        moved[currency] = _add(known, before, after)
    return [moved[currency] for currency in sorted(moved)]


def _covering(day: dt.date) -> sa.Select[Any]:
    return (
        invoices.standing_lines()
        .add_columns(
            _invoices.c.currency,
            _subs.c.name.label('subscription'),
            _accounts.c.name.label('account'),
            _accounts.c.timezone,
            agreed.plan_id(_lines.c.starts).label('plan_id'),
        )
        .join(_subs, _subs.c.id == _lines.c.subscription_id)
        .join(_accounts, _accounts.c.id == _invoices.c.account_id)
        .where(_lines.c.starts <= day, _lines.c.ends > day)
    )


def _recurs(line: sa.Row[Any], day: dt.date) -> bool:
    """Not what was used, nor what is paid once."""
    if line.resource.startswith(pricing.APART):
        return False
    if line.starts_at is None or line.ends_at is None:
        return True
    # What counts seconds may cover a part of its days: the day's end counts.
    zone = calendar.zone(line.timezone)
    end = calendar.start_of_day(day + _DAY, zone) - dt.timedelta(seconds=1)
    return bool(line.starts_at <= end < line.ends_at)


def _whole(line: sa.Row[Any]) -> Fraction:
    return recurring.of_line(
        line.unit_price, line.quantity, line.amount, line.net, line.currency
    )


def _pairs(
    before: Iterator[Recurring], after: Iterator[Recurring]
) -> Iterator[tuple[str, Recurring | None, Recurring | None]]:
    """Each subscription once, from two lists by id, with its currency.

    One that changed its currency ended, and began anew.
    """
    one, other = next(before, None), next(after, None)
    while one or other:
        ids = [each.id for each in (one, other) if each is not None]
        first = one if one and one.id == min(ids) else None
        second = other if other and other.id == min(ids) else None
        if first and second and first.currency == second.currency:
            yield first.currency, first, second
        else:
            if first:
                yield first.currency, first, None
            if second:
                yield second.currency, None, second
        one = next(before, None) if first else one
        other = next(after, None) if second else other


def _add(
    known: Movement, one: Recurring | None, other: Recurring | None
) -> Movement:
    before = one.minor if one else 0
    after = other.minor if other else 0
    more, less = max(after - before, 0), max(before - after, 0)
    return dataclasses.replace(
        known,
        opening=known.opening + before,
        new=known.new + (0 if one else more),
        expansion=known.expansion + (more if one else 0),
        contraction=known.contraction + (less if other else 0),
        churn=known.churn + (0 if other else less),
        closing=known.closing + after,
    )
