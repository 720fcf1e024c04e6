# SPDX-License-Identifier: Apache-2.0
"""The API as HTTP: what is odd, forged or too long does not get in."""

import io
import json
from typing import Any
from urllib import parse

from keystonemiddleware import auth_token
from keystonemiddleware import fixture as tokens
from oslo_config import cfg
import oslo_middleware
from oslotest import base
from werkzeug import test as http

from patrii_billing.api import app
from patrii_billing.store import schema
from tests import doors

_JSON = 'application/json'
_ACCOUNTS = '/v1/accounts'


class HttpTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.world = doors.Door()
        self.addCleanup(self.world.tools.db.engine.dispose)
        self.client = self.world.client()

    def ask(self, method: str, path: str, **more: Any) -> http.TestResponse:
        return self.client.open(path, method=method, **more)

    def raw(self, **environ: Any) -> http.TestResponse:
        """Ask with an environment that no honest client would make."""
        given = http.EnvironBuilder(
            path=_ACCOUNTS, headers={'X-Auth-Token': doors.TOKENS['ADMIN']}
        ).get_environ()
        given |= environ
        return http.TestResponse(
            *http.run_wsgi_app(self.world, given), request=None
        )

    def assert_refused(
        self, answer: http.TestResponse, status: int, what: str = ''
    ) -> dict[str, Any]:
        self.assertEqual(status, answer.status_code, answer.data)
        self.assertEqual(_JSON, answer.headers['Content-Type'])
        told: dict[str, Any] = json.loads(answer.data)['errors'][0]
        self.assertEqual(status, told['status'])
        if what:
            self.assertEqual(what, told['code'].rpartition('.')[2])
        return told

    def accounts(self) -> int:
        read = self.world.tools.db.read
        return len(read(lambda c: c.execute(schema.accounts.select()).all()))


class MethodTest(HttpTestCase):
    def test_the_head_of_an_answer_is_that_of_the_whole(self):
        whole = self.ask('GET', _ACCOUNTS)
        head = self.ask('HEAD', _ACCOUNTS)
        self.assertEqual(200, head.status_code)
        self.assertEqual(b'', head.data)
        self.assertEqual(
            whole.headers['Content-Type'], head.headers['Content-Type']
        )
        self.assertEqual(
            whole.headers['Content-Length'], head.headers['Content-Length']
        )

    def test_another_method_is_told_which_there_are(self):
        for method in ('OPTIONS', 'TRACE', 'PUT', 'DELETE', 'BREW'):
            answer = self.ask(method, _ACCOUNTS)
            self.assert_refused(answer, 405, 'method_not_allowed')
            self.assertEqual('GET, HEAD, POST', answer.headers['Allow'])

    def test_no_header_makes_another_method_of_a_method(self):
        answer = self.ask(
            'GET', _ACCOUNTS, headers={'X-HTTP-Method-Override': 'POST'}
        )
        self.assertIn('accounts', answer.json)


