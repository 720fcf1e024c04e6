# SPDX-License-Identifier: Apache-2.0
"""What is taken back of billed time, under the rules of each database."""

import datetime as dt

from patrii_billing.store import chain
from patrii_billing.store import invoices
from tests import books
from tests.database import backends

load_tests = backends.load_tests

JANUARY, FEBRUARY, MARCH, APRIL = (dt.date(2026, n, 1) for n in range(1, 5))
MIDDLE = dt.date(2026, 2, 15)


class ChainTest(backends.DatabaseTestCase):
    """Three months are billed."""

    def setUp(self) -> None:
        super().setUp()
        self.subscription = self.database.write(books.subscription)
        for start, end in (
            (JANUARY, FEBRUARY), (FEBRUARY, MARCH), (MARCH, APRIL),
        ):  # fmt: skip
            self.database.write(
                invoices.bill_span, self.subscription, start, end,
                unbilled_why=invoices.NOTHING_YET,
            )  # fmt: skip

    def spans(self) -> list[tuple[dt.date, dt.date, str]]:
        rows = self.database.read(chain.of, self.subscription)
        return [(row.starts, row.ends, row.unbilled_why) for row in rows]

    def test_it_is_cut_within_a_month_and_made_whole_again(self) -> None:
        before = self.spans()

        self.assertTrue(
            self.database.write(chain.cut, self.subscription, MIDDLE)
        )
        self.assertEqual(
            [
                (JANUARY, FEBRUARY, invoices.NOTHING_YET),
                (FEBRUARY, MIDDLE, invoices.NOTHING_YET),
                (MIDDLE, MARCH, chain.CANCELLED),
                (MARCH, APRIL, chain.CANCELLED),
            ],
            self.spans(),
        )
        self.assertEqual(
            MIDDLE, self.database.write(chain.uncut, self.subscription)
        )
        for start, end in ((MIDDLE, MARCH), (MARCH, APRIL)):
            self.database.write(
                invoices.bill_span, self.subscription, start, end,
                unbilled_why=invoices.NOTHING_YET,
            )  # fmt: skip
        self.assertEqual(len(before) + 1, len(self.spans()))

    def test_it_is_cut_from_its_start_and_not_past_its_end(self) -> None:
        self.assertFalse(
            self.database.write(chain.cut, self.subscription, APRIL)
        )

        self.database.write(chain.cut, self.subscription, JANUARY)

        self.assertEqual(
            {chain.CANCELLED}, {why for _, _, why in self.spans()}
        )
        self.assertEqual(
            JANUARY, self.database.write(chain.uncut, self.subscription)
        )
        self.assertEqual([], self.spans())
