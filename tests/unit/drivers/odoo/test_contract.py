# SPDX-License-Identifier: Apache-2.0
"""The Odoo of the tests answers as Odoo's documentation and tests have it."""

import datetime as dt
from typing import Any

from oslotest import base
import requests

from tests.odoo import modules
from tests.odoo import server


class ContractTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.odoo = self.useFixture(server.Json2(modules.oca()))
        self.headers = {
            'Authorization': f'Bearer {server.KEY}',
            'X-Odoo-Database': server.DATABASE,
        }

    def post(self, path: str, **body: Any) -> requests.Response:
        return requests.post(
            f'{self.odoo.url}/json/2/{path}',
            json=body,
            headers=self.headers,
            timeout=10,
        )

    def partner(self, **values: Any) -> int:
        return self.odoo.orm.create('res.partner', {'name': 'A', **values})

    def found(self, *domain: Any, **given: Any) -> list[int]:
        answer = self.post('res.partner/search', domain=domain, **given)
        self.assertEqual(200, answer.status_code, answer.text)
        return answer.json()  # type: ignore[no-any-return]

    def error(self, code: int, answer: requests.Response) -> dict[str, Any]:
        self.assertEqual(code, answer.status_code)
        body = answer.json()
        self.assertEqual(
            {'name', 'message', 'arguments', 'context', 'debug'},
            body.keys(),
        )
        return body  # type: ignore[no-any-return]

    def test_a_key_that_is_wrong(self) -> None:
        self.headers['Authorization'] = 'bearer x'

        answer = self.post('res.partner/search', domain=[])

        body = self.error(401, answer)
        self.assertEqual(['Invalid apikey', 401], body['arguments'])
        self.assertEqual('werkzeug.exceptions.Unauthorized', body['name'])
        self.assertEqual('Bearer', answer.headers['www-authenticate'])

    def test_several_databases_and_none_named(self) -> None:
        self.odoo.databases = (server.DATABASE, 'other')
        del self.headers['X-Odoo-Database']

        answer = self.post('res.partner/search', domain=[])

        self.assertEqual(404, answer.status_code)
        self.assertTrue(answer.headers['content-type'].startswith('text/html'))
        self.assertIn('requested URL was not found', answer.text)

    def test_an_argument_that_is_missing(self) -> None:
        body = self.error(422, self.post('res.partner/search'))

        self.assertEqual(
            "missing a required argument: 'domain'", body['message']
        )

    def test_ids_where_there_can_be_none(self) -> None:
        body = self.error(422, self.post('res.partner/create', ids=[0]))

        self.assertEqual(
            'cannot call res.partner.create with ids', body['message']
        )

    def test_a_body_that_is_no_json(self) -> None:
        answer = requests.post(
            f'{self.odoo.url}/json/2/res.partner/search',
            data='not json',
            headers={**self.headers, 'content-type': 'application/json'},
            timeout=10,
        )

        self.assertEqual(
            'could not parse the body as json: Expecting value: line 1 '
            'column 1 (char 0)',
            self.error(400, answer)['message'],
        )

    def test_a_model_and_a_method_that_are_not_there(self) -> None:
        model = self.error(404, self.post('no.model/search', domain=[]))
        method = self.error(404, self.post('res.partner/no'))
        private = self.error(403, self.post('res.partner/_no'))

        self.assertEqual("the model 'no.model' does not exist", (
            model['message']
        ))  # fmt: skip
        self.assertIn("'res.partner.no' does not exist", method['message'])
        self.assertIn('cannot be called remotely', private['message'])

    def test_values_as_json_has_them(self) -> None:
        parent = self.partner(name='Azure Interior')
        number = self.partner(parent_id=parent)
        self.odoo.time += dt.timedelta(milliseconds=5)

        [row] = self.post(
            'res.partner/read',
            ids=[number],
            fields=['email', 'parent_id', 'write_date'],
        ).json()

        self.assertEqual(
            {
                'id': number,
                'email': False,
                'parent_id': [parent, 'Azure Interior'],
                'write_date': '2026-02-01 12:00:00',
            },
            row,
        )

    def test_what_is_made_is_answered_by_its_ids(self) -> None:
        made = self.post(
            'res.partner/create', vals_list=[{'name': 'B'}, {'name': 'C'}]
        )

        self.assertEqual([1, 2], made.json())
        self.assertIs(
            True,
            self.post('res.partner/write', ids=[1], vals={'name': 'D'}).json(),
        )

    def test_domains(self) -> None:
        one = self.partner(name='Azure', city='Paris')
        two = self.partner(name='Deco', city='Lyon', parent_id=one)

        for domain, ids in (
            ([['name', '=', 'Deco']], [two]),
            ([['name', 'like', 'zur']], [one]),
            ([['name', 'ilike', 'DE%O']], [two]),
            ([['id', '>', one]], [two]),
            ([['city', 'in', ['Paris', 'Lyon']], ['id', '<', two]], [one]),
            (['|', ['id', '=', one], ['id', '=', two]], [one, two]),
            (['!', ['id', '=', one]], [two]),
            ([['parent_id', '=', False]], [one]),
            ([['parent_id.city', '=', 'Paris']], [two]),
            ([['write_date', '>=', '2026-02-01 12:00:01']], []),
        ):
            self.assertEqual(ids, self.found(*domain), domain)

    def test_pages(self) -> None:
        made = [self.partner() for _ in range(5)]

        self.assertEqual(made[2:4], self.found(offset=2, limit=2))
        self.assertEqual(made[::-1], self.found(order='id desc'))

    def test_archived_records_are_found_by_who_asks(self) -> None:
        number = self.partner(active=False)

        self.assertEqual([], self.found())
        self.assertEqual([number], self.found(['active', '=', False]))
        self.assertEqual([number], self.found(context={'active_test': False}))

    def test_a_paused_subscription_cannot_be_paused(self) -> None:
        template = self.odoo.orm.create(
            'sale.subscription.template', {'name': 'vps'}
        )
        number = self.odoo.orm.create(
            'sale.subscription',
            {'partner_id': self.partner(), 'template_id': template},
        )

        self.post('sale.subscription/action_pause', ids=[number])
        again = self.post('sale.subscription/action_pause', ids=[number])

        self.assertEqual(
            'odoo.exceptions.UserError', self.error(422, again)['name']
        )
