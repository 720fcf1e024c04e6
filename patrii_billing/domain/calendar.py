# SPDX-License-Identifier: Apache-2.0
"""Days, periods and their boundaries, in the time zone of an account.

A boundary is computed from the anchor and never from the boundary before it,
so that the 31st, clamped to 28 February, is the 31st again in March.
"""

import calendar
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
import datetime as dt
import enum
import functools
import re
import zoneinfo

from patrii_billing import errors

# A day or, where a plan bills by the second, an aware instant (in Python a
# datetime is a date). The two are never mixed within one plan.
Moment = dt.date

_MONTHS = {'month': 1, 'quarter': 3, 'year': 12}
_DAYS = re.compile(r'days:([1-9][0-9]{0,3})')
_SECOND = dt.timedelta(seconds=1)
_DAY = dt.timedelta(days=1)


class Unit(enum.StrEnum):
    """What is counted, and so the shortest time that is billed."""

    DAY = 'day'
    SECOND = 'second'

    @classmethod
    def of(cls, moment: Moment) -> 'Unit':
        """The unit that counts such moments."""
        return cls.SECOND if isinstance(moment, dt.datetime) else cls.DAY

    @property
    def step(self) -> dt.timedelta:
        return _SECOND if self is Unit.SECOND else _DAY


_BY_DAY = Unit.DAY  # at hand: looked up by name it takes longer


@dataclass(frozen=True, slots=True)
class Cycle:
    """The length of a billed period: calendar months, or else days."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: object, where: str = 'cycle') -> 'Cycle':
        """Read month, quarter, year or days:N. Raises InvalidInput."""
        if isinstance(text, str):
            if text in _MONTHS:
                return cls(months=_MONTHS[text])
            if match := _DAYS.fullmatch(text):
                return cls(days=int(match[1]))
        raise errors.InvalidInput(
            f'{text!r} is not month, quarter, year or days:N', where
        )

    def __str__(self) -> str:
        for name, months in _MONTHS.items():
            if self.months == months:
                return name
        return f'days:{self.days}'


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open span of days or of instants: start is in it, end is not."""

    start: Moment
    end: Moment

    @property
    def length(self) -> int:
        """Calendar days, or elapsed seconds."""
        return length(self.start, self.end)

    def __contains__(self, moment: Moment) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the cycles of a subscription begin and end.

    `first` is one boundary and `day` the true anchor, 1 to 31, which cycles
    of days do not have. With a `zone` the boundaries are instants (the start
    of the day there; for cycles of days the local time of `first`), without
    one they are days.
    """

    cycle: Cycle
    first: Moment
    day: int = 1
    zone: zoneinfo.ZoneInfo | None = None

    def boundary(self, number: int) -> Moment:
        """The boundary so many cycles after the first, or before it."""
        if not self.cycle.months:
            days = number * self.cycle.days
            if isinstance(self.first, dt.datetime):
                return add_days(self.first, days, self.zone or dt.UTC)
            return self.first + dt.timedelta(days=days)
        months = self.first.month - 1 + number * self.cycle.months
        day = clamped(
            self.first.year + months // 12, months % 12 + 1, self.day
        )
        return start_of_day(day, self.zone) if self.zone else day

    def cycles_from(self, moment: Moment) -> Iterator[Period]:
        """The whole cycle that contains this moment, and all after it."""
        number = self._guess(moment)
        start = self.boundary(number)
        while start > moment:
            number -= 1
            start = self.boundary(number)
        while True:
            number += 1
            end = self.boundary(number)
            if end > moment:
                yield Period(start, end)
            start = end

    def cycle_of(self, moment: Moment) -> Period:
        """The whole cycle that contains this moment."""
        return next(self.cycles_from(moment))

    def _guess(self, moment: Moment) -> int:
        """The number of a boundary within a cycle of this moment."""
        if self.cycle.months:
            years = moment.year - self.first.year
            months = moment.month - self.first.month
            return (12 * years + months) // self.cycle.months
        days = moment.toordinal() - self.first.toordinal()
        return days // self.cycle.days


def anchored(
    cycle: Cycle,
    day: int,
    start: Moment,
    zone: zoneinfo.ZoneInfo | None = None,
) -> Anchor:
    """The cycles of a subscription that starts on this day or instant.

    The first boundary is the first anchor day on or after the start, clamped
    to its month; cycles of days count from the start itself. A `zone` goes
    with an instant.
    """
    if not cycle.months:
        return Anchor(cycle, start, zone=zone)
    local = start
    if isinstance(start, dt.datetime):
        local = local_day(start, zone or dt.UTC)
    anchor = Anchor(cycle, local, day, zone)
    if anchor.boundary(0) < start:
        following = local.replace(day=1) + dt.timedelta(days=31)
        anchor = Anchor(cycle, following, day, zone)
    return anchor


def clamped(year: int, month: int, day: int) -> dt.date:
    """This day of the month, or the month's last where it is shorter."""
    if day > 28:
        day = min(day, calendar.monthrange(year, month)[1])
    return dt.date(year, month, day)


