# SPDX-License-Identifier: Apache-2.0
"""Periods keep to their anchor, and days to the zone of the account."""

import calendar as months
import datetime as dt
import itertools
import zoneinfo

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing import errors
from tests.unit.domain import refusing

PARIS = zoneinfo.ZoneInfo('Europe/Paris')
DAYS = st.dates(dt.date(1971, 1, 1), dt.date(2036, 12, 31))
INSTANTS = st.datetimes(
    dt.datetime(1971, 1, 1),
    dt.datetime(2036, 12, 31),
    timezones=st.just(dt.UTC),
)
# Every whole hour from -12 to +14, and the places where days are strange.
ZONES = st.sampled_from(
    [zoneinfo.ZoneInfo(f'Etc/GMT{hours:+}') for hours in range(-14, 13)]
    + [
        zoneinfo.ZoneInfo(name)
        for name in """
        Africa/Cairo Africa/Casablanca America/Havana America/Sao_Paulo
        America/St_Johns Antarctica/Troll Asia/Beirut Asia/Kathmandu
        Australia/Lord_Howe Europe/Paris Pacific/Apia Pacific/Chatham
        Pacific/Kiritimati Pacific/Kwajalein
        """.split()
    ]
)
CYCLES = st.sampled_from(
    ['month', 'quarter', 'year', 'days:1', 'days:30', 'days:365']
).map(calendar.Cycle.parse)


def boundaries(cycle, day, start, count):
    anchor = calendar.anchored(calendar.Cycle.parse(cycle), day, start)
    return [str(anchor.boundary(number)) for number in range(count)]


def utc(*fields):
    return dt.datetime(*fields, tzinfo=dt.UTC)


class CycleTest(base.BaseTestCase):
    def test_cycles_are_months_quarters_years_and_days(self):
        for text in ('month', 'quarter', 'year', 'days:1', 'days:30'):
            self.assertEqual(text, str(calendar.Cycle.parse(text)))

    def test_what_is_no_cycle_is_refused_by_name(self):
        for text in ('week', 'days:0', 'days:-1', 'days:1.5', 'days:', 30, ''):
            error = self.assertRaises(
                errors.InvalidInput, calendar.Cycle.parse, text
            )
            self.assertEqual('cycle', error.where)


    def test_what_is_refused_is_told_in_words(self):
        self.assertEqual(
            "cycle: 'week' is not month, quarter, year or days:N",
            refusing.told(calendar.Cycle.parse, 'week', 'cycle'),
        )
        self.assertEqual(
            "timezone: 'Mars' is not a time zone",
            refusing.told(calendar.zone, 'Mars'),
        )


