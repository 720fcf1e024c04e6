# SPDX-License-Identifier: Apache-2.0
"""Invoice numbers have no gaps, whoever issues and whatever fails."""

import random
import threading

import sqlalchemy as sa

from patrii_billing.store import invoices
from patrii_billing.store import schema
from tests import books
from tests.database import backends

load_tests = backends.load_tests


class ChangeOfMind(Exception):
    """What makes a unit of work undo all it did."""


class InvoiceNumbersTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.account = self.database.write(books.account)

    def test_the_first_two_invoices_at_once_are_numbers_1_and_2(self) -> None:
        start = threading.Barrier(4)

        def issue() -> None:
            start.wait(backends.PATIENCE)
            self.database.write(self.issue)

        backends.together(*[issue] * 4)

        self.assertEqual([1, 2, 3, 4], self.numbers('INV'))

    def test_four_threads_with_failures_leave_no_gap(self) -> None:
        issued = backends.together(
            *(lambda seed=seed: self.issue_some(seed) for seed in range(4))
        )

        self.assertEqual(list(range(1, sum(issued) + 1)), self.numbers('INV'))

    def test_each_series_counts_for_itself(self) -> None:
        for series in ('INV', 'CN', 'INV'):
            self.database.write(self.issue, series=series)

        self.assertEqual([1, 2], self.numbers('INV'))
        self.assertEqual([1], self.numbers('CN'))

    def issue_some(self, seed: int) -> int:
        """Issue up to ten invoices, some of them in vain; how many."""
        chance = random.Random(seed)
        issued = 0
        for _ in range(10):
            fails = chance.random() < 0.4
            try:
                self.database.write(self.issue, fails=fails)
            except ChangeOfMind:
                continue
            issued += 1
        return issued

    def issue(
        self, conn: sa.Connection, fails: bool = False, series: str = 'INV'
    ) -> None:
        invoices.issue(
            conn,
            books.NOW,
            [],
            account_id=self.account,
            series=series,
            kind='renewal',
            currency='EUR',
            announce_at=books.NOW,
        )
        if fails:
            raise ChangeOfMind

    def numbers(self, series: str) -> list[int]:
        table = schema.invoices
        with self.database.engine.connect() as conn:
            return list(
                conn.scalars(
                    sa.select(table.c.number)
                    .where(table.c.series == series)
                    .order_by(table.c.number)
                )
            )
