# SPDX-License-Identifier: Apache-2.0
"""Debt that was moved, spread over the invoices it arose on."""

import hypothesis
from hypothesis import strategies
from oslotest import base

from patrii_billing.drivers.odoo import moved

AMOUNTS = strategies.integers(0, 10_000)


@strategies.composite
def ledgers(
    draw: strategies.DrawFn,
) -> tuple[dict[int, int], dict[int, int], dict[tuple[int, int], int]]:
    """Invoices of which each may hold debt of any older."""
    count = draw(strategies.integers(1, 8))
    moves = {
        (source, to): draw(AMOUNTS)
        for to in range(count)
        for source in range(to)
        if draw(strategies.booleans())
    }
    totals = {
        number: draw(AMOUNTS)
        + sum(amount for (_, to), amount in moves.items() if to == number)
        for number in range(count)
    }
    owed = {
        number: draw(strategies.integers(0, totals[number]))
        for number in range(count)
        if draw(strategies.booleans())
    }
    return owed, totals, moves


class SpreadTest(base.BaseTestCase):
    @hypothesis.given(ledgers())
    def test_nothing_is_lost_and_nothing_is_asked_twice(
        self,
        ledger: tuple[
            dict[int, int], dict[int, int], dict[tuple[int, int], int]
        ],
    ) -> None:
        owed, totals, moves = ledger

        found = moved.spread(owed, totals, moves)

        self.assertEqual(sum(owed.values()), sum(found.values()))
        self.assertTrue(all(amount > 0 for amount in found.values()))

    @hypothesis.given(ledgers())
    def test_debt_goes_to_older_invoices_only(
        self,
        ledger: tuple[
            dict[int, int], dict[int, int], dict[tuple[int, int], int]
        ],
    ) -> None:
        owed, totals, moves = ledger

        found = moved.spread(owed, totals, moves)

        for limit in totals:
            newer = {number for number in totals if number > limit}
            self.assertLessEqual(
                sum(found.get(number, 0) for number in newer),
                sum(owed.get(number, 0) for number in newer),
            )

    def test_without_moves_each_owes_its_own(self) -> None:
        self.assertEqual({1: 5}, moved.spread({1: 5, 2: 0}, {1: 9, 2: 9}, {}))
