# SPDX-License-Identifier: Apache-2.0
"""What a history must cost, slowly and exactly: day by day, in fractions.

Written from the words of the law alone. Nothing here asks what the service
asks, so that the two are wrong together only by the same misunderstanding.
"""

import calendar
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
from fractions import Fraction
import functools
import itertools
import zoneinfo

_DAY = dt.timedelta(days=1)
_SECOND = dt.timedelta(seconds=1)
_MONTHS = {'month': 1, 'quarter': 3, 'year': 12}


@dataclass(frozen=True)
class Price:
    """`tiers` are (up to, price) of what is beyond `included`."""

    kind: str
    resource: str
    tiers: tuple[tuple[int | None, str], ...]
    included: int = 0
    volume: bool = False
    valid_from: dt.date | None = None
    at_once: bool = False

    def cost(self, quantity: Decimal) -> Fraction:
        rest = max(Fraction(quantity) - self.included, Fraction(0))
        cost, floor = Fraction(0), Fraction(0)
        for up_to, price in self.tiers:
            top = rest if up_to is None else min(rest, Fraction(up_to))
            cost += (top - floor) * Fraction(price)
            if top == rest:
                return rest * Fraction(price) if self.volume else cost
            floor = top
        raise AssertionError('the last tier is without end')


@dataclass(frozen=True)
class Plan:
    name: str
    cycle: str
    prices: tuple[Price, ...]
    unit: str = 'day'
    same_day: str = 'highest'
    inclusive: bool = False
    trial: int = 0
    setup: str | None = None

    @property
    def counted(self) -> tuple[str, str]:
        return self.cycle, self.unit


@dataclass(frozen=True)
class Term:
    since: dt.date
    plan: Plan
    anchor: int


@dataclass(frozen=True)
class Held:
    """From an instant on so much of a resource; before the last one not."""

    at: dt.datetime
    resource: str
    quantity: Decimal


Cycle = tuple[dt.date, dt.date]
Levels = Mapping[tuple[str, str], Sequence[Held]]


def days(start: dt.date, end: dt.date) -> Iterator[dt.date]:
    while start < end:
        yield start
        start += _DAY


