# SPDX-License-Identifier: Apache-2.0
"""A database that is restarted costs a unit of work an attempt, no more."""

import sqlalchemy as sa

from patrii_billing.store import accounts
from tests import books
from tests.database import backends

load_tests = backends.load_tests

KILL = {
    'mysql': ('SELECT CONNECTION_ID()', 'KILL {}'),
    'postgresql': (
        'SELECT pg_backend_pid()',
        'SELECT pg_terminate_backend({})',
    ),
}


class BrokenConnectionTest(backends.DatabaseTestCase):
    scenarios = [(name, {'backend': name}) for name in sorted(KILL)]

    def test_a_unit_cut_off_in_its_middle_is_run_again(self) -> None:
        account = self.database.write(books.account)
        attempts: list[sa.Connection] = []

        def work(conn: sa.Connection) -> None:
            accounts.lock(conn, account)
            if not attempts:
                self.kill(self.name(conn))
            attempts.append(conn)
            accounts.change(conn, account, name='bolt')

        self.database.write(work)

        row = self.database.read(accounts.get, account)
        self.assertEqual(('bolt', 1), (row.name, row.version))
        self.assertEqual(2, len(attempts))

    def test_idle_connections_that_broke_are_replaced(self) -> None:
        account = self.database.write(books.account)
        self.kill(self.database.read(self.name))

        self.assertEqual(
            'acme', self.database.read(accounts.get, account).name
        )

    def name(self, conn: sa.Connection) -> int:
        return int(conn.scalar(sa.text(KILL[self.backend][0])))

    def kill(self, victim: int) -> None:
        """End a connection from outside, as a restart does."""
        with self.open().engine.connect() as other:
            other.execute(sa.text(KILL[self.backend][1].format(victim)))