def length(start: Moment, end: Moment) -> int:
    """Calendar days between two days, whole seconds between two instants."""
    if isinstance(start, dt.datetime) and isinstance(end, dt.datetime):
        return (end - start) // _SECOND
    return end.toordinal() - start.toordinal()


def without(runs: Iterable[Period], span: Period) -> tuple[Period, ...]:
    """What is left of some periods when a span is taken out of them."""
    return tuple(
        Period(start, end)
        for run in runs
        for start, end in (
            (run.start, min(run.end, span.start)),
            (max(run.start, span.end), run.end),
        )
        if start < end
    )


def extend(runs: list[Period], span: Period) -> None:
    """Add a later span to periods, joined to the last where they touch."""
    if runs and runs[-1].end == span.start:
        span = Period(runs.pop().start, span.end)
    runs.append(span)


def in_unit(
    value: Moment, unit: Unit, zone: dt.tzinfo = dt.UTC
) -> Moment:
    """A day or an aware instant as what the unit counts.

    An instant becomes the local day it falls in, or is cut to its second in
    UTC; a day becomes its first instant where seconds are counted.
    """
    if unit is _BY_DAY:
        if isinstance(value, dt.datetime):
            return value.astimezone(zone).date()
        return value
    if not isinstance(value, dt.datetime):
        return start_of_day(value, zone)
    return value.astimezone(dt.UTC).replace(microsecond=0)


def local_day(instant: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """The calendar day on which an aware instant falls in a zone."""
    return instant.astimezone(zone).date()


def start_of_day(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """The first instant of a local day, UTC.

    That is not always midnight: where clocks go forward over it the day
    begins when they do, and of two midnights the first counts. A day that a
    zone left out (Samoa, 30 December 2011) begins and ends with the next.
    """
    return _starts(day, zone)


def _first_instant(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=zone)
    instant = midnight.astimezone(dt.UTC)
    skipped = midnight.replace(fold=1).astimezone(dt.UTC)
    # Within a gap the later reading of a wall clock is the earlier instant.
    while skipped < instant:
        middle = skipped + (instant - skipped) // _SECOND // 2 * _SECOND
        if local_day(middle, zone) < day:
            skipped = middle + _SECOND
        else:
            instant = middle
    return instant


# All customers of a zone have the same days.
_starts = functools.lru_cache(maxsize=10_000)(_first_instant)


def add_days(
    instant: dt.datetime, days: int, zone: dt.tzinfo
) -> dt.datetime:
    """So many calendar days on at the same local time, UTC.

    A local time that the clocks skip is read by the offset before the gap,
    one that comes twice is its first (as RFC 5545 reads them).
    """
    # In UTC: of an hour that comes twice the two would pass for one.
    return _days_on(instant.astimezone(dt.UTC), days, zone)


def _add_days(
    instant: dt.datetime, days: int, zone: dt.tzinfo
) -> dt.datetime:
    if not days:
        return instant
    # By the wall clock, whose sum is always the first of two (PEP 495).
    local = instant.astimezone(zone) + dt.timedelta(days=days)
    return local.astimezone(dt.UTC)


# All customers of a zone have the same deadlines, most days.
_days_on = functools.lru_cache(maxsize=10_000)(_add_days)


def zone(name: object, where: str = 'timezone') -> zoneinfo.ZoneInfo:
    """A time zone of the IANA database by name. Raises InvalidInput."""
    try:
        if isinstance(name, str) and name:
            return zoneinfo.ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        pass  # said below, in one way for all of them
    raise errors.InvalidInput(f'{name!r} is not a time zone', where)
