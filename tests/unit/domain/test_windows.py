# SPDX-License-Identifier: Apache-2.0
"""Enforcement windows move a step later, and never sooner."""

import datetime as dt
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import windows
from patrii_billing import errors

PARIS = calendar.zone('Europe/Paris')
OFFICE = {'hours': '09:00-17:00', 'weekdays': ['mon', 'tue', 'wed', 'thu']}


def utc(*when: int) -> dt.datetime:
    return dt.datetime(*when, tzinfo=dt.UTC)


def opens(given: dict[str, Any], instant: dt.datetime) -> dt.datetime:
    return windows.Window.parse(given).next_open(instant, PARIS)


class WindowTest(base.BaseTestCase):
    def test_without_a_window_a_step_comes_when_it_is_due(self) -> None:
        night = utc(2026, 2, 1, 2, 30)

        self.assertEqual(night, windows.ALWAYS.next_open(night, PARIS))
        self.assertEqual(windows.ALWAYS, windows.Window.parse({}))

    def test_within_its_hours_a_step_comes_when_it_is_due(self) -> None:
        self.assertEqual(
            utc(2026, 2, 2, 15, 59), opens(OFFICE, utc(2026, 2, 2, 15, 59))
        )

    def test_before_its_hours_a_step_waits_for_the_morning(self) -> None:
        self.assertEqual(utc(2026, 2, 2, 8), opens(OFFICE, utc(2026, 2, 2, 1)))

    def test_at_the_closing_hour_it_waits_for_the_next_morning(self) -> None:
        self.assertEqual(
            utc(2026, 2, 3, 8), opens(OFFICE, utc(2026, 2, 2, 16))
        )

    def test_over_a_weekend_it_waits_for_monday(self) -> None:
        # 5 February 2026 is a Thursday.
        self.assertEqual(
            utc(2026, 2, 9, 8), opens(OFFICE, utc(2026, 2, 5, 16))
        )

    def test_a_holiday_is_passed_over(self) -> None:
        for day in ('2026-02-09', dt.date(2026, 2, 9)):
            self.assertEqual(
                utc(2026, 2, 10, 8),
                opens({**OFFICE, 'holidays': [day]}, utc(2026, 2, 5, 16)),
            )

    def test_hours_are_those_of_the_customer_in_summer_and_winter(
        self,
    ) -> None:
        self.assertEqual(utc(2026, 7, 6, 7), opens(OFFICE, utc(2026, 7, 6, 1)))

    def test_the_evening_of_a_customer_behind_utc_is_of_his_own_day(
        self,
    ) -> None:
        evening = utc(2026, 2, 3, 2)

        self.assertEqual(
            evening,
            windows.Window.parse({'hours': '20:00-23:00'}).next_open(
                evening, calendar.zone('America/New_York')
            ),
        )

    def test_the_instant_is_told_in_utc(self) -> None:
        self.assertIs(dt.UTC, opens(OFFICE, utc(2026, 2, 2, 1)).tzinfo)

    def test_an_hour_that_comes_twice_does_not_turn_time_back(self) -> None:
        # In Paris 02:00 to 03:00 comes twice on 25 October 2026; this is
        # 02:10 for the second time.
        second = utc(2026, 10, 25, 1, 10)

        self.assertEqual(second, opens({'hours': '02:30-05:00'}, second))

    def test_hours_that_the_clocks_skip_open_on_the_next_day(self) -> None:
        # In Paris there is no 02:00 to 03:00 on 29 March 2026.
        self.assertEqual(
            utc(2026, 3, 30, 0),
            opens({'hours': '02:00-03:00'}, utc(2026, 3, 29, 0, 30)),
        )

    @hypothesis.given(
        st.datetimes(
            dt.datetime(2026, 1, 1), dt.datetime(2027, 1, 1),
            timezones=st.just(dt.UTC),
        ),
        st.integers(0, 22),
        st.integers(1, 24),
        st.sets(st.sampled_from(['mon', 'wed', 'sun']), min_size=1),
    )  # fmt: skip
    def test_what_it_gives_is_later_and_inside(
        self, due: dt.datetime, first: int, hours: int, days: set[str]
    ) -> None:
        last = min(first + hours, 24)
        window = windows.Window.parse(
            {'hours': f'{first:02}:00-{last:02}:00', 'weekdays': sorted(days)}
        )

        found = window.next_open(due, PARIS)

        self.assertGreaterEqual(found, due)
        self.assertEqual(found, window.next_open(found, PARIS))

    def test_what_is_wrong_is_named(self) -> None:
        for given, where in (
            ('always', 'w'),
            ({'hour': '09:00-17:00'}, 'w.hour'),
            ({'hours': '9-17'}, 'w.hours'),
            ({'hours': '17:00-09:00'}, 'w.hours'),
            ({'hours': '09:00-09:00'}, 'w.hours'),
            ({'hours': '09:00-24:30'}, 'w.hours'),
            ({'hours': 9}, 'w.hours'),
            ({'weekdays': []}, 'w.weekdays'),
            ({'weekdays': 'mon'}, 'w.weekdays'),
            ({'weekdays': ['monday']}, 'w.weekdays'),
            ({'weekdays': 3}, 'w.weekdays'),
            ({'holidays': ['christmas']}, 'w.holidays'),
            ({'holidays': 3}, 'w.holidays'),
        ):
            error = self.assertRaises(
                errors.InvalidInput, windows.Window.parse, given, 'w'
            )
            self.assertEqual(where, error.where, given)

    def test_a_window_that_never_opens_is_a_mistake(self) -> None:
        days = [dt.date(2026, 1, 1) + dt.timedelta(n) for n in range(800)]

        error = self.assertRaises(
            errors.InvalidInput, opens,
            {'holidays': days}, utc(2026, 1, 1),
        )  # fmt: skip

        self.assertEqual('the window never opens', error.reason)

    def test_minutes_count(self) -> None:
        self.assertEqual(
            windows.Window(9 * 60 + 30, 17 * 60 + 45),
            windows.Window.parse({'hours': '09:30-17:45'}),
        )

    def test_what_is_wrong_is_told_in_words(self) -> None:
        days = 'mon, tue, wed, thu, fri, sat, sun'
        hours = 'is not a span of hours such as 09:00-17:00'
        for given, where, reason in (
            ('x', '', 'must be a mapping'),
            ({'hour': 'x'}, '.hour', 'unknown key'),
            ({'hours': 'x'}, '.hours', f"'x' {hours}"),
            ({'hours': '09:00-24:01'}, '.hours', f"'09:00-24:01' {hours}"),
            ({'weekdays': []}, '.weekdays', f'must be a list of {days}'),
            ({'weekdays': ['x']}, '.weekdays', f'must be a list of {days}'),
            ({'holidays': ['x']}, '.holidays', 'must be a list of dates'),
        ):
            error = self.assertRaises(
                errors.InvalidInput, windows.Window.parse, given
            )
            self.assertEqual((where, reason), (error.where, error.reason))
