# SPDX-License-Identifier: Apache-2.0
"""Days are calendar days at the same local time, hours are elapsed."""

import datetime as dt

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import span
from patrii_billing import errors

PARIS = calendar.zone('Europe/Paris')


def utc(*when: int) -> dt.datetime:
    return dt.datetime(*when, tzinfo=dt.UTC)


class SpanTest(base.BaseTestCase):
    def test_operators_write_days_hours_minutes_and_seconds(self) -> None:
        self.assertEqual(
            [
                span.Span(days=7),
                span.Span(days=-3),
                span.Span(seconds=172800),
                span.Span(seconds=1800),
                span.Span(seconds=10),
            ],
            [span.Span.parse(t) for t in ('7d', '-3d', '48h', '30m', '10s')],
        )

    def test_anything_else_is_refused_by_the_name_of_its_field(self) -> None:
        for text in ('7', 'd', '7 d', '1.5h', '7w', '', '+1d', 7, None, True):
            error = self.assertRaises(
                errors.InvalidInput, span.Span.parse, text, 'policy.undo'
            )
            self.assertEqual('policy.undo', error.where)

    def test_a_day_over_the_change_of_clocks_ends_at_the_same_hour(
        self,
    ) -> None:
        # Clocks go forward in the night to 29 March 2026: a day of 23 hours.
        self.assertEqual(
            utc(2026, 3, 29, 10),
            span.Span(days=1).after(utc(2026, 3, 28, 11), PARIS),
        )
        # They go back in the night to 25 October: a day of 25 hours.
        self.assertEqual(
            utc(2026, 10, 25, 11),
            span.Span(days=1).after(utc(2026, 10, 24, 10), PARIS),
        )

    def test_hours_are_elapsed_whatever_the_clocks_do(self) -> None:
        for start in (utc(2026, 3, 28, 11), utc(2026, 10, 24, 10)):
            self.assertEqual(
                start + dt.timedelta(hours=48),
                span.Span.parse('48h').after(start, PARIS),
            )

    def test_an_hour_that_the_clocks_skip_is_read_by_the_offset_before(
        self,
    ) -> None:
        # 02:30 does not exist in Paris on 29 March 2026.
        self.assertEqual(
            utc(2026, 3, 29, 1, 30),
            span.Span(days=1).after(utc(2026, 3, 28, 1, 30), PARIS),
        )

    @hypothesis.given(st.integers(0, 99999), st.sampled_from('dhms'))
    def test_a_span_written_out_is_read_as_the_same_span(
        self, count: int, unit: str
    ) -> None:
        read = span.Span.parse(f'{count}{unit}')

        self.assertEqual(read, span.Span.parse(str(read)))

    @hypothesis.given(
        st.datetimes(
            dt.datetime(2020, 1, 1), dt.datetime(2040, 1, 1),
            timezones=st.just(dt.UTC),
        ),
        st.integers(0, 400),
        st.integers(0, 10**6),
    )  # fmt: skip
    def test_more_is_never_sooner(
        self, instant: dt.datetime, days: int, seconds: int
    ) -> None:
        short = span.Span(days, seconds).after(instant, PARIS)

        self.assertGreaterEqual(
            span.Span(days + 1, seconds).after(instant, PARIS), short
        )
        self.assertGreater(
            span.Span(days, seconds + 1).after(instant, PARIS), short
        )

    def test_before_is_as_far_back_as_after_is_ahead(self) -> None:
        noon = utc(2026, 3, 30, 10)

        # Clocks went ahead in between: the same local time is an hour more.
        self.assertEqual(
            utc(2026, 3, 28, 11), span.Span(days=2).before(noon, PARIS)
        )
        self.assertEqual(
            utc(2026, 3, 28, 10),
            span.Span(seconds=48 * 3600).before(noon, PARIS),
        )
        self.assertEqual(
            utc(2026, 3, 29, 9),
            span.Span(days=1, seconds=3600).before(noon, PARIS),
        )

    def test_what_is_wrong_is_told_also_where_it_has_no_name(self) -> None:
        error = self.assertRaises(errors.InvalidInput, span.Span.parse, '7')

        self.assertEqual('', error.where)
        self.assertEqual(
            "'7' is not a span such as 7d, 48h, 30m or 10s", error.reason
        )

    def test_a_span_of_days_is_told_in_days(self) -> None:
        self.assertEqual('0d', str(span.Span()))
        self.assertEqual('7d', str(span.Span(days=7)))
