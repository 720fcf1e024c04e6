# SPDX-License-Identifier: Apache-2.0
"""Customers are found by what support has of them, on every database."""

import datetime as dt
import random
from typing import Any
from unittest import mock

import sqlalchemy as sa

from patrii_billing.engine import customers
from patrii_billing.store import accounts
from patrii_billing.store import migrate
from patrii_billing.store import schema
from patrii_billing.store import sought
from patrii_billing.store import subscriptions
from patrii_billing.store.views import customers as lists
from patrii_billing.store.views import finding
from patrii_billing.store.views import listing
from tests import books
from tests.database import backends

load_tests = backends.load_tests

DAY = dt.timedelta(days=1)
ALL = listing.Window(100, key='name')
_SERVER = '3f2a91bc-7c1d-4e0a-9d55-0123456789ab'


class FindingTestCase(backends.DatabaseTestCase):
    def listed(
        self, window: listing.Window = ALL, **wanted: Any
    ) -> list[str]:
        found = lists.listed(books.NOW, **wanted)
        rows = self.database.read(
            listing.page, found.query, found.keys, window
        )
        return [row.name for row in rows[: window.limit]]

    def owe(
        self, account_id: int, owed: int, days: int = -1, **values: Any
    ) -> None:
        """An open invoice that is due in so many days."""
        with self.database.engine.begin() as conn:
            conn.execute(
                schema.invoices.insert().values(
                    **{
                        'account_id': account_id, 'series': 'INV',
                        'kind': 'extra', 'state': 'open', 'currency': 'EUR',
                        'net': owed, 'total': owed, 'owed': owed,
                        'announce_at': books.NOW,
                        'due_at': books.NOW + days * DAY, **values,
                    }
                )
            )  # fmt: skip


class SearchTest(FindingTestCase):
    def setUp(self) -> None:
        super().setUp()
        add = self.database.write
        acme = add(
            books.account, 'Société Générale 100%', external_ref='C-17',
            contacts=['Billing@acme.example'],
        )  # fmt: skip
        add(accounts.add_project, 'p' * 32, 'Prod_West', acme)
        add(self._server, _SERVER, 'Web-1', 'p' * 32)
        self.owe(acme, 100, number=17, reference='RF18INV17')
        other = add(books.account, 'other', contacts=[])
        add(accounts.add_project, 'q' * 32, 'prodXwest', other)

    def _server(
        self, conn: sa.Connection, server_id: str, name: str, project: str
    ) -> None:
        books.server(conn, server_id, name=name, project=project)

    def found(self, text: str, account_id: int | None = None) -> list[str]:
        within = self.database.read(finding.by_text, text, account_id)
        return self.listed(within=[within], account_id=account_id)

    def test_by_what_it_is_called_and_wrote_from(self) -> None:
        for text in (
            'soc', 'SOCIETE G', 'générale', '100%', 'c-17', 'billing@',
            'ACME.example',
        ):  # fmt: skip
            self.assertEqual(['Société Générale 100%'], self.found(text), text)
        for text in ('ociété', '%', '_', 'example', 'générale soc', '\\', '´'):
            self.assertEqual([], self.found(text), text)

    def test_by_a_project_or_a_server_it_has(self) -> None:
        for text in (
            'prod_', 'PROD_W', 'p' * 32, 'pppp', 'web-', 'WEB-1', _SERVER,
            _SERVER[:8], _SERVER[:9], _SERVER[:13].upper(),
        ):  # fmt: skip
            self.assertEqual(['Société Générale 100%'], self.found(text), text)
        for text in ('west', 'web_', '3f2a_', 'eb-1', _SERVER + '0'):
            self.assertEqual([], self.found(text), text)
        self.assertEqual(2, len(self.found('prod')))

    def test_by_an_invoice(self) -> None:
        for text in ('INV-000017', 'inv-17', 'RF18INV17', 'rf18 inv1 7'):
            self.assertEqual(['Société Générale 100%'], self.found(text), text)
        self.assertEqual([], self.found('INV-000018'))

    def test_where_many_are_found_it_is_the_same(self) -> None:
        texts = ('soc', 'prod', 'web', _SERVER[:8], 'inv-17', 'oth', 'nobody')
        few = [self.found(text) for text in texts]

        with mock.patch.object(finding, 'FEW', 0):
            many = [self.found(text) for text in texts]

        self.assertEqual(few, many)

    def test_a_customer_finds_himself_alone(self) -> None:
        other = self.database.read(accounts.by_name, 'other').id

        self.assertEqual(['other'], self.found('prod', other))
        self.assertEqual([], self.found('soc', other))

    def test_one_that_is_called_otherwise_now_is_found_so(self) -> None:
        other = self.database.read(accounts.by_name, 'other')
        self.database.write(
            accounts.change, other.id, name='New Name', contacts=['a@b.se']
        )

        self.assertEqual([], self.found('oth'))
        for text in ('new', 'name', 'b.se'):
            self.assertEqual(['New Name'], self.found(text))

    def test_one_that_is_deleted_leaves_nothing(self) -> None:
        gone = self.database.write(books.account, 'gone')
        self.database.write(customers.delete, gone, books.NOW, 'eva')

        self.assertEqual([], self.found('gone'))

    def test_books_of_an_older_release_are_found(self) -> None:
        with self.database.engine.begin() as conn:
            conn.execute(schema.sought.delete())
        self.assertEqual([], self.found('soc'))

        with mock.patch.object(sought, '_CHUNK', 1):
            migrate.upgrade(self.database.engine)

        self.assertEqual(1, len(self.found('soc')))
        self.assertEqual(['other'], self.found('oth'))


