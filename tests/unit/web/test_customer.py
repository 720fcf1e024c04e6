# SPDX-License-Identifier: Apache-2.0
"""One customer's page, and what can be done on it."""

import re
import zoneinfo

from patrii_billing.web import words
from tests.unit.web import base


class CustomerTest(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.acme = self.known['ACME_ID']

    def test_support_sees_where_the_customer_stands(self) -> None:
        page = self.browser('sue').get(f'/customers/{self.acme}').text

        for part in ('acme', 'acme-1', 'acme-web', self.known['ACME_INVOICE']):
            self.assertIn(part, page)
        self.assertIn('Shelved', page)
        self.assertIn('if nobody pays', page)

    def test_a_customer_sees_himself_and_no_other(self) -> None:
        browser = self.browser('amy')

        self.assertEqual(
            200, browser.get(f'/customers/{self.acme}').status_code
        )
        other = browser.get(f'/customers/{self.known["RIVAL_ID"]}')
        missing = browser.get('/customers/999999')
        self.assertEqual(404, other.status_code)
        self.assertEqual(404, missing.status_code)
        self.assertNotIn('rival', other.text)

    def test_each_sees_the_buttons_that_policy_leaves_him(self) -> None:
        def buttons(user: str) -> set[str]:
            page = self.browser(user).get(f'/customers/{self.acme}').text
            return set(re.findall(r'/ui/do/([a-z-]+)/', page))

        self.assertIn('pay', buttons('fay'))
        self.assertNotIn('pay', buttons('sue'))
        self.assertIn('hold', buttons('sue'))
        self.assertEqual(set(), buttons('amy'))

    def test_who_may_not_do_it_cannot_by_its_address_either(self) -> None:
        browser = self.browser('sue')
        path = f'/do/pay/{self.acme}'

        self.assertEqual(403, browser.get(path).status_code)
        self.assertEqual(
            403, browser.post(path, amount='1.00', sure='yes').status_code
        )

    def test_names_are_shown_as_text(self) -> None:
        evil = '<script>alert(1)</script>"&'
        path = f'/v1/accounts/{self.acme}'
        answer = self.door.client().patch(path, json={'name': evil})
        self.assertEqual(200, answer.status_code, answer.text)
        self.addCleanup(
            self.door.client().patch, path, json={'name': 'acme'}
        )

        page = self.browser('sue').get(f'/customers/{self.acme}').text

        self.assertNotIn('<script>alert', page)
        self.assertIn('&lt;script&gt;alert', page)


class DeedTest(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.acme = self.known['ACME_ID']
        self.path = f'/do/pay/{self.acme}'
        self.fay = self.browser('fay')

    def test_a_payment_is_told_of_first_and_then_recorded_once(self) -> None:
        before = self._payments()
        told = self.fay.post(self.path, amount='5.00', reference='cheque 7')

        self.assertEqual(200, told.status_code)
        self.assertIn('payment', told.text)
        self.assertIn(f'€5.00 pays {self.known["ACME_INVOICE"]}.', told.text)
        # The key of the form is for the books.
        self.assertNotIn('<bdi>ui-', told.text)
        self.assertEqual(before, self._payments())

        sent = dict(
            re.findall(r'name="([a-z_]+)" value="([^"]*)"', told.text)
        )
        sent.pop('csrf_token')
        sent.pop('language', None)
        for _ in range(2):
            done = self.fay.post(self.path, **sent)
            self.assertEqual(302, done.status_code)

        payment, *others = self._payments()
        self.assertEqual(before, others)
        self.assertEqual('5.00', payment['amount'])
        self.assertEqual('cheque 7', payment['reference'])
        self.assertIn('fay', payment['by'])

    def test_what_more_quota_costs_is_told_before_it_is_changed(self) -> None:
        told = self.browser('sue').post(
            f'/do/quota/{self.known["SUB_ID"]}', cores='12'
        )

        self.assertIn('Cores: 8, then 12.', told.text)
        self.assertIn('on the next invoice', told.text)

    def test_a_wrong_amount_is_named_beside_its_field(self) -> None:
        before = self._payments()
        for amount in ('abc', '-5', '0.001', '1e3'):
            answer = self.fay.post(self.path, amount=amount)

            self.assertEqual(400, answer.status_code, amount)
            self.assertIn('id="w-amount"', answer.text)
            self.assertIn(f'value="{amount}"', answer.text)
        self.assertEqual(before, self._payments())

    def test_an_amount_is_read_as_one_writes_it_where_one_is_at_home(
        self,
    ) -> None:
        for language, amount, read in (
            ('fr', '1 234,50', '1234.50'), ('fr', '12,50', '12.50'),
            ('fr', '12.50', '12.50'), ('en', '1,234.50', '1234.50'),
            ('en', '12,50', '12,50'), ('en', 'a lot', 'a lot'),
        ):  # fmt: skip
            known = words.of(language, zoneinfo.ZoneInfo('UTC'))
            self.assertEqual(read, known.read(amount), (language, amount))
        self.fay.client.set_cookie(
            words.COOKIE, 'fr', domain='billing.example', path='/ui'
        )

        told = self.fay.post(self.path, amount='5,00')

        self.assertEqual(200, told.status_code)
        self.assertIn('name="amount" value="5.00"', told.text)

    def test_a_deed_nobody_knows_is_not_found(self) -> None:
        self.assertEqual(404, self.fay.get('/do/steal/1').status_code)

    def _payments(self) -> list[dict[str, str]]:
        answer = self.door.client().get(
            f'/v1/payments?account_id={self.acme}'
        )
        found: list[dict[str, str]] = answer.json['payments']
        return found
