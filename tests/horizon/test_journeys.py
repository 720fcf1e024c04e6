# SPDX-License-Identifier: Apache-2.0
"""People in Horizon: what they see, and what comes of what they click."""

import contextlib
import pathlib
from urllib import parse

from oslotest import base as oslo_base
from playwright import sync_api

from tests import failing
from tests.functional import base
from tests.horizon import town as towns

_BROWSER = '/usr/bin/chromium'
_FLAGS = (
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update',
    '--disable-sync',
)  # fmt: skip
_PATIENCE = 60_000  # milliseconds
_PICTURES = pathlib.Path(__file__).parents[2] / '.logs' / 'horizon-pages'


class JourneysTest(oslo_base.BaseTestCase):
    """They share one town; each has customers of his own to work on."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.town = towns.Town(stack.callback)
        play = stack.enter_context(sync_api.sync_playwright())
        cls.browser = play.chromium.launch(
            executable_path=_BROWSER, args=_FLAGS
        )
        stack.callback(cls.browser.close)
        _PICTURES.mkdir(parents=True, exist_ok=True)

    def setUp(self) -> None:
        super().setUp()
        self.faults: list[str] = []
        failing.explain(self, 'horizon', self._log)

    def _log(self) -> str:
        return self.town.horizon.log.read_text(errors='replace')[-8000:]

    # How a page is used.

    def sign_in(
        self, name: str, path: str, **cookies: str
    ) -> sync_api.Page:
        """Somebody who has just logged in, to see a page."""
        url, person = self.town.horizon.url, self.town.people[name]
        desk = self.browser.new_context(accept_downloads=True)
        self.addCleanup(desk.close)
        # Who is in several projects comes to the one where he was last.
        cookies.setdefault('recent_project', person.project)
        desk.add_cookies(
            [
                {'name': key, 'value': value, 'url': url}
                for key, value in cookies.items()
            ]
        )
        page = desk.new_page()
        page.set_default_timeout(_PATIENCE)
        page.on('pageerror', lambda error: self.faults.append(str(error)))
        page.goto(f'{url}/auth/login/?{parse.urlencode({"next": path})}')
        page.fill('#id_username', person.name)
        page.fill('#id_password', person.session.auth.auth_methods[0].password)
        with page.expect_navigation():
            page.click('#loginBtn')
        return page

    def go(self, page: sync_api.Page, path: str) -> int:
        """Open a page; the status of its answer."""
        answer = page.goto(self.town.horizon.url + path)
        assert answer is not None
        return answer.status

    def look(self, page: sync_api.Page, name: str) -> None:
        """Keep a picture for who wants to look."""
        page.screenshot(path=_PICTURES / f'{name}.png', full_page=True)

    def foresee(self, page: sync_api.Page, **fields: str) -> str:
        """Fill in the form that is open; what would follow."""
        for name, value in fields.items():
            page.fill(f'.modal #id_{name}', value)
        page.click('.modal input[type=submit]')
        return page.locator('.billing-foreseen').inner_text()

    def choose(self, row: sync_api.Locator, name: str) -> None:
        """What can be done to a row, of what is behind its arrow too."""
        arrow = row.locator('.dropdown-toggle')
        if arrow.count():
            arrow.click()
        row.locator(f'a:text-is("{name}")').click()

    def agree(self, page: sync_api.Page) -> str:
        """Have it done; what Horizon says then."""
        page.click('.modal input[type=submit]')
        return page.locator('.alert-success').first.inner_text()

    # Who they are, and what they do.

    def test_support_without_an_admins_role_holds_who_promised_to_pay(self):
        page = self.sign_in('support', '/billing/')
        sidebar = page.locator('#sidebar').inner_text()
        self.assertIn('Billing', sidebar)
        self.assertNotIn('Admin', sidebar)
        self.look(page, 'overview')
        page.click('a:has-text("Shelved")')
        self.look(page, 'customers')
        page.click(f'a:text-is("{self.town.people["acme"].name}")')
        self.look(page, 'customer')
        said = page.locator('.billing-standing').inner_text()
        self.assertIn('18.00 EUR is owed; they come back when', said)
        self.assertEqual(0, page.locator('text=Record a payment').count())
        page.click('a:text-is("Hold")')
        told = self.foresee(page, reason='by phone', until='2099-12-01')
        self.look(page, 'hold')
        self.assertIn('The ladder stands still until 30 Nov. 2099', told)
        sub = self.town.subscription('acme')
        self.assertFalse(sub['held'])

        self.assertIn('The hold is placed.', self.agree(page))

        holds = f'subscriptions/{sub["id"]}/holds'
        (hold,) = self.town.books().items(holds)
        self.assertEqual('promise', hold['type'])
        self.assertIn(self.town.people['support'].name, hold['by'])
        self.assertEqual([], self.faults)

    def test_finance_records_a_payment_and_the_server_comes_back(self):
        page = self.sign_in('finance', '/billing/customers/')
        page.fill('input[name="customers__filter__q"]', 'cora')
        page.click('#customers__action_filter, button:has-text("Filter")')
        page.click(f'a:text-is("{self.town.people["cora"].name}")')
        page.click('.page-header >> text=Record a payment')
        told = self.foresee(page, amount='20.00', reference='cheque 17')
        self.look(page, 'payment')
        self.assertIn('18.00 EUR pays INV-', told)
        self.assertIn('2.00 EUR is kept as a balance.', told)
        self.assertEqual('18.00', self.town.account('cora')['owed'])

        self.agree(page)

        account = self.town.account('cora')
        (paid,) = self.town.books().items(
            'payments', account_id=account['id']
        )
        self.assertEqual('cheque 17', paid['reference'])
        self.town.cloud.wait_for(self.town.servers['cora'], 'active')
        page.click('a[href*="customer__payments"]')
        page.locator('text=cheque 17').wait_for()
        self.look(page, 'payments')
        self.assertEqual([], self.faults)

    def test_support_sends_a_mail_again(self):
        page = self.sign_in(
            'support', f'/billing/customers/{self.town.account("acme")["id"]}/'
        )
        page.click('a[href*="customer__notices"]')
        row = page.locator('#notices tr', has_text='Servers shelved')
        row.locator('a:text-is("Send again")').click()
        told = self.foresee(page)
        self.look(page, 'resend')
        self.assertIn('gets this mail once more: Servers shelved.', told)
        said = self.town.mails_to('acme')

        self.agree(page)

        base.wait_until(
            lambda: len(self.town.mails_to('acme')) > len(said), 'the mail'
        )
        again = self.town.mails_to('acme')[-1]
        self.assertIn(again, said)
        self.assertEqual([], self.faults)

    def test_support_has_a_payer_restored_whom_nova_had_no_room_for(self):
        name = self.town.people['gina'].name
        server = self.town.servers['gina']
        with self.town.full():
            self.town.pay('gina')
            waits = self.town.refused_to('gina')
            page = self.sign_in('support', '/billing/actions/?state=pending')
            row = page.locator('tr', has_text=name)
            self.look(page, 'stuck')
            # It is his: nobody calls it off.
            self.assertEqual(0, row.locator('text=Call off').count())
            self.choose(row, 'Try now')
            self.foresee(page)
            self.look(page, 'retry')
            self.agree(page)
            base.wait_until(
                lambda: self.asked_of(server, 'unshelve') > 1, 'a second try'
            )
            self.town.refused_to('gina')
        self.go(page, f'/billing/customers/{waits["account_id"]}/')
        row = page.locator('#subscriptions tr', has_text=name)
        self.choose(row, 'Restore now')
        told = self.foresee(page, why='there is room again')
        self.look(page, 'restore')
        self.assertIn(f'Action {waits["id"]} is carried out at once.', told)

        self.agree(page)

        self.town.cloud.wait_for(server, 'active')
        self.town.service.wait_status(name, 'active')
        (tried,) = (
            entry
            for entry in self.town.service.told(name, 'action')
            if (entry.detail or {}).get('result') == 'retried'
        )
        self.assertIn(self.town.people['support'].name, tried.by)
        (said,) = self.town.service.told(name, 'request')
        self.assertEqual('there is room again', said.why)
        self.assertEqual([], self.faults)

    def asked_of(self, server: str, what: str) -> int:
        """How often nova was asked for it."""
        return self.town.cloud.done_to(server).count(what)

    def test_support_calls_off_what_waits_and_the_server_stays(self):
        page = self.sign_in('support', '/billing/actions/?approval=waiting')
        row = page.locator('tr', has_text=self.town.people['emil'].name)
        self.choose(row, 'Call off')
        told = self.foresee(page, reason='a mistake', until='2099-12-01')
        self.look(page, 'call-off')
        self.assertIn('The ladder stands still until 30 Nov. 2099', told)

        self.agree(page)

        sub = self.town.subscription('emil')
        self.assertEqual('held', sub['billing_status'])
        (shelve,) = self.town.books().items(
            'actions', subscription_id=sub['id']
        )
        self.assertEqual('cancelled', shelve['state'])
        server = self.town.servers['emil']
        self.assertEqual(0, self.asked_of(server, 'shelve'))
        self.town.cloud.wait_for(server, 'active')
        self.assertEqual([], self.faults)

    def test_an_admin_approves_what_waits_for_his_yes(self):
        page = self.sign_in('admin', '/billing/actions/?approval=waiting')
        self.look(page, 'actions')
        row = page.locator('tr', has_text=self.town.people['dora'].name)
        row.locator('a:text-is("Approve")').click()
        told = self.foresee(page)
        self.look(page, 'approve')
        self.assertIn('Shelve of web goes on', told)

        self.agree(page)

        self.town.cloud.wait_for(
            self.town.servers['dora'], 'shelved_offloaded'
        )
        self.assertEqual([], self.faults)

    def test_a_customer_sees_what_is_his_and_asks_for_quota(self):
        page = self.sign_in('beta', '/project/billing/')
        self.assertNotIn('Customers', page.locator('#sidebar').inner_text())
        self.look(page, 'project')
        said = page.locator('.billing-standing').inner_text()
        self.assertIn('Everything is paid.', said)
        page.click('text=Change the quota')
        told = self.foresee(page, cores='10')
        self.look(page, 'quota')
        self.assertIn('Cores: 8, then 10.', told)

        self.agree(page)

        project = self.town.people['beta'].project
        quotas = self.town.cloud.operator.nova.quotas
        base.wait_until(
            lambda: quotas.get(project).cores == 10, 'more cores'
        )
        self.assertEqual(403, self.go(page, '/billing/'))
        (other,) = self.town.books().items(
            'invoices', account_id=self.town.account('dora')['id']
        )
        self.go(page, f'/project/billing/{other["number"]}/pdf')
        refused = page.locator('.alert-danger').inner_text()
        self.assertIn(other['number'], refused)
        self.assertEqual([], self.faults)

    def test_a_customer_takes_his_invoice_in_french_on_his_own_clock(self):
        page = self.sign_in(
            'acme', '/project/billing/', horizon_language='fr',
            django_timezone='Europe/Paris',
        )  # fmt: skip
        self.look(page, 'projet')
        said = page.locator('.billing-standing').inner_text()
        self.assertIn('18,00 EUR', said)
        page.click('a[href*="billing__invoices"]')
        table = page.locator('#invoices')
        self.assertIn('Renouvellement', table.inner_text())
        self.assertIn(', 00:00', table.inner_text())
        self.look(page, 'factures')

        with page.expect_download() as taken:
            table.locator('a:has-text("PDF")').click()

        file = pathlib.Path(taken.value.path())
        self.assertEqual(b'%PDF', file.read_bytes()[:4])
        self.assertEqual([], self.faults)

    def test_a_cloud_without_billing_is_told_so(self):
        self.town.api.unregister()
        self.addCleanup(self.town.api.register)
        page = self.sign_in('support', '/billing/')
        for path in ('/billing/', '/billing/customers/', '/project/billing/'):
            self.assertEqual(200, self.go(page, path))
            self.assertIn(
                'This cloud has no billing service in its catalogue.',
                page.locator('.alert-danger').inner_text(),
            )
        self.assertEqual([], self.faults)
