# SPDX-License-Identifier: Apache-2.0
"""What the samples of one resource and meter add up to over a day.

Order, duplicates and lateness do not matter: a day's usage depends only on
which samples are known, never on when they became known.
"""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import enum
from fractions import Fraction
import hashlib
import itertools
import json

from patrii_billing.domain import calendar
from patrii_billing.domain import money

# Digits after the point of a quantity, which is far below what is priced.
PLACES = 12
_MICROSECOND = dt.timedelta(microseconds=1)
_HOUR = dt.timedelta(hours=1) // _MICROSECOND
_ZERO = Decimal(0)


class Type(enum.StrEnum):
    """What the volume of a sample means, by ceilometer's words."""

    CUMULATIVE = 'cumulative'  # a counter since its resource began
    GAUGE = 'gauge'  # a size at that instant
    DELTA = 'delta'  # what was used since the sample before


@dataclass(frozen=True, slots=True)
class Sample:
    """A volume, zero or more, measured at an instant (UTC)."""

    at: dt.datetime
    type: Type
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Reading:
    """A sample, and of what it is one.

    `server` is whose resource it is (its disk, its port), where it is one's.
    """

    project: str
    resource: str
    server: str | None
    meter: str
    unit: str
    sample: Sample

    @property
    def key(self) -> str:
        """The same for the same sample, however often it is told.

        Not ceilometer's message_id: what it makes of a notification has a
        new one each time. A resource is polled once at an instant, so this
        loses nothing of what is polled either.
        """
        what = [
            self.project,
            self.resource,
            self.meter,
            self.sample.at.astimezone(dt.UTC).isoformat(),
            f'{self.sample.volume:f}',
        ]
        text = json.dumps(what).encode()
        return hashlib.blake2b(text, digest_size=20).hexdigest()

    def days(
        self, zone: dt.tzinfo, max_gap: dt.timedelta
    ) -> tuple[dt.date, ...]:
        """The local days whose usage it may change by itself.

        A cumulative one also changes the day of the next sample, wherever
        that is; see Day.closing.
        """
        day = calendar.local_day(self.sample.at, zone)
        if self.sample.type is not Type.GAUGE:
            return (day,)
        last = calendar.local_day(self.sample.at + max_gap, zone)
        count = (last - day).days + 1
        return tuple(day + dt.timedelta(days=n) for n in range(count))


@dataclass(frozen=True, slots=True)
class Day:
    """What was used on a day.

    `opening` is what a counter showed that was never read before. It is not
    in the quantity: how long it took to get there is not known here.
    `closing` is the counter's last reading, from which the next day counts.
    """

    quantity: Decimal
    opening: Decimal | None = None
    closing: Sample | None = None


def add_up(
    samples: Iterable[Sample],
    day: calendar.Period,
    max_gap: dt.timedelta,
    before: Sample | None = None,
) -> Day:
    """The usage of a day, which is given by its first and last instant.

    A counter counts by its differences, on the day of the later reading; a
    lower reading is a counter that began anew at zero. A gauge counts in
    hours of its unit: each volume holds until the next sample, but at most
    for `max_gap`, for the absence of samples says nothing. Deltas are summed.

    `samples` has at least those of the day, and the gauges of a `max_gap`
    before it; `before` is the newest reading of the counter before the day.
    """
    known = sorted(set(samples), key=_order)
    counters = _of(known, Type.CUMULATIVE, day)
    counted, opening = _differences(counters, before)
    summed = sum(
        (Fraction(each.volume) for each in _of(known, Type.DELTA, day)),
        Fraction(),
    )
    gauges = [each for each in known if each.type is Type.GAUGE]
    return Day(
        quantized(counted + summed + _held(gauges, day, max_gap)),
        opening,
        counters[-1] if counters else None,
    )


def newest(samples: Iterable[Sample]) -> Sample | None:
    """The one that the next is compared with."""
    return max(samples, key=_order, default=None)


def quantized(value: Fraction) -> Decimal:
    """A quantity of at most PLACES digits after the point."""
    scaled = money.rounded(value.numerator * 10**PLACES, value.denominator)
    places = PLACES
    while places and scaled % 10 == 0:
        scaled //= 10
        places -= 1
    # Made of text: arithmetic would round to the context's 28 digits.
    return Decimal(f'{scaled}e-{places}')


def _order(sample: Sample) -> tuple[dt.datetime, Decimal]:
    """By instant; of two at the same one the higher counts as the later."""
    return sample.at, sample.volume


def _of(
    known: Iterable[Sample], type_: Type, day: calendar.Period
) -> list[Sample]:
    return [each for each in known if each.type is type_ and each.at in day]


def _differences(
    counters: Sequence[Sample], before: Sample | None
) -> tuple[Fraction, Decimal | None]:
    """What the readings went up by, and the first where none is before."""
    counted = Fraction()
    opening = None
    for reading in counters:
        if before is None:
            opening = reading.volume
        else:
            base = before.volume if reading.volume >= before.volume else _ZERO
            counted += Fraction(reading.volume) - Fraction(base)
        before = reading
    return counted, opening


def _held(
    gauges: Sequence[Sample], day: calendar.Period, max_gap: dt.timedelta
) -> Fraction:
    """Unit-hours within the day."""
    held = Fraction()
    for gauge, following in itertools.zip_longest(gauges, gauges[1:]):
        until = gauge.at + max_gap
        if following is not None:
            until = min(until, following.at)
        elapsed = min(until, day.end) - max(gauge.at, day.start)
        held += Fraction(gauge.volume) * max(elapsed // _MICROSECOND, 0)
    return held / _HOUR
