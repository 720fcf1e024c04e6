# SPDX-License-Identifier: Apache-2.0
"""Who gets in, for how long, and what nobody can do in another's name."""

import datetime as dt

from tests.unit.web import base


class LoginTest(base.TestCase):
    def test_nobody_sees_a_page_before_the_login(self) -> None:
        browser = self.browser()
        for path in ('/', '/customers/', '/customers/1', '/do/pay/1'):
            answer = browser.get(path)

            self.assertEqual(302, answer.status_code, path)
            self.assertTrue(
                answer.headers['Location'].startswith('/ui/login?next=')
            )

    def test_the_login_leads_to_where_one_wanted_to_go(self) -> None:
        answer = self.browser().post(
            '/login', user='sue', password=base.PASSWORD,
            next='/customers/?billing_status=grace',
        )  # fmt: skip

        self.assertEqual(
            '/ui/customers/?billing_status=grace', answer.headers['Location']
        )

    def test_no_link_leads_from_the_login_to_another_host(self) -> None:
        for target in (
            'https://evil.example/', '//evil.example', '/\\evil.example',
            'javascript:alert(1)', '\thttps://evil.example', '/a\r\nb',
            'evil.example',
        ):  # fmt: skip
            answer = self.browser().post(
                '/login', user='sue', password=base.PASSWORD, next=target
            )

            self.assertEqual('/ui/', answer.headers['Location'], target)

    def test_a_wrong_password_is_told_and_keeps_the_name(self) -> None:
        answer = self.browser().post('/login', user='sue', password='wrong')

        self.assertEqual(403, answer.status_code)
        self.assertIn('does not know this user', answer.text)
        self.assertIn('value="sue"', answer.text)
        self.assertNotIn('wrong', answer.text)

    def test_who_guesses_passwords_has_to_wait(self) -> None:
        browser = self.browser()
        for _ in range(10):
            told = browser.post('/login', user='sue', password='guess')
            self.assertEqual(403, told.status_code)
        self.keystone.is_away = True  # and is not asked
        told = browser.post('/login', user='sue', password=base.PASSWORD)

        self.assertEqual(429, told.status_code)
        self.assertIn('Too many wrong passwords', told.text)
        self.assertLessEqual(int(told.headers['Retry-After']), 300)

        self.keystone.is_away = False
        self.assertEqual(302, browser.log_in('ada').status_code)
        browser.post('/logout')
        self.door.advance(dt.timedelta(minutes=5))
        self.assertEqual(302, browser.log_in('sue').status_code)

    def test_one_password_tried_on_everybody_has_to_wait_too(self) -> None:
        browser = self.browser()
        statuses = [
            browser.post(
                '/login', user=f'user-{n}', password='guess'
            ).status_code
            for n in range(101)
        ]

        self.assertEqual([403] * 100 + [429], statuses)

    def test_who_comes_from_elsewhere_is_not_shut_out_by_him(self) -> None:
        for _ in range(10):
            self.browser().post('/login', user='sue', password='guess')
        found = self.browser()
        told = found.client.post(
            '/ui/login', base_url=base.URL,
            data={
                'csrf_token': found.token(), 'user': 'sue',
                'password': base.PASSWORD,
            },
            headers={'Referer': f'{base.URL}/ui/'},
            environ_overrides={'REMOTE_ADDR': '192.0.2.7'},
        )  # fmt: skip

        self.assertEqual(302, told.status_code)

    def test_keystone_away_lets_nobody_in_and_says_so(self) -> None:
        browser = self.browser()
        self.keystone.is_away = True

        answer = browser.post('/login', user='sue', password=base.PASSWORD)

        self.assertEqual(503, answer.status_code)
        self.assertIn('does not answer', answer.text)
        self.assertEqual(302, browser.get('/').status_code)

    def test_a_session_ends_after_its_span(self) -> None:
        browser = self.browser('sue')
        self.assertEqual(200, browser.get('/').status_code)

        self.door.advance(dt.timedelta(hours=1))

        self.assertEqual(302, browser.get('/').status_code)

    def test_who_logs_out_is_out(self) -> None:
        browser = self.browser('sue')

        browser.post('/logout')

        self.assertEqual(302, browser.get('/').status_code)

    def test_the_login_keeps_nothing_of_the_session_before_it(self) -> None:
        browser = self.browser('sue')
        before = browser.client.get_cookie(
            'patrii_billing', 'billing.example', '/ui'
        )
        browser.post('/logout')
        browser.log_in('ada')
        after = browser.client.get_cookie(
            'patrii_billing', 'billing.example', '/ui'
        )

        assert before is not None and after is not None
        self.assertNotEqual(before.value, after.value)
        self.assertIn('ada', browser.get('/').text)

    def test_a_session_that_somebody_changed_is_none(self) -> None:
        browser = self.browser('sue')
        cookie = browser.client.get_cookie(
            'patrii_billing', 'billing.example', '/ui'
        )
        assert cookie is not None
        browser.client.set_cookie(
            'patrii_billing', 'x' + cookie.value, domain='billing.example',
            path='/ui',
        )  # fmt: skip

        self.assertEqual(302, browser.get('/').status_code)

    def test_the_cookie_is_of_this_host_and_hidden_from_scripts(self) -> None:
        said = self.browser().log_in('sue').headers['Set-Cookie']

        for part in ('Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/ui'):
            self.assertIn(part, said)

    def test_keystones_page_lets_in_by_a_token(self) -> None:
        browser = self.browser()

        answer = browser.forge('/sso', token='sue')

        self.assertEqual('/ui/', answer.headers['Location'])
        self.assertIn('sue', browser.get('/').text)

    def test_a_made_up_token_lets_nobody_in(self) -> None:
        browser = self.browser()

        refused = browser.forge('/sso', token='mallory')

        self.assertEqual(403, refused.status_code)
        self.assertEqual(302, browser.get('/').status_code)


class ForgeryTest(base.TestCase):
    def test_no_other_page_can_send_a_form_of_ours(self) -> None:
        browser = self.browser('fay')
        for path in (
            f'/do/pay/{self.known["ACME_ID"]}', '/logout', '/language',
            '/do/stop/all',
        ):  # fmt: skip
            answer = browser.forge(path, amount='1.00', sure='yes')

            self.assertEqual(400, answer.status_code, path)
            self.assertIn('Nothing was done', answer.text)

    def test_no_page_can_be_framed_or_run_what_is_not_ours(self) -> None:
        answer = self.browser('sue').get('/')

        policy = answer.headers['Content-Security-Policy']
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn('unsafe', policy)
        self.assertEqual('no-store', answer.headers['Cache-Control'])
        self.assertEqual('nosniff', answer.headers['X-Content-Type-Options'])
        self.assertNotIn(' style=', answer.text)
        self.assertNotIn(' onclick=', answer.text)
