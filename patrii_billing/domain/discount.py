# SPDX-License-Identifier: Apache-2.0
"""Discounts of an account: so many percent, or an amount in each cycle.

Percentages come first, in the order given, then amounts: so an amount is
worth what it says, whatever percentage stands beside it.
"""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
from typing import Any

from patrii_billing.domain import money
from patrii_billing.domain import validity
from patrii_billing import errors

_FIELDS = ('name', 'percent', 'amount', 'valid_from', 'valid_until')
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class Discount:
    """A percentage, or else an amount of minor units for each cycle.

    It is for the charges that start on its days; None: without limit.
    """

    name: str
    percent: Decimal | None = None
    amount: int | None = None
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None

    def valid_on(self, day: dt.date) -> bool:
        return validity.covers(self.valid_from, self.valid_until, day)


def read(
    values: object, currency: str, where: str = 'discounts'
) -> tuple[Discount, ...]:
    """The discounts from a list of JSON, as they stand on an account.

    Each has a name and either a percent or an amount of the currency, both
    decimal strings, and may have valid_from and valid_until. Raises
    InvalidInput naming the field.
    """
    discounts = []
    for place, entry in validity.entries(values, where):
        validity.only(entry, _FIELDS, place)
        percent = amount = None
        if (entry.get('percent') is None) is (entry.get('amount') is None):
            raise errors.InvalidInput('needs a percent or an amount', place)
        if entry.get('amount') is None:
            percent = validity.percent(entry, 'percent', place)
        else:
            field = f'{place}.amount'
            amount = money.parse(entry['amount'], currency, field).minor
            if amount < 0:
                raise errors.InvalidInput('is below zero', field)
        discounts.append(
            Discount(
                validity.name(entry, place),
                percent,
                amount,
                *validity.dates(entry, place),
            )
        )
    return tuple(discounts)


def written(
    discounts: Iterable[Discount], currency: str
) -> list[dict[str, Any]]:
    """Discounts as JSON, to be read again."""
    return [
        {'name': each.name}
        | (
            {'percent': f'{each.percent:f}'}
            if each.amount is None
            else {'amount': money.plain(each.amount, currency)}
        )
        | validity.written(each.valid_from, each.valid_until)
        for each in discounts
    ]


def by_percent(
    amount: int, discounts: Iterable[Discount], day: dt.date
) -> int:
    """What the percentages of a day take off an amount, one after another.

    Each is rounded once.
    """
    left = amount
    for each in discounts:
        if each.percent is not None and each.valid_on(day):
            numerator, denominator = each.percent.as_integer_ratio()
            left -= money.rounded(left * numerator, _WHOLE * denominator)
    return amount - left


def by_amount(
    amounts: Sequence[tuple[int, dt.date]],
    discounts: Iterable[Discount],
    given: int = 0,
) -> tuple[int, ...]:
    """What the amounts take off the charges of one cycle, together.

    They are spread in proportion over the charges that start on their days,
    never beyond what those come to. `given` is what stands of amounts that
    earlier invoices of the cycle gave already.
    """
    left = [amount for amount, _ in amounts]
    for each in discounts:
        if each.amount is None:
            continue
        allowed = max(each.amount - given, 0)
        given = max(given - each.amount, 0)
        weights = [
            rest if each.valid_on(day) else 0
            for rest, (_, day) in zip(left, amounts, strict=True)
        ]
        allowed = min(allowed, sum(weights))
        parts = money.spread(allowed, weights)
        left = [rest - part for rest, part in zip(left, parts, strict=True)]
    return tuple(
        amount - rest for (amount, _), rest in zip(amounts, left, strict=True)
    )