class AnchorTest(base.BaseTestCase):
    def test_the_31st_is_clamped_and_comes_back(self):
        self.assertEqual(
            ['2023-12-31', '2024-01-31', '2024-02-29', '2024-03-31']
            + ['2024-04-30', '2024-05-31'],
            boundaries('month', 31, dt.date(2023, 12, 1), 6),
        )

    def test_a_life_that_starts_clamped_finds_its_anchor(self):
        self.assertEqual(
            ['2025-02-28', '2025-03-30', '2025-04-30'],
            boundaries('month', 30, dt.date(2025, 1, 31), 3),
        )

    def test_quarters_count_from_the_first_anchor_day(self):
        self.assertEqual(
            ['2025-11-30', '2026-02-28', '2026-05-30'],
            boundaries('quarter', 30, dt.date(2025, 11, 2), 3),
        )

    def test_29_february_returns_every_leap_year(self):
        self.assertEqual(
            ['2024-02-29', '2025-02-28', '2026-02-28', '2027-02-28']
            + ['2028-02-29'],
            boundaries('year', 29, dt.date(2024, 2, 29), 5),
        )

    def test_cycles_of_days_count_from_the_start(self):
        self.assertEqual(
            ['2026-01-15', '2026-02-14', '2026-03-16'],
            boundaries('days:30', 1, dt.date(2026, 1, 15), 3),
        )

    def test_a_year_between_two_equal_dates_is_one_year(self):
        anchor = calendar.anchored(
            calendar.Cycle(months=12), 3, dt.date(2026, 8, 3)
        )
        self.assertEqual(
            calendar.Period(dt.date(2026, 8, 3), dt.date(2027, 8, 3)),
            anchor.cycle_of(dt.date(2026, 8, 3)),
        )

    def test_a_day_within_a_cycle_of_days_is_of_the_one_before_it(self):
        anchor = calendar.anchored(
            calendar.Cycle(days=30), 1, dt.date(2026, 1, 15)
        )
        for day in (15, 22, 31):
            self.assertEqual(
                calendar.Period(dt.date(2026, 1, 15), dt.date(2026, 2, 14)),
                anchor.cycle_of(dt.date(2026, 1, day)),
            )

    def test_by_the_second_a_cycle_begins_with_its_first_instant(self):
        days = [dt.date(2026, month, 1) for month in (1, 2, 3)]
        january, february, march = (
            calendar.start_of_day(day, PARIS) for day in days
        )
        anchor = calendar.anchored(
            calendar.Cycle(months=1), 1, january, PARIS
        )
        self.assertEqual(
            calendar.Period(february, march), anchor.cycle_of(february)
        )

    @hypothesis.given(DAYS, st.integers(1, 31))
    def test_the_first_boundary_is_the_first_anchor_day_from_the_start(
        self, start, day
    ):
        anchor = calendar.anchored(calendar.Cycle(months=1), day, start)
        looked = (start + dt.timedelta(days=n) for n in itertools.count())
        found = next(
            candidate
            for candidate in looked
            if candidate.day
            == min(day, months.monthrange(candidate.year, candidate.month)[1])
        )
        self.assertEqual(found, anchor.boundary(0))

    @hypothesis.given(DAYS, st.integers(28, 31), CYCLES, DAYS)
    def test_every_day_is_in_one_cycle_and_cycles_leave_no_gap(
        self, start, day, cycle, asked
    ):
        anchor = calendar.anchored(cycle, day, start)
        some = list(itertools.islice(anchor.cycles_from(asked), 6))
        self.assertIn(asked, some[0])
        self.assertEqual(some[0], anchor.cycle_of(asked))
        for one, following in itertools.pairwise(some):
            self.assertEqual(one.end, following.start)
            self.assertLess(following.start, following.end)

    @hypothesis.given(DAYS, st.integers(1, 31), ZONES)
    def test_a_plan_by_the_second_renews_when_the_local_day_begins(
        self, start, day, zone
    ):
        cycle = calendar.Cycle(months=1)
        instant = calendar.start_of_day(start, zone)
        by_second = calendar.anchored(cycle, day, instant, zone)
        first = calendar.local_day(instant, zone)
        by_day = calendar.anchored(cycle, day, first)
        for number in range(4):
            self.assertEqual(
                calendar.start_of_day(by_day.boundary(number), zone),
                by_second.boundary(number),
            )

    def test_a_start_after_midnight_waits_for_the_next_anchor_day(self):
        anchor = calendar.anchored(
            calendar.Cycle(months=1), 15, utc(2026, 1, 15, 9), PARIS
        )
        self.assertEqual(utc(2026, 2, 14, 23), anchor.boundary(0))

    def test_days_by_the_second_keep_the_local_time_of_the_start(self):
        anchor = calendar.anchored(
            calendar.Cycle(days=7), 1, utc(2026, 3, 27, 9), PARIS
        )
        self.assertEqual(utc(2026, 4, 3, 8), anchor.boundary(1))


