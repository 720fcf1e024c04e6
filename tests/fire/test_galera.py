# SPDX-License-Identifier: Apache-2.0
"""Two servers of one Galera cluster, and workers that clash on them.

A row's lock is known to its own server alone; who comes second finds out when
he commits.
"""

from collections.abc import Callable
import datetime as dt
import threading
import time
from typing import Any
import uuid

from oslo_db import exception
from oslotest import base
import pymysql
import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import database
from patrii_billing.store import migrate
from patrii_billing.store import notices
from tests import books
from tests.database import backends
from tests.database import test_claims
from tests.fire import servers as machines
from tests import services

LEASE = dt.timedelta(minutes=1)
MANY = 60


class GaleraTestCase(base.BaseTestCase):
    """Each test has books of its own, and a way to them by each server."""

    def setUp(self) -> None:
        super().setUp()
        name = f'books_{uuid.uuid4().hex}'
        first, *_ = servers = services.galera_urls()
        self.run_plainly(first, f'CREATE DATABASE {name}')
        self.addCleanup(self.run_plainly, first, f'DROP DATABASE {name}')
        self.urls = [
            sa.make_url(server)
            .set(database=name)
            .render_as_string(hide_password=False)
            for server in servers
        ]
        self.nodes = [database.Database(connection=url) for url in self.urls]
        for node in self.nodes:
            self.addCleanup(node.engine.dispose)
        migrate.upgrade(self.nodes[0].engine)
        self.wait_for(self.is_everywhere)

    def run_plainly(self, url: str, statement: str) -> Any:
        """Without a transaction; the last column of the first row, if any.

        Also at a server that takes no transaction.
        """
        parts = sa.make_url(url)
        with pymysql.connect(
            unix_socket=parts.query['unix_socket'], user=parts.username,
            autocommit=True,
        ).cursor() as cursor:  # fmt: skip
            cursor.execute(statement)
            row = cursor.fetchone()
        return row and row[-1]

    def is_everywhere(self) -> bool:
        """Whether the last server has what was written at the first."""
        heads = {migrate.version(node.engine)[0] for node in self.nodes}
        return len(heads) == 1

    def wait_for(
        self, what: Callable[[], bool], seconds: float = 60
    ) -> None:
        until = time.monotonic() + seconds
        while not what():
            if time.monotonic() > until:
                self.fail('waited in vain')
            time.sleep(0.05)

    def clashes(self) -> int:
        """How many units were turned away, or thrown out, by the other."""
        found = 0
        for node in self.nodes:
            with node.engine.connect() as conn:
                told = dict(
                    tuple(row)
                    for row in conn.execute(
                        sa.text("SHOW STATUS LIKE 'wsrep_local_%'")
                    )
                )
            found += int(told['wsrep_local_cert_failures'])
            found += int(told['wsrep_local_bf_aborts'])
        return found


class ClashTest(GaleraTestCase):
    def test_two_workers_on_two_servers_never_get_the_same_row(self) -> None:
        before = self.clashes()
        self.nodes[0].write(test_claims.notify, MANY)
        start = threading.Barrier(2)

        def work(node: database.Database) -> list[str]:
            start.wait(backends.PATIENCE)
            return [
                key
                for _ in range(MANY)
                for key in node.write(claim_and_settle)
            ]

        first, second = backends.together(
            *[lambda node=node: work(node) for node in self.nodes]
        )

        self.assertEqual(sorted({*first, *second}), sorted(first + second))
        self.assertEqual(MANY, len(first + second))
        self.assertGreater(self.clashes(), before, 'they never met')

    def test_of_a_payment_and_a_late_commit_one_wins(self) -> None:
        """The worker's lease is over, but nobody has taken his row yet."""
        won = []
        for number in range(1, 11):
            row = self.nodes[0].write(claimed_delete, number)
            self.wait_for(lambda: self.knows(row.id))  # noqa: B023
            won.append(self.race(row))

        self.assertEqual({1}, {sum(each) for each in won}, won)

    def race(self, row: sa.Row) -> list[bool]:
        start = threading.Barrier(2)
        late = books.NOW + 2 * LEASE

        def commit(conn: sa.Connection) -> bool:
            accounts.lock(conn, row.account_id)
            actions.commit(conn, row, late)
            return True

        def pay(conn: sa.Connection) -> bool:
            accounts.lock(conn, row.account_id)
            kinds = lifecycle.ENFORCEMENT
            sub = row.subscription_id
            return bool(actions.cancel(conn, sub, kinds, late, 'paid'))

        def run(node: database.Database, work: Callable[..., bool]) -> bool:
            start.wait(backends.PATIENCE)
            try:
                return node.write(work)
            except errors.LeaseLost:
                return False

        return backends.together(
            lambda: run(self.nodes[0], commit), lambda: run(self.nodes[1], pay)
        )

    def knows(self, action: int) -> bool:
        """Whether the second server has it, and its claim, as well."""
        try:
            row = self.nodes[1].read(actions.by_id, action)
        except errors.NotFound:
            return False
        return row.owner is not None


class LoneServerTest(GaleraTestCase):
    def test_half_a_cluster_is_a_database_that_is_away_for_a_while(
        self,
    ) -> None:
        account = self.nodes[0].write(books.account)
        other = machines.of_books(self.urls[1])
        other.freeze()
        self.addCleanup(other.thaw)

        self.wait_for(lambda: not self.is_whole())
        self.assertRaises(
            exception.DBConnectionError, self.nodes[0].write, accounts.lock,
            account,
        )  # fmt: skip

        other.thaw()
        self.wait_for(self.is_whole)
        self.nodes[0].write(accounts.lock, account)

    def is_whole(self) -> bool:
        status = self.run_plainly(
            self.urls[0], "SHOW STATUS LIKE 'wsrep_cluster_status'"
        )
        return status == 'Primary'


def claim_and_settle(conn: sa.Connection) -> list[str]:
    rows = notices.claim(conn, books.NOW, LEASE, 3)
    for row in rows:
        notices.settle(
            conn, row, lifecycle.NoticeState.ACCEPTED, books.NOW, '250 OK'
        )
    return [row.key for row in rows]


def claimed_delete(conn: sa.Connection, number: int) -> sa.Row:
    account = books.account(conn, f'acme-{number}')
    plan = books.plan(conn, f'plan-{number}')
    sub = books.subscription(
        conn, f'sub-{number}', account_id=account, plan_id=plan
    )
    actions.ask(
        conn, lifecycle.ActionType.DELETE, books.NOW,
        subscription_id=sub, account_id=account, project=f'sub-{number}',
        case_id='case-1', server=f'web-{number}',
    )  # fmt: skip
    (row,) = actions.claim(conn, books.NOW, LEASE, 1)
    return row
