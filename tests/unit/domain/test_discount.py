# SPDX-License-Identifier: Apache-2.0
"""A discount takes off what it says, and never more than there is."""

import datetime as dt
from decimal import Decimal

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import discount
from patrii_billing import errors
from tests.unit.domain import refusing

DAY = dt.date(2026, 1, 1)
LATER = dt.date(2026, 2, 1)


def percent(text, **dates):
    return discount.Discount('some', Decimal(text), **dates)


def amount(minor, **dates):
    return discount.Discount('some', amount=minor, **dates)


class ReadTest(base.BaseTestCase):
    def test_discounts_are_written_as_they_are_read(self):
        values = [
            {'name': 'partner', 'percent': '12.5'},
            {
                'name': 'welcome',
                'amount': '5.00',
                'valid_from': '2026-01-01',
                'valid_until': '2026-07-01',
            },
        ]
        read = discount.read(values, 'EUR')
        self.assertEqual(500, read[1].amount)
        self.assertEqual(values, discount.written(read, 'EUR'))
        self.assertEqual((), discount.read(None, 'EUR'))

    def test_what_is_wrong_is_refused_by_name(self):
        for value, where in (
            ({'name': 'a'}, 'discounts[0]'),
            ({'name': 'a', 'percent': '1', 'amount': '1'}, 'discounts[0]'),
            ({'name': 'a', 'percent': 5}, 'discounts[0].percent'),
            ({'name': 'a', 'percent': '100.1'}, 'discounts[0].percent'),
            ({'name': 'a', 'amount': '1.005'}, 'discounts[0].amount'),
            ({'name': 'a', 'amount': '-1'}, 'discounts[0].amount'),
            ({'amount': '1'}, 'discounts[0].name'),
            ({'name': 'a', 'amount': '1', 'x': 1}, 'discounts[0].x'),
        ):
            error = self.assertRaises(
                errors.InvalidInput, discount.read, [value], 'EUR'
            )
            self.assertEqual(where, error.where)


    def test_what_is_refused_is_told_in_words(self):
        for value, words in (
            ({'name': 'a'}, 'discounts[0]: needs a percent or an amount'),
            (
                {'name': 'a', 'amount': '-0.01'},
                'discounts[0].amount: is below zero',
            ),
            (
                {'name': 'a', 'percent': '1', 'valid_from': 'x'},
                'discounts[0].valid_from: is not a date as 2026-01-31',
            ),
        ):
            self.assertEqual(
                words, refusing.told(discount.read, [value], 'EUR')
            )

    def test_a_discount_of_nothing_may_be_kept(self):
        for amount in (0, 1):
            value = {'name': 'a', 'amount': f'0.0{amount}'}
            [read] = discount.read([value], 'EUR')
            self.assertEqual(amount, read.amount)


class PercentTest(base.BaseTestCase):
    def test_one_after_the_other_each_rounded_once(self):
        # 10 % of 10.05 is 1.005; 10 % of the 9.04 left is 0.904.
        self.assertEqual(
            101 + 90,
            discount.by_percent(1005, [percent('10'), percent('10')], DAY),
        )

    def test_only_on_its_days(self):
        for dates, taken in (
            ({'valid_from': LATER}, 0),
            ({'valid_until': DAY}, 0),
            ({'valid_from': DAY, 'valid_until': LATER}, 500),
        ):
            self.assertEqual(
                taken, discount.by_percent(1000, [percent('50', **dates)], DAY)
            )

    def test_all_is_all(self):
        self.assertEqual(999, discount.by_percent(999, [percent('100')], DAY))


class AmountTest(base.BaseTestCase):
    def given(self, amounts, discounts, given=0):
        return discount.by_amount(
            [(one, DAY) for one in amounts], discounts, given
        )

    def test_it_is_spread_over_the_charges_in_proportion(self):
        self.assertEqual((125, 375), self.given([1000, 3000], [amount(500)]))

    def test_it_is_never_more_than_there_is(self):
        self.assertEqual((100, 200), self.given([100, 200], [amount(500)]))
        self.assertEqual((), self.given([], [amount(500)]))
        self.assertEqual((0,), self.given([0], [amount(500)]))

    def test_several_take_one_after_the_other(self):
        self.assertEqual(
            (600, 0), self.given([600, 0], [amount(500), amount(500)])
        )

    def test_percentages_among_them_take_nothing_here(self):
        both = [percent('50'), amount(400)]
        self.assertEqual((400,), discount.by_amount([(1000, DAY)], both))

    def test_for_charges_of_other_days_alone_there_is_nothing_at_all(self):
        self.assertEqual(
            (0,),
            discount.by_amount(
                [(1000, DAY)], [amount(400, valid_from=LATER)]
            ),
        )

    def test_a_charge_of_other_days_gets_none_of_it(self):
        self.assertEqual(
            (0, 500),
            discount.by_amount(
                [(1000, DAY), (1000, LATER)], [amount(500, valid_from=LATER)]
            ),
        )

    def test_what_the_cycle_was_given_is_not_given_again(self):
        self.assertEqual((200,), self.given([1000], [amount(500)], 300))
        self.assertEqual((0,), self.given([1000], [amount(500)], 500))
        both = [amount(500), amount(100)]
        self.assertEqual((50,), self.given([1000], both, 550))

    @hypothesis.given(
        st.lists(st.integers(0, 10**4), max_size=9),
        st.lists(st.integers(0, 10**4), max_size=3),
    )
    def test_it_is_spread_without_loss_and_no_charge_goes_below_zero(
        self, amounts, minors
    ):
        given = self.given(amounts, [amount(minor) for minor in minors])
        self.assertEqual(min(sum(minors), sum(amounts)), sum(given))
        for one, off in zip(amounts, given, strict=True):
            self.assertTrue(0 <= off <= one)
