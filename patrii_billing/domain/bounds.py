# SPDX-License-Identifier: Apache-2.0
"""What a bill is checked against before anybody is sent it.

A mistake in the books or in a price parks an account for a person to look at,
and is not billed.
"""

from dataclasses import dataclass
import datetime as dt
from decimal import Decimal

from patrii_billing.domain import calendar
from patrii_billing.domain import invoice as invoices
from patrii_billing.domain import money
from patrii_billing.domain import proration


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond these a bill is nonsense.

    A bill of up to `lines` lines is not counted by its days, and one of up
    to `amount` of the currency's whole units is not compared with the one
    before it.
    """

    lines: int = 1000
    lines_per_day: int = 100
    times_previous: int = 20
    amount: Decimal = Decimal(1000)
    months_past: int = 24
    months_ahead: int = 14


DEFAULT = Limits()


def why_not(
    invoice: invoices.Invoice,
    currency: str,
    period: calendar.Period,
    today: dt.date,
    *,
    previous: tuple[int, calendar.Period] | None,
    billed: int,
    limits: Limits = DEFAULT,
) -> str | None:
    """Why a bill is nonsense, or None.

    `period` is what it bills, in days. `previous` are the total and the
    period of the one before it, None for the first; `billed` is what all
    earlier ones of the subscription came to, credits taken off. Amounts are
    minor units.
    """
    checks = (
        _too_far(period, today, limits),
        _too_many(len(invoice.items), period, limits),
        too_much(invoice.total, period, previous, currency, limits),
        _given_back(invoice, billed, currency),
    )
    return next((why for why in checks if why is not None), None)


def too_far(
    day: dt.date, today: dt.date, limits: Limits = DEFAULT
) -> str | None:
    """Why a day is not one that a bill speaks of, or None."""
    months = _months(today, day)
    if months < -limits.months_past:
        return f'{day}, more than {limits.months_past} months ago'
    if months > limits.months_ahead:
        return f'{day}, more than {limits.months_ahead} months ahead'
    return None


def _too_far(
    period: calendar.Period, today: dt.date, limits: Limits
) -> str | None:
    why = too_far(period.start, today, limits)
    return why and f'its period begins on {why}'


def _months(today: dt.date, day: dt.date) -> int:
    return 12 * (day.year - today.year) + day.month - today.month


def _too_many(
    lines: int, period: calendar.Period, limits: Limits
) -> str | None:
    allowed = max(limits.lines, limits.lines_per_day * period.length)
    if lines <= allowed:
        return None
    return f'it has {lines} lines, more than {allowed} for its period'


def too_much(
    total: int,
    period: calendar.Period,
    previous: tuple[int, calendar.Period] | None,
    currency: str,
    limits: Limits = DEFAULT,
) -> str | None:
    """Why a total is out of all proportion to the one before it, or None.

    Compared day by day, for a stub is followed by a whole cycle.
    """
    if previous is None or previous[0] <= 0:
        return None
    before, days = previous[0], previous[1].length
    allowed = limits.times_previous * before
    allowed = allowed * max(period.length, days) // days
    floor = limits.amount * 10 ** money.digits(currency)
    if total <= max(allowed, floor):
        return None
    return (
        f'it comes to {money.Money(total, currency)}, more than'
        f' {limits.times_previous} times the'
        f' {money.Money(before, currency)} before it'
    )


def _given_back(
    invoice: invoices.Invoice, billed: int, currency: str
) -> str | None:
    back = -sum(
        item.total
        for item in invoice.items
        if item.line.kind is proration.LineKind.CREDIT
    )
    if back <= max(billed, 0):
        return None
    return (
        f'it gives back {money.Money(back, currency)}, more than the'
        f' {money.Money(billed, currency)} that was ever billed'
    )