class AddressTest(HttpTestCase):
    def test_a_slash_at_the_end_changes_nothing(self):
        self.assertEqual(
            200, self.ask('GET', f'{_ACCOUNTS}/').status_code
        )

    def test_nothing_is_at_an_odd_address(self):
        for path in (
            '/v1//accounts', '//v1/accounts', '/v1/accounts/1%2F', '/V1/',
            '/v1/accounts/..', '/v1/accounts/1/', '/v1/accounts/1%0A',
            '/v1/accounts/%00', '/v1/accounts/%FF', '/v1/accounts/-1',
            '/v1/accounts/1.0', '/v1/accounts/%C2%B2', '/v1/accounts/٣',
            f'/v1/accounts/{2**63}', f'/v1/accounts/{"9" * 5000}',
            '/v1/projects/a%0Ab', '/v1/projects/a%0A',
        ):  # fmt: skip
            self.assert_refused(self.ask('GET', path), 404, 'not_found')

    def test_a_query_that_is_no_text_is_refused(self):
        for query in ('name=%FF', 'name=%ED%A0%80', '%FF=1', 'name=\xff'):
            self.assert_refused(self.raw(QUERY_STRING=query), 400, 'invalid')

    def test_a_query_as_its_bytes_is_read(self):
        sent = 'name=café'.encode().decode('latin-1')
        self.assertEqual(200, self.raw(QUERY_STRING=sent).status_code)

    def test_a_query_of_too_many_fields_is_refused(self):
        self.assert_refused(
            self.ask('GET', f'{_ACCOUNTS}?{"a=1&" * 101}'), 400, 'invalid'
        )

    def test_what_is_odd_in_a_query_is_named(self):
        for query, where in (
            ('limit=0', 'limit'), ('limit=1&limit=2', 'limit'),
            ('limit=', 'limit'), ('limit=1e3', 'limit'), ('limit=٣', 'limit'),
            ('marker=x', 'marker'), ('name=%00', 'name'), ('nam=a', 'nam'),
            (f'marker={2**63}', 'marker'), ('sort=nothing', 'sort'),
            ('dry_run=true', 'dry_run'), ('name=a%0A', 'name'),
        ):  # fmt: skip
            told = self.assert_refused(
                self.ask('GET', f'{_ACCOUNTS}?{query}'), 400, 'invalid'
            )
            self.assertEqual(where, told['path'], query)

    def test_the_next_page_keeps_what_was_asked_for(self):
        self.world.let_in()
        answer = self.ask('GET', f'{_ACCOUNTS}?limit=1&sort=name%3Adesc')
        [link] = answer.json['accounts_links']
        asked = parse.parse_qs(parse.urlsplit(link['href']).query)
        self.assertEqual((['1'], ['name:desc']), (
            asked['limit'], asked['sort'],
        ))  # fmt: skip
        following = self.ask('GET', link['href'])
        self.assertEqual('acme', following.json['accounts'][0]['name'])
        self.assertEqual([], following.json['accounts_links'])

    def test_a_forged_host_breaks_no_answer(self):
        self.world.let_in()
        for host in ('a b', 'x"><', '[', 'evil.example:port', '\xff'):
            answer = self.raw(HTTP_HOST=host, QUERY_STRING='limit=1')
            self.assertLess(answer.status_code, 500, host)


class BodyTest(HttpTestCase):
    def post(self, data: bytes | str, **more: Any) -> http.TestResponse:
        more.setdefault('content_type', _JSON)
        return self.ask('POST', _ACCOUNTS, data=data, **more)

    def test_what_is_no_json_is_refused(self):
        for data in (
            '{', '[' * 100_000, '{"a":' * 100_000, b'\xff', b'\x00',
            '{"name": NaN}', '{"name": 1e999}', '{"name": "a", "name": "b"}',
            '1' * 5000, "{'name': 'a'}", '{"name": "a"} x',
        ):  # fmt: skip
            self.assert_refused(self.post(data), 400, 'invalid')

    def test_what_is_json_and_no_account_is_refused(self):
        deep: Any = 'deep'
        for _ in range(900):
            deep = [deep]
        for body in (
            None, [], '', 1, True, {}, {'name': 1}, {'name': None},
            {'name': ''}, {'name': 'a\0'}, {'name': '\ud800'},
            {'name': 'a\n'}, {'name': ' a'}, {'name': 'a\u2028\x07'},
            {'name': '\uffff'}, {'name': 'a' * 256}, {'name': deep},
            {deep[0] and 'a' * 100_000: 1}, {'a\0': 1},
            {str(n): n for n in range(10_000)},
        ):  # fmt: skip
            answer = self.post(json.dumps(body))
            self.assert_refused(answer, 400, 'invalid')
            self.assertLess(len(answer.data), 20_000)
        self.assertEqual(0, self.accounts())

    def test_what_is_not_sent_as_json_is_refused(self):
        for kind in (
            'text/plain', 'application/x-www-form-urlencoded', 'nonsense',
            'multipart/form-data; boundary=x',
        ):  # fmt: skip
            told = self.assert_refused(
                self.post('{"name": "a"}', content_type=kind), 415
            )
            self.assertEqual('Content-Type', told['path'])

    def test_json_is_known_by_any_of_its_names(self):
        for kind in (_JSON, 'Application/JSON; charset=utf-8', 'a/b+json', ''):
            answer = self.post('{}', content_type=kind)
            self.assertEqual('is missing', self.assert_refused(
                answer, 400
            )['detail'])  # fmt: skip

    def test_what_is_too_long_is_refused(self):
        most = self.world.door.max_body_size
        self.assert_refused(self.post(b' ' * (most + 1)), 413, 'too_large')

    def test_what_is_too_long_is_refused_without_saying_so(self):
        most = self.world.door.max_body_size
        chunked = {
            'REQUEST_METHOD': 'POST',
            'HTTP_TRANSFER_ENCODING': 'chunked',
            'wsgi.input_terminated': True,
            'CONTENT_TYPE': _JSON,
        }
        self.assert_refused(
            self.raw(**chunked, **{'wsgi.input': io.BytesIO(b' ' * most * 2)}),
            413, 'too_large',
        )  # fmt: skip
        few = io.BytesIO(b'{"nam": 1}')
        self.assert_refused(self.raw(**chunked, **{'wsgi.input': few}), 400)

    def test_a_version_that_is_not_spoken_is_refused(self):
        for asked, status in (
            ('billing 1.0', 200), ('billing latest', 200),
            ('compute 2.1', 200), ('billing 9.9', 406), ('billing x', 406),
            ('\xff', 200), ('', 200),
        ):  # fmt: skip
            answer = self.ask(
                'GET', _ACCOUNTS, headers={'OpenStack-API-Version': asked}
            )
            self.assertEqual(status, answer.status_code, asked)


