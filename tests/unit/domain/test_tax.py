# SPDX-License-Identifier: Apache-2.0
"""Taxes are those of the day, and what they take adds up."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import tax
from patrii_billing import errors
from tests.unit.domain import refusing

LINE, TOTAL = tax.Rounding.LINE, tax.Rounding.TOTAL
NEW_YEAR = dt.date(2026, 1, 1)
VAT = {'name': 'VAT', 'rate': '20'}
AMOUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=8)
RATES = st.lists(st.decimals(0, 30, places=3), min_size=0, max_size=3).map(
    lambda rates: [tax.Rate(f'rate {n}', rate) for n, rate in enumerate(rates)]
)


def rates(*percents):
    return [
        tax.Rate(f'rate {n}', Decimal(percent))
        for n, percent in enumerate(percents)
    ]


def taken(amounts, percents, *, inclusive=False, rounding=LINE):
    """Of each amount what each rate takes."""
    return [
        [each.amount for each in taxes]
        for taxes in tax.taken(
            [(amount, rates(*percents)) for amount in amounts],
            inclusive,
            rounding,
        )
    ]


class ReadTest(base.BaseTestCase):
    def refused(self, *values):
        error = self.assertRaises(errors.InvalidInput, tax.read, list(values))
        return error.where

    def test_rates_are_written_as_they_are_read(self):
        values = [
            VAT | {'valid_until': '2026-01-01'},
            VAT | {'rate': '21.5', 'valid_from': '2026-01-01'},
            {'name': 'city', 'rate': '0'},
        ]
        self.assertEqual(values, tax.written(tax.read(values)))
        self.assertEqual((), tax.read(None))

    def test_what_is_wrong_is_refused_by_name(self):
        for change, where in (
            ({'rate': 20}, 'rate'),
            ({'rate': '-1'}, 'rate'),
            ({'rate': '101'}, 'rate'),
            ({'rate': None}, 'rate'),
            ({'name': ' '}, 'name'),
            ({'name': 7}, 'name'),
            ({'name': 'two\nlines'}, 'name'),
            ({'valid_from': '2026-02-30'}, 'valid_from'),
            ({'valid_from': '20260201'}, 'valid_from'),
            ({'percent': '20'}, 'percent'),
            (
                {'valid_from': '2026-01-01', 'valid_until': '2026-01-01'},
                'valid_until',
            ),
        ):
            self.assertEqual(f'taxes[1].{where}', self.refused(
                {'name': 'other', 'rate': '1'}, VAT | change
            ))  # fmt: skip
        self.assertEqual('taxes[0]', self.refused('VAT'))
        error = self.assertRaises(errors.InvalidInput, tax.read, VAT)
        self.assertEqual('taxes', error.where)

    def test_a_rate_that_is_there_is_told_in_words(self):
        twice = [{'name': 'VAT', 'rate': '20'}] * 2
        self.assertEqual(
            'taxes[1].name: another rate of this name is valid on the same '
            'days',
            refusing.told(tax.read, twice),
        )

    def test_nothing_is_taxed_twice_under_one_name(self):
        until = VAT | {'valid_until': '2026-01-02'}
        self.assertEqual(
            'taxes[1].name',
            self.refused(until, VAT | {'valid_from': '2026-01-01'}),
        )
        tax.read([until, VAT | {'valid_from': '2026-01-02'}])

    def test_a_new_rate_counts_from_its_day_and_the_old_until_it(self):
        known = tax.read(
            [
                VAT | {'valid_until': '2026-01-01'},
                VAT | {'rate': '21', 'valid_from': '2026-01-01'},
                {'name': 'city', 'rate': '1'},
            ]
        )
        for day, said in (
            (NEW_YEAR - dt.timedelta(days=1), ['20', '1']),
            (NEW_YEAR, ['21', '1']),
        ):
            valid = tax.valid_on(known, day)
            self.assertEqual(said, [str(rate.rate) for rate in valid])

    def test_taxes_of_lines_and_invoices_are_kept_as_they_are(self):
        taxes = (tax.Tax('VAT', Decimal('7.70'), -3),)
        self.assertEqual(taxes, tax.taxes_read(tax.taxes_written(taxes)))
        sums = (tax.Sum('VAT', Decimal('7.70'), 40, 3),)
        self.assertEqual(sums, tax.sums_read(tax.sums_written(sums)))
        self.assertEqual((), tax.taxes_read(None))
        self.assertEqual((), tax.sums_read(None))


class TakenTest(base.BaseTestCase):
    def test_each_rate_takes_its_part_of_the_same_base(self):
        self.assertEqual([[200, 10]], taken([1000], ['20', '1']))

    def test_half_a_minor_unit_is_rounded_away_from_zero(self):
        self.assertEqual([[1], [0]], taken([5, 4], ['10']))

    def test_rounded_by_line_small_lines_may_lose_their_tax(self):
        self.assertEqual([[0]] * 10, taken([2] * 10, ['20']))

    def test_rounded_by_total_the_lines_add_up_to_one_rounding(self):
        taxes = taken([2] * 10, ['20'], rounding=TOTAL)
        self.assertEqual(4, sum(each for (each,) in taxes))

    def test_an_inclusive_price_is_split(self):
        self.assertEqual([[200]], taken([1200], ['20'], inclusive=True))
        # 10.00 / 1.25 = 8.00, and what is left is the taxes.
        self.assertEqual(
            [[160, 40]], taken([1000], ['20', '5'], inclusive=True)
        )

    def test_the_last_part_of_an_inclusive_price_absorbs_the_rounding(self):
        # 100 / 1.2 = 83.33, 8.33 and 8.33.
        self.assertEqual([[8, 9]], taken([100], ['10', '10'], inclusive=True))

    def test_without_rates_nothing_is_taken(self):
        for inclusive in (True, False):
            for rounding in tax.Rounding:
                self.assertEqual(
                    [[], []],
                    taken([1, 2], [], inclusive=inclusive, rounding=rounding),
                )

    def test_a_rate_of_zero_is_said_and_takes_nothing(self):
        self.assertEqual([[0]], taken([1000], ['0']))

    @hypothesis.given(AMOUNTS, RATES, st.booleans())
    def test_by_line_each_tax_is_within_a_minor_unit_of_the_exact_value(
        self, amounts, known, inclusive
    ):
        base_of = Fraction(100)
        if inclusive:
            base_of += sum(Fraction(rate.rate) for rate in known)
        for amount, taxes in zip(
            amounts,
            tax.taken([(one, known) for one in amounts], inclusive, LINE),
            strict=True,
        ):
            for each in taxes:
                exact = amount * Fraction(each.rate) / base_of
                # Of a split amount the last absorbs what the others left.
                allowed = len(known) + 1 if inclusive else 1
                self.assertLessEqual(
                    abs(each.amount - exact), Fraction(allowed, 2)
                )
            self.assertLessEqual(0, min(
                (each.amount for each in taxes), default=0
            ))  # fmt: skip

    @hypothesis.given(AMOUNTS, RATES, st.booleans())
    def test_by_total_each_rate_is_rounded_once(
        self, amounts, known, inclusive
    ):
        base_of = Fraction(100)
        if inclusive:
            base_of += sum(Fraction(rate.rate) for rate in known)
        taxes = tax.taken([(one, known) for one in amounts], inclusive, TOTAL)
        for place, rate in enumerate(known):
            exact = sum(amounts) * Fraction(rate.rate) / base_of
            got = sum(line[place].amount for line in taxes)
            self.assertLessEqual(abs(got - exact), Fraction(1, 2))
