# SPDX-License-Identifier: Apache-2.0
"""A day on which many are due: batches, bad rows, and a worker killed."""

from collections.abc import Iterator
import contextlib
import datetime as dt
import itertools
from typing import Any

import sqlalchemy as sa

from patrii_billing.engine import charge
from patrii_billing.store import accounts
from patrii_billing.store import schema
from tests import books
from tests import crowd

COUNT = 12
BATCH = 5
SECOND = dt.timedelta(seconds=1)


class Killed(BaseException):
    """As by kill -9: nobody catches it."""


class CrowdTestCase(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.tools = crowd.tools(self.db, charge_batch=BATCH)
        self.db.write(books.plan)
        self.db.write(crowd.gather, 1, COUNT)

    def charge_all(self) -> None:
        while charge.run(self.tools, self.tools.now()):
            pass

    def rows(self, table: sa.Table) -> list[sa.Row[Any]]:
        query = table.select().order_by(table.c.id)
        return list(self.db.read(lambda conn: conn.execute(query).all()))

    def assert_each_has_one(self, count: int = COUNT) -> None:
        """One invoice for each, numbered without a gap, and one span."""
        invoices = self.rows(schema.invoices)
        self.assertEqual(
            list(range(1, count + 1)),
            sorted(invoice.number for invoice in invoices),
        )
        billed = [invoice.subscription_id for invoice in invoices]
        self.assertEqual(count, len(set(billed)))
        spans = self.rows(schema.spans)
        self.assertEqual(
            {invoice.id: invoice.subscription_id for invoice in invoices},
            {span.invoice_id: span.subscription_id for span in spans},
        )
        self.assertEqual(count, len(self.rows(schema.lines)))
        notices = [row.invoice_id for row in self.rows(schema.notices)]
        self.assertEqual(
            sorted(invoice.id for invoice in invoices),
            sorted(filter(None, notices)),
        )


class BatchTest(CrowdTestCase):
    def test_all_are_charged_with_numbers_in_a_row(self) -> None:
        self.charge_all()

        self.assert_each_has_one()
        self.assertEqual(
            {1200}, {row.total for row in self.rows(schema.invoices)}
        )
        self.assertEqual(
            {crowd.MARCH},
            {row.billed_until for row in self.rows(schema.subscriptions)},
        )

    def test_a_batch_takes_few_statements(self) -> None:
        with counted(self.db.engine) as statements:
            charge.run(self.tools, self.tools.now())

        self.assertEqual(BATCH, len(self.rows(schema.invoices)))
        self.assertLess(len(statements), 40)

    def test_what_has_no_price_keeps_none_of_the_others(self) -> None:
        self.db.write(
            lambda conn: conn.execute(
                schema.levels.update()
                .where(schema.levels.c.id == 3)
                .values(resource='huge')
            )
        )

        self.charge_all()

        self.assert_each_has_one(COUNT - 1)
        parked = [row for row in self.rows(schema.accounts) if row.parked_why]
        self.assertEqual(['customer-3'], [row.name for row in parked])

    def test_an_error_in_one_keeps_none_of_the_others(self) -> None:
        self.db.write(accounts.change, 3, policy={'invoice_lead': 'soon'})

        self.charge_all()

        self.assert_each_has_one(COUNT - 1)
        self.assertEqual(
            crowd.DUE + self.tools.settings.retry_max,
            self.rows(schema.subscriptions)[2].charge_at,
        )


class KilledTest(CrowdTestCase):
    def test_a_run_that_is_killed_goes_on_without_a_double_or_a_gap(
        self,
    ) -> None:
        with counted(self.db.engine) as statements:
            self.charge_all()
        places = len(statements)
        for place in range(1, places, 3):
            self.empty()
            with contextlib.suppress(Killed), killed(self.db.engine, place):
                self.charge_all()
            # Its claim runs out, and another worker goes on.
            later = self.tools.now() + self.tools.settings.lease + 2 * SECOND
            self.tools = crowd.tools(self.db, later, charge_batch=BATCH)
            self.charge_all()
            self.assert_each_has_one()

    def empty(self) -> None:
        """The books as they were before."""
        self.db.write(wipe)
        self.tools = crowd.tools(self.db, charge_batch=BATCH)


def wipe(conn: sa.Connection) -> None:
    for table in reversed(schema.metadata.sorted_tables):
        if table.name != 'watch':
            conn.execute(table.delete())
    books.plan(conn)
    conn.execute(schema.prices.update().values(plan_id=1))
    crowd.gather(conn, 1, COUNT)


@contextlib.contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def listen(*args: Any) -> None:
        statements.append(args[2])

    sa.event.listen(engine, 'before_cursor_execute', listen)
    try:
        yield statements
    finally:
        sa.event.remove(engine, 'before_cursor_execute', listen)


@contextlib.contextmanager
def killed(engine: sa.Engine, place: int) -> Iterator[None]:
    """Killed before the so-and-so-many-th statement."""
    passed = itertools.count(1)

    def listen(*args: Any) -> None:
        if next(passed) == place:
            raise Killed

    sa.event.listen(engine, 'before_cursor_execute', listen)
    try:
        yield
    finally:
        sa.event.remove(engine, 'before_cursor_execute', listen)