class PeriodTest(base.BaseTestCase):
    def test_a_period_holds_its_start_and_not_its_end(self):
        period = calendar.Period(dt.date(2026, 2, 1), dt.date(2026, 3, 1))
        self.assertEqual(28, period.length)
        self.assertIn(period.start, period)
        self.assertNotIn(period.end, period)

    def test_the_days_on_which_clocks_change_have_23_and_25_hours(self):
        spring, autumn = dt.date(2026, 3, 29), dt.date(2026, 10, 25)
        for day, hours in ((spring, 23), (autumn, 25)):
            following = day + dt.timedelta(days=1)
            self.assertEqual(
                hours * 3600,
                calendar.length(
                    calendar.start_of_day(day, PARIS),
                    calendar.start_of_day(following, PARIS),
                ),
            )
            self.assertEqual(1, calendar.length(day, following))

    def test_what_is_taken_out_to_an_end_leaves_one_period(self):
        first, middle, last = (dt.date(2026, 1, day) for day in (1, 9, 31))
        run = calendar.Period(first, last)
        before = calendar.Period(first, middle)
        after = calendar.Period(middle, last)
        self.assertEqual((after,), calendar.without([run], before))
        self.assertEqual((before,), calendar.without([run], after))
        self.assertEqual((), calendar.without([run], run))

    @hypothesis.given(st.sets(st.integers(0, 20)), st.integers(0, 19))
    def test_a_span_taken_out_leaves_the_rest(self, days, length):
        first = dt.date(2026, 1, 1)
        runs = []
        for day in sorted(days):
            start = first + dt.timedelta(days=day)
            calendar.extend(
                runs, calendar.Period(start, start + dt.timedelta(days=1))
            )
        span = calendar.Period(
            first + dt.timedelta(days=3), first + dt.timedelta(days=3 + length)
        )
        left = {
            day
            for day in range(21)
            for run in calendar.without(runs, span)
            if first + dt.timedelta(days=day) in run
        }
        self.assertEqual(days - set(range(3, 3 + length)), left)


class Odd(dt.tzinfo):
    """On 10 March 2026 its clocks go from 23:45 on to 00:45."""

    FROM = dt.datetime(2026, 3, 10, 23, 45)
    HOUR = dt.timedelta(hours=1)

    def utcoffset(self, at):
        local = at.replace(tzinfo=None)
        is_after = local >= self.FROM + (0 if at.fold else 1) * self.HOUR
        return self.HOUR if is_after else dt.timedelta()

    def fromutc(self, at):
        is_after = at.replace(tzinfo=None) >= self.FROM
        return at + self.HOUR if is_after else at


