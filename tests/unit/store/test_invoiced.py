# SPDX-License-Identifier: Apache-2.0
"""Lists of invoices, and all that is known of one."""

import datetime as dt
import itertools
from typing import Any

import sqlalchemy as sa

from patrii_billing import errors
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import payments
from patrii_billing.store.views import invoiced
from patrii_billing.store.views import listing
from tests import books

FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
# What narrows the list of all there are, by the name it has in the law.
NARROW = {
    'kind': {'kind': 'renewal'},
    'state': {'state': 'open'},
    'due': {'due_before': FIRST + 5 * DAY},
    'issued': {'issued_since': FIRST, 'issued_before': FIRST + 5 * DAY},
    'overdue': {'overdue_at': FIRST + 5 * DAY},
}


class InvoicedTestCase(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        with self.db.engine.begin() as conn:
            self.acme = books.account(conn)
            self.other = books.account(conn, 'other')
            self.sub = books.subscription(
                conn, account_id=self.acme, project='acme-prod'
            )

    def issued(self, day: int = 0, **values: Any) -> int:
        """An invoice issued so many days after New Year, due a week later."""
        at = FIRST + day * DAY
        given = {
            'account_id': self.acme, 'kind': 'renewal', 'currency': 'EUR',
            'due_at': at + 7 * DAY, 'announce_at': at, 'net': 1000,
            'total': 1000, 'owed': 1000, **values,
        }  # fmt: skip
        return self.db.write(invoices.issue, at, [], **given)

    def page(self, limit: int = 10, marker: int | None = None,
             key: str = 'id', descending: bool = False,
             **wanted: Any) -> list[int]:  # fmt: skip
        rows = self.db.read(
            listing.page, invoiced.query(invoiced.Wanted(**wanted)),
            invoiced.KEYS, listing.Window(limit, marker, key, descending),
        )  # fmt: skip
        return [row.id for row in rows[:limit]]


class ListTest(InvoicedTestCase):
    def test_each_filter_finds_what_is_so(self) -> None:
        first = self.issued()
        second = self.issued(1, kind='extra', subscription_id=self.sub)
        third = self.issued(2, account_id=self.other, state='paid')

        for wanted, found in (
            ({'account_id': self.acme}, [first, second]),
            ({'subscription_id': self.sub}, [second]),
            ({'number': ('INV', 3)}, [third]),
            ({'state': 'paid'}, [third]),
            ({'kind': 'extra'}, [second]),
            ({'due_before': FIRST + 8 * DAY}, [first]),
            ({'issued_since': FIRST + DAY}, [second, third]),
            ({'issued_before': FIRST + DAY}, [first]),
            ({'overdue_at': FIRST + 9 * DAY}, [first, second]),
        ):
            self.assertEqual(found, self.page(**wanted), wanted)

    def test_a_row_has_the_names_that_its_reader_knows(self) -> None:
        billed = self.issued(subscription_id=self.sub)
        note = self.issued(series='CN', kind='credit_note', corrects=billed)

        row = self.db.read(invoiced.one, note)
        self.assertEqual(
            ('acme', None, 'INV', 1),
            (row.account, row.subscription, row.corrected_series,
             row.corrected_number),
        )  # fmt: skip
        row = self.db.read(invoiced.one, billed)
        self.assertEqual('acme-1', row.subscription)

    def test_pages_go_through_it_in_each_order_and_way(self) -> None:
        ids = [self.issued(day // 3, due_at=FIRST) for day in range(8)]
        for key, way in itertools.product(invoiced.KEYS, (False, True)):
            seen: list[int] = []
            while part := self.page(
                3, seen[-1] if seen else None, key, way, state='open'
            ):
                seen += part
            self.assertEqual(ids[::-1] if way else ids, seen, key)


class IndexTest(InvoicedTestCase):
    def test_what_is_offered_is_found_by_an_index_in_its_order(self) -> None:
        self.issued()
        offered = 0
        for count in range(len(NARROW) + 1):
            for names in itertools.combinations(NARROW, count):
                given: dict[str, Any] = {}
                for name in names:
                    given |= NARROW[name]
                wanted = invoiced.Wanted(**given)
                try:
                    orders = wanted.orders()
                except errors.InvalidInput:
                    continue
                for key in orders:
                    offered += 1
                    self.is_found_by_index(wanted, key)
        self.assertEqual(14, offered)

    def is_found_by_index(self, wanted: invoiced.Wanted, key: str) -> None:
        """No sorting, and the invoices by an index of all that counts.

        What is looked for is the ids; the rows of a page are then had by
        their own.
        """
        plans: list[list[str]] = []

        def explain(conn: sa.Connection) -> None:
            def before(_: Any, cursor: Any, text: str, values: Any,
                       *rest: Any) -> None:  # fmt: skip
                if text.startswith('SELECT'):
                    plan = conn.connection.cursor()
                    plan.execute(f'EXPLAIN QUERY PLAN {text}', values)
                    plans.append([str(row[-1]) for row in plan.fetchall()])

            sa.event.listen(conn, 'before_cursor_execute', before)
            window = listing.Window(10, None, key)
            listing.page(conn, invoiced.query(wanted), invoiced.KEYS, window)

        self.db.read(explain)
        told = plans[0]
        self.assertNotIn('TEMP B-TREE', '\n'.join(told), f'{wanted} by {key}')
        if wanted == invoiced.Wanted():
            self.assertRegex(told[0], '^(SCAN|SEARCH) invoices')
        else:
            self.assertRegex(told[0], '^SEARCH invoices USING .*INDEX')
        for page in plans[1:]:
            self.assertRegex(page[0], '^SEARCH invoices USING')

    def test_what_no_index_serves_is_refused(self) -> None:
        error = self.assertRaises(
            errors.InvalidInput,
            invoiced.Wanted(kind='extra', due_before=FIRST).orders,
        )
        self.assertEqual('due, kind', error.where)

    def test_what_is_of_one_account_may_be_narrowed_as_one_likes(
        self,
    ) -> None:
        wanted = invoiced.Wanted(
            account_id=1, kind='extra', state='open', due_before=FIRST
        )
        self.assertEqual(('due_at', 'id', 'issued_at'), wanted.orders())


class OneTest(InvoicedTestCase):
    def test_its_mails_are_told_without_their_texts(self) -> None:
        billed = self.issued()
        self.db.write(
            notices.ask, 'one', 'invoice', FIRST, invoice_id=billed
        )

        [row] = self.db.read(invoiced.notices, billed)

        self.assertEqual(('invoice', 'pending'), (row.template, row.state))
        self.assertNotIn('body', row._fields)

    def test_money_that_was_taken_off_is_not_on_it(self) -> None:
        billed = self.issued()
        paid = self.db.write(books.payment, self.acme)
        self.db.write(payments.allocate, paid, billed, 400, FIRST)
        self.db.write(payments.allocate, paid, billed, 500, FIRST)
        self.db.write(payments.undo_allocations, [1], FIRST)

        rows = self.db.read(invoiced.paid_on, billed)

        self.assertEqual([500], [row.used for row in rows])
