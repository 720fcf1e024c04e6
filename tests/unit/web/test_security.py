# SPDX-License-Identifier: Apache-2.0
"""What somebody tries who wants another to see or do what he would not."""

import datetime as dt
import io
import re

from werkzeug import test as http

from patrii_billing.store import schema
from patrii_billing.web import deeds
from tests.unit.web import base

_EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'
_LONG = 'x' * 100_000
_AWAY = (
    'https://evil.example/', '//evil.example', '/\\evil.example',
    'javascript:alert(1)', '/\t/evil.example', 'evil.example',
)  # fmt: skip
_PAGES = (
    '/', '/customers/', '/invoices/', '/actions/', '/notices/',
    '/notices/samples', '/plans/', '/simulation/?until=2026-12-31',
)  # fmt: skip


class StrangersWordsTest(base.TestCase):
    """Whatever a customer can write is text on every page."""

    def setUp(self) -> None:
        super().setUp()
        self.acme = self.known['ACME_ID']
        self.api = self.door.client()
        (self.sub,) = self.found(
            f'/v1/subscriptions?account_id={self.acme}', 'subscriptions'
        )

    def found(self, path: str, name: str) -> list[dict[str, object]]:
        answer = self.api.get(path)
        self.assertEqual(200, answer.status_code, answer.text)
        return list(answer.json[name])

    def write(self, method: str, path: str, **body: object) -> None:
        answer = self.api.open(path, method=method, json=body)
        self.assertLess(answer.status_code, 300, answer.text)

    def poison(self) -> None:
        """Into every field that somebody else fills in."""
        account = f'/v1/accounts/{self.acme}'
        self.write('PATCH', account, name=_EVIL, external_ref=_EVIL)
        self.addCleanup(self.write, 'PATCH', account, name='acme')
        sub = f'/v1/subscriptions/{self.sub["id"]}'
        self.write('PATCH', sub, name=_EVIL)
        self.addCleanup(self.write, 'PATCH', sub, name='acme-1')
        self.write('POST', f'{sub}/holds', type='abuse', reason=_EVIL)
        self.write(
            'POST', '/v1/payments', account_id=int(self.acme), amount='1.00',
            key='evil', reference=_EVIL,
        )  # fmt: skip
        self.write('POST', '/v1/enforcement/stop', reason=_EVIL)
        self.addCleanup(self.write, 'POST', '/v1/enforcement/resume')
        self.door.tools.db.write(
            lambda conn: conn.execute(schema.servers.update(), {'name': _EVIL})
        )

    def test_is_text_wherever_it_is_shown(self) -> None:
        self.poison()
        browser = self.browser('ada')
        (invoice, *_) = self.found(
            f'/v1/invoices?account_id={self.acme}', 'invoices'
        )
        (notice, *_) = self.found(
            f'/v1/notices?account_id={self.acme}', 'notices'
        )
        seen = 0
        for path in (
            *_PAGES,
            f'/customers/{self.acme}',
            f'/invoices/{invoice["number"]}',
            f'/notices/{notice["id"]}',
            f'/do/hold/{self.sub["id"]}',
            f'/do/pay/{self.acme}',
        ):
            answer = browser.get(path)

            self.assertEqual(200, answer.status_code, path)
            self.assertNotIn('<script>alert', answer.text, path)
            self.assertNotIn('<img src=x', answer.text, path)
            seen += answer.text.count('&lt;script&gt;alert')
        self.assertGreater(seen, 15)

    def test_is_text_where_it_comes_back_from_the_address(self) -> None:
        browser = self.browser('ada')
        for path in (
            '/customers/', '/invoices/', '/actions/', '/notices/',
            '/notices/samples', '/simulation/', f'/do/hold/{self.sub["id"]}',
            '/nothing',
        ):  # fmt: skip
            for name in (
                'name', 'search', 'number', 'account_id', 'state', 'kind',
                'template', 'locale', 'until', 'marker', 'next', 'status',
            ):  # fmt: skip
                answer = browser.get(path, query_string={name: _EVIL})

                self.assertLess(answer.status_code, 500, (path, name))
                self.assertNotIn('<script>alert', answer.text, (path, name))
                self.assertNotIn('<img src=x', answer.text, (path, name))

    def test_a_mail_in_its_frame_can_run_and_load_nothing(self) -> None:
        answer = self.browser('ada').get('/notices/look/invoice')

        policy = answer.headers['Content-Security-Policy']
        self.assertIn('sandbox', policy.split('; '))
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn('script', policy)
        self.assertIn("frame-ancestors 'self'", policy)
        self.assertEqual('no-store', answer.headers['Cache-Control'])


