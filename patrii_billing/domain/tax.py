# SPDX-License-Identifier: Apache-2.0
"""Taxes: the rates of an account, and what they take of its amounts."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import enum
from fractions import Fraction
import functools
from typing import Any

from patrii_billing.domain import money
from patrii_billing.domain import validity
from patrii_billing import errors

_FIELDS = ('name', 'rate', 'valid_from', 'valid_until')
_HUNDRED = Decimal(100)


class Rounding(enum.StrEnum):
    """Where a tax is rounded to minor units.

    On each line, or once for each rate over all charges of the invoice and
    then spread over its lines.
    """

    LINE = 'line'
    TOTAL = 'total'


@dataclass(frozen=True, slots=True)
class Rate:
    """So many percent from a day on, until another; None: without limit."""

    name: str
    rate: Decimal
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None

    def valid_on(self, day: dt.date) -> bool:
        return validity.covers(self.valid_from, self.valid_until, day)


@dataclass(frozen=True, slots=True)
class Tax:
    """What one rate takes, in minor units."""

    name: str
    rate: Decimal
    amount: int


@dataclass(frozen=True, slots=True)
class Sum:
    """What one rate takes of a whole invoice, and of what; minor units."""

    name: str
    rate: Decimal
    base: int
    amount: int


def read(values: object, where: str = 'taxes') -> tuple[Rate, ...]:
    """The rates from a list of JSON, as they stand on an account.

    Each has a name and a rate in percent as a decimal string, and may have
    valid_from and valid_until. Raises InvalidInput naming the field, also
    where two rates of one name are valid on the same day: that would tax
    twice.
    """
    rates: list[Rate] = []
    for place, entry in validity.entries(values, where):
        validity.only(entry, _FIELDS, place)
        rate = Rate(
            validity.name(entry, place),
            validity.percent(entry, 'rate', place),
            *validity.dates(entry, place),
        )
        for other in rates:
            if other.name == rate.name and validity.overlap(
                (other.valid_from, other.valid_until),
                (rate.valid_from, rate.valid_until),
            ):
                raise errors.InvalidInput(
                    'another rate of this name is valid on the same days',
                    f'{place}.name',
                )
        rates.append(rate)
    return tuple(rates)


def written(rates: Iterable[Rate]) -> list[dict[str, Any]]:
    """Rates as JSON, to be read again."""
    return [
        {'name': rate.name, 'rate': f'{rate.rate:f}'}
        | validity.written(rate.valid_from, rate.valid_until)
        for rate in rates
    ]


def taxes_read(values: Iterable[Mapping[str, Any]] | None) -> tuple[Tax, ...]:
    """The taxes of a line from its JSON."""
    return tuple(
        Tax(value['name'], Decimal(value['rate']), value['amount'])
        for value in values or ()
    )


def taxes_written(taxes: Iterable[Tax]) -> list[dict[str, Any]]:
    """The taxes of a line as JSON; amounts are minor units."""
    return [
        {'name': tax.name, 'rate': f'{tax.rate:f}', 'amount': tax.amount}
        for tax in taxes
    ]


def sums_read(values: Iterable[Mapping[str, Any]] | None) -> tuple[Sum, ...]:
    """The taxes of an invoice from their JSON."""
    return tuple(
        Sum(
            value['name'],
            Decimal(value['rate']),
            value['base'],
            value['amount'],
        )
        for value in values or ()
    )


def sums_written(sums: Iterable[Sum]) -> list[dict[str, Any]]:
    """The taxes of an invoice as JSON; base and amount are minor units."""
    return [
        {
            'name': each.name,
            'rate': f'{each.rate:f}',
            'base': each.base,
            'amount': each.amount,
        }
        for each in sums
    ]


def valid_on(rates: Iterable[Rate], day: dt.date) -> tuple[Rate, ...]:
    """The rates of a day. All of them are on the same base."""
    return tuple(rate for rate in rates if rate.valid_on(day))


def taken(
    amounts: Sequence[tuple[int, Sequence[Rate]]],
    inclusive: bool,
    rounding: Rounding,
) -> list[tuple[Tax, ...]]:
    """The taxes of each amount, zero or more, at the rates beside it.

    Inclusive amounts hold their taxes already: what is left is the net.
    """
    if rounding is Rounding.LINE:
        return [
            _of_line(amount, rates, inclusive) for amount, rates in amounts
        ]
    reached: dict[tuple[str, Decimal], Fraction] = {}
    taxes = []
    for amount, rates in amounts:
        of_line = []
        for rate in rates:
            key = rate.name, rate.rate
            before = reached.get(key, Fraction(0))
            after = before + amount * _share(rate, rates, inclusive)
            reached[key] = after
            rounded = money.nearest(after) - money.nearest(before)
            of_line.append(Tax(rate.name, rate.rate, rounded))
        taxes.append(tuple(of_line))
    return taxes


def _of_line(
    amount: int, rates: Sequence[Rate], inclusive: bool
) -> tuple[Tax, ...]:
    if inclusive and rates:
        # The net is the first part of the gross, the last tax absorbs.
        parts = money.split(amount, _weights(rates))[1:]
    else:
        parts = tuple(
            money.share(amount, _ratio(rate.rate)) for rate in rates
        )
    return tuple(
        Tax(rate.name, rate.rate, part)
        for rate, part in zip(rates, parts, strict=True)
    )


def _weights(rates: Sequence[Rate]) -> list[int]:
    """The net and each tax as whole numbers in their proportion."""
    shares = [Fraction(_HUNDRED), *(Fraction(rate.rate) for rate in rates)]
    whole = 1
    for share in shares:
        whole *= share.denominator
    return [int(share * whole) for share in shares]


def _share(rate: Rate, rates: Sequence[Rate], inclusive: bool) -> Fraction:
    base = _HUNDRED
    if inclusive:
        base += sum(each.rate for each in rates)
    return Fraction(rate.rate) / Fraction(base)


@functools.lru_cache(maxsize=1000)
def _ratio(percent: Decimal) -> money.Ratio:
    """The rates of a country are those of most customers."""
    numerator, denominator = percent.as_integer_ratio()
    return money.Ratio(numerator, 100 * denominator)
