# SPDX-License-Identifier: Apache-2.0
"""A unit of work that lost a race is run again, and once only counts."""

from collections.abc import Callable
import threading

import sqlalchemy as sa

from patrii_billing.store import accounts
from tests import books
from tests.database import backends

load_tests = backends.load_tests

Unit = Callable[[sa.Connection, int, int], None]


class LostRaceTest(backends.DatabaseTestCase):
    """Two units change two accounts, each in the other's order."""

    def setUp(self) -> None:
        super().setUp()
        for name in ('acme', 'bolt'):
            self.database.write(books.account, name)
        self.meeting = threading.Barrier(2)
        self.attempts = 0

    def test_both_units_of_a_deadlock_succeed(self) -> None:
        self.collide(self.cross)

        self.assertEqual([2, 2], self.versions())

    def test_a_deadlock_within_a_savepoint_is_run_again_too(self) -> None:
        self.collide(self.cross_in_savepoint)

        self.assertEqual([2, 2], self.versions())

    def test_an_error_of_the_work_is_not_tried_again(self) -> None:
        def fail(conn: sa.Connection) -> None:
            self.attempts += 1
            accounts.lock(conn, 1)
            raise ZeroDivisionError

        self.assertRaises(ZeroDivisionError, self.database.write, fail)

        self.assertEqual(1, self.attempts)
        self.assertEqual([0, 0], self.versions())

    def collide(self, unit: Unit) -> None:
        backends.together(
            lambda: self.open().write(unit, 1, 2),
            lambda: self.open().write(unit, 2, 1),
        )
        self.assertGreater(self.attempts, 2, 'nothing was run again')

    def cross(self, conn: sa.Connection, first: int, second: int) -> None:
        self.attempts += 1
        if self.backend == 'sqlite':
            # It has one lock for all: the race is for that, after a read.
            accounts.get(conn, first)
            self.meet()
            accounts.lock(conn, first)
        else:
            accounts.lock(conn, first)
            self.meet()
        accounts.lock(conn, second)

    def cross_in_savepoint(
        self, conn: sa.Connection, first: int, second: int
    ) -> None:
        with conn.begin_nested():
            self.cross(conn, first, second)

    def meet(self) -> None:
        """Have both units get here, the first time."""
        if self.attempts <= 2:
            self.meeting.wait(backends.PATIENCE)

    def versions(self) -> list[int]:
        return [
            self.database.read(accounts.get, account).version
            for account in (1, 2)
        ]
