# SPDX-License-Identifier: Apache-2.0
"""A day's usage depends on what was measured, not on when it became known."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import usage

PARIS = calendar.zone('Europe/Paris')
GAP = dt.timedelta(minutes=10)
HOUR = dt.timedelta(hours=1)


def utc(*when: int) -> dt.datetime:
    return dt.datetime(*when, tzinfo=dt.UTC)


def of_day(day: dt.date, zone: dt.tzinfo = dt.UTC) -> calendar.Period:
    return calendar.Period(
        calendar.start_of_day(day, zone),
        calendar.start_of_day(day + dt.timedelta(days=1), zone),
    )


DAY = of_day(dt.date(2026, 1, 1))


def at(hour: int, minute: int, type_: str, volume: str) -> usage.Sample:
    """A sample of New Year's day."""
    return usage.Sample(
        utc(2026, 1, 1, hour, minute), usage.Type(type_), Decimal(volume)
    )


def quantity(*samples: usage.Sample, **known: usage.Sample) -> Decimal:
    return usage.add_up(samples, DAY, GAP, **known).quantity


class CounterTest(base.BaseTestCase):
    def test_it_counts_what_it_went_up_by(self) -> None:
        self.assertEqual(
            Decimal(7),
            quantity(
                at(1, 0, 'cumulative', '10'),
                at(2, 0, 'cumulative', '12'),
                at(9, 0, 'cumulative', '17'),
            ),
        )

    def test_a_lower_reading_began_anew_at_zero(self) -> None:
        self.assertEqual(
            Decimal(9),
            quantity(
                at(1, 0, 'cumulative', '10'),
                at(2, 0, 'cumulative', '15'),
                at(3, 0, 'cumulative', '4'),
            ),
        )

    def test_the_first_ever_is_told_and_not_counted(self) -> None:
        first = at(1, 0, 'cumulative', '1000')

        day = usage.add_up([first], DAY, GAP)

        self.assertEqual(Decimal(0), day.quantity)
        self.assertEqual(Decimal(1000), day.opening)

    def test_the_day_begins_with_the_last_reading_before_it(self) -> None:
        before = usage.Sample(
            utc(2025, 11, 1), usage.Type.CUMULATIVE, Decimal(90)
        )

        day = usage.add_up(
            [at(1, 0, 'cumulative', '100')], DAY, GAP, before
        )

        self.assertEqual(Decimal(10), day.quantity)
        self.assertIsNone(day.opening)

    def test_the_next_day_goes_on_where_this_one_closed(self) -> None:
        last = at(23, 55, 'cumulative', '17')

        day = usage.add_up([last, at(3, 0, 'cumulative', '8')], DAY, GAP)

        self.assertEqual(last, day.closing)

    def test_so_many_bytes_are_counted_to_the_last(self) -> None:
        self.assertEqual(
            Decimal('900000000000000000000001'),
            quantity(
                at(1, 0, 'cumulative', '0'),
                at(2, 0, 'cumulative', '900000000000000000000001'),
            ),
        )


class GaugeTest(base.BaseTestCase):
    def test_each_size_holds_until_the_next(self) -> None:
        self.assertEqual(
            Decimal('2.5'),
            quantity(
                *(at(1, minute, 'gauge', '10') for minute in range(0, 15, 5)),
                at(1, 15, 'gauge', '0'),
            ),
        )

    def test_it_holds_no_longer_than_the_gap(self) -> None:
        self.assertEqual(
            Decimal(2),
            quantity(at(1, 0, 'gauge', '6'), at(9, 0, 'gauge', '6')),
        )

    def test_it_is_cut_at_midnight(self) -> None:
        late = at(23, 58, 'gauge', '60')
        following = of_day(dt.date(2026, 1, 2))

        self.assertEqual(Decimal(2), quantity(late))
        self.assertEqual(
            Decimal(8), usage.add_up([late], following, GAP).quantity
        )

    def test_a_day_has_the_hours_that_its_clocks_give_it(self) -> None:
        for day, hours in (
            (dt.date(2026, 3, 29), 23),
            (dt.date(2026, 3, 30), 24),
            (dt.date(2026, 10, 25), 25),
        ):
            span = of_day(day, PARIS)
            count = int((span.end - span.start) / GAP)
            samples = [
                usage.Sample(
                    span.start + GAP * number, usage.Type.GAUGE, Decimal(2)
                )
                for number in range(-3, count + 3)
            ]

            self.assertEqual(
                Decimal(2 * hours),
                usage.add_up(samples, span, GAP).quantity,
            )


class DeltaTest(base.BaseTestCase):
    def test_it_is_summed(self) -> None:
        self.assertEqual(
            Decimal('0.3'),
            quantity(at(1, 0, 'delta', '0.1'), at(2, 0, 'delta', '0.2')),
        )

    def test_the_day_is_half_open(self) -> None:
        self.assertEqual(Decimal(1), quantity(at(0, 0, 'delta', '1')))
        self.assertEqual(
            Decimal(0),
            quantity(
                usage.Sample(utc(2026, 1, 2), usage.Type.DELTA, Decimal(1))
            ),
        )