class EveryAnswerTest(base.TestCase):
    def answers(self) -> list[http.TestResponse]:
        ada, nobody, amy = (
            self.browser('ada'), self.browser(), self.browser('amy')
        )  # fmt: skip
        return [
            *(ada.get(path) for path in _PAGES),
            ada.get('/nothing'),
            ada.get('/invoices/?state=nonsense'),
            ada.get('/invoices/export.csv'),
            ada.client.delete('/ui/customers/', base_url=base.URL),
            ada.forge('/logout'),
            amy.get('/do/stop/all'),
            nobody.get('/'),
            nobody.get('/login'),
        ]

    def test_can_be_framed_by_nobody_and_is_kept_nowhere(self) -> None:
        statuses = set()
        for answer in self.answers():
            statuses.add(answer.status_code)
            policy = answer.headers['Content-Security-Policy']
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn('unsafe', policy)
            self.assertEqual('no-store', answer.headers['Cache-Control'])
            self.assertEqual(
                'nosniff', answer.headers['X-Content-Type-Options']
            )
        self.assertEqual({200, 302, 400, 403, 404, 405}, statuses)

    def test_leads_to_no_host_that_a_request_names(self) -> None:
        browser = self.browser()
        for headers in (
            {'Host': 'evil.example'},
            {'X-Forwarded-Host': 'evil.example'},
            {'Forwarded': 'host=evil.example'},
        ):
            answer = browser.get('/customers/', headers=headers)

            self.assertTrue(answer.headers['Location'].startswith('/ui/'))
            form = browser.get('/login', headers=headers).text
            self.assertNotIn('action="http', form)


