# SPDX-License-Identifier: Apache-2.0
"""Invoice numbers have no gaps, whoever issues and whatever fails."""

import random
import threading

import sqlalchemy as sa

from patrii_billing.engine import numbering
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store.views import numbers
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

    def test_what_is_left_out_while_others_issue_is_the_only_gap(self) -> None:
        issued = backends.together(
            *(lambda seed=seed: self.issue_some(seed) for seed in range(3)),
            lambda: self.database.write(self.skip_to, 1000),
        )
        self.database.write(self.issue)

        [gap] = self.gaps()
        left_out = range(gap[1], 1000)
        count = sum(issued[:3]) + 1
        self.assertEqual(('INV', 999, 'lost'), (gap[0], *gap[2:]))
        self.assertEqual(
            [*range(1, left_out.start), *range(1000, 1000 + count)][:count],
            self.numbers('INV'),
        )

    def test_an_auditor_is_told_of_every_gap(self) -> None:
        self.assertEqual([], self.gaps())
        self.database.write(self.issue)
        self.database.write(self.skip_to, 4)
        self.database.write(self.skip_to, 8)
        self.assertEqual(
            [('INV', 2, 3, 'lost'), ('INV', 4, 7, 'lost')], self.gaps()
        )
        self.database.write(self.issue)
        self.database.write(self.by_hand, 11)
        self.database.write(self.issue)

        self.assertEqual(
            [('INV', 2, 3, 'lost'), ('INV', 4, 7, 'lost'),
             ('INV', 9, 10, None)],
            self.gaps(),
        )  # fmt: skip
        self.assertEqual([1, 8, 11], self.numbers('INV'))

    def skip_to(self, conn: sa.Connection, number: int) -> int:
        numbering.skip_to(conn, 'INV', number, 'lost', 'cli:ops', books.NOW)
        return 0

    def by_hand(self, conn: sa.Connection, number: int) -> None:
        """As the database lets one who goes past the service."""
        conn.execute(schema.series.update().values(next_number=number))

    def gaps(self) -> list[tuple[str, int, int, str | None]]:
        return [
            (gap.run.series, gap.run.first, gap.run.last,
             gap.skip and gap.skip.why)
            for gap in self.database.read(numbers.gaps)
        ]  # fmt: skip

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
