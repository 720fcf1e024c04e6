# SPDX-License-Identifier: Apache-2.0
"""An invoice is the sum of its lines, and open until nothing is owed."""

from collections.abc import Sequence
import datetime as dt
import decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import invoices
from patrii_billing.store import ladder
from patrii_billing.store import payments
from patrii_billing.store import schema
from tests import books

FEBRUARY = dt.date(2026, 2, 1)
MARCH = dt.date(2026, 3, 1)


class InvoicesTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.subscription = self.db.write(books.subscription)

    def test_the_total_is_the_sum_of_the_lines(self) -> None:
        invoice = self.issue(1000, -250)

        row = self.db.read(invoices.get, invoice)
        self.assertEqual((750, 750, 'open'), (row.total, row.owed, row.state))

    def test_the_lines_are_kept_in_order(self) -> None:
        invoice = self.issue(1000, -250)

        lines = self.db.read(invoices.lines_of, invoice)
        self.assertEqual([1000, -250], [line.amount for line in lines])

    def test_the_lines_that_reach_past_a_day_are_found(self) -> None:
        self.issue(1000)

        def posted(day: dt.date) -> list[str]:
            rows = self.db.read(invoices.posted, [self.subscription], day)
            return [row.invoice_state for row in rows]

        self.assertEqual(['open'], posted(dt.date(2026, 2, 28)))
        self.assertEqual([], posted(MARCH))

    def test_the_oldest_due_is_the_first_of_the_open_ones(self) -> None:
        younger = self.issue(1000, due_at=books.NOW + dt.timedelta(days=9))
        older = self.issue(1000, due_at=books.NOW)

        self.assertEqual([older, younger], self.open_ones())

    def test_what_is_paid_is_not_open(self) -> None:
        invoice = self.issue(1000)

        self.db.write(invoices.write_owed, invoice, 0, books.NOW)

        self.assertEqual([], self.open_ones())
        row = self.db.read(invoices.get, invoice)
        self.assertEqual(('paid', books.NOW), (row.state, row.paid_at))

    def test_a_chargeback_opens_it_with_a_new_due_instant(self) -> None:
        invoice = self.issue(1000)
        later = books.NOW + dt.timedelta(days=9)
        self.db.write(invoices.write_owed, invoice, 0, books.NOW)

        self.db.write(invoices.write_owed, invoice, 1000, later, later)

        self.assertEqual([invoice], self.open_ones())
        row = self.db.read(invoices.get, invoice)
        self.assertEqual((later, None), (row.due_at, row.paid_at))

    def test_the_last_span_tells_until_when_time_is_accounted(self) -> None:
        invoice = self.issue(1000)
        self.span(books.NEW_YEAR, FEBRUARY, unbilled_why='trial')
        self.span(FEBRUARY, MARCH, invoice_id=invoice)

        last = self.db.read(invoices.last_span, self.subscription)
        chain = self.db.read(invoices.spans_of, [self.subscription])
        assert last is not None
        self.assertEqual(MARCH, last.ends)
        self.assertEqual(
            [(books.NEW_YEAR, 'trial'), (FEBRUARY, None)],
            [(row.starts, row.unbilled_why) for row in chain],
        )

    def test_many_are_numbered_one_after_the_other(self) -> None:
        first = self.issue(1000)

        def write(conn: sa.Connection) -> Sequence[sa.Row[Any]]:
            row = conn.execute(
                schema.invoices.select().where(schema.invoices.c.id == first)
            ).one()
            values = {
                name: value
                for name, value in row._asdict().items()
                if name not in ('id', 'number', 'reference')
            }
            return invoices.issue_all(
                conn,
                books.NOW,
                [
                    (values, [{'discount': 0, 'net': 1, **self.line(1)}]),
                    (values, []),
                ],
            )

        ids = [row.id for row in self.db.write(write)]
        rows = self.db.read(invoices.some, ids)

        self.assertEqual([2, 3], [row.number for row in rows])
        self.assertEqual(
            ['RF32INV00000002', 'RF05INV00000003'],
            [row.reference for row in rows],
        )
        self.assertEqual(
            [1, 0],
            [len(self.db.read(invoices.lines_of, each)) for each in ids],
        )

    def test_what_all_invoices_came_to_is_summed(self) -> None:
        self.issue(1000, -250)
        last = self.issue(400)

        sums = self.db.read(invoices.billed_so_far, [self.subscription])

        billed, previous = sums[self.subscription]
        assert previous is not None
        self.assertEqual((1150, last), (billed, previous.id))

    def issue(self, *amounts: int, due_at: dt.datetime = books.NOW) -> int:
        def write(conn: sa.Connection) -> int:
            return invoices.issue(
                conn,
                books.NOW,
                [self.line(amount) for amount in amounts],
                account_id=1,
                subscription_id=self.subscription,
                kind='renewal',
                currency='EUR',
                announce_at=books.NOW,
                due_at=due_at,
            )

        return self.db.write(write)

    def line(self, amount: int) -> dict[str, Any]:
        return {
            'subscription_id': self.subscription,
            'kind': 'charge' if amount > 0 else 'credit',
            'resource': 's1',
            'starts': FEBRUARY,
            'ends': MARCH,
            'quantity': decimal.Decimal(1),
            'unit_price': decimal.Decimal('10.00'),
            'ratio': '28/28',
            'amount': amount,
            'reason': '',
        }

    def span(self, starts: dt.date, ends: dt.date, **why: Any) -> None:
        def write(conn: sa.Connection) -> None:
            invoices.bill_span(conn, self.subscription, starts, ends, **why)

        self.db.write(write)

    def open_ones(self) -> list[int]:
        """Ask both for the subscription and the account, who must agree."""
        rows = self.db.read(invoices.open_of_subscription, self.subscription)
        self.assertEqual(rows, self.db.read(invoices.open_of_account, 1))
        return [row.id for row in rows]


class PaymentsTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.db.write(books.account)

    def test_the_oldest_money_is_used_first(self) -> None:
        later = books.NOW + dt.timedelta(days=1)
        young = self.db.write(books.payment, key='b', received_at=later)
        old = self.db.write(books.payment, key='a')

        rows = self.db.read(payments.with_balance, 1)
        self.assertEqual([old, young], [row.id for row in rows])

    def test_money_that_is_allocated_is_no_balance(self) -> None:
        payment = self.db.write(books.payment)

        self.db.write(payments.change, payment, free=0)

        self.assertEqual([], list(self.db.read(payments.with_balance, 1)))

    def test_money_in_transit_is_no_balance_but_holds_the_ladder(self) -> None:
        until = books.NOW + dt.timedelta(days=3)
        self.db.write(books.payment, state='pending', in_transit_until=until)

        def until_when(now: dt.datetime) -> dt.datetime | None:
            return self.db.read(ladder.in_transit, [1], now).get(1)

        self.assertEqual([], list(self.db.read(payments.with_balance, 1)))
        self.assertEqual(until, until_when(books.NOW))
        self.assertIsNone(until_when(until))

    def test_a_credit_is_a_balance_but_no_payment(self) -> None:
        self.db.write(books.payment, kind='credit')

        self.assertEqual(1, len(self.db.read(payments.with_balance, 1)))
        self.assertIsNone(self.db.read(payments.latest, 1))