class FormsTest(base.TestCase):
    def test_every_form_wants_its_token(self) -> None:
        browser = self.browser('ada')
        tried = set()
        for rule in self.app.url_map.iter_rules():
            changing = rule.methods & {'POST', 'PUT', 'PATCH', 'DELETE'}
            if not changing or rule.endpoint == 'login.enter_by_token':
                continue
            tried.add(rule.endpoint)
            path = re.sub('<[^>]+>', '1', rule.rule)
            path = path.replace('/do/1/1', '/do/stop/all')
            answer = browser.forge(path, sure='yes', reason='x')

            self.assertEqual(400, answer.status_code, path)
            self.assertIn('Nothing was done', answer.text)
        self.assertLessEqual(
            {'deed.do', 'login.enter', 'login.leave', 'login.speak'}, tried
        )

    def test_a_token_is_of_one_session_alone(self) -> None:
        token = self.browser('ada').token()
        answer = self.browser('ada').forge(
            '/do/stop/all', csrf_token=token, sure='yes', reason='x'
        )

        self.assertEqual(400, answer.status_code)

    def test_a_form_cannot_say_that_it_is_another_method(self) -> None:
        browser = self.browser('ada')
        path = f'/ui/customers/{self.known["ACME_ID"]}'
        for method in ('DELETE', 'PUT', 'PATCH'):
            answer = browser.client.get(
                path, base_url=base.URL,
                query_string={'_method': method},
                headers={'X-HTTP-Method-Override': method},
            )  # fmt: skip
            self.assertEqual(200, answer.status_code)
            answer = browser.client.post(
                path, base_url=base.URL, data={'_method': method},
                headers={'X-HTTP-Method-Override': method},
            )  # fmt: skip
            self.assertEqual(405, answer.status_code)

    def test_nothing_is_done_by_looking(self) -> None:
        browser = self.browser('ada')
        api = self.door.client()
        before = api.get('/v1/timeline?limit=1').json

        for name in deeds.BY_NAME:
            target = 'all' if name in ('stop', 'resume') else '1'
            answer = browser.get(
                f'/do/{name}/{target}?sure=yes&reason=x&amount=1.00'
            )
            self.assertLess(answer.status_code, 500, name)

        self.assertEqual(before, api.get('/v1/timeline?limit=1').json)

    def test_no_form_leads_to_another_host(self) -> None:
        fay = self.browser('fay')
        path = f'/do/pay/{self.known["ACME_ID"]}'
        for number, target in enumerate(_AWAY):
            for shown in (
                fay.get(path, query_string={'next': target}),
                fay.post(path, amount='1.00', next=target),
            ):
                links = re.findall('(?:href|action)="([^"]*)"', shown.text)
                self.assertIn('/ui/logout', links)
                for link in links:
                    self.assertRegex(link, '^(/ui/|#content$)')
                    self.assertNotIn('evil', link)
            done = fay.post(
                path, amount='1.00', sure='yes', next=target,
                payment_key=f'away-{number}', key=f'away-{number}',
            )  # fmt: skip
            self.assertEqual(302, done.status_code)
            self.assertEqual('/ui/', done.headers['Location'], target)

    def test_a_form_of_a_megabyte_or_with_a_file_is_not_read(self) -> None:
        ada = self.browser('ada')
        for form in (
            {'name': 'x' * 2**20},
            {'file': (io.BytesIO(b'x' * 2**20), 'x.bin')},
        ):
            told = ada.client.post(
                '/ui/language', base_url=base.URL,
                data={'csrf_token': ada.token(), **form},
                headers={'Referer': f'{base.URL}/ui/'},
            )  # fmt: skip
            self.assertEqual(413, told.status_code)

    def test_what_is_much_too_long_or_odd_is_told(self) -> None:
        ada = self.browser('ada')
        odd = ('abc', '-1', '0', '9' * 30, '..', '1.x', '%2e%2e', '1%3Fx=y')
        for name in deeds.BY_NAME:
            for target in odd:
                answer = ada.get(f'/do/{name}/{target}')
                self.assertLess(answer.status_code, 500, (name, target))
        hold = f'/do/hold/{self.known["ACME_ID"]}'
        for text in (_LONG, 'a\x00b', '\u202e', '\ufffe'):
            told = ada.post(hold, type='abuse', reason=text)
            self.assertIn(told.status_code, (200, 400, 413), text[:3])
            found = ada.get('/customers/', query_string={'name': text})
            self.assertLess(found.status_code, 500, text[:3])


class WhoTest(base.TestCase):
    def test_who_has_no_role_of_ours_sees_and_does_nothing(self) -> None:
        browser = self.browser('eve')
        for path in _PAGES:
            answer = browser.get(path, follow_redirects=True)

            for word in ('acme', 'rival', f'>{self.known["ACME_INVOICE"]}<'):
                self.assertNotIn(word, answer.text, path)
        for path in (
            f'/customers/{self.known["ACME_ID"]}',
            f'/invoices/{self.known["ACME_INVOICE"]}',
            f'/invoices/{self.known["ACME_INVOICE"]}/pdf',
        ):
            self.assertIn(browser.get(path).status_code, (403, 404), path)
        for name in deeds.BY_NAME:
            path = f'/do/{name}/1'
            self.assertIn(
                browser.post(path, sure='yes').status_code, (403, 404), name
            )

    def test_the_session_cannot_be_lengthened_by_using_it(self) -> None:
        browser = self.browser('sue')
        for _ in range(3):
            self.door.advance(dt.timedelta(minutes=25))
            last = browser.get('/customers/').status_code

        self.assertEqual(302, last)