@functools.cache
def midnight(day: dt.date, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The first instant of a local day, found by looking at each minute."""
    noon = dt.datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    at = noon.astimezone(dt.UTC) - dt.timedelta(hours=9)
    while at.astimezone(zone).date() == day:
        at -= dt.timedelta(minutes=30)
    while at.astimezone(zone).date() < day:
        at += dt.timedelta(minutes=1)
    return at


class Oracle:
    """The law of one contract in one zone; values are in whole units."""

    def __init__(
        self,
        zone: zoneinfo.ZoneInfo,
        terms: Sequence[Term],
        held: Levels,
    ) -> None:
        self.zone = zone
        self.terms = sorted(terms, key=lambda term: term.since)
        self.held = {key: _changes(told) for key, told in held.items()}

    def term(self, day: dt.date) -> Term:
        begun = [term for term in self.terms if term.since <= day]
        return begun[-1] if begun else self.terms[0]

    def cycle(self, day: dt.date) -> Cycle:
        """The whole cycle around a day, by the anchor it was agreed with.

        Another price list for the same cycles moves no anchor.
        """
        term = self.term(day)
        origin = term
        for earlier in reversed(self.terms[: self.terms.index(term)]):
            if (earlier.plan.counted, earlier.anchor) != (
                origin.plan.counted, origin.anchor,
            ):  # fmt: skip
                break
            origin = earlier
        bounds = _boundaries(origin.plan.cycle, origin.since, origin.anchor)
        for start, end in itertools.pairwise(bounds):
            if start <= day < end:
                return start, end
        raise AssertionError(f'{day} is beyond the story')

    def value(self, billed: Iterable[dt.date]) -> Fraction:
        """What is held on these days of one cycle costs."""
        billed = list(billed)
        if not billed:
            return Fraction(0)
        cycle = self.cycle(billed[0])
        in_seconds = self.term(billed[0]).plan.unit == 'second'
        return sum(
            (
                self._of_seconds(key, day, cycle)
                if in_seconds
                else self._of_day(key, day) / (cycle[1] - cycle[0]).days
                for key in self._keys()
                for day in billed
            ),
            Fraction(0),
        )

    def _keys(self) -> Iterator[tuple[str, str]]:
        yield from self.held
        yield 'flat', ''

    def _history(self, key: tuple[str, str]) -> Sequence[Held]:
        if key[0] == 'flat':
            ever = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
            return [Held(ever, '', Decimal(1))]
        return self.held[key]

    def _of_day(self, key: tuple[str, str], day: dt.date) -> Fraction:
        history = self._history(key)
        local = [each.at.astimezone(self.zone).date() for each in history]
        before = [
            each for each, on in zip(history, local, strict=True) if on < day
        ]
        changes = [
            each for each, on in zip(history, local, strict=True) if on == day
        ]
        if not changes:
            return self._cost(key[0], before[-1], day) if before else _NOTHING
        costs = [self._cost(key[0], each, day) for each in changes]
        if self.term(self.cycle(day)[0]).plan.same_day == 'highest':
            return max(costs)
        was = before[-1].quantity if before else 0
        if not was and not changes[-1].quantity:
            seen = [
                cost
                for each, cost in zip(changes, costs, strict=True)
                if each.quantity
            ]
            return seen[-1] if seen else _NOTHING
        return costs[-1]

    def _of_seconds(
        self, key: tuple[str, str], day: dt.date, cycle: Cycle
    ) -> Fraction:
        start, end = self.midnight(day), self.midnight(day + _DAY)
        history = [
            dataclasses.replace(each, at=each.at.replace(microsecond=0))
            for each in self._history(key)
        ]
        cuts = {start, end}
        cuts |= {each.at for each in history if start < each.at < end}
        spent = _NOTHING
        for since, until in itertools.pairwise(sorted(cuts)):
            reached = [each for each in history if each.at <= since]
            if reached:
                cost = self._cost(key[0], reached[-1], day)
                spent += cost * ((until - since) // _SECOND)
        whole = self.midnight(cycle[1]) - self.midnight(cycle[0])
        return spent / (whole // _SECOND)

    def midnight(self, day: dt.date) -> dt.datetime:
        return midnight(day, self.zone)

    def _cost(self, kind: str, held: Held, day: dt.date) -> Fraction:
        term = self.term(day)
        base = max(self.cycle(day)[0], term.since)
        prices = [
            price
            for price in term.plan.prices
            if (price.kind, price.resource) == (kind, held.resource)
            and (price.valid_from or dt.date.min)
            <= (day if price.at_once else base)
        ]
        if not prices:
            return _NOTHING
        newest = max(prices, key=lambda one: one.valid_from or dt.date.min)
        return newest.cost(held.quantity)


_NOTHING = Fraction(0)


def _changes(told: Iterable[Held]) -> list[Held]:
    """A change to the same level is none."""
    kept: list[Held] = []
    for each in sorted(told, key=lambda each: each.at):
        was = (kept[-1].resource, kept[-1].quantity) if kept else None
        if was != (each.resource, each.quantity):
            kept.append(each)
    return kept


@functools.cache
def _boundaries(cycle: str, since: dt.date, anchor: int) -> Sequence[dt.date]:
    if cycle.startswith('days:'):
        count = int(cycle[5:])
        return [since + number * count * _DAY for number in range(-2, 400)]
    step = _MONTHS[cycle]
    first = since.year * 12 + since.month - 1
    if _on(first, anchor) < since:
        first += 1
    return [_on(first + number * step, anchor) for number in range(-3, 60)]


def _on(month: int, day: int) -> dt.date:
    year, month = month // 12, month % 12 + 1
    return dt.date(
        year, month, min(day, calendar.monthrange(year, month)[1])
    )
