# SPDX-License-Identifier: Apache-2.0
"""The demo in a browser: looked at, and a customer who pays comes back."""

import re
from typing import Any

from oslotest import base
from werkzeug import test as http

from patrii_billing.demo import customers
from patrii_billing.demo import pages
from patrii_billing.simulation import run
from patrii_billing.simulation import world as worlds


class PagesTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        world = worlds.World(customers.scenario(1, 30))
        running = run.Run(world)
        for _ in running.instants():
            pass
        self.browser = http.Client(pages.application(running))

    def test_who_pays_in_the_demo_has_his_servers_back(self) -> None:
        found = self._get('/ui/customers/?billing_status=shelved')
        path = re.findall(r'href="(/ui/customers/\d+)"', found)[0]
        account = path.rpartition('/')[2]
        owed = self._json(f'/v1/accounts/{account}')['owed']

        told = self._post(f'/ui/do/pay/{account}', amount=owed)
        sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', told.text))
        done = self._post(f'/ui/do/pay/{account}', **sent)

        self.assertEqual(302, done.status_code, done.text)
        # Each look lets a second pass.
        looks = [self._get(path) for _ in range(20)]
        self.assertIn('class="status shelved"', looks[0])
        (head,) = re.findall('<h1>.*?</h1>', looks[-1], re.DOTALL)
        self.assertNotIn('class="status shelved"', head)
        self.assertIn('restored', looks[-1])

    def _get(self, path: str) -> str:
        answer = self.browser.get(path)
        self.assertEqual(200, answer.status_code, answer.text)
        return answer.text

    def _json(self, path: str) -> Any:
        service = {'X-Auth-Token': 'x'}
        environ = {
            'HTTP_X_IDENTITY_STATUS': 'Confirmed', 'HTTP_X_ROLES': 'admin',
            'HTTP_X_USER_ID': 'x', 'HTTP_X_USER_NAME': 'x',
        }  # fmt: skip
        return self.browser.get(
            path, headers=service, environ_overrides=environ
        ).json

    def _post(self, path: str, **form: str) -> http.TestResponse:
        found = re.search(
            r'name="csrf_token" value="([^"]+)"', self._get('/ui/')
        )
        assert found is not None
        return self.browser.post(
            path, data={**form, 'csrf_token': found[1]}
        )
