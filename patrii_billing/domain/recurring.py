# SPDX-License-Identifier: Apache-2.0
"""What recurs, by the month: revenue that is to be compared and added."""

from decimal import Decimal
from fractions import Fraction

from patrii_billing.domain import calendar
from patrii_billing.domain import money

MONTHS_OF_YEAR = 12
# A mean month of the Gregorian calendar, its leap years left out: 30.4375.
DAYS_OF_MONTH = Fraction(1461, 4) / MONTHS_OF_YEAR


def monthly(amount: Fraction, cycle: calendar.Cycle) -> Fraction:
    """The part of what a whole cycle costs that falls on a month.

    A cycle of months is shared out among them, whatever their days; one of
    days counts by a mean month of 30.4375 days.
    """
    if cycle.months:
        return amount / cycle.months
    return amount * DAYS_OF_MONTH / cycle.days


def of_line(
    unit_price: Decimal,
    quantity: Decimal,
    amount: int,
    net: int,
    currency: str,
) -> Fraction:
    """What a line bills for a whole cycle, net, in minor units.

    It is told from the price and not from the amount, which is rounded and
    may be that of a single day. The line's own discount and taxes are in the
    proportion of its net to its amount. A credit takes off what it corrects.
    """
    if not amount:
        return Fraction(0)
    unit = 10 ** money.digits(currency)
    whole: Fraction = Fraction(unit_price) * Fraction(quantity) * unit
    return whole * Fraction(net, abs(amount))
