# SPDX-License-Identifier: Apache-2.0
"""What a customer may have changed of his quota, and what he may not."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.store import accounts
from tests import doors

PATH = '/v1/subscriptions/1/quota'


class CustomersTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door()
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.door.let_in()

    def ask(self, token: str = 'ACME', **quota: int) -> tuple[int, Any]:
        answer = self.door.client(token).post(PATH, json={'quota': quota})
        self.door.advance(dt.timedelta(seconds=10))
        return answer.status_code, answer.json

    def limits(self) -> Any:
        return self.door.world.quotas.quotas['acme-project']

    def test_he_has_what_his_plan_has_a_price_of(self) -> None:
        self.assertEqual(202, self.ask(cores=40)[0])
        self.assertEqual(40, self.limits()['cores'])

    def test_what_is_for_nothing_only_the_house_changes(self) -> None:
        for wanted in (-1, 10**6):
            self.assertEqual(400, self.ask(ram=wanted)[0])
        self.assertEqual(202, self.ask('SUPPORT', ram=32768)[0])
        self.assertEqual(32768, self.limits()['ram'])

    def test_so_much_that_it_would_park_his_account_is_refused(self) -> None:
        status, told = self.ask(cores=2**31 - 1)
        self.assertEqual(409, status)
        self.assertIn('only the provider', told['errors'][0]['detail'])
        self.assertEqual(8, self.limits()['cores'])

    def test_who_owes_has_less_but_no_more(self) -> None:
        self.assertEqual(202, self.ask(cores=12)[0])
        for _ in range(35):
            self.door.advance(dt.timedelta(hours=5))
        status, told = self.ask(cores=14)
        self.assertEqual(409, status)
        self.assertIn('is grace', told['errors'][0]['detail'])
        self.assertEqual(202, self.ask(cores=9)[0])

    def test_who_is_parked_has_no_more(self) -> None:
        self.door.tools.db.write(accounts.change, 1, parked_why='odd')
        self.assertEqual(409, self.ask(cores=14)[0])
