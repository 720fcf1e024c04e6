# SPDX-License-Identifier: Apache-2.0
"""Which price counts from which day of a cycle, and what follows for levels.

A price counts for a whole cycle if it is valid when the cycle begins. So it
changes with the next cycle, unless it is meant `at_once` or the contract
itself changes on a day within.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import itertools

from patrii_billing.domain import calendar
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing import errors


@dataclass(frozen=True, slots=True)
class Term:
    """From a day on the contract is for these prices, those of a plan."""

    since: dt.date
    prices: tuple[pricing.Price, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """From a day or an instant on, so much of a resource is held."""

    at: calendar.Moment
    resource: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """From a day or an instant on this price counts, or none does."""

    at: calendar.Moment
    price: pricing.Price | None


def steps(
    terms: Sequence[Term],
    kind: pricing.PriceKind,
    resource: str,
    cycle: calendar.Period,
    zone: dt.tzinfo = dt.UTC,
) -> tuple[Step, ...]:
    """The prices of a cycle in order, the first of them from its start.

    A price counts from a cycle's start, or from the day on which a term
    begins within it, as it is valid on that day; where none is, from the
    first day on which one is. An `at_once` price counts on its own days.
    """
    first = calendar.in_unit(cycle.start, calendar.Unit.DAY, zone)
    last = calendar.in_unit(cycle.end, calendar.Unit.DAY, zone)
    unit = calendar.Unit.of(cycle.start)
    found: list[Step] = []
    for term, start, end in _segments(terms, first, last):
        prices = [
            price
            for price in term.prices
            if price.kind is kind and price.resource == resource
        ]
        for day, price in _of_segment(prices, start, end):
            if not found:
                found.append(Step(cycle.start, price))
            elif found[-1].price != price:
                at = calendar.in_unit(day, unit, zone)
                found.append(Step(at, price))
    return tuple(found)


def changes(
    key: str,
    kind: pricing.PriceKind,
    held: Iterable[Held],
    terms: Sequence[Term],
    cycle: calendar.Period,
    *,
    same_day: proration.SameDay = proration.SameDay.HIGHEST,
    zone: dt.tzinfo = dt.UTC,
) -> tuple[proration.Change, ...]:
    """What `proration.settle` is to know of one key in one cycle.

    The key is what is followed by itself: a server, whatever its flavor, or
    a quota. Each tier of a price is followed under a key of its own. A quota
    that no price is asked for costs nothing, and so does a flavor where the
    terms price no flavors at all. Raises NotFound for a flavor where they
    price others: nothing is free by mistake.
    """
    held = tuple(held)
    prices = {
        resource: steps(terms, kind, resource, cycle, zone)
        for resource in {each.resource for each in held}
    }
    known = _Prices(kind, tuple(terms), cycle, zone, prices)
    history = _ordered(held, known)
    if known.tiers > 1 and same_day is proration.SameDay.LAST:
        history = _last_of_days(history, known)
    found: list[proration.Change] = []
    for each in _with_steps(history, known):
        levels = known.levels(key, each)
        for number in range(known.tiers):
            tier = pricing.tier_key(key, number)
            level = levels.get(tier, pricing.NOTHING)
            found.append(proration.Change(each.at, tier, level))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Prices:
    """The prices of one kind through one cycle."""

    kind: pricing.PriceKind
    terms: tuple[Term, ...]
    cycle: calendar.Period
    zone: dt.tzinfo
    steps: Mapping[str, tuple[Step, ...]]

    def counted(self, at: calendar.Moment) -> calendar.Moment:
        """The day or the second in which something counts."""
        return calendar.in_unit(
            at, calendar.Unit.of(self.cycle.start), self.zone
        )

    def price(self, held: Held) -> pricing.Price | None:
        """What counts when it is held; before the cycle, what does then."""
        at = max(self.counted(held.at), self.cycle.start)
        reached = [step for step in self.steps[held.resource] if step.at <= at]
        return reached[-1].price if reached else None

    def levels(self, key: str, held: Held) -> dict[str, pricing.Level]:
        """Raises NotFound for a flavor that should have a price."""
        price = self.price(held)
        if price is not None:
            return pricing.keyed(key, price, held.quantity)
        if held.quantity and self._is_missed(held):
            raise errors.NotFound(
                f'no price of {self.kind} {held.resource} on'
                f' {max(self.counted(held.at), self.cycle.start)}'
            )
        return {}

    def cost(self, held: Held) -> Decimal:
        price = self.price(held)
        levels = pricing.portions(price, held.quantity) if price else ()
        return sum((level.cost for level in levels), Decimal(0))

    @property
    def tiers(self) -> int:
        """How many keys it comes to at most."""
        return max(
            (
                pricing.tier_count(step.price)
                for each in self.steps.values()
                for step in each
                if step.price is not None
            ),
            default=1,
        )

    def _is_missed(self, held: Held) -> bool:
        at = self.counted(held.at)
        if self.kind is not pricing.PriceKind.FLAVOR or at >= self.cycle.end:
            return False
        day = calendar.in_unit(
            max(at, self.cycle.start), calendar.Unit.DAY, self.zone
        )
        begun = [term for term in self.terms if term.since <= day]
        term = (begun or self.terms)[-1 if begun else 0]
        return any(price.kind is self.kind for price in term.prices)


def _segments(
    terms: Sequence[Term], first: dt.date, last: dt.date
) -> Iterator[tuple[Term, dt.date, dt.date]]:
    """The terms in force within some days, and on which of them."""
    ordered = sorted(terms, key=lambda term: term.since)
    following = [term.since for term in ordered[1:]]
    for term, until in itertools.zip_longest(ordered, following):
        start, end = max(term.since, first), min(until or last, last)
        if start < end:
            yield term, start, end


def _of_segment(
    prices: Sequence[pricing.Price], start: dt.date, end: dt.date
) -> Iterator[tuple[dt.date, pricing.Price | None]]:
    """The price of each day on which it may be another one."""
    days = {start}
    for price in prices:
        days |= {
            day
            for day in (price.valid_from, price.valid_until)
            if day is not None and start < day < end
        }
    base = start
    for day in sorted(days):
        valid = _valid(prices, day, base)
        if valid is None:
            base = day
            valid = _valid(prices, day, base)
        yield day, valid


def _valid(
    prices: Iterable[pricing.Price], day: dt.date, base: dt.date
) -> pricing.Price | None:
    """Of the prices that count on a day the one that began last.

    Those that are not meant at once count as they were on the base.
    """
    return max(
        (
            price
            for price in prices
            if price.valid_on(day if price.at_once else base)
        ),
        key=lambda price: price.valid_from or dt.date.min,
        default=None,
    )


def _ordered(held: Iterable[Held], known: _Prices) -> list[Held]:
    """In effective order, from the one the cycle begins with on.

    An end, or else the cost, decides where two claim the same instant, as
    it does in `proration.settle`.
    """

    def order(each: Held) -> tuple[object, ...]:
        if isinstance(each.at, dt.datetime):
            return (
                known.counted(each.at),
                each.at,
                not each.quantity,
                known.cost(each),
                each.quantity,
            )
        # Before all that is told of the day's first instant.
        at = calendar.start_of_day(each.at, known.zone)
        return known.counted(each.at), at

    history = sorted(held, key=order)
    start = known.cycle.start
    before = [each for each in history if known.counted(each.at) < start]
    within = history[len(before) :]
    ends = bool(within) and known.counted(within[0].at) == start
    # What ends as the cycle begins is not held in it and needs no price.
    if before and not (ends and known.price(before[-1]) is None):
        within.insert(0, before[-1])
    return within


def _last_of_days(history: Sequence[Held], known: _Prices) -> list[Held]:
    """One of each day, where only the last of a day counts.

    Else a tier that is reached and left on one day would be billed for it,
    as a server is that came and went.
    """
    kept: list[Held] = []
    for _, group in itertools.groupby(
        history, lambda each: known.counted(each.at)
    ):
        day = list(group)
        before = kept[-1].quantity if kept else 0
        kept += day[-1:] if before or day[-1].quantity else day
    return kept


def _with_steps(history: Sequence[Held], known: _Prices) -> Iterator[Held]:
    """What is held, and once more on each day that it has another price.

    Not on a day with changes of its own: they are at the new price already.
    """
    following = [known.counted(each.at) for each in history[1:]]
    for each, until in itertools.zip_longest(history, following):
        yield each
        since = known.counted(each.at)
        for step in known.steps[each.resource][1:]:
            if since < step.at and (until is None or step.at < until):
                yield Held(step.at, each.resource, each.quantity)
