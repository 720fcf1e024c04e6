# SPDX-License-Identifier: Apache-2.0
"""What recurs is counted by the month, whatever a cycle's length."""

from decimal import Decimal
from fractions import Fraction

from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import recurring


class RecurringTest(base.BaseTestCase):
    def test_each_cycle_counts_by_a_month(self) -> None:
        for cycle, amount, monthly in (
            ('month', 1000, 1000),
            ('quarter', 3000, 1000),
            ('year', 12000, 1000),
            # 365.25 days a year, of which a month is a twelfth.
            ('days:1', 1600, 48700),
            ('days:30', 1600, Fraction(4870, 3)),
        ):
            self.assertEqual(
                monthly,
                recurring.monthly(
                    Fraction(amount), calendar.Cycle.parse(cycle)
                ),
            )

    def test_a_line_counts_by_its_price_less_discount_and_taxes(self) -> None:
        # Of half a cycle: 2 x 10.00, a tenth less, as the line itself has.
        for amount, net, whole in (
            (1000, 900, 1800),
            (-1000, -900, -1800),
            (1000, 1000, 2000),
        ):
            self.assertEqual(
                whole,
                recurring.of_line(
                    Decimal('10.00'), Decimal(2), amount, net, 'EUR'
                ),
            )

    def test_each_currency_has_its_digits(self) -> None:
        for currency, whole in (('JPY', 10), ('EUR', 1000), ('KWD', 10000)):
            self.assertEqual(
                whole,
                recurring.of_line(Decimal(10), Decimal(1), 5, 5, currency),
            )

    def test_a_line_of_nothing_does_not_recur(self) -> None:
        self.assertEqual(
            0, recurring.of_line(Decimal(10), Decimal(1), 0, 0, 'EUR')
        )
