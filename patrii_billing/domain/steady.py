# SPDX-License-Identifier: Apache-2.0
"""Cycles in which nothing changes: they are most, and need no folding.

What is said here of a cycle `terms.changes` and `proration.settle` would say
as well; where that takes more than a look, nothing is said.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from decimal import Decimal

from patrii_billing.domain import calendar
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import terms

# The resource, kind, start, end, quantity and unit price of a posted line.
Said = tuple[str, str, calendar.Moment, calendar.Moment, Decimal, Decimal]

_CHARGE = proration.LineKind.CHARGE
_Levels = tuple[pricing.Level, ...]


class Tariff:
    """The prices of a plan; what they come to in a cycle is worked out once.

    Many hold the same, and most have the same cycles.
    """

    def __init__(self, prices: tuple[pricing.Price, ...]) -> None:
        self.prices = prices
        self._found: dict[tuple[object, ...], _Levels | None] = {}

    def levels(
        self,
        kind: pricing.PriceKind,
        resource: str,
        quantity: Decimal,
        cycle: calendar.Period,
    ) -> '_Levels | None':
        """What is held all through a cycle of days, tier by tier.

        None where its price changes within, or where it should have one.
        """
        key = kind, resource, quantity, cycle.start, cycle.end
        if key not in self._found:
            self._found[key] = self._levels(kind, resource, quantity, cycle)
        return self._found[key]

    def _levels(
        self,
        kind: pricing.PriceKind,
        resource: str,
        quantity: Decimal,
        cycle: calendar.Period,
    ) -> '_Levels | None':
        term = terms.Term(cycle.start, self.prices)
        steps = terms.steps((term,), kind, resource, cycle)
        if len(steps) != 1:
            return None
        if steps[0].price is not None:
            return pricing.portions(steps[0].price, quantity)
        is_missed = quantity and kind is pricing.PriceKind.FLAVOR
        return None if is_missed else ()


def throughout(
    held: Sequence[terms.Held],
    start: dt.datetime,
    end: dt.datetime,
    zone: dt.tzinfo,
) -> Sequence[terms.Held] | None:
    """The one that is held from start to end, or none; None: it may change.

    They come by when they were reached.
    """
    reached = len(held)
    while reached and _instant(held[reached - 1], zone) >= end:
        reached -= 1
    if not reached:
        return ()
    last = _instant(held[reached - 1], zone)
    if reached == 1:
        is_steady = last <= start
    else:
        # Of two at one instant the law says which came last.
        is_steady = _instant(held[reached - 2], zone) < last < start
    return held[reached - 1 : reached] if is_steady else None


def lines(
    held: Mapping[str, pricing.Level],
    posted: Sequence[Said],
    span: calendar.Period,
    cycle: calendar.Period,
    currency: str,
) -> tuple[proration.Line, ...] | None:
    """What is to be posted of levels that are held all through a cycle.

    `span` is the part of it that is billed, `posted` are all lines of it
    that follow a level. None where these say anything else.
    """
    billed = {key: level for key, level in held.items() if level.quantity}
    if not posted:
        return tuple(
            proration.charge(key, billed[key], span, cycle, currency)
            for key in sorted(billed)
        )
    wanted = {
        key: (_CHARGE, span.start, span.end, level.quantity, level.unit_price)
        for key, level in billed.items()
    }
    said = {resource: rest for resource, *rest in posted}
    is_said = len(said) == len(posted) and all(
        said.get(key) == [*rest] for key, rest in wanted.items()
    )
    return () if is_said and len(said) == len(wanted) else None


def _instant(held: terms.Held, zone: dt.tzinfo) -> dt.datetime:
    if isinstance(held.at, dt.datetime):
        return held.at
    return calendar.start_of_day(held.at, zone)
