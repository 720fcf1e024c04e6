# SPDX-License-Identifier: Apache-2.0
"""What the database itself refuses, whatever the code above it does."""

import datetime as dt
from typing import Any

from oslo_db import exception
import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import actions
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import schema
from tests import books
from tests.database import backends

load_tests = backends.load_tests

JANUARY, FEBRUARY, MARCH, APRIL = (dt.date(2026, n, 1) for n in range(1, 5))
MIDDLE = dt.date(2026, 1, 15)

# A broken CHECK has another class on each backend, see oslo.db's filters.
CHECK_FAILED = (exception.DBError, sa.exc.OperationalError)


class ChainOfSpansTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.subscription = self.database.write(books.subscription)
        self.bill(JANUARY, FEBRUARY)

    def test_time_is_billed_month_after_month(self) -> None:
        self.bill(FEBRUARY, MARCH)
        self.bill(MARCH, APRIL)

        self.assertEqual(3, self.spans())

    def test_the_same_period_is_not_billed_twice(self) -> None:
        self.refused(exception.DBDuplicateEntry, JANUARY, FEBRUARY)

    def test_the_same_start_is_not_billed_twice(self) -> None:
        self.refused(exception.DBDuplicateEntry, JANUARY, MARCH)

    def test_the_same_end_is_not_billed_twice(self) -> None:
        self.refused(exception.DBError, MIDDLE, FEBRUARY)

    def test_an_overlap_is_refused(self) -> None:
        self.refused(exception.DBReferenceError, MIDDLE, MARCH)

    def test_a_gap_is_refused(self) -> None:
        self.refused(exception.DBReferenceError, MARCH, APRIL)

    def test_time_before_the_first_span_is_refused(self) -> None:
        self.refused(exception.DBReferenceError, dt.date(2025, 12, 1), JANUARY)

    def test_a_second_first_span_is_refused(self) -> None:
        self.refused_raw(
            exception.DBDuplicateEntry, starts=MARCH, ends=APRIL, first=1
        )

    def test_a_span_must_follow_where_it_starts(self) -> None:
        self.refused_raw(
            CHECK_FAILED, starts=MARCH, ends=APRIL, follows=FEBRUARY
        )

    def test_a_span_is_the_first_or_follows_another(self) -> None:
        self.refused_raw(CHECK_FAILED, starts=MARCH, ends=APRIL)

    def test_a_span_must_go_forward(self) -> None:
        self.refused_raw(
            CHECK_FAILED, starts=FEBRUARY, ends=FEBRUARY, follows=FEBRUARY
        )

    def test_a_span_without_invoice_or_reason_is_refused(self) -> None:
        self.refused_raw(
            CHECK_FAILED,
            starts=FEBRUARY,
            ends=MARCH,
            follows=FEBRUARY,
            unbilled_why=None,
        )

    def test_a_span_with_both_invoice_and_reason_is_refused(self) -> None:
        invoice = self.database.write(issue, self.subscription)

        self.refused_raw(
            CHECK_FAILED,
            starts=FEBRUARY,
            ends=MARCH,
            follows=FEBRUARY,
            invoice_id=invoice,
        )

    def test_a_span_of_an_unknown_invoice_is_refused(self) -> None:
        self.refused_raw(
            exception.DBReferenceError,
            starts=FEBRUARY,
            ends=MARCH,
            follows=FEBRUARY,
            invoice_id=77,
            unbilled_why=None,
        )

    def test_each_subscription_has_its_own_chain(self) -> None:
        other = self.database.write(
            books.subscription, 'acme-2', account_id=1, plan_id=1
        )
        self.database.write(
            invoices.bill_span, other, JANUARY, FEBRUARY, unbilled_why='trial'
        )

        self.assertEqual(2, self.spans())

    def bill(self, starts: dt.date, ends: dt.date) -> None:
        self.database.write(
            invoices.bill_span,
            self.subscription,
            starts,
            ends,
            unbilled_why='trial',
        )

    def refused(
        self, error: type[Exception], starts: dt.date, ends: dt.date
    ) -> None:
        self.assertRaises(error, self.bill, starts, ends)
        self.assertEqual(1, self.spans())

    def refused_raw(self, error: Any, **values: Any) -> None:
        """Go round the function that the engine uses."""
        values = {
            'subscription_id': self.subscription,
            'unbilled_why': 'trial',
            'cycle_starts': FEBRUARY,
            'cycle_ends': MARCH,
            **values,
        }
        self.assertRaises(error, self.database.write, add, 'spans', values)
        self.assertEqual(1, self.spans())

    def spans(self) -> int:
        return self.database.read(count, 'spans')


class OnlyOneTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.subscription = self.database.write(books.subscription)

    def test_a_second_subscription_does_not_enforce_the_project(self) -> None:
        self.assertRaises(
            exception.DBDuplicateEntry,
            self.database.write,
            books.subscription,
            'acme-2',
            account_id=1,
            plan_id=1,
            project='acme-prod',
        )

    def test_one_of_a_server_enforces_beside_that_of_its_project(self) -> None:
        self.database.write(
            books.subscription,
            'acme-2',
            account_id=1,
            plan_id=1,
            project='acme-prod',
            server='web',
        )

        self.assertEqual(2, self.database.read(count, 'subscriptions'))

    def test_the_same_payment_is_not_recorded_twice(self) -> None:
        self.database.write(pay, 'transfer-1')

        self.assertRaises(
            exception.DBDuplicateEntry, self.database.write, pay, 'transfer-1'
        )
        self.assertEqual(1, self.database.read(count, 'payments'))

    def test_keys_that_differ_in_case_are_two_payments(self) -> None:
        self.database.write(pay, 'abc')
        self.database.write(pay, 'ABC')

        self.assertEqual(2, self.database.read(count, 'payments'))

    def test_keys_that_differ_in_accents_are_two_payments(self) -> None:
        self.database.write(pay, 'Müller')
        self.database.write(pay, 'Muller')

        self.assertEqual(2, self.database.read(count, 'payments'))

    def test_a_number_is_not_given_to_two_invoices(self) -> None:
        first = self.database.write(issue, self.subscription)
        row = self.database.read(invoices.get, first)._asdict()

        self.assertRaises(
            exception.DBDuplicateEntry,
            self.database.write,
            add,
            'invoices',
            {**row, 'id': 2},
        )

    def test_a_notice_is_added_once_per_key(self) -> None:
        added = [
            self.database.write(notices.ask, 'grace:1', 'grace', books.NOW)
            for _ in range(2)
        ]

        self.assertEqual([True, False], added)
        self.refused_twice('notices')

    def test_a_server_has_one_live_action_of_a_type(self) -> None:
        added = [self.database.write(shelve) for _ in range(2)]

        self.assertEqual([True, False], added)
        self.refused_twice('actions')

    def test_a_finished_action_may_be_asked_for_again(self) -> None:
        self.database.write(shelve)
        self.database.write(
            actions.cancel,
            self.subscription,
            [lifecycle.ActionType.SHELVE],
            books.NOW,
            'paid',
        )

        self.assertTrue(self.database.write(shelve))
        self.assertEqual(2, self.database.read(count, 'actions'))

    def test_what_two_ask_at_once_is_added_once(self) -> None:
        added = backends.together(*[lambda: self.database.write(shelve)] * 4)

        self.assertEqual([False, False, False, True], sorted(added))

    def refused_twice(self, table: str) -> None:
        """Copy the only row of a table, round the function that adds it."""
        with self.database.engine.connect() as conn:
            row = conn.execute(schema.metadata.tables[table].select()).one()
        self.assertRaises(
            exception.DBDuplicateEntry,
            self.database.write,
            add,
            table,
            {**row._asdict(), 'id': 2},
        )
        self.assertEqual(1, self.database.read(count, table))


def add(conn: sa.Connection, table: str, values: dict[str, Any]) -> None:
    conn.execute(schema.metadata.tables[table].insert().values(values))


def count(conn: sa.Connection, table: str) -> int:
    return conn.execute(
        sa.select(sa.func.count()).select_from(schema.metadata.tables[table])
    ).scalar_one()


def issue(conn: sa.Connection, subscription_id: int) -> int:
    return invoices.issue(
        conn,
        books.NOW,
        [],
        account_id=1,
        subscription_id=subscription_id,
        kind='renewal',
        currency='EUR',
        announce_at=books.NOW,
    )


def pay(conn: sa.Connection, key: str) -> int:
    return books.payment(conn, key=key)


def shelve(conn: sa.Connection) -> bool:
    return actions.ask(
        conn,
        lifecycle.ActionType.SHELVE,
        books.NOW,
        subscription_id=1,
        account_id=1,
        project='acme-prod',
        case_id='case-1',
        server='web',
    )
