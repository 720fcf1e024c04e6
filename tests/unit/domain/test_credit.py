# SPDX-License-Identifier: Apache-2.0
"""Shares of issued lines, and that they add up to the last minor unit."""

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import credit
from patrii_billing import errors
from tests.unit.domain import refusing

# 100.00 less a tenth, and two taxes of 20 and 5 percent on that.
TAXED = credit.Sums(10000, 1000, 9000, (1800, 450))
# The same price with its tax of 20 percent in it.
INCLUSIVE = credit.Sums(10000, 1000, 7500, (1500,))


@st.composite
def lines(draw: st.DrawFn) -> credit.Sums:
    net = draw(st.integers(0, 10**7))
    taxes = tuple(draw(st.lists(st.integers(0, net), max_size=3)))
    discount = draw(st.integers(0, 10**6))
    amount = net + discount + (sum(taxes) if draw(st.booleans()) else 0)
    return credit.Sums(amount, discount, net, taxes)


class CreditTest(base.BaseTestCase):
    def test_a_part_carries_its_part_of_discount_and_taxes(self) -> None:
        self.assertEqual(
            credit.Sums(-4000, -400, -3600, (-720, -180)),
            credit.share(TAXED, TAXED, 4500),
        )

    def test_a_part_of_an_inclusive_price_is_a_part_of_the_price(
        self,
    ) -> None:
        self.assertEqual(
            credit.Sums(-3333, -333, -2500, (-500,)),
            credit.share(INCLUSIVE, INCLUSIVE, 3000),
        )

    def test_a_later_part_takes_what_the_sum_of_both_is(self) -> None:
        first = credit.share(TAXED, TAXED, 4500)
        self.assertEqual(
            credit.Sums(-2000, -200, -1800, (-360, -90)),
            credit.share(TAXED, TAXED.less(first), 2250),
        )

    def test_a_cent_gives_back_no_tax(self) -> None:
        self.assertEqual(
            credit.Sums(-1, 0, -1, (0, 0)), credit.share(TAXED, TAXED, 1)
        )

    def test_a_line_that_cost_nothing_gives_nothing_back(self) -> None:
        free = credit.Sums(0, 0, 0, (0, 0))
        self.assertEqual(
            (0, 11250), credit.spread([free, TAXED], 11250, 99999)
        )

    def test_what_is_refused_is_told_in_words(self) -> None:
        self.assertEqual(
            'amount: must be above zero',
            refusing.told(credit.spread, [TAXED], 0, 11250),
        )
        error = self.assertRaises(
            errors.Conflict, credit.spread, [TAXED], 11251, 99999
        )
        self.assertEqual(
            'that is more than earlier credits left of the invoice',
            str(error),
        )

    @hypothesis.given(lines(), st.lists(st.integers(1, 10**7), max_size=6))
    def test_whatever_the_parts_the_last_gives_back_the_last_cent(
        self, line: credit.Sums, parts: list[int]
    ) -> None:
        left = line
        for part in [*parts, line.gross]:
            gross = min(part, left.gross)
            if gross:
                given = credit.share(line, left, gross)
                self.assertEqual(-gross, given.gross)
                left = left.less(given)
                self.assertGreaterEqual(min(left.taxes, default=0), 0)
                self.assertGreaterEqual(left.discount, 0)
        if line.gross:
            self.assertEqual(
                credit.Sums(0, 0, 0, (0,) * len(line.taxes)), left
            )

    @hypothesis.given(st.lists(lines(), min_size=1, max_size=6), st.data())
    def test_what_is_spread_over_lines_adds_up_and_stays_within_them(
        self, left: list[credit.Sums], data: st.DataObject
    ) -> None:
        there = credit.left_of(left, 10**9)
        hypothesis.assume(there)
        gross = data.draw(st.integers(1, there))

        parts = credit.spread(left, gross, 10**9)

        self.assertEqual(gross, sum(parts))
        for part, line in zip(parts, left, strict=True):
            self.assertLessEqual(part, max(line.gross, 0))
            self.assertGreaterEqual(part, 0)

    def test_no_more_is_given_back_than_is_left(self) -> None:
        for left, most in (([TAXED], 11249), ([INCLUSIVE], 10**6)):
            gross = credit.left_of(left, most) + 1
            self.assertRaises(
                errors.Conflict, credit.spread, left, gross, most
            )

    def test_nothing_and_less_than_nothing_cannot_be_given_back(
        self,
    ) -> None:
        for gross in (0, -1):
            self.assertRaises(
                errors.InvalidInput, credit.spread, [TAXED], gross, 10**6
            )