_FORGED = {
    'X-Identity-Status': 'Confirmed',
    'X-User-Id': 'eve',
    'X-User-Name': 'eve',
    'X-Project-Id': 'office',
    'X-Roles': 'admin,billing_admin,reader',
    'X-Role': 'admin',
    'X-Service-Identity-Status': 'Confirmed',
    'X-Service-Roles': 'admin',
    'OpenStack-System-Scope': 'all',
}


class ForgeryTest(HttpTestCase):
    def test_nobody_is_confirmed_by_his_own_word(self):
        client = http.Client(self.world)
        for headers in (_FORGED, {**_FORGED, 'X-Auth-Token': 'nonsense'}):
            answer = client.get(_ACCOUNTS, headers=headers)
            self.assert_refused(answer, 401, 'unauthorized')

    def test_nor_before_keystone(self):
        keystone = self.useFixture(tokens.AuthTokenFixture())
        keystone.add_token_data(
            'good', user_id='amy', user_name='Amý', project_id='acme-project',
            role_list=['member', 'reader'],
        )  # fmt: skip
        client = http.Client(_behind_keystone(app.build(self.world.door)))
        answer = client.get(_ACCOUNTS, headers=_FORGED)
        self.assert_refused(answer, 401)
        self.assertIn('Keystone', answer.headers['WWW-Authenticate'])
        answer = client.get(
            _ACCOUNTS, headers={**_FORGED, 'X-Auth-Token': 'bad'}
        )
        self.assert_refused(answer, 401)
        # His token counts, and not what he says beside it.
        good = {**_FORGED, 'X-Auth-Token': 'good'}
        self.assertEqual([], client.get(_ACCOUNTS, headers=good).json[
            'accounts'
        ])  # fmt: skip
        answer = client.post(_ACCOUNTS, headers=good, json={'name': 'mine'})
        self.assert_refused(answer, 403, 'forbidden')

    def test_a_request_has_an_id_of_our_own(self):
        self.world.let_in()
        client = http.Client(oslo_middleware.RequestId(self.world))
        given = 'req-11111111-1111-1111-1111-111111111111'
        answer = client.get(
            f'{_ACCOUNTS}/999999',
            headers={
                'X-Auth-Token': doors.TOKENS['ADMIN'],
                'X-Openstack-Request-Id': given,
            },
        )
        told = self.assert_refused(answer, 404)
        self.assertNotEqual(given, told['request_id'])
        self.assertEqual(
            answer.headers['X-Openstack-Request-Id'], told['request_id']
        )


def _behind_keystone(application: Any) -> Any:
    conf = cfg.ConfigOpts()
    conf([], project='patrii_billing', default_config_files=[])
    options = {
        'delay_auth_decision': True,
        'oslo_config_config': conf,
        'www_authenticate_uri': 'https://keystone.example',
    }
    return auth_token.AuthProtocol(application, options)
