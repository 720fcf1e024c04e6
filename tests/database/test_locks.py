# SPDX-License-Identifier: Apache-2.0
"""Whoever judges an account does so alone, on what was committed last."""

from collections.abc import Callable
import datetime as dt
import decimal
import threading
import time

import sqlalchemy as sa

from patrii_billing.store import accounts
from patrii_billing.store import payments
from patrii_billing.store import plans
from patrii_billing.store import schema
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import watch
from tests import books
from tests.database import backends

load_tests = backends.load_tests

HOUR = dt.timedelta(hours=1)


class AccountLockTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.account = self.database.write(books.account)
        self.locked = threading.Event()

    def test_a_judgement_waits_for_the_payment_and_sees_it(self) -> None:
        _, paid = backends.together(self.pay, lambda: self.judge(judgement))

        self.assertEqual(1000, paid)

    def test_what_a_judgement_read_before_does_not_blind_it(self) -> None:
        _, paid = backends.together(
            self.pay, lambda: self.judge(judgement_after_a_look)
        )

        self.assertEqual(1000, paid)

    def test_each_lock_counts_once(self) -> None:
        self.database.write(accounts.lock, self.account)
        self.database.write(accounts.lock, self.account)

        account = self.database.read(accounts.get, self.account)
        self.assertEqual(2, account.version)

    def pay(self) -> None:
        def payment(conn: sa.Connection) -> None:
            accounts.lock(conn, self.account)
            self.locked.set()
            time.sleep(0.5)
            books.payment(conn, self.account)

        self.database.write(payment)

    def judge(self, work: Callable[[sa.Connection, int], int]) -> int:
        other = self.open()
        self.assertTrue(self.locked.wait(backends.PATIENCE))
        return other.write(work, self.account)


class CorrectionTest(backends.DatabaseTestCase):
    """It is to look at changes already, and another one is being written."""

    def setUp(self) -> None:
        super().setUp()
        self.sub = self.database.write(books.subscription)
        self.database.write(subscriptions.settle, self.sub, books.NOW)
        self.written = threading.Event()

    def test_it_waits_for_a_level_and_sees_it(self) -> None:
        _, seen = backends.together(
            lambda: self.linger(level), lambda: self.correct(schema.levels)
        )

        self.assertEqual(1, seen)

    def test_it_waits_for_a_price_and_sees_it(self) -> None:
        before = len(books.PRICES)

        _, seen = backends.together(
            lambda: self.linger(price), lambda: self.correct(schema.prices)
        )

        self.assertEqual(before + 1, seen)

    def linger(self, work: Callable[[sa.Connection], None]) -> None:
        def unit(conn: sa.Connection) -> None:
            work(conn)
            self.written.set()
            time.sleep(0.5)

        self.database.write(unit)

    def correct(self, table: sa.Table) -> int:
        """As engine.correct begins; how much of the table it then sees."""

        def unit(conn: sa.Connection) -> int:
            subscriptions.change(conn, self.sub, settle_at=None)
            return len(conn.execute(table.select()).all())

        other = self.open()
        self.assertTrue(self.written.wait(backends.PATIENCE))
        return other.write(unit)


class WatchLockTest(backends.DatabaseTestCase):
    def test_units_that_lock_the_watch_come_one_after_the_other(self) -> None:
        def count(conn: sa.Connection) -> None:
            row = watch.lock(conn)
            time.sleep(0.01)
            watch.change(conn, stopped_why=str(int(row.stopped_why or 0) + 1))

        def count_five_times() -> None:
            for _ in range(5):
                self.database.write(count)

        backends.together(*[count_five_times] * 4)

        self.assertEqual('20', self.database.read(watch.get).stopped_why)


def level(conn: sa.Connection) -> None:
    servers.add_level(
        conn, 'resized', 'acme-prod', 's2', decimal.Decimal(1),
        books.NOW + HOUR, 'resized', 'web',
    )  # fmt: skip


def price(conn: sa.Connection) -> None:
    plans.add_price(conn, 1, 'flavor', 's3', decimal.Decimal(5))
    subscriptions.settle_plan(conn, 1, books.NOW + HOUR)


def judgement(conn: sa.Connection, account_id: int) -> int:
    accounts.lock(conn, account_id)
    return paid(conn, account_id)


def judgement_after_a_look(conn: sa.Connection, account_id: int) -> int:
    paid(conn, account_id)
    return judgement(conn, account_id)


def paid(conn: sa.Connection, account_id: int) -> int:
    return sum(row.free for row in payments.with_balance(conn, account_id))
