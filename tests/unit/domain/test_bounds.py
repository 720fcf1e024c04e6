# SPDX-License-Identifier: Apache-2.0
"""Nonsense is not billed, and what only looks large is."""

import dataclasses
import datetime as dt
from decimal import Decimal

from oslotest import base

from patrii_billing.domain import bounds
from patrii_billing.domain import calendar
from patrii_billing.domain import invoice
from patrii_billing.domain import money
from patrii_billing.domain import proration

TODAY = dt.date(2026, 1, 15)
JANUARY = calendar.Period(dt.date(2026, 1, 1), dt.date(2026, 2, 1))
ONE_DAY = calendar.Period(dt.date(2025, 12, 31), dt.date(2026, 1, 1))


def item(amount):
    kind = (
        proration.LineKind.CREDIT if amount < 0 else proration.LineKind.CHARGE
    )
    line = proration.Line(
        kind, 'web', JANUARY.start, JANUARY.end, Decimal(1), Decimal(10),
        money.WHOLE, amount, 'EUR', 'why',
    )  # fmt: skip
    return invoice.Item(line, 0, amount)


def why(*amounts, **known):
    known = {
        'period': JANUARY, 'previous': None, 'billed': 0,
        'limits': bounds.DEFAULT,
    } | known  # fmt: skip
    said = invoice.summed(item(amount) for amount in amounts)
    period = known.pop('period')
    return bounds.why_not(said, 'EUR', period, TODAY, **known)


class BoundsTest(base.BaseTestCase):
    def test_an_ordinary_bill_is_no_nonsense(self):
        self.assertIsNone(why(1000, previous=(1000, JANUARY), billed=1000))

    def test_a_bill_many_times_the_one_before_is(self):
        before = (10_000, JANUARY)
        self.assertIsNone(why(200_000, previous=before))
        self.assertIn(
            '2000.01 EUR, more than 20 times the 100.00 EUR before it',
            why(200_001, previous=before),
        )

    def test_limits_of_ones_own_count_in_each_check(self):
        limits = bounds.Limits(
            times_previous=2, amount=Decimal(0), months_past=0
        )
        before = (10_000, JANUARY)
        self.assertIsNone(why(20_000, previous=before, limits=limits))
        self.assertIn(
            'more than 2 times', why(20_001, previous=before, limits=limits)
        )
        self.assertIn(
            '2025-12-31, more than 0 months ago',
            why(1, period=ONE_DAY, limits=limits),
        )

    def test_small_bills_may_grow_as_they_like(self):
        self.assertIsNone(why(100_000, previous=(1, JANUARY)))
        self.assertIsNotNone(why(100_001, previous=(1, JANUARY)))

    def test_a_whole_cycle_after_a_stub_is_compared_by_the_day(self):
        self.assertIsNone(why(310_000, previous=(10_000, ONE_DAY)))
        self.assertIsNotNone(why(310_000, previous=(10_000, JANUARY)))

    def test_without_a_bill_before_there_is_nothing_to_compare(self):
        for previous in (None, (0, JANUARY), (-5, JANUARY)):
            self.assertIsNone(why(10**9, previous=previous))

    def test_more_lines_than_the_days_explain_are(self):
        limits = dataclasses.replace(bounds.DEFAULT, lines=3, lines_per_day=2)
        self.assertIsNone(why(*[1] * 62, limits=limits))
        self.assertIn('63 lines', why(*[1] * 63, limits=limits))
        self.assertIsNone(why(*[1] * 3, limits=limits, period=ONE_DAY))
        self.assertIsNotNone(why(*[1] * 4, limits=limits, period=ONE_DAY))

    def test_nobody_gets_back_more_than_was_ever_billed(self):
        self.assertIsNone(why(-1000, billed=1000))
        self.assertIn('10.01 EUR', why(-1001, billed=1000))
        self.assertIsNotNone(why(-1001, 5000, billed=1000))
        self.assertIsNotNone(why(-1, billed=0))

    def test_a_period_far_away_is(self):
        for year, month, sound in (
            (2024, 1, True),
            (2023, 12, False),
            (2027, 3, True),
            (2027, 4, False),
        ):
            start = dt.date(year, month, 1)
            period = calendar.Period(start, start + dt.timedelta(days=28))
            self.assertEqual(sound, why(1, period=period) is None)
