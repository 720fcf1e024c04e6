# SPDX-License-Identifier: Apache-2.0
"""Customers that are entered, changed and deleted one by one."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import policy
from patrii_billing.engine import customers
from patrii_billing.engine import settings
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from tests import books
from tests.unit import desk

VAT = {'name': 'VAT', 'rate': '20'}
NEW = customers.Defaults('EUR', 'Europe/Paris', 'fr', [VAT])


class CustomersTestCase(books.BooksTestCase):
    def create(self, **body: Any) -> int:
        body = {'name': 'acme', **body}
        return self.db.write(customers.create, body, NEW, books.NOW, 'eva')

    def change(self, account_id: int, **body: Any) -> list[str]:
        tools = _Tools()
        return list(
            self.db.write(
                customers.change, tools, account_id, body, books.NOW, 'eva'
            )  # type: ignore[arg-type]
        )

    def delete(self, account_id: int) -> None:
        self.db.write(customers.delete, account_id, books.NOW, 'eva')

    def row(self, account_id: int) -> sa.Row[Any]:
        return self.db.read(accounts.get, account_id)

    def told(self) -> list[tuple[str, str, str]]:
        with self.db.engine.connect() as conn:
            return [
                (row.name, row.why, row.by)
                for row in conn.execute(schema.timeline.select())
            ]

    def mistakes(self, work: Any, *args: Any, **body: Any) -> list[str]:
        error = self.assertRaises(errors.InvalidDocument, work, *args, **body)
        return [f'{each.where}: {each.reason}' for each in error.mistakes]


class _Tools:
    """What a change needs of the engine's tools."""

    settings = settings.Settings(policy=policy.Policy())


class AnAccountIsEnteredTest(CustomersTestCase):
    def test_it_has_the_defaults_of_the_house(self) -> None:
        account_id = self.create()

        row = self.row(account_id)
        self.assertEqual(
            ('acme', 'EUR', 'Europe/Paris', 'fr', [VAT], []),
            (row.name, row.currency, row.timezone, row.locale, row.taxes,
             row.contacts),
        )  # fmt: skip
        self.assertEqual([('added', 'acme', 'eva')], self.told())

    def test_it_is_as_it_is_said(self) -> None:
        account_id = self.create(
            currency='USD',
            external_ref='C-17',
            contacts=['billing@acme.example'],
            policy={'shelve_grace': '72h', 'reminders': ['-2d']},
            address={'name': 'Acme', 'country': 'FR', 'tax_id': None},
            taxes=[],
            discounts=[{'name': 'friend', 'amount': '5'}],
        )

        row = self.row(account_id)
        self.assertEqual('USD', row.currency)
        self.assertEqual({'shelve_grace': '72h', 'reminders': ['-2d']},
                         row.policy)  # fmt: skip
        self.assertEqual({'name': 'Acme', 'country': 'FR'}, row.address)
        self.assertEqual([], row.taxes)
        self.assertEqual(
            [{'name': 'friend', 'amount': '5.00'}], row.discounts
        )

    def test_the_same_again_finds_the_one_that_is_there(self) -> None:
        first = self.create(contacts=['a@acme.example'])

        again = self.create(contacts=['a@acme.example'])

        self.assertEqual(first, again)
        self.assertEqual(1, len(self.told()))

    def test_another_one_of_that_name_is_in_the_way(self) -> None:
        self.create(contacts=['a@acme.example'])

        error = self.assertRaises(
            errors.Conflict, self.create, locale='de', currency='USD'
        )

        self.assertEqual(
            'the account acme is there already, with another currency, '
            'locale',
            str(error),
        )

    def test_all_that_is_wrong_is_told_by_its_path(self) -> None:
        found = self.mistakes(
            self.create,
            contacts=['billing@acme.example', 'nobody'],
            timezone='Mars/Base',
            policy={'shelve_grace': '2 moons', 'shelf': '1d'},
            taxes=[{'name': 'VAT', 'rate': 'much'}],
            address={'name': 'Acme', 'country': 'France'},
            colour='red',
        )

        self.assertEqual(
            [
                'contacts[1]', 'timezone', 'policy.shelve_grace',
                'policy.shelf', 'address.country', 'taxes[0].rate', 'colour',
            ],
            [each.partition(': ')[0] for each in found],
        )  # fmt: skip
        self.assertEqual([], self.told())

    def test_a_discount_is_an_amount_of_its_currency(self) -> None:
        error = self.assertRaises(
            errors.InvalidInput, self.create, currency='JPY',
            discounts=[{'name': 'friend', 'amount': '0.5'}],
        )  # fmt: skip

        self.assertEqual('discounts[0].amount', error.where)


