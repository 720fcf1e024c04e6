# SPDX-License-Identifier: Apache-2.0
"""What another service has measured and rated, taken as usage.

The usage of a span is a delta at its beginning. What is told again changes
nothing; what is told otherwise is made up for, as far as it is more.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import enum

from patrii_billing.domain import usage
from patrii_billing import errors

_ZERO = Decimal(0)


class Done(enum.StrEnum):
    """What becomes of something rated."""

    NEW = 'new'
    CHANGED = 'changed'
    SAME = 'same'
    REFUSED = 'refused'


@dataclass(frozen=True, slots=True)
class Rated:
    """So much of a resource over [begin, end), and what it was rated at.

    `price` is without a currency: what the rating service reckons in.
    """

    project: str
    meter: str
    resource: str
    unit: str
    begin: dt.datetime
    end: dt.datetime
    quantity: Decimal
    price: Decimal

    @property
    def where(self) -> tuple[str, str, str, dt.datetime]:
        return self.project, self.meter, self.resource, self.begin

    def reading(self, volume: Decimal, booked: int = 0) -> usage.Reading:
        """So much of it as a sample, with so many in the books before it.

        Each has an instant of its own within the same millisecond: a sample
        is known by that and its volume.
        """
        at = self.begin + booked * dt.timedelta(microseconds=1)
        return usage.Reading(
            self.project, self.resource, None, self.meter, self.unit,
            usage.Sample(at, usage.Type.DELTA, volume),
        )  # fmt: skip


def merged(told: Iterable[Rated]) -> list[Rated]:
    """What is told of the same thing and span in parts, as one."""
    found: dict[tuple[str, str, str, dt.datetime], Rated] = {}
    for one in told:
        known = found.get(one.where)
        found[one.where] = one if known is None else Rated(
            one.project, one.meter, one.resource, one.unit, one.begin,
            max(one.end, known.end), known.quantity + one.quantity,
            known.price + one.price,
        )  # fmt: skip
    return list(found.values())


def missing(one: Rated, booked: Decimal | None) -> tuple[Done, Decimal]:
    """What becomes of it, and how much the books lack of it.

    `booked` is what they have of that thing and instant; None: nothing.
    Raises InvalidInput where they have more: what was used cannot become
    less by being told so, since it may be billed.
    """
    if one.quantity < 0:
        raise errors.InvalidInput(f'{one.quantity:f} is below zero')
    if booked is None:
        return Done.NEW, one.quantity
    if booked > one.quantity:
        raise errors.InvalidInput(
            f'was {_plain(booked)} at {one.begin:%Y-%m-%d %H:%M} and is '
            f'{_plain(one.quantity)} now'
        )
    if booked == one.quantity:
        return Done.SAME, _ZERO
    return Done.CHANGED, one.quantity - booked


def prices(told: Iterable[Rated]) -> Mapping[str, Decimal]:
    """What it was rated at in all, by project."""
    found: dict[str, Decimal] = {}
    for one in told:
        found[one.project] = found.get(one.project, _ZERO) + one.price
    return found


def _plain(quantity: Decimal) -> str:
    return f'{quantity.normalize():f}'
