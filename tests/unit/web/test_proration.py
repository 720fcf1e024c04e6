# SPDX-License-Identifier: Apache-2.0
"""The bar shows what part of the cycle a line bills."""

from oslotest import base

from patrii_billing.web import proration

MAY = ('2012-05-01', '2012-06-01')


class BarTest(base.BaseTestCase):
    def test_a_change_on_the_12th_bills_the_20_days_that_are_left(
        self,
    ) -> None:
        bar = proration.bar(*MAY, '2012-05-12', '2012-06-01', '20/31')

        assert bar is not None
        self.assertEqual(('20', '31'), (bar.part, bar.whole))
        self.assertAlmostEqual(100 * 11 / 31, bar.x, places=2)
        self.assertAlmostEqual(100, bar.x + bar.width, places=1)

    def test_a_whole_cycle_needs_no_bar(self) -> None:
        self.assertIsNone(proration.bar(*MAY, *MAY, '31/31'))

    def test_a_line_without_time_has_none(self) -> None:
        self.assertIsNone(proration.bar(*MAY, None, None, None))
        self.assertIsNone(
            proration.bar(None, None, '2012-05-12', '2012-06-01', '20/31')
        )

    def test_a_correction_of_the_cycle_before_reaches_back(self) -> None:
        bar = proration.bar(*MAY, '2012-04-21', '2012-05-01', '10/30')

        assert bar is not None
        self.assertEqual(('2012-04-21', '2012-06-01'), (bar.start, bar.end))
        self.assertEqual(0, bar.x)