class ReadingTest(base.BaseTestCase):
    def reading(self, **values: object) -> usage.Reading:
        given = {
            'project': 'p',
            'resource': 'r',
            'server': None,
            'meter': 'm',
            'unit': 'GB',
            'sample': at(23, 55, 'gauge', '1'),
        }
        return usage.Reading(**{**given, **values})  # type: ignore[arg-type]

    def test_the_same_sample_has_the_same_key_however_it_is_written(
        self,
    ) -> None:
        there = usage.Sample(
            utc(2026, 1, 1, 23, 55).astimezone(PARIS),
            usage.Type.GAUGE,
            Decimal('1'),
        )

        self.assertEqual(
            self.reading().key, self.reading(sample=there, unit='GiB').key
        )

    def test_what_differs_in_anything_has_another(self) -> None:
        keys = {
            self.reading(**change).key
            for change in (
                {},
                {'project': 'pr', 'resource': ''},
                {'project': 'q'},
                {'resource': 's'},
                {'meter': 'n'},
                {'sample': at(23, 55, 'gauge', '2')},
                {'sample': at(23, 56, 'gauge', '1')},
            )
        }

        self.assertEqual(7, len(keys))

    def test_a_size_before_midnight_is_used_on_both_days(self) -> None:
        self.assertEqual(
            (dt.date(2026, 1, 1), dt.date(2026, 1, 2)),
            self.reading().days(dt.UTC, GAP),
        )

    def test_it_is_used_on_the_days_of_the_customer(self) -> None:
        late = at(22, 55, 'gauge', '1')

        self.assertEqual(
            (dt.date(2026, 1, 1), dt.date(2026, 1, 2)),
            self.reading(sample=late).days(PARIS, GAP),
        )

    def test_a_counter_is_read_on_one_day(self) -> None:
        self.assertEqual(
            (dt.date(2026, 1, 2),),
            self.reading(sample=at(23, 55, 'cumulative', '1')).days(
                PARIS, GAP
            ),
        )


class QuantityTest(base.BaseTestCase):
    def test_it_is_written_without_digits_that_say_nothing(self) -> None:
        for value, written in (
            (Fraction(0), '0'),
            (Fraction(70), '70'),
            (Fraction(5, 2), '2.5'),
            (Fraction(1, 3), '0.333333333333'),
        ):
            self.assertEqual(written, str(usage.quantized(value)))

    def test_the_newest_is_the_last_and_of_two_at_once_the_higher(
        self,
    ) -> None:
        early, low, high = (
            at(1, 0, 'cumulative', '9'),
            at(2, 0, 'cumulative', '3'),
            at(2, 0, 'cumulative', '4'),
        )

        self.assertEqual(high, usage.newest([high, low, early]))
        self.assertIsNone(usage.newest([]))


_FIRST = dt.date(2026, 10, 24)
_LAST = dt.date(2026, 10, 27)
_SPAN = calendar.Period(
    calendar.start_of_day(_FIRST, PARIS), calendar.start_of_day(_LAST, PARIS)
)
_SAMPLES = st.lists(
    st.builds(
        lambda minutes, type_, volume: usage.Sample(
            _SPAN.start + dt.timedelta(minutes=minutes), type_, volume
        ),
        st.integers(0, 73 * 60 - 1),
        st.sampled_from(usage.Type),
        st.decimals(0, 1000, places=3),
    ),
    max_size=40,
)


def by_days(samples: list[usage.Sample]) -> list[usage.Day]:
    """Three days, of which the middle one has 25 hours."""
    before = None
    days = []
    for number in range(3):
        span = of_day(_FIRST + dt.timedelta(days=number), PARIS)
        known = [
            each for each in samples if span.start - GAP <= each.at < span.end
        ]
        days.append(usage.add_up(known, span, GAP, before))
        before = days[-1].closing or before
    return days


class HistoryTest(base.BaseTestCase):
    @hypothesis.given(_SAMPLES, st.data())
    def test_order_and_repetition_change_nothing(self, samples, data):
        again = data.draw(st.permutations(samples + samples[::2]))

        self.assertEqual(by_days(samples), by_days(again))

    @hypothesis.given(_SAMPLES)
    def test_the_days_sum_to_what_all_of_them_are_at_once(self, samples):
        days = by_days(samples)

        whole = usage.add_up(samples, _SPAN, GAP).quantity
        # What is left over of a gauge belongs to no day of the three.
        summed = sum((Fraction(day.quantity) for day in days), Fraction())
        # A day's hours are rounded to PLACES digits, no more.
        self.assertLessEqual(
            abs(summed - Fraction(whole)), Fraction(4, 10**usage.PLACES)
        )

    @hypothesis.given(_SAMPLES)
    def test_nothing_is_ever_below_zero(self, samples):
        for day in by_days(samples):
            self.assertGreaterEqual(day.quantity, 0)

    @hypothesis.given(
        st.lists(
            st.tuples(st.integers(1, 5000), st.integers(0, 10**9)),
            min_size=2, max_size=30, unique_by=lambda each: each[0],
        )
    )  # fmt: skip
    def test_a_counter_that_only_rises_counts_from_its_first_to_its_last(
        self, steps
    ):
        ordered = sorted(steps)
        risen = 0
        samples = []
        for minute, step in ordered[:72]:
            risen += step
            samples.append(
                usage.Sample(
                    _SPAN.start + dt.timedelta(minutes=minute % 4380),
                    usage.Type.CUMULATIVE,
                    Decimal(risen),
                )
            )
        hypothesis.assume(ordered[-1][0] < 4380)

        days = by_days(samples)

        counted = sum(Fraction(day.quantity) for day in days)
        openings = [day.opening for day in days if day.opening is not None]
        self.assertEqual([samples[0].volume], openings)
        self.assertEqual(
            Fraction(samples[-1].volume - samples[0].volume), counted
        )
