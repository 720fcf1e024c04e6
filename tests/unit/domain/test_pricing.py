# SPDX-License-Identifier: Apache-2.0
"""The right price on the right day, and tiers that add up."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing import errors
from tests.unit.domain import refusing

NEW_YEAR = dt.date(2026, 1, 1)
DECIMALS = st.decimals(0, 10**6, places=4, allow_nan=False)


def price(unit_price='5.00', resource='cores', **fields):
    kind = fields.pop('kind', pricing.PriceKind.QUOTA)
    return pricing.Price(kind, resource, Decimal(unit_price), **fields)


def tiered(tiering, included='0'):
    return price(
        kind=pricing.PriceKind.METER,
        included=Decimal(included),
        tiering=tiering,
        tiers=(
            pricing.Tier(Decimal(100), Decimal('0.10')),
            pricing.Tier(Decimal(1000), Decimal('0.08')),
            pricing.Tier(None, Decimal('0.05')),
        ),
    )


def said(levels):
    return [(str(level.quantity), str(level.unit_price)) for level in levels]


class PriceOnTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.old = price('5.00', valid_until=NEW_YEAR)
        self.new = price('6.00', valid_from=NEW_YEAR)
        self.prices = [self.new, self.old, price('1.00', 'ram_gib')]

    def on(self, day, resource='cores', kind=pricing.PriceKind.QUOTA):
        return pricing.price_on(self.prices, kind, resource, day)

    def test_a_new_price_counts_from_its_day_and_the_old_until_it(self):
        self.assertIs(self.old, self.on(dt.date(2025, 12, 31)))
        self.assertIs(self.new, self.on(NEW_YEAR))

    def test_of_two_valid_prices_the_one_that_began_last_counts(self):
        always = price('9.00')
        self.prices = [self.new, always]
        self.assertIs(self.new, self.on(NEW_YEAR))
        self.assertIs(always, self.on(dt.date(2025, 6, 1)))

    def test_what_has_no_price_is_never_free(self):
        self.assertRaises(errors.NotFound, self.on, NEW_YEAR, 'gpus')
        self.assertRaises(
            errors.NotFound,
            self.on,
            NEW_YEAR,
            kind=pricing.PriceKind.FLAVOR,
        )

    def test_a_price_that_makes_no_sense_names_its_field(self):
        tier = pricing.Tier
        for fields, where in (
            ({'unit_price': '-1'}, 'unit_price'),
            ({'included': Decimal(-1)}, 'included'),
            ({'per': Decimal(0)}, 'per'),
            ({'valid_from': NEW_YEAR, 'valid_until': NEW_YEAR}, 'valid_until'),
            ({'tiers': (tier(Decimal(5), Decimal(1)),)}, 'tiers[0].up_to'),
            (
                {'tiers': (tier(None, Decimal(1)), tier(None, Decimal(1)))},
                'tiers[0].up_to',
            ),
            (
                {'tiers': (tier(Decimal(0), Decimal(1)),) * 2},
                'tiers[0].up_to',
            ),
            ({'tiers': (tier(None, Decimal(-1)),)}, 'tiers[0].unit_price'),
        ):
            error = self.assertRaises(errors.InvalidInput, price, **fields)
            self.assertEqual(where, error.where)

    def test_nobody_holds_less_than_nothing(self):
        for quantity, cost, where in (
            (-1, 1, 'quantity'),
            (1, -1, 'unit_price'),
        ):
            error = self.assertRaises(
                errors.InvalidInput,
                pricing.Level,
                Decimal(quantity),
                Decimal(cost),
            )
            self.assertEqual(where, error.where)


    def test_what_is_refused_is_told_in_words(self):
        below = Decimal('-0.01')
        for fields, words in (
            ({'unit_price': '-0.01'}, 'unit_price: is below zero'),
            ({'included': below}, 'included: is below zero'),
            ({'per': Decimal(0)}, 'per: is not above zero'),
            (
                {'valid_from': NEW_YEAR, 'valid_until': NEW_YEAR},
                'valid_until: is not after valid_from',
            ),
        ):
            self.assertEqual(words, refusing.told(price, **fields))
        for given, words in (
            ((below, Decimal(1)), 'quantity: is below zero'),
            ((Decimal(1), below), 'unit_price: is below zero'),
        ):
            self.assertEqual(words, refusing.told(pricing.Level, *given))
        error = self.assertRaises(
            errors.NotFound, self.on, NEW_YEAR, 'instances'
        )
        self.assertEqual(
            'no price of quota instances on 2026-01-01', str(error)
        )

    def test_of_tiers_it_is_told_which_one_is_wrong(self):
        open_end = 'only the last tier, and always it, is without end'
        for tiers, words in (
            ([('10', '-1')], '[0].unit_price: is below zero'),
            ([(None, '1'), (None, '1')], f'[0].up_to: {open_end}'),
            ([('10', '1')], f'[0].up_to: {open_end}'),
            ([('10', '1'), ('10', '1'), (None, '1')],
             '[1].up_to: is not above the tier before'),
        ):  # fmt: skip
            told = refusing.told(
                price,
                tiers=tuple(
                    pricing.Tier(end and Decimal(end), Decimal(each))
                    for end, each in tiers
                ),
            )
            self.assertEqual(f'tiers{words}', told)

    def test_a_tier_may_cost_nothing(self):
        free = pricing.Tier(None, Decimal(0))
        self.assertEqual((free,), price(tiers=(free,)).tiers)

    def test_a_price_may_be_nothing(self):
        self.assertEqual(0, pricing.Level(Decimal(1), Decimal(0)).cost)

    def test_a_converted_quantity_has_no_zeros_at_its_end(self):
        for quantity, words in (
            (Fraction(3, 2), '1.5'), (Fraction(20), '20'),
            (Fraction(1, 100), '0.01'),
        ):  # fmt: skip
            self.assertEqual(words, str(pricing.readable(quantity)))


class TierTest(base.BaseTestCase):
    def test_what_is_included_costs_nothing(self):
        meter = price('0.10', included=Decimal(100))
        self.assertEqual([], said(pricing.portions(meter, Decimal(100))))
        self.assertEqual(
            [('1', '0.10')], said(pricing.portions(meter, Decimal(101)))
        )

    def test_graduated_tiers_price_each_part(self):
        meter = tiered(pricing.Tiering.GRADUATED)
        for quantity, expected in (
            ('100', [('100', '0.10')]),
            ('101', [('100', '0.10'), ('1', '0.08')]),
            ('1500', [('100', '0.10'), ('900', '0.08'), ('500', '0.05')]),
        ):
            self.assertEqual(
                expected, said(pricing.portions(meter, Decimal(quantity)))
            )

    def test_a_volume_tier_prices_the_whole(self):
        meter = tiered(pricing.Tiering.VOLUME, included='50')
        for quantity, expected in (
            ('150', [('100', '0.10')]),
            ('151', [('101', '0.08')]),
            ('5050', [('5000', '0.05')]),
        ):
            self.assertEqual(
                expected, said(pricing.portions(meter, Decimal(quantity)))
            )

    @hypothesis.given(DECIMALS, st.sampled_from(pricing.Tiering))
    def test_tiers_lose_nothing_of_a_quantity(self, quantity, tiering):
        parts = pricing.portions(tiered(tiering, included='7.5'), quantity)
        self.assertEqual(
            max(quantity - Decimal('7.5'), 0),
            sum(part.quantity for part in parts),
        )
        self.assertTrue(all(part.quantity > 0 for part in parts))


class KeyedTest(base.BaseTestCase):
    def test_each_tier_has_a_key_and_what_is_not_reached_is_nothing(self):
        for quantity, expected in (
            ('0', [('0', '0'), ('0', '0'), ('0', '0')]),
            ('101', [('100', '0.10'), ('1', '0.08'), ('0', '0')]),
        ):
            levels = pricing.keyed(
                'cores', tiered(pricing.Tiering.GRADUATED), Decimal(quantity)
            )
            self.assertEqual(['cores', 'cores#2', 'cores#3'], list(levels))
            self.assertEqual(expected, said(levels.values()))

    def test_a_volume_tier_needs_one_key(self):
        levels = pricing.keyed(
            'cores', tiered(pricing.Tiering.VOLUME), Decimal(101)
        )
        self.assertEqual({'cores'}, levels.keys())


class UnitTest(base.BaseTestCase):
    def test_what_is_measured_is_billed_in_the_unit_of_its_price(self):
        for per, quantity, expected in (
            ('1024', '2048', '2'),
            ('1024', '1', '0.000976563'),
            ('3600', '1200', '0.333333333'),
            ('3', '300', '100'),
            ('0.5', '0.25', '0.5'),
            ('1024', '0', '0'),
        ):
            asked = price(per=Decimal(per))
            self.assertEqual(
                expected, str(pricing.units(asked, Decimal(quantity)))
            )

    def test_what_needs_no_conversion_is_left_as_it_is(self):
        quantity = Decimal('0.1234567890123')
        self.assertIs(quantity, pricing.units(price(), quantity))

    def test_what_is_included_is_counted_in_the_unit_of_the_price(self):
        asked = price(per=Decimal(1024), included=Decimal(1))
        self.assertEqual(
            [('1', '5.00')], said(pricing.portions(asked, Decimal(2048)))
        )


class LineAmountTest(base.BaseTestCase):
    def test_a_line_is_rounded_once_to_the_digits_of_its_currency(self):
        ratio = money.Ratio(14, 31)
        amounts = [
            pricing.line_amount(Decimal('10.00'), Decimal(1), ratio, currency)
            for currency in ('JPY', 'EUR', 'KWD', 'CLF')
        ]
        self.assertEqual([5, 452, 4516, 45161], amounts)

    def test_a_price_may_be_finer_than_its_currency(self):
        self.assertEqual(
            1,
            pricing.line_amount(
                Decimal('0.00001'), Decimal(500), money.Ratio(1, 1), 'EUR'
            ),
        )

    @hypothesis.given(
        DECIMALS,
        DECIMALS,
        st.integers(0, 366),
        st.integers(1, 366),
        st.sampled_from(['JPY', 'EUR', 'KWD', 'CLF']),
    )
    def test_a_line_is_within_half_a_minor_unit_of_the_exact_value(
        self, unit_price, quantity, used, days, currency
    ):
        exact = Fraction(unit_price) * Fraction(quantity)
        exact *= Fraction(used, days) * 10 ** money.digits(currency)
        amount = pricing.line_amount(
            unit_price, quantity, money.Ratio(used, days), currency
        )
        self.assertLessEqual(abs(amount - exact), Fraction(1, 2))
