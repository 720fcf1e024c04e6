# SPDX-License-Identifier: Apache-2.0
"""Accounts and projects as people look for them."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import accounts
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from patrii_billing.store.views import customers
from tests import books

Status = lifecycle.Status


class CustomersTestCase(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.plan = self.db.write(books.plan)

    def account(self, name: str, *statuses: str, **values: Any) -> int:
        """An account with a subscription for each billing status."""
        account_id = self.db.write(books.account, name, **values)
        for number, status in enumerate(statuses):
            sub = self.db.write(
                books.subscription, f'{name}-{number}',
                account_id=account_id, plan_id=self.plan,
            )  # fmt: skip
            self.db.write(subscriptions.change, sub, billing_status=status)
        return account_id

    def all(self, query: sa.Select[Any]) -> list[sa.Row[Any]]:
        with self.db.engine.connect() as conn:
            return list(conn.execute(query).all())

    def names(self, **wanted: Any) -> list[str]:
        return [row.name for row in self.listed(**wanted)]

    def listed(self, **wanted: Any) -> list[sa.Row[Any]]:
        return self.all(customers.listed(books.NOW, **wanted).query)


class AccountsAreListedTest(CustomersTestCase):
    def test_each_shows_its_worst_status(self) -> None:
        self.account('acme', Status.ACTIVE, Status.SHELVED, Status.GRACE)
        self.account('emca')

        self.assertEqual(
            {'acme': 'shelved', 'emca': None},
            {
                row.name: customers.status(row.worst)
                for row in self.listed()
            },
        )

    def test_what_has_run_its_course_counts_no_more(self) -> None:
        self.account('acme', Status.ACTIVE, Status.DELETED)
        sub = self.db.read(subscriptions.by_name, 'acme-1')
        self.db.write(
            subscriptions.change, sub.id, contract=lifecycle.Contract.ENDED
        )

        [row] = self.listed()
        self.assertEqual('active', customers.status(row.worst))

    def test_whose_last_contract_ended_in_a_deletion_is_found_so(self) -> None:
        self.account('acme', Status.DELETED)
        self.account('calm', Status.ACTIVE)
        for name in ('acme-0', 'calm-0'):
            sub = self.db.read(subscriptions.by_name, name)
            self.db.write(
                subscriptions.change, sub.id, contract=lifecycle.Contract.ENDED
            )

        self.assertEqual(
            {'acme': 'deleted', 'calm': None},
            {
                row.name: customers.status(row.worst)
                for row in self.listed()
            },
        )
        self.assertEqual(['acme'], self.names(status='deleted'))

    def test_they_are_found_by_the_worst_status(self) -> None:
        self.account('acme', Status.ACTIVE, Status.GRACE)
        self.account('emca', Status.GRACE, Status.SHELVED)
        self.account('calm', Status.ACTIVE)

        self.assertEqual(['acme'], self.names(status='grace'))
        self.assertEqual(['emca'], self.names(status='shelved'))
        self.assertEqual(['calm'], self.names(status='active'))

    def test_they_are_found_by_what_they_are_called(self) -> None:
        self.account('acme', external_ref='C-1')
        other = self.account('emca', external_ref='C-2')
        self.db.write(books.project, other, 'prod')

        self.assertEqual(['acme'], self.names(name='acme'))
        self.assertEqual(['emca'], self.names(external_ref='C-2'))
        self.assertEqual(['emca'], self.names(project='prod'))
        self.assertEqual([], self.names(project='elsewhere'))

    def test_those_that_wait_for_a_person_are_found(self) -> None:
        self.account('acme')
        other = self.account('emca')
        self.db.write(accounts.change, other, parked_why='too much')

        self.assertEqual(['emca'], self.names(parked=True))
        self.assertEqual(['acme'], self.names(parked=False))


class AnAccountIsShownTest(CustomersTestCase):
    def invoice(self, account_id: int, owed: int, **values: Any) -> None:
        with self.db.engine.begin() as conn:
            conn.execute(
                schema.invoices.insert().values(
                    **{
                        'account_id': account_id, 'series': 'INV',
                        'kind': 'extra', 'state': 'open', 'currency': 'EUR',
                        'net': owed, 'total': owed, 'owed': owed,
                        'announce_at': books.NOW, 'due_at': books.NOW,
                        **values,
                    }
                )
            )  # fmt: skip

    def test_its_money_is_added_up(self) -> None:
        account_id = self.account('acme', Status.GRACE, Status.ACTIVE)
        later = books.NOW + dt.timedelta(days=3)
        self.invoice(account_id, 1000)
        self.invoice(account_id, 500, due_at=later)
        self.invoice(account_id, 700, state='void')
        self.db.write(books.payment, account_id, 300)

        at = books.NOW + dt.timedelta(days=1)
        [row] = self.all(customers.listed(at).query)

        self.assertEqual(300, self.db.read(customers.balance, account_id))
        self.assertEqual((1500, 1000, 2), _figures(row))
        self.assertEqual(books.NOW, row.oldest_due_at)

    def test_who_never_paid_or_owed_has_nothing(self) -> None:
        account_id = self.account('acme')

        [row] = self.listed()

        self.assertEqual(0, self.db.read(customers.balance, account_id))
        self.assertEqual((None, None, 0), _figures(row))


def _figures(row: sa.Row[Any]) -> tuple[Any, Any, Any]:
    return row.owed, row.overdue, row.subscriptions


class ProjectsAreListedTest(CustomersTestCase):
    def test_each_shows_whose_it_is(self) -> None:
        account_id = self.account('acme')
        self.db.write(books.project, account_id, 'prod')
        other = self.account('emca')
        self.db.write(books.project, other, 'test')

        rows = self.all(customers.projects())
        self.assertEqual(
            [('prod', 'acme'), ('test', 'emca')],
            sorted((row.name, row.account) for row in rows),
        )
        for wanted in ({'account_id': other}, {'name': 'test'}):
            [row] = self.all(customers.projects(**wanted))
            self.assertEqual('test', row.id)

    def test_those_of_some_accounts_come_together(self) -> None:
        first = self.account('acme')
        for name in ('prod', 'dev'):
            self.db.write(books.project, first, name)
        other = self.account('emca')
        self.db.write(books.project, other, 'test')

        rows = self.db.read(customers.projects_of, [first])

        self.assertEqual(['dev', 'prod'], [row.name for row in rows])
