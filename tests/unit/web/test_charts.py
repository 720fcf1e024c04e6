# SPDX-License-Identifier: Apache-2.0
"""Bars that show what the figures say."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.web import charts

_AMOUNTS = st.decimals(0, 10**9, places=2)


class ChartTest(base.BaseTestCase):
    @given(st.lists(_AMOUNTS, min_size=1, max_size=6))
    def test_parts_lie_within_the_whole(self, amounts: list[Decimal]) -> None:
        parts = [(f'p{place}', one) for place, one in enumerate(amounts)]

        bars = charts.row(parts, width=100)

        self.assertEqual(
            [name for name, one in parts if one > 0],
            [bar.kind for bar in bars],
        )
        for bar in bars:
            self.assertTrue(0 <= bar.x <= 100, bar)

    @given(st.lists(st.lists(_AMOUNTS, min_size=2, max_size=2), max_size=12))
    def test_a_greater_value_is_no_lower_column(
        self, groups: list[list[Decimal]]
    ) -> None:
        named = [
            [('a', first), ('b', second)] for first, second in groups
        ]

        drawn = charts.columns(named)

        values = [one for group in groups for one in group]
        tall = [bar.height for bar in drawn.bars]
        for value, height in zip(values, tall, strict=True):
            self.assertTrue(0 <= height <= drawn.height)
            for other, its in zip(values, tall, strict=True):
                self.assertFalse(value > other and height < its)

    def test_the_scale_ends_at_a_round_figure(self) -> None:
        for value, top in (
            ('0', '1'), ('1', '1'), ('3', '4'), ('1440.90', '2000'),
            ('99', '100'), ('0.3', '0.4'),
        ):  # fmt: skip
            self.assertEqual(Decimal(top), charts.nice(Decimal(value)))
