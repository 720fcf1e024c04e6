# SPDX-License-Identifier: Apache-2.0
"""The lines of what was used in a period, billed when it is over.

What the period's whole volume costs, less what is posted: so a sample that
comes late is billed on the next invoice, and every line is a quantity at a
price.
"""

from collections.abc import Iterable
import dataclasses
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration


def settle(
    price: pricing.Price,
    volume: Decimal,
    period: calendar.Period,
    posted: Iterable[proration.Posted],
    currency: str,
) -> tuple[proration.Line, ...]:
    """The lines that make what is posted say what a period's volume costs.

    `volume` is all that is known of the period now, in the meter's own
    units; `posted` are the issued lines of this meter and period. What is
    posted at a price that no longer counts (a volume tier was passed, the
    price was corrected) is given back, and so is what is beyond the volume.
    Asked again with its answer posted, it has nothing to add.
    """
    target = {
        pricing.tier_key(price.resource, number): level
        for number, level in enumerate(pricing.portions(price, volume))
    }
    lines: list[proration.Line] = []
    for bill in _bills(posted):
        level = target.get(bill.line.resource, pricing.NOTHING)
        kept = Decimal(0)
        if level.unit_price == bill.line.unit_price:
            kept = min(level.quantity, bill.standing)
            target[bill.line.resource] = pricing.Level(
                level.quantity - kept, level.unit_price
            )
        if bill.standing > kept:
            lines.append(bill.credit(bill.standing - kept))
    charges = [
        _charge(key, level, period, currency)
        for key, level in target.items()
        if level.quantity
    ]
    return (*lines, *charges)


@dataclass(frozen=True, slots=True)
class _Bill:
    """A posted line: how much of its quantity stands, and of its amount."""

    key: str
    line: proration.Line
    standing: Decimal
    left: int

    def credit(self, quantity: Decimal) -> proration.Line:
        """Give back so much of the quantity; of all that stands the rest."""
        exact = Fraction(quantity) / Fraction(self.line.quantity)
        ratio = money.Ratio(exact.numerator, exact.denominator)
        amount = min(money.share(self.line.amount, ratio), self.left)
        if quantity == self.standing:
            amount = self.left
        billed = money.Money(self.line.amount, self.line.currency)
        return dataclasses.replace(
            self.line,
            kind=proration.LineKind.CREDIT,
            ratio=ratio,
            amount=-amount,
            reason=f'{billed} billed x {ratio} not used at this price',
            corrects=self.key,
        )


def _bills(posted: Iterable[proration.Posted]) -> list[_Bill]:
    """The posted charges, with the earlier credits on them taken off."""
    posted = tuple(posted)
    bills = []
    for entry in posted:
        line = entry.line
        if line.kind is proration.LineKind.CREDIT or not line.quantity:
            continue
        credits = [
            each.line for each in posted if each.line.corrects == entry.key
        ]
        share = 1 - sum(each.ratio.fraction for each in credits)
        standing = pricing.readable(Fraction(line.quantity) * max(share, 0))
        left = line.amount + sum(each.amount for each in credits)
        bills.append(_Bill(entry.key, line, standing, max(left, 0)))
    return bills


def _charge(
    key: str, level: pricing.Level, period: calendar.Period, currency: str
) -> proration.Line:
    return proration.Line(
        proration.LineKind.CHARGE,
        key,
        period.start,
        period.end,
        level.quantity,
        level.unit_price,
        money.WHOLE,
        pricing.line_amount(
            level.unit_price, level.quantity, money.WHOLE, currency
        ),
        currency,
        f'{level.unit_price:f} {currency} x {level.quantity:f} used',
    )