class DebtTest(FindingTestCase):
    def account(self, name: str, *debts: tuple[int, int]) -> int:
        account_id = self.database.write(books.account, name)
        for owed, days in debts:
            self.owe(account_id, owed, days)
        return int(account_id)

    def test_they_are_narrowed_by_the_age_of_what_they_owe(self) -> None:
        self.account('late', (100, -40), (100, 3))
        self.account('soon', (100, 3))
        self.account('calm')

        self.assertEqual(['late', 'soon'], self.listed(owing=True))
        self.assertEqual(['calm'], self.listed(owing=False))
        self.assertEqual(['late'], self.listed(overdue_days=0))
        self.assertEqual(['late'], self.listed(overdue_days=39))
        self.assertEqual([], self.listed(overdue_days=40))

    def test_they_come_in_the_order_of_what_they_owe(self) -> None:
        seed = 7
        chance = random.Random(seed)  # noqa: S311 - no secret
        owed = {}
        for number in range(12):
            debts = [
                (chance.randrange(1, 4) * 100, chance.choice((-9, -2, 3)))
                for _ in range(chance.randrange(3))
            ]
            owed[self.account(f'a{number}', *debts)] = debts
        for key, figure in (
            ('owed', lambda d: sum(o for o, _ in d)),
            ('overdue', lambda d: sum(o for o, days in d if days < 0)),
            ('oldest_due_at', lambda d: min((n for _, n in d), default=0)),
        ):
            right = [
                f'a{place}'
                for place, (i, d) in enumerate(owed.items())
                if figure(d)
            ]
            right.sort(
                key=lambda name: (
                    figure([*owed.values()][int(name[1:])]),
                    int(name[1:]),
                )
            )
            for descending in (False, True):
                self.assertEqual(
                    right[::-1] if descending else right,
                    self._through(key, descending), (seed, key),
                )  # fmt: skip

    def _through(self, key: str, descending: bool) -> list[str]:
        """All of a list, two at a time."""
        found: list[str] = []
        marker = None
        while True:
            window = listing.Window(2, marker, key, descending)
            page = self.listed(window, by_debt=True)
            found += page
            if len(page) < window.limit:
                return found
            marker = self.database.read(accounts.by_name, page[-1]).id

    def test_each_shows_the_sum_of_what_is_open(self) -> None:
        late = self.account('late', (100, -40), (250, 3), (7, -2))
        self.owe(late, 999, state='void')
        self.owe(late, 0)
        found = lists.listed(books.NOW)
        [row] = self.database.read(
            lambda conn: conn.execute(found.query).all()
        )

        self.assertEqual((357, 107), (row.owed, row.overdue))
        self.assertEqual(books.NOW - 40 * DAY, row.oldest_due_at)


class PlanTest(FindingTestCase):
    def test_they_are_narrowed_by_the_plan_of_a_living_contract(self) -> None:
        plan = self.database.write(books.plan)
        for name in ('acme', 'left', 'none'):
            account_id = self.database.write(books.account, name)
            if name != 'none':
                self.database.write(
                    books.subscription, name, account_id=account_id,
                    plan_id=plan,
                )  # fmt: skip
        self.database.write(
            subscriptions.change,
            self.database.read(subscriptions.by_name, 'left').id,
            contract='ended',
        )

        for few in (finding.FEW, 0):
            with mock.patch.object(finding, 'FEW', few):
                found = self.database.read(finding.by_plan, plan)
            self.assertEqual(['acme'], self.listed(within=[found]))