class AnAccountIsChangedTest(CustomersTestCase):
    def test_what_is_not_said_stays(self) -> None:
        account_id = self.create(external_ref='C-17')

        changed = self.change(account_id, locale='de', timezone='UTC')

        row = self.row(account_id)
        self.assertEqual({'locale', 'timezone'}, set(changed))
        self.assertEqual(
            ('de', 'UTC', 'C-17', [VAT]),
            (row.locale, row.timezone, row.external_ref, row.taxes),
        )
        self.assertEqual('eva', self.told()[-1][2])

    def test_a_policy_is_changed_term_by_term(self) -> None:
        account_id = self.create(
            policy={'shelve_grace': '72h', 'shelved_span': '30d'}
        )

        self.change(
            account_id, policy={'shelve_grace': None, 'undo': '3d'}
        )  # fmt: skip

        self.assertEqual(
            {'shelved_span': '30d', 'undo': '3d'}, self.row(account_id).policy
        )

    def test_null_takes_away_what_it_can_be_without(self) -> None:
        account_id = self.create(
            external_ref='C-17',
            policy={'undo': '3d'},
            contacts=['a@b.example'],
        )

        self.change(
            account_id, external_ref=None, policy=None, contacts=None,
            taxes=None,
        )  # fmt: skip

        row = self.row(account_id)
        self.assertEqual(
            (None, {}, [], []),
            (row.external_ref, row.policy, row.contacts, row.taxes),
        )

    def test_it_cannot_be_without_a_time_zone(self) -> None:
        account_id = self.create()

        error = self.assertRaises(
            errors.InvalidInput, self.change, account_id, timezone=None
        )

        self.assertEqual('timezone', error.where)

    def test_its_currency_stays(self) -> None:
        account_id = self.create()

        error = self.assertRaises(
            errors.Conflict, self.change, account_id, currency='USD'
        )

        self.assertIn('acme pays in EUR', str(error))
        self.assertEqual([], self.change(account_id, currency='EUR'))

    def test_it_takes_no_name_of_another(self) -> None:
        self.create()
        account_id = self.create(name='emca')

        self.assertRaises(
            errors.Conflict, self.change, account_id, name='acme'
        )
        self.assertEqual(['name'], self.change(account_id, name='Emca'))

    def test_a_change_to_what_is_there_is_not_told(self) -> None:
        account_id = self.create()

        self.assertEqual([], self.change(account_id, locale='fr'))
        self.assertEqual(1, len(self.told()))

    def test_what_is_not_there_is_not_found(self) -> None:
        self.assertRaises(errors.NotFound, self.change, 7, locale='fr')
        self.assertRaises(errors.NotFound, self.delete, 7)


class APolicyIsChangedTest(books.BooksTestCase):
    def change(self, story: desk.Desk, **terms: Any) -> None:
        story.db.write(
            customers.change, story.world.tools, story.sub().account_id,
            {'policy': terms}, story.world.clock.now(), 'eva',
        )  # fmt: skip

    def test_who_owes_no_more_than_is_tolerated_now_is_let_go(self) -> None:
        story = desk.told('02-02')

        self.change(story, tolerance=1000)
        story.play()

        self.assertEqual(['grace', 'active'], story.statuses())
        self.assertEqual([], story.moves())

    def test_the_hour_that_a_mail_named_stays(self) -> None:
        story = desk.told('02-02')

        self.change(story, shelve_grace='1h')
        story.play()

        self.assertEqual(
            ['02-03 00:00:02 status shelved'],
            story.told('status', name='shelved'),
        )

    def test_a_longer_lead_dates_the_next_invoice_anew(self) -> None:
        story = desk.told('01-26', start='2026-01-20T00:00:00Z')

        self.change(story, invoice_lead='5d')
        charge_at = story.sub().charge_at

        self.assertEqual(dt.datetime(2026, 1, 27, tzinfo=dt.UTC), charge_at)


class AnAccountIsDeletedTest(CustomersTestCase):
    def test_one_on_which_nothing_hangs_goes(self) -> None:
        account_id = self.create()

        self.delete(account_id)

        with self.db.engine.connect() as conn:
            left = conn.execute(schema.accounts.select()).all()
        self.assertEqual([], left)
        self.assertEqual(
            [('added', 'acme', 'eva'), ('deleted', 'acme', 'eva')],
            self.told(),
        )

    def test_one_with_a_project_stays(self) -> None:
        account_id = self.create()
        self.db.write(books.project, account_id)

        error = self.assertRaises(errors.Conflict, self.delete, account_id)

        self.assertEqual('acme has projects', str(error))

    def test_one_with_a_contract_stays(self) -> None:
        self.db.write(books.subscription)
        account_id = self.db.read(subscriptions.by_name, 'acme-1').account_id

        error = self.assertRaises(errors.Conflict, self.delete, account_id)

        self.assertEqual('acme has projects and subscriptions', str(error))

    def test_one_that_has_paid_stays(self) -> None:
        account_id = self.create()
        self.db.write(books.payment, account_id)

        error = self.assertRaises(errors.Conflict, self.delete, account_id)

        self.assertEqual('acme has payments', str(error))
