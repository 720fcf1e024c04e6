# SPDX-License-Identifier: Apache-2.0
"""What was used is billed once, however late it is told."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import metered
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration

MAY = calendar.Period(dt.date(2012, 5, 1), dt.date(2012, 6, 1))
GRADUATED, VOLUME = pricing.Tiering.GRADUATED, pricing.Tiering.VOLUME
TIERS = (
    pricing.Tier(Decimal(100), Decimal('0.10')),
    pricing.Tier(Decimal(1000), Decimal('0.08')),
    pricing.Tier(None, Decimal('0.055')),
)
VOLUMES = st.lists(st.decimals(0, 3000, places=3), min_size=1, max_size=6)


def price(unit_price='0.10', **fields):
    return pricing.Price(
        pricing.PriceKind.METER, 'traffic', Decimal(unit_price), **fields
    )


class Books:
    def __init__(self, asked, currency='EUR'):
        self.price = asked
        self.currency = currency
        self.posted = []

    def issue(self, volume):
        lines = metered.settle(
            self.price, Decimal(volume), MAY, self.posted, self.currency
        )
        for line in lines:
            key = str(len(self.posted))
            self.posted.append(proration.Posted(key, line))
        return [
            (line.resource, f'{line.quantity:f}', str(line.ratio), line.amount)
            for line in lines
        ]

    def net(self):
        return sum(each.line.amount for each in self.posted)


class SettleTest(base.BaseTestCase):
    def test_what_was_used_is_a_quantity_at_a_price(self):
        books = Books(price(included=Decimal(100)))
        self.assertEqual([('traffic', '50', '1/1', 500)], books.issue('150'))
        line = books.posted[0].line
        self.assertEqual((MAY.start, MAY.end), (line.start, line.end))
        self.assertEqual('0.10 EUR x 50 used', line.reason)

    def test_what_is_included_is_no_line(self):
        self.assertEqual([], Books(price(included=Decimal(100))).issue('100'))

    def test_a_late_sample_is_billed_at_the_tier_it_reaches(self):
        books = Books(price(tiers=TIERS))
        self.assertEqual([('traffic', '90', '1/1', 900)], books.issue('90'))
        self.assertEqual(
            [('traffic', '10', '1/1', 100), ('traffic#2', '50', '1/1', 400)],
            books.issue('150'),
        )
        self.assertEqual([], books.issue('150'))

    def test_a_volume_tier_that_is_passed_reprices_the_whole(self):
        books = Books(price(tiers=TIERS, tiering=VOLUME))
        books.issue('90')
        self.assertEqual(
            [('traffic', '90', '1/1', -900), ('traffic', '150', '1/1', 1200)],
            books.issue('150'),
        )
        self.assertEqual('0', books.posted[1].line.corrects)
        self.assertEqual(
            '9.00 EUR billed x 1/1 not used at this price',
            books.posted[1].line.reason,
        )

    def test_what_was_counted_too_much_is_given_back(self):
        books = Books(price())
        books.issue('90')
        self.assertEqual([('traffic', '90', '1/3', -300)], books.issue('60'))
        self.assertEqual([('traffic', '90', '2/3', -600)], books.issue('0'))
        self.assertEqual(0, books.net())

    def test_a_price_that_was_wrong_is_corrected(self):
        books = Books(price())
        books.issue('90')
        books.price = price('0.20')
        self.assertEqual(
            [('traffic', '90', '1/1', -900), ('traffic', '90', '1/1', 1800)],
            books.issue('90'),
        )

    @hypothesis.given(
        VOLUMES,
        st.sampled_from(pricing.Tiering),
        st.sampled_from(['1', '3', '1024', '3600']),
        st.sampled_from(['JPY', 'EUR', 'KWD', 'CLF']),
    )
    def test_whatever_was_told_before_the_books_say_the_last(
        self, volumes, tiering, per, currency
    ):
        asked = price(
            tiers=TIERS,
            tiering=tiering,
            per=Decimal(per),
            included=Decimal('7.5'),
        )
        books = Books(asked, currency)
        for volume in volumes:
            books.issue(volume)
        self.assertEqual([], books.issue(volumes[-1]))
        exact = sum(
            Fraction(level.cost)
            for level in pricing.portions(asked, volumes[-1])
        ) * 10 ** money.digits(currency)
        self.assertLessEqual(
            abs(books.net() - exact), Fraction(len(books.posted), 2)
        )
        books.issue('0')
        self.assertEqual(0, books.net())
