# SPDX-License-Identifier: Apache-2.0
"""The pages with keystone's own logins: what is clicked is done in Nova.

Each persona does in a browser what he came for, and Nova and the books have
it, with his name.
"""

import datetime as dt
import email
import email.policy
import html

from playwright import sync_api

from patrii_billing.store import schema
from tests.functional import api
from tests.functional import base
from tests.functional import billing
from tests.window import visitor

_STAYS_SHELVED = {'reminders': [], 'shelved_span': '1h'}
# Time enough to see the last warning, and to stop what follows it.
_DOOMED = {'reminders': [], 'deletion_warning': '45s'}
_WHY = 'Reason, for the timeline'
# What nova lets a customer call his servers.
_HOSTILE = (
    '<img src=x onerror=alert(1)>',
    '</td></table><script>alert(1)</script>',
    '=HYPERLINK("http://evil.example/","pay here")',
    "{{ 7*7 }}{% raw %}%(account)s'; DROP TABLE servers; --",
    'שלום e\u0301\u0301\u0301 \\',
    'n' * 255,
)
# And write into their metadata.
_META = {'note': '\x1b[31m\x07\u202e\r\nBcc: all@example.test <b>'}


class WindowTest(billing.BillingTestCase):
    options = {
        **api.OPTIONS,
        'web': {'secure_cookies': 'false', 'secret': 'w' * 32},
    }

    @classmethod
    def begin(cls) -> None:
        later, cloud = cls.addClassCleanup, cls.cloud
        cls.home = f'{api.Api(cls.service, later).url}/ui'
        cls.service.start()
        office = cloud.make_customer('office')
        cls.ada, cls.fay, cls.sue = (
            cloud.make_colleague(office, role, 'reader')
            for role in ('billing_admin', 'billing_finance', 'billing_support')
        )
        cls.payer, cls.caller, cls.debtor = base.at_once(
            cloud.make_customer, ('payer', 'caller', 'debtor')
        )
        cls.hostile = {
            cloud.ask_for(cls.caller, name, meta=_META): name
            for name in _HOSTILE
        }
        cls.paid, cls.held, cls.doomed = cloud.boot_all(
            [cls.payer, cls.caller, cls.debtor]
        )
        cls.service.subscribe_all(
            [
                (cls.payer, _STAYS_SHELVED),
                (cls.caller, _STAYS_SHELVED),
                (cls.debtor, _DOOMED),
            ]
        )

    def enter(self, who: base.Person) -> visitor.Visitor:
        """Log in as him, with the password that keystone knows."""
        found = visitor.Visitor(self.home)
        self.addCleanup(found.context.close)
        found.context.set_default_timeout(30_000)
        found.open('/')
        found.fill('User', who.name)
        found.fill('Password', 'opensesame')
        found.press('Log in')
        sync_api.expect(found.page.get_by_role('banner')).to_contain_text(
            who.name
        )
        return found

    def told_by(self, name: str, what: str) -> list[str]:
        return [row.by for row in self.service.told(name, what)]

    def test_support_finds_why_a_server_is_off_and_holds(self) -> None:
        name = self.caller.name
        self.service.wait_status(name, 'shelved')
        sue = self.enter(self.sue)
        sue.search(name)
        sue.follow(name)

        sue.sees('Its servers have been off since')
        state = self.cloud.show(self.held)['OS-EXT-STS:vm_state']
        self.assertEqual('shelved_offloaded', state)
        pay = sue.page.get_by_role('link', name='Record a payment')
        self.assertEqual(0, pay.count())
        sue.follow('Hold')
        sue.page.get_by_label('What kind').select_option('abuse')
        sue.fill(_WHY, 'He mines coins')
        sue.press('See what would follow')
        sue.sees('abuse begun')
        held = schema.holds.select().where(
            schema.holds.c.reason == 'He mines coins'
        )
        self.assertEqual([], self.service.rows(held))
        sue.press('Hold')

        sue.sees('Done: Hold')
        sue.sees('He mines coins')
        (hold,) = self.service.rows(held)
        self.assertEqual('abuse', hold.type)
        self.assertIn(self.sue.name, hold.by)
        self.assertEqual([], sue.faults)

    def test_what_he_calls_his_servers_is_shown_and_does_nothing(
        self,
    ) -> None:
        self.service.wait_status(self.caller.name, 'shelved')
        known = schema.servers
        rows = self.service.rows(
            known.select().where(known.c.id.in_(self.hostile))
        )
        self.assertEqual(self.hostile, {row.id: row.name for row in rows})
        parked = schema.inbox.select().where(schema.inbox.c.state == 'parked')
        self.assertEqual([], self.service.rows(parked))

        sue = self.enter(self.sue)
        sue.page.on('dialog', lambda shown: sue.faults.append(shown.message))
        sue.search(self.caller.name)
        sue.follow(self.caller.name)
        for name in _HOSTILE:
            sue.sees(' '.join(name.split()))
        self.assertEqual(0, sue.page.locator('img[src=x]').count())
        self.assertEqual([], sue.faults)

    def test_nor_does_it_in_his_mails(self) -> None:
        self.service.wait_told(self.caller.name, 'notice', 'shelved')
        address = f'{self.caller.name}@example.test'
        mails = [
            email.message_from_string(mail, policy=email.policy.default)
            for mail in self.service.mailbox.mails
            if address in mail
        ]
        for mail in mails:
            self.assertEqual(address, mail['To'])
            self.assertIsNone(mail['Bcc'])
        text, page = (
            part.get_content()
            for part in mails[-1].walk()
            if part.get_content_maintype() == 'text'
        )
        for name in _HOSTILE[:-1]:
            self.assertIn(name, text)
            self.assertIn(name, html.unescape(page))
        for tag in ('<img src=x', '<script'):
            self.assertNotIn(tag, page)

    def test_a_long_name_keeps_no_server_running(self) -> None:
        self.service.wait_status(self.caller.name, 'shelved')
        for server, name in self.hostile.items():
            status = 'SHUTOFF' if len(name) > 247 else 'SHELVED_OFFLOADED'
            shown = self.cloud.show(server)
            self.assertEqual(status, shown['status'], name)
            self.assertTrue(shown['locked'])

    def test_finance_records_a_cheque_and_the_server_is_back(self) -> None:
        name = self.payer.name
        self.service.wait_status(name, 'shelved')
        fay = self.enter(self.fay)
        fay.follow('Customers')
        fay.page.get_by_label('Debt').select_option('0')
        fay.press('Search')
        fay.follow(name)
        fay.follow('Record a payment')
        fay.fill('Amount', '10.00')
        fay.fill('Reference', 'cheque 4711')
        fay.press('See what would follow')
        fay.sees('10.00')
        self.assertEqual([], self.told_by(name, 'payment'))
        fay.press('Record a payment')

        fay.sees('Done: Record a payment')
        self.service.wait_status(name, 'active')
        seen = self.cloud.show(self.paid)
        self.assertEqual(('ACTIVE', False), (seen['status'], seen['locked']))
        fay.page.reload()
        fay.sees('cheque 4711')
        self.assertEqual(
            1, fay.page.locator('h1 .status.active').count()
        )
        self.assertEqual([], fay.faults)

    def test_an_operator_stops_a_deletion_until_he_resumes(self) -> None:
        name = self.debtor.name
        self.service.wait_status(name, 'pending_deletion')
        ada = self.enter(self.ada)
        ada.follow('Actions')
        ada.follow('Stop all enforcement')
        ada.fill(_WHY, 'He is on the phone')
        ada.press('See what would follow')
        ada.press('Stop all enforcement')
        bar = ada.page.locator('.state')
        sync_api.expect(bar).to_contain_text('Enforcement is stopped')
        ((why,),) = self.service.rows(
            schema.watch.select().with_only_columns(schema.watch.c.stopped_why)
        )
        self.assertIn('He is on the phone', why)

        ada.follow('Simulation')
        ada.page.get_by_role('checkbox', name='delete').check()
        ada.press('Show')
        ada.sees(name)
        warning = self.service.notice(name, 'last_warning')
        base.wait_until(
            lambda: dt.datetime.now(dt.UTC) > warning.names,
            'the day of the deletion',
            90,
        )
        self.assertFalse(self.cloud.is_gone(self.doomed))
        self.assertEqual('pending_deletion', self.service.status(name))

        ada.follow('Actions')
        ada.follow('Resume enforcement')
        ada.press('Resume enforcement')
        sync_api.expect(bar).to_contain_text('Enforcing')
        self.service.wait_status(name, 'deleted')
        self.assertTrue(self.cloud.is_gone(self.doomed))
        self.assertEqual([], ada.faults)

    def test_a_customer_sees_himself_alone(self) -> None:
        amy = self.enter(self.payer)
        amy.open('/customers/')
        names = amy.page.locator('tbody th a').all_inner_texts()
        self.assertEqual([self.payer.name], names)
        amy.follow(self.payer.name)
        self.assertEqual([], amy.faults)
        own = amy.page.url.rpartition('/')[2]

        for other in {'1', '2', '3'} - {own}:
            answer = amy.page.goto(f'{self.home}/customers/{other}')
            assert answer is not None
            self.assertEqual(404, answer.status)

    def test_a_wrong_password_lets_nobody_in(self) -> None:
        found = visitor.Visitor(self.home)
        self.addCleanup(found.context.close)
        found.open('/')
        found.fill('User', self.ada.name)
        found.fill('Password', 'wrong')
        found.press('Log in')

        found.sees('keystone does not know this user')
        answer = found.page.goto(f'{self.home}/customers/')
        assert answer is not None
        self.assertIn('/login', found.page.url)

