# SPDX-License-Identifier: Apache-2.0
"""Accounts over the API, where the books must be in a state of their own."""

from typing import Any

from oslotest import base

from patrii_billing.store import accounts
from patrii_billing.store import notices
from patrii_billing.store import subscriptions
from patrii_billing.store import undeliverable
from tests import doors


class AccountTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door()
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.door.let_in()
        read = self.door.tools.db.read
        self.acme = read(accounts.by_name, 'acme').id
        self.sub = read(subscriptions.by_name, 'acme-1').id

    def park(self) -> None:
        write = self.door.tools.db.write
        write(accounts.change, self.acme, parked_why='no price of flavor s9')
        write(subscriptions.change, self.sub, charge_at=None, settle_at=None)

    def ask(
        self, method: str, path: str, token: str = 'FINANCE', **body: Any
    ) -> Any:
        answer = self.door.client(token).open(
            path, method=method, json=body or None,
            headers={'X-Auth-Token': doors.TOKENS[token]},
        )  # fmt: skip
        return answer.json


class AccountTest(AccountTestCase):
    def test_why_it_is_parked_is_for_the_house(self) -> None:
        self.park()

        path = f'/v1/accounts/{self.acme}'
        for token, why in (
            ('SUPPORT', 'no price of flavor s9'), ('ACME', None)
        ):  # fmt: skip
            shown = self.ask('GET', path, token)
            self.assertEqual(
                (True, why), (shown['parked'], shown['parked_why'])
            )

    def test_a_parked_one_is_found_and_billed_again(self) -> None:
        self.park()
        [found] = self.ask('GET', '/v1/accounts?parked=true')['accounts']

        shown = self.ask(
            'POST', f'/v1/accounts/{found["id"]}/bill', why='it has one now'
        )

        self.assertFalse(shown['parked'])
        sub = self.door.tools.db.read(subscriptions.get, self.sub)
        self.assertIsNotNone(sub.charge_at)
        self.assertEqual(
            [], self.ask('GET', '/v1/accounts?parked=true')['accounts']
        )

    def test_another_policy_is_asked_about_at_once(self) -> None:
        path = f'/v1/accounts/{self.acme}'
        before = self.door.tools.db.read(subscriptions.get, self.sub)

        self.ask('PATCH', path, policy={'invoice_lead': '14d'})

        after = self.door.tools.db.read(subscriptions.get, self.sub)
        self.assertEqual(7, (before.charge_at - after.charge_at).days)
        self.assertLess(after.check_at, before.check_at)

    def test_addresses_that_do_not_work_are_shown_until_set_anew(self) -> None:
        write, now = self.door.tools.db.write, self.door.tools.now()
        write(notices.ask, 'one', 'grace', now, account_id=self.acme)
        notice = self.door.tools.db.read(notices.by_key, 'one').id
        dead = 'dead@acme.example'
        write(undeliverable.mark, self.acme, dead, '5.1.1 gone', notice, now)

        [found] = self.ask('GET', '/v1/accounts?undeliverable=true')[
            'accounts'
        ]
        path = f'/v1/accounts/{found["id"]}'
        self.assertEqual(
            [(dead, '5.1.1 gone')],
            [(one['address'], one['answer'])
             for one in self.ask('GET', path)['undeliverable']],
        )  # fmt: skip

        changed = self.ask('PATCH', path, 'ADMIN', contacts=[dead])

        self.assertEqual([], changed['undeliverable'])
        self.assertEqual(
            [], self.ask('GET', '/v1/accounts?undeliverable=true')['accounts']
        )


class PersonalDataTest(AccountTestCase):
    """What one may ask for by Articles 15 and 17 of the GDPR."""

    def setUp(self) -> None:
        super().setUp()
        self.ask(
            'POST', '/v1/accounts', name='Zo\u00eb Hart', currency='EUR',
            contacts=['zoe@hart.example'],
        )  # fmt: skip
        self.zoe = self.door.tools.db.read(accounts.by_name, 'Zo\u00eb Hart')
        self.path = f'/v1/accounts/{self.zoe.id}'
        self.body = {
            'name': self.zoe.name,
            'why': 'zoe@hart.example asked for it, letter 17',
        }

    def erase(self, **body: str) -> Any:
        return self.door.client('ADMIN').post(
            f'{self.path}/erase', json={**self.body, **body},
            headers={'Idempotency-Key': 'letter-17'},
        )  # fmt: skip

    def test_all_that_is_held_is_told(self) -> None:
        held = self.ask('GET', f'{self.path}/export', 'ADMIN')['held']

        [row] = held['accounts']
        self.assertEqual(['zoe@hart.example'], row['contacts'])
        self.assertEqual(
            ['account'], [one['what'] for one in held['timeline']]
        )
        self.assertNotIn('acme', str(held))

    def test_who_is_nobody_has_nothing(self) -> None:
        self.path = '/v1/accounts/990001'

        found = self.door.client('ADMIN').get(f'{self.path}/export')

        self.assertEqual(
            [404, 404], [found.status_code, self.erase().status_code]
        )

    def test_who_has_left_is_forgotten(self) -> None:
        answer = self.erase()

        new = f'erased-{self.zoe.id}'
        self.assertEqual(
            {'id': self.zoe.id, 'name': new, 'documents_kept': 0}, answer.json
        )
        held = self.ask('GET', f'{self.path}/export', 'ADMIN')['held']
        self.assertNotRegex(str(held), '(?i)zo\u00eb|hart')
        self.assertEqual(
            [('erased', f'{new} asked for it, letter 17', 'ada (ada)')],
            [(one['name'], one['why'], one['by'])
             for one in held['timeline'][-1:]],
        )  # fmt: skip

    def test_the_same_again_is_told_the_same(self) -> None:
        self.assertEqual(self.erase().json, self.erase().json)

    def test_nobody_is_forgotten_by_a_slip(self) -> None:
        for body in ({'name': 'acme'}, {'why': ''}):
            self.assertEqual(400, self.erase(**body).status_code)
        del self.body['why']
        self.assertEqual(400, self.erase().status_code)
        self.assertIsNotNone(
            self.door.tools.db.read(accounts.by_name, self.zoe.name)
        )

    def test_who_has_not_left_is_told_what_is_missing(self) -> None:
        self.path = f'/v1/accounts/{self.acme}'

        answer = self.erase(name='acme')

        self.assertEqual(409, answer.status_code)
        self.assertIn('contracts have not ended', answer.text)
