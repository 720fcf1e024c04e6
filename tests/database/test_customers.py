# SPDX-License-Identifier: Apache-2.0
"""Customers and plans are entered once, and found, on every database."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import cloud
from patrii_billing.domain import lifecycle
from patrii_billing.engine import customers
from patrii_billing.engine import pricelists
from patrii_billing.engine import projects
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import plans
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from patrii_billing.store.views import customers as lists
from patrii_billing.store.views import listing
from tests import books
from tests.database import backends

load_tests = backends.load_tests

SHOP = {'name': 'shop', 'contacts': ['a@shop.example']}
GOLD = {
    'name': 'gold',
    'cycle': 'month',
    'prices': [{'kind': 'flavor', 'resource': 's1', 'unit_price': '10.00'}],
}
S2 = {'kind': 'flavor', 'resource': 's2', 'unit_price': '20.00'}


class EnteredTogetherTest(backends.DatabaseTestCase):
    def four(self, work: Any, *args: Any) -> list[Any]:
        """What four callers at the same time are answered."""
        ways = [self.open() for _ in range(4)]
        return backends.together(
            *(
                lambda db=db: db.write(work, *args, books.NOW, 'eva')
                for db in ways
            )
        )

    def count(self, table: sa.Table) -> int:
        query = sa.select(sa.func.count()).select_from(table)
        with self.database.engine.connect() as conn:
            return int(conn.execute(query).scalar_one())

    def test_an_account_that_is_entered_by_four_is_one(self) -> None:
        ids = self.four(customers.create, SHOP, customers.Defaults())

        self.assertEqual(1, len(set(ids)))
        self.assertEqual(1, self.count(schema.timeline))

    def test_a_plan_that_is_entered_by_four_has_each_price_once(self) -> None:
        ids = self.four(pricelists.create, GOLD, 'EUR')

        self.assertEqual(1, len(set(ids)))
        self.assertEqual(1, self.count(schema.prices))

    def test_a_price_that_is_added_by_four_is_added_once(self) -> None:
        plan_id = self.database.write(
            pricelists.create, GOLD, 'EUR', books.NOW, 'eva'
        )

        ids = self.four(pricelists.add_price, plan_id, S2)

        self.assertEqual(1, len(set(ids)))
        self.assertEqual(2, self.count(schema.prices))

    def test_a_project_is_given_to_one_of_two(self) -> None:
        ids = [
            self.database.write(books.account, name)
            for name in ('acme', 'rival')
        ]
        found = cloud.KeystoneProject('p-1', 'prod')

        def give(account_id: int) -> bool:
            try:
                self.open().write(
                    projects.add, found, account_id, books.NOW, 'eva'
                )
            except errors.Conflict:
                return False
            return True

        given = backends.together(*(lambda i=i: give(i) for i in ids))

        self.assertEqual([False, True], sorted(given))
        row = self.database.read(accounts.project, 'p-1')
        assert row is not None
        self.assertEqual(ids[given.index(True)], row.account_id)


class FoundTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.plan = self.database.write(books.plan)
        for name, status in (
            ('acme', lifecycle.Status.SHELVED),
            ('emca', lifecycle.Status.ACTIVE),
            ('zoe', lifecycle.Status.GRACE),
        ):
            account_id = self.database.write(books.account, name)
            for number, each in enumerate((status, lifecycle.Status.ACTIVE)):
                sub = self.database.write(
                    books.subscription, f'{name}-{number}',
                    account_id=account_id, plan_id=self.plan,
                )  # fmt: skip
                self.database.write(
                    subscriptions.change, sub, billing_status=each
                )
        self.database.write(accounts.change, account_id, parked_why='x' * 999)

    def names(self, window: listing.Window, **wanted: Any) -> list[str]:
        found = lists.listed(books.NOW, **wanted)
        rows = self.database.read(
            listing.page, found.query, found.keys, window
        )
        return [
            f'{row.name} {lists.status(row.worst)}'
            for row in rows[: window.limit]
        ]

    def test_accounts_are_found_by_their_worst_status(self) -> None:
        all_of_them = listing.Window(10, key='name')

        self.assertEqual(
            ['acme shelved', 'emca active', 'zoe grace'],
            self.names(all_of_them),
        )
        self.assertEqual(
            ['emca active'], self.names(all_of_them, status='active')
        )
        self.assertEqual(
            ['zoe grace'], self.names(all_of_them, status='grace')
        )

    def test_those_that_are_parked_are_found(self) -> None:
        window = listing.Window(10)

        self.assertEqual(['zoe grace'], self.names(window, parked=True))

    def test_amounts_are_compared_within_their_currency_alone(self) -> None:
        for name, currency, owed in (
            ('tokyo', 'JPY', 5000), ('osaka', 'JPY', 7000),
            ('paris', 'EUR', 600), ('lyon', 'EUR', 9000),
            ('nice', 'EUR', 600), ('york', 'GBP', 8000),
        ):  # fmt: skip
            account_id = self.database.write(
                books.account, name, currency=currency
            )
            owes = schema.invoices.insert().values(
                account_id=account_id, series='INV', kind='opening',
                state='open', currency=currency, net=owed, total=owed,
                owed=owed, announce_at=books.NOW, due_at=books.NOW,
            )  # fmt: skip
            self.database.write(lambda conn, owes=owes: conn.execute(owes))

        for descending, expected in (
            (True, ['lyon', 'nice', 'paris', 'york', 'osaka', 'tokyo']),
            (False, ['paris', 'nice', 'lyon', 'york', 'tokyo', 'osaka']),
        ):
            for size in (1, 2, 9):
                self.assertEqual(expected, self.debtors(size, descending))

    def debtors(self, size: int, descending: bool) -> list[str]:
        """All pages of those who owe, by how much."""
        found = lists.listed(books.NOW, by_debt=True)
        names: list[str] = []
        marker = None
        while True:
            rows = self.database.read(
                listing.page, found.query, found.keys,
                listing.Window(size, marker, 'owed', descending),
                found.currency,
            )  # fmt: skip
            names += [row.name for row in rows[:size]]
            if len(rows) <= size:
                return names
            marker = rows[size - 1].id

    def test_a_list_goes_on_from_its_marker(self) -> None:
        first = self.database.read(accounts.by_name, 'zoe').id

        self.assertEqual(
            ['emca active', 'acme shelved'],
            self.names(
                listing.Window(5, marker=first, key='name', descending=True)
            ),
        )

    def test_an_account_goes_though_the_timeline_speaks_of_it(self) -> None:
        account_id = self.database.write(
            customers.create, SHOP, customers.Defaults(), books.NOW, 'eva'
        )

        self.database.write(customers.delete, account_id, books.NOW, 'eva')

        self.assertRaises(
            errors.NotFound, self.database.read, accounts.find, account_id
        )

    def test_a_plan_goes_with_its_prices(self) -> None:
        plan_id = self.database.write(
            pricelists.create, GOLD, 'EUR', books.NOW, 'eva'
        )

        self.database.write(pricelists.delete, plan_id, books.NOW, 'eva')

        self.assertEqual([], self.database.read(plans.prices, plan_id))
