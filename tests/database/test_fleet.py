# SPDX-License-Identifier: Apache-2.0
"""Contracts and servers are found, and a wish is taken back, everywhere."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import actions
from patrii_billing.store import custody
from patrii_billing.store import subscriptions
from patrii_billing.store.views import contracts
from patrii_billing.store.views import fleet
from patrii_billing.store.views import listing
from tests import books
from tests.database import backends

load_tests = backends.load_tests

CASE = 'case-1'


class FleetTest(backends.DatabaseTestCase):
    """Acme has three servers; one is shelved, and its owner gives it up."""

    def setUp(self) -> None:
        super().setUp()
        self.database.write(self._books)

    def _books(self, conn: sa.Connection) -> None:
        self.sub = books.subscription(conn)
        subscriptions.change(conn, self.sub, case_id=CASE)
        for name in ('a', 'b', 'c'):
            books.server(conn, name, name=f'server-{name}')
        for name, case, state in (
            ('a', 'case-0', lifecycle.Custody.RESTORED),
            ('a', CASE, lifecycle.Custody.SHELVED),
            ('b', 'case-0', lifecycle.Custody.SHELVED),
        ):
            taken = custody.take(
                conn, name, case, self.sub, 'acme-prod', books.NOW
            )
            custody.change(conn, taken.id, state=state)
        actions.ask(
            conn, lifecycle.ActionType.DELETE, books.NOW,
            subscription_id=self.sub, account_id=1, project='acme-prod',
            case_id=CASE, server='a', ground=lifecycle.Ground.OWNER,
        )  # fmt: skip

    def page(
        self, query: sa.Select[Any], keys: Any, key: str, limit: int = 9
    ) -> list[sa.Row[Any]]:
        window = listing.Window(limit, key=key)
        return list(self.database.read(listing.page, query, keys, window))

    def test_a_server_shows_its_open_case_and_its_deletion(self) -> None:
        rows = self.page(fleet.query(), fleet.KEYS, 'id')

        self.assertEqual(
            [
                ('a', 'acme', 'acme-1', 'shelved', 'owner'),
                ('b', 'acme', 'acme-1', None, None),
                ('c', 'acme', 'acme-1', None, None),
            ],
            [
                (row.id, row.account, row.subscription, row.custody,
                 row.deletion_ground)
                for row in rows
            ],
        )  # fmt: skip

    def test_each_filter_of_servers_narrows(self) -> None:
        for given, count in (
            ({'account_id': 1}, 3),
            ({'project': 'acme-prod'}, 3),
            ({'name': 'server-b'}, 1),
            ({'custody': 'shelved'}, 1),
            ({'deleted': True}, 0),
        ):
            rows = self.page(fleet.query(**given), fleet.KEYS, 'id')
            self.assertEqual(count, len(rows), given)

    def test_contracts_come_in_each_order(self) -> None:
        for key in contracts.KEYS:
            rows = self.page(contracts.query(), contracts.KEYS, key)
            wanted = 0 if key == 'due_at' else 1  # nothing is due
            self.assertEqual(wanted, len(rows), key)

    def test_each_filter_of_contracts_narrows(self) -> None:
        for given, count in (
            ({'account_id': 1, 'status': 'active', 'contract': 'live'}, 1),
            ({'plan_id': 1, 'project': 'acme-prod', 'parked': False}, 1),
            ({'name': 'acme-1'}, 1),
            ({'server': 'a'}, 0),
            ({'parked': True}, 0),
        ):
            rows = self.page(contracts.query(**given), contracts.KEYS, 'id')
            self.assertEqual(count, len(rows), given)

    def test_what_is_withdrawn_and_what_is_committed_exclude_each_other(
        self,
    ) -> None:
        (held,) = self.database.write(
            actions.claim, books.NOW, backends.LEASE, 5
        )
        won = backends.together(
            lambda: self._tells(actions.withdraw, held.id, books.NOW, ''),
            lambda: self._tells(actions.commit, held, books.NOW),
        )

        self.assertEqual(1, sum(won))

    def _tells(self, work: Any, *args: Any) -> bool:
        """Whether it came first."""
        try:
            return self.open().write(work, *args) is not False
        except Exception:
            return False
