# SPDX-License-Identifier: Apache-2.0
"""Amounts are exact, of one currency, and add up."""

import dataclasses
from decimal import Decimal
from fractions import Fraction

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import money
from patrii_billing import errors
from tests.unit.domain.refusing import told

CURRENCIES = st.sampled_from(['JPY', 'EUR', 'KWD', 'CLF'])
AMOUNTS = st.integers(-(10**12), 10**12)


class CurrencyTest(base.BaseTestCase):
    def test_digits_are_those_of_iso_4217(self):
        expected = {'JPY': 0, 'KRW': 0, 'EUR': 2, 'USD': 2, 'KWD': 3, 'TND': 3}
        expected |= {'CLF': 4, 'UYW': 4}
        found = {code: money.digits(code) for code in expected}
        self.assertEqual(expected, found)

    def test_the_table_holds_every_active_currency_once(self):
        self.assertEqual(165, len(money.DIGITS))
        self.assertTrue(all(len(code) == 3 for code in money.DIGITS))

    def test_what_is_no_currency_any_more_is_refused_by_name(self):
        for code in ('BGN', 'HRK', 'XAU', 'XXX', 'eur', ''):
            error = self.assertRaises(
                errors.InvalidInput, money.digits, code, 'plan.currency'
            )
            self.assertEqual('plan.currency', error.where)


    def test_what_is_refused_is_told_in_words(self):
        long = '1' * 50
        for read, given, words in (
            (money.digits, ['XAU', 'c'],
             "c: 'XAU' is not an active currency of ISO 4217"),
            (money.digits, ['X' * 50],
             f"currency: '{'X' * 40}' is not an active currency of ISO 4217"),
            (money.decimal, [1.5, 'a'],
             "a: must be a decimal number in a string, as '10.00'"),
            (money.decimal, [1.5],
             "must be a decimal number in a string, as '10.00'"),
            (money.decimal, [long, 'a'],
             f"a: '{long[:40]}' is not a decimal number"),
            (money.parse, ['1.001', 'EUR', 'a'],
             "a: '1.001' has more digits than EUR has"),
            (money.parse, ['0.1', 'JPY'],
             "'0.1' has more digits than JPY has"),
            (money.parse, ['10000000000000.01', 'EUR', 'a'],
             'a: is more than the books can hold'),
            (money.split, [1, [0]], 'weights: needs a weight above zero'),
        ):  # fmt: skip
            self.assertEqual(words, told(read, *given))

    def test_a_book_holds_up_to_ten_million_millions(self):
        most = money.Money(money.MOST, 'EUR')
        self.assertEqual(most, money.parse('10000000000000.00', 'EUR'))


class MoneyTest(base.BaseTestCase):
    def test_amounts_of_one_currency_add_and_subtract(self):
        ten, four = money.Money(1000, 'EUR'), money.Money(452, 'EUR')
        self.assertEqual(money.Money(1452, 'EUR'), ten + four)
        self.assertEqual('5.48 EUR', str(ten - four))
        self.assertEqual('-4.52 EUR', str(-four))

    def test_amounts_of_two_currencies_are_never_added(self):
        euro, dollar = money.Money(1, 'EUR'), money.Money(1, 'USD')
        for operation in (euro.__add__, euro.__sub__):
            error = self.assertRaises(
                errors.CurrencyMismatch, operation, dollar
            )
            self.assertEqual('EUR and USD cannot be added', str(error))

    def test_an_amount_cannot_be_changed(self):
        self.assertRaises(
            dataclasses.FrozenInstanceError,
            setattr,
            money.Money(1, 'EUR'),
            'minor',
            2,
        )


