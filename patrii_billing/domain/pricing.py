# SPDX-License-Identifier: Apache-2.0
"""What a plan asks for: prices, the days they are valid, and their tiers."""

from collections.abc import Iterable
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import enum
from fractions import Fraction

from patrii_billing.domain import money
from patrii_billing import errors

_ZERO = Decimal(0)
_ONE = Decimal(1)
# A divided quantity is rounded to so many digits, so that it can be read:
# of a price of a thousand a unit that is a millionth.
_DIGITS = 9


class PriceKind(enum.StrEnum):
    """What a price is asked for."""

    FLAT = 'flat'  # the subscription itself
    FLAVOR = 'flavor'  # a server of that flavor
    QUOTA = 'quota'  # a unit of quota: a core, a GiB of RAM
    METER = 'meter'  # a metered unit, billed in arrears
    SETUP = 'setup'  # once, at the start


# What the resource of a line begins with that no level follows through its
# cycle: so no server, quota or fee is taken for one.
METERED = 'meter:'
ONCE = 'setup:'
APART = (METERED, ONCE)


class Tiering(enum.StrEnum):
    """How tiers apply: each to its own part, or the reached one to all."""

    GRADUATED = 'graduated'
    VOLUME = 'volume'


@dataclass(frozen=True, slots=True)
class Tier:
    """A price up to and with a quantity; None: without end."""

    up_to: Decimal | None
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one unit of a resource, for one whole cycle.

    A meter's price is for one unit used, a setup fee is asked for once.
    Validity is half-open, None being without limit. What is `included` costs
    nothing, and tiers count what is beyond it; where they are given they
    stand in place of the unit price. A price counts from the first cycle
    that begins when it is valid, or `at_once` from its first day.

    So many of what is held or measured as `per` says are one priced unit,
    which `unit` is the name of: 1024 MiB are one GiB.
    """

    kind: PriceKind
    resource: str
    unit_price: Decimal
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    included: Decimal = _ZERO
    tiers: tuple[Tier, ...] = ()
    tiering: Tiering = Tiering.GRADUATED
    at_once: bool = False
    per: Decimal = _ONE
    unit: str | None = None

    def __post_init__(self) -> None:
        """Raises InvalidInput naming the field."""
        if self._from >= self._until:
            raise errors.InvalidInput('is not after valid_from', 'valid_until')
        if self.unit_price < 0:
            raise errors.InvalidInput('is below zero', 'unit_price')
        if self.included < 0:
            raise errors.InvalidInput('is below zero', 'included')
        if self.per <= 0:
            raise errors.InvalidInput('is not above zero', 'per')
        _check_tiers(self.tiers)

    def valid_on(self, day: dt.date) -> bool:
        return self._from <= day < self._until

    @property
    def _from(self) -> dt.date:
        return self.valid_from or dt.date.min

    @property
    def _until(self) -> dt.date:
        return self.valid_until or dt.date.max


@dataclass(frozen=True, slots=True)
class Level:
    """So many units of a resource, each at one price."""

    quantity: Decimal
    unit_price: Decimal

    def __post_init__(self) -> None:
        """Raises InvalidInput naming the field."""
        if self.quantity < 0:
            raise errors.InvalidInput('is below zero', 'quantity')
        if self.unit_price < 0:
            raise errors.InvalidInput('is below zero', 'unit_price')

    @property
    def cost(self) -> Decimal:
        return self.quantity * self.unit_price


NOTHING = Level(_ZERO, _ZERO)


def price_on(
    prices: Iterable[Price], kind: PriceKind, resource: str, day: dt.date
) -> Price:
    """The price valid on a day; of several the one that began last.

    Raises NotFound.
    """
    valid = [
        price
        for price in prices
        if price.kind is kind
        and price.resource == resource
        and price.valid_on(day)
    ]
    if not valid:
        raise errors.NotFound(f'no price of {kind} {resource} on {day}')
    return max(valid, key=lambda price: price.valid_from or dt.date.min)


def units(price: Price, quantity: Decimal) -> Decimal:
    """A quantity of what is held or measured in the units of the price."""
    if price.per == _ONE:
        return quantity
    return readable(Fraction(quantity) / Fraction(price.per))


def readable(quantity: Fraction) -> Decimal:
    """A quantity, zero or more, as a decimal that can be read and stored."""
    whole, part = divmod(money.nearest(quantity * 10**_DIGITS), 10**_DIGITS)
    digits = f'{part:0{_DIGITS}}'.rstrip('0')
    return Decimal(f'{whole}.{digits}' if digits else whole)


def keyed(key: str, price: Price, quantity: Decimal) -> dict[str, Level]:
    """The level of each tier, under a key by which it is followed by itself.

    The first has the key that is given, the others `key#2` and on; a tier
    that is not reached is held at nothing.
    """
    reached = portions(price, quantity)
    return {
        tier_key(key, number): reached[number]
        if number < len(reached)
        else NOTHING
        for number in range(tier_count(price))
    }


def tier_key(key: str, number: int) -> str:
    """The key of a tier, the first being number 0."""
    return f'{key}#{number + 1}' if number else key


def tier_count(price: Price) -> int:
    """How many prices a quantity can come to at once."""
    graduated = price.tiering is Tiering.GRADUATED
    return len(price.tiers) if price.tiers and graduated else 1


def portions(price: Price, quantity: Decimal) -> tuple[Level, ...]:
    """A quantity, less what is included, in parts of one price each."""
    billed = max(units(price, quantity) - price.included, _ZERO)
    if not billed:
        return ()
    if not price.tiers:
        return (Level(billed, price.unit_price),)
    reached: list[Level] = []
    floor = _ZERO
    for tier in price.tiers:
        top = billed if tier.up_to is None else min(billed, tier.up_to)
        reached.append(Level(top - floor, tier.unit_price))
        if top == billed:
            break
        floor = top
    if price.tiering is Tiering.VOLUME:
        return (Level(billed, reached[-1].unit_price),)
    return tuple(reached)


def line_amount(
    unit_price: Decimal,
    quantity: Decimal,
    ratio: money.Ratio,
    currency: str,
) -> int:
    """What a line costs in minor units: price x quantity x ratio.

    Rounded once, half away from zero. Raises InvalidInput for a currency
    that ISO 4217 does not have.
    """
    price, per_price = unit_price.as_integer_ratio()
    count, per_count = quantity.as_integer_ratio()
    return money.rounded(
        price * count * ratio.numerator * 10 ** money.digits(currency),
        per_price * per_count * ratio.denominator,
    )


def _check_tiers(tiers: tuple[Tier, ...]) -> None:
    floor = _ZERO
    for number, tier in enumerate(tiers):
        where = f'tiers[{number}]'
        if tier.unit_price < 0:
            raise errors.InvalidInput('is below zero', f'{where}.unit_price')
        last = number == len(tiers) - 1
        if (tier.up_to is None) is not last:
            raise errors.InvalidInput(
                'only the last tier, and always it, is without end',
                f'{where}.up_to',
            )
        if tier.up_to is not None:
            if tier.up_to <= floor:
                raise errors.InvalidInput(
                    'is not above the tier before', f'{where}.up_to'
                )
            floor = tier.up_to