class DayTest(base.BaseTestCase):
    @hypothesis.given(DAYS, ZONES)
    def test_a_day_starts_with_its_first_instant(self, day, zone):
        start = calendar.start_of_day(day, zone)
        before = start - dt.timedelta(seconds=1)
        self.assertGreaterEqual(calendar.local_day(start, zone), day)
        self.assertLess(calendar.local_day(before, zone), day)

    @hypothesis.given(INSTANTS, ZONES)
    def test_an_instant_is_never_before_the_start_of_its_day(
        self, instant, zone
    ):
        day = calendar.local_day(instant, zone)
        self.assertLessEqual(calendar.start_of_day(day, zone), instant)

    def test_where_clocks_skip_midnight_the_day_begins_after_it(self):
        for name, day, start in (
            ('America/Sao_Paulo', (2018, 11, 4), utc(2018, 11, 4, 3)),
            ('America/Toronto', (1919, 3, 31), utc(1919, 3, 31, 4, 30)),
            ('Pacific/Apia', (2011, 12, 30), utc(2011, 12, 30, 10)),
            ('Pacific/Apia', (2011, 12, 31), utc(2011, 12, 30, 10)),
        ):
            self.assertEqual(
                start,
                calendar.start_of_day(
                    dt.date(*day), zoneinfo.ZoneInfo(name)
                ),
            )

    def test_a_day_begins_to_the_second_wherever_in_a_gap_midnight_is(self):
        start = calendar.start_of_day(dt.date(2026, 3, 11), Odd())
        self.assertEqual(utc(2026, 3, 10, 23, 45), start)
        self.assertIs(dt.UTC, start.tzinfo)

    def test_of_two_midnights_the_first_begins_the_day(self):
        self.assertEqual(
            utc(2025, 11, 2, 4),
            calendar.start_of_day(
                dt.date(2025, 11, 2), zoneinfo.ZoneInfo('America/Havana')
            ),
        )

    def test_the_same_instant_is_another_day_elsewhere(self):
        instant = utc(2026, 1, 31, 11)
        for name, day in (
            ('Etc/GMT+12', 30),
            ('UTC', 31),
            ('Pacific/Kiritimati', 1),
        ):
            zone = zoneinfo.ZoneInfo(name)
            self.assertEqual(day, calendar.local_day(instant, zone).day)

    @hypothesis.given(INSTANTS, st.integers(-400, 400), ZONES)
    def test_days_are_added_at_the_same_local_time(self, instant, days, zone):
        moved = calendar.add_days(instant, days, zone)
        wanted = instant.astimezone(zone).replace(tzinfo=None)
        wanted += dt.timedelta(days=days)
        off = moved.astimezone(zone).replace(tzinfo=None) - wanted
        if off:
            # Only a skipped local time is moved, by the length of the gap.
            before = wanted.replace(tzinfo=zone, fold=0).utcoffset()
            after = wanted.replace(tzinfo=zone, fold=1).utcoffset()
            self.assertEqual(after - before, off)
            self.assertGreater(off, dt.timedelta())

    def test_a_skipped_local_time_moves_on_and_a_double_one_is_its_first(self):
        for start, moved in (
            (utc(2026, 3, 28, 1, 30), utc(2026, 3, 29, 1, 30)),
            (utc(2026, 10, 24, 0, 30), utc(2026, 10, 25, 0, 30)),
        ):
            self.assertEqual(moved, calendar.add_days(start, 1, PARIS))

    def test_instants_are_told_in_utc(self):
        noon = dt.datetime(2026, 2, 3, 12, tzinfo=PARIS)
        for instant in (
            calendar.start_of_day(noon.date(), PARIS),
            calendar.start_of_day(
                dt.date(2018, 11, 4), zoneinfo.ZoneInfo('America/Sao_Paulo')
            ),
            calendar.add_days(noon, 0, PARIS),
            calendar.add_days(noon, 1, PARIS),
            calendar.in_unit(noon, calendar.Unit.SECOND),
        ):
            self.assertIs(dt.UTC, instant.tzinfo)

    def test_the_second_of_a_double_hour_has_its_next_day_at_that_hour(self):
        second = dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)
        self.assertEqual(
            dt.datetime(2026, 10, 26, 1, 30, tzinfo=dt.UTC),
            calendar.add_days(second, 1, PARIS),
        )
        self.assertEqual(
            dt.datetime(2027, 10, 31, 0, 30, tzinfo=dt.UTC),
            calendar.add_days(second, 371, PARIS),
        )

    def test_the_first_boundary_is_of_the_local_day_of_the_start(self):
        kiritimati = zoneinfo.ZoneInfo('Pacific/Kiritimati')
        # The first of February there, the 31st of January in UTC.
        start = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)
        anchor = calendar.anchored(
            calendar.Cycle(months=1), 1, start, kiritimati
        )
        self.assertEqual(start, anchor.boundary(0))

    def test_no_days_later_is_the_same_instant(self):
        second_half_past_two = utc(2026, 10, 25, 1, 30)
        self.assertEqual(
            second_half_past_two,
            calendar.add_days(second_half_past_two, 0, PARIS),
        )

    def test_moments_become_what_the_unit_counts(self):
        day, instant = dt.date(2026, 7, 1), utc(2026, 6, 30, 22, 0, 0, 9)
        for value, unit, expected in (
            (day, calendar.Unit.DAY, day),
            (instant, calendar.Unit.DAY, day),
            (day, calendar.Unit.SECOND, utc(2026, 6, 30, 22)),
            (instant, calendar.Unit.SECOND, utc(2026, 6, 30, 22)),
        ):
            self.assertEqual(
                expected, calendar.in_unit(value, unit, PARIS)
            )

    def test_an_unknown_zone_is_refused_by_name(self):
        self.assertEqual('Europe/Paris', calendar.zone('Europe/Paris').key)
        for name in ('Mars/Olympus', '', None, 'Europe', '../etc', '\0', 5):
            error = self.assertRaises(
                errors.InvalidInput, calendar.zone, name
            )
            self.assertEqual('timezone', error.where)