class TextTest(base.BaseTestCase):
    def test_amounts_are_written_with_the_digits_of_their_currency(self):
        written = [
            money.plain(minor, currency)
            for minor in (452, -5, 0)
            for currency in ('JPY', 'EUR', 'KWD', 'CLF')
        ]
        self.assertEqual(
            ['452', '4.52', '0.452', '0.0452']
            + ['-5', '-0.05', '-0.005', '-0.0005']
            + ['0', '0.00', '0.000', '0.0000'],
            written,
        )

    @hypothesis.given(AMOUNTS, CURRENCIES)
    def test_what_is_written_is_read_back(self, minor, currency):
        written = money.plain(minor, currency)
        self.assertEqual(
            money.Money(minor, currency), money.parse(written, currency)
        )

    def test_an_amount_may_be_written_with_zeros_it_does_not_need(self):
        self.assertEqual(
            money.Money(10, 'JPY'), money.parse('10.00', 'JPY', 'amount')
        )

    def test_an_amount_finer_than_its_currency_is_refused(self):
        for text, currency in (('10.5', 'JPY'), ('0.001', 'EUR')):
            error = self.assertRaises(
                errors.InvalidInput, money.parse, text, currency, 'amount'
            )
            self.assertEqual('amount', error.where)

    def test_an_amount_that_no_sum_could_hold_is_refused(self):
        most = money.plain(money.MOST, 'EUR')
        self.assertEqual(money.MOST, money.parse(most, 'EUR').minor)
        for text in (f'{most[:-1]}1', f'-{most[:-1]}1', '9' * 16):
            error = self.assertRaises(
                errors.InvalidInput, money.parse, text, 'EUR', 'amount'
            )
            self.assertEqual('amount', error.where)

    def test_only_plain_decimal_digits_are_a_number(self):
        self.assertEqual(Decimal('-0.0125'), money.decimal('-0.0125'))
        for wrong in (
            *(10, 10.0, None, True, ['1'], Decimal(1)),
            *('', ' 1', '1 ', '+1', '1e3', '.5', '5.', '1_0', '1,0', '0x1'),
            *('NaN', 'Infinity', '--1', '\u0663', '1\n', '1' * 17),
        ):
            self.assertRaises(errors.InvalidInput, money.decimal, wrong)


class RoundingTest(base.BaseTestCase):
    def test_a_half_is_rounded_away_from_zero(self):
        halves = [money.rounded(n, 2) for n in (-3, -1, 0, 1, 3, 5)]
        self.assertEqual([-2, -1, 0, 1, 2, 3], halves)

    @hypothesis.given(AMOUNTS, st.integers(1, 10**9))
    def test_rounding_is_exact_to_a_half_and_blind_to_the_sign(
        self, numerator, denominator
    ):
        result = money.rounded(numerator, denominator)
        off = abs(result) - abs(Fraction(numerator, denominator))
        self.assertTrue(-Fraction(1, 2) < off <= Fraction(1, 2))
        self.assertEqual(-result, money.rounded(-numerator, denominator))

    def test_a_ratio_is_kept_as_it_was_counted(self):
        self.assertEqual('14/28', str(money.Ratio(14, 28)))
        self.assertEqual(Fraction(1, 2), money.Ratio(14, 28).fraction)
        self.assertEqual(-16126, money.share(-24995, money.Ratio(20, 31)))


class SplitTest(base.BaseTestCase):
    def test_the_last_part_absorbs_the_rounding(self):
        self.assertEqual((333, 333, 334), money.split(1000, [1, 1, 1]))
        self.assertEqual((-333, -333, -334), money.split(-1000, [1, 1, 1]))
        self.assertEqual((0, 333, 667, 0), money.split(1000, [0, 1, 2, 0]))

    @hypothesis.given(
        AMOUNTS,
        st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any),
    )
    def test_parts_add_up_and_none_has_the_other_sign(self, minor, weights):
        parts = money.split(minor, weights)
        self.assertEqual(minor, sum(parts))
        self.assertEqual(len(weights), len(parts))
        self.assertTrue(all(part * minor >= 0 for part in parts))
        for part, weight in zip(parts, weights, strict=True):
            self.assertTrue(weight or not part)

    def test_what_is_spread_is_counted_from_the_beginning(self):
        self.assertEqual((333, 334, 333), money.spread(1000, [400] * 3))
        self.assertEqual((1, 0), money.spread(1, [1, 1]))

    def test_an_amount_cannot_be_split_by_nothing(self):
        for weights in ([], [0, 0], [2, -1]):
            self.assertRaises(errors.InvalidInput, money.split, 1, weights)
