# SPDX-License-Identifier: Apache-2.0
"""Each number that no document has is explained once, or not at all."""

import datetime as dt

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import numbering

_NOW = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


def skip(first: int, last: int, series: str = 'INV') -> numbering.Skip:
    run = numbering.Run(series, first, last)
    return numbering.Skip(run, f'lost {first}', 'cli:root', _NOW)


class ExplainedTest(base.BaseTestCase):
    def told(
        self, first: int, last: int, *skips: numbering.Skip
    ) -> list[tuple[int, int, str | None]]:
        missing = [numbering.Run('INV', first, last)]
        return [
            (gap.run.first, gap.run.last, gap.skip and gap.skip.why)
            for gap in numbering.explained(missing, skips)
        ]

    def test_nobody_has_explained_what_nobody_skipped(self) -> None:
        self.assertEqual([(2, 9, None)], self.told(2, 9))
        self.assertEqual([(2, 9, None)], self.told(2, 9, skip(2, 9, 'CN')))

    def test_each_series_is_explained_by_its_own_skips(self) -> None:
        missing = [numbering.Run(series, 2, 9) for series in ('INV', 'CN')]
        skips = [skip(2, 9, 'CN'), skip(4, 6)]
        self.assertEqual(
            [
                numbering.Gap(numbering.Run('INV', 2, 3), None),
                numbering.Gap(numbering.Run('INV', 4, 6), skips[1]),
                numbering.Gap(numbering.Run('INV', 7, 9), None),
                numbering.Gap(numbering.Run('CN', 2, 9), skips[0]),
            ],
            list(numbering.explained(missing, skips)),
        )

    def test_two_skips_in_a_row_keep_their_reasons(self) -> None:
        self.assertEqual(
            [(2, 4, 'lost 2'), (5, 9, 'lost 5')],
            self.told(2, 9, skip(5, 9), skip(2, 4)),
        )

    def test_what_is_missing_beside_a_skip_is_told_apart(self) -> None:
        self.assertEqual(
            [(2, 3, None), (4, 6, 'lost 4'), (7, 9, None)],
            self.told(2, 9, skip(4, 6)),
        )

    @hypothesis.given(
        st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9))),
        st.integers(1, 30), st.integers(0, 30),
    )  # fmt: skip
    def test_no_number_is_lost_or_told_twice(
        self, spans: list[tuple[int, int]], first: int, more: int
    ) -> None:
        skips, at = [], 1
        for apart, length in spans:
            skips.append(skip(at + apart, at + apart + length - 1))
            at += apart + length
        told = self.told(first, first + more, *skips)

        self.assertEqual(
            list(range(first, first + more + 1)),
            [number for one, two, _ in told for number in range(one, two + 1)],
        )
        skipped = {
            number
            for each in skips
            for number in range(each.run.first, each.run.last + 1)
        }
        for one, two, why in told:
            for number in range(one, two + 1):
                self.assertEqual(why is not None, number in skipped)
