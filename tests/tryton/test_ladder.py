# SPDX-License-Identifier: Apache-2.0
"""Customers of a real Tryton, whose servers are on a real OpenStack.

A clerk invoices them and books their money there; nobody touches the billing
service but where a test says so.
"""

import datetime as dt
from decimal import Decimal
import time

from patrii_billing.domain import calendar
from patrii_billing.domain import money
from tests.functional import base
from tests.functional import billing
from tests.tryton import site

_TODAY = dt.datetime.now(dt.UTC).date()
# All of them have invoices of one day: Tryton numbers by date.
_START = _TODAY - dt.timedelta(days=10)
_CORE = Decimal('5.00')
_PLAN = {
    'name': 'servers',
    'currency': 'EUR',
    'cycle': 'month',
    'prices': [
        {'kind': 'quota', 'resource': 'cores', 'unit_price': str(_CORE)}
    ],
}
_OWED = '12.00'
# Longer than from grace to shelving.
_AWAY = 8


class TrytonTest(billing.BillingTestCase):
    tryton: site.Tryton

    @classmethod
    def setUpClass(cls) -> None:
        cls.tryton = site.Tryton(cls.addClassCleanup)
        cls.tryton.start()
        cls.options = {
            'tryton': {**cls.tryton.options(), 'timeout': '10'},
            'bridge': {'read_every': '1s'},
            'events': {'delivery_retry': '1s', 'delivery_retry_max': '2s'},
            'ladder': {
                'net': '4s',
                'reminders': '',
                'shelved_span': '1h',
                'changes': 'at_once',
            },
        }
        super().setUpClass()

    @classmethod
    def begin(cls) -> None:
        cls.clerk = site.Clerk(cls.tryton)
        cls.service.give({'plans': [_PLAN], 'accounts': []})
        people = base.at_once(
            cls.cloud.make_customer, ['debtor', 'orderly', 'late']
        )
        cls.servers = cls.cloud.boot_all(people)
        cls.people = people
        cls.parties = [cls.clerk.enter_party(one.name) for one in people]
        cls.contracts = [
            cls.clerk.subscribe(party, one.project, _START)
            for party, one in zip(cls.parties, people, strict=True)
        ]
        cls.clerk.draw_up(_TODAY)
        cls.invoices = [
            cls.clerk.invoices(party, 'draft')[0] for party in cls.parties
        ]
        # The third is told what he owes when his test begins.
        for invoice in cls.invoices[:2]:
            cls.clerk.post(invoice)
        cls.clerk.pay(cls.invoices[1], _OWED)
        cls.service.start()

    def name(self, which: int) -> str:
        """What his subscription is called, there and here."""
        contract = self.contracts[which]
        found = self.clerk.one('sale.subscription', contract, 'number')
        return str(found['number'])

    def status(self, which: int, wanted: str) -> None:
        """Wait until he stands so, and until Tryton was told."""
        name = self.name(which)
        base.wait_until(
            lambda: self.service.known(name), f'{name} to be taken over'
        )
        self.service.wait_status(name, wanted)
        base.wait_until(
            lambda: self.noted(which)[-1:] == [wanted],
            f'Tryton to be told that {name} is {wanted}',
        )

    def noted(self, which: int) -> list[str]:
        """The billing statuses that stand at his subscription in Tryton."""
        found = self.clerk.find(
            'ir.note',
            ['resource', '=', f'sale.subscription,{self.contracts[which]}'],
            ['message', 'like', 'Billing status: %'],
            fields=['message'],
        )
        return [
            one['message'].splitlines()[0].partition(': ')[2] for one in found
        ]

    def test_who_does_not_pay_there_is_shelved_until_he_pays(self) -> None:
        server = self.servers[0]

        self.status(0, 'shelved')

        shown = self.cloud.show(server)
        self.assertEqual('SHELVED_OFFLOADED', shown['status'])
        self.assertTrue(shown['locked'])
        self.clerk.pay(self.invoices[0], '2.00', partly=True)
        self.clerk.pay(self.invoices[0], '10.00')

        self.status(0, 'active')

        shown = self.cloud.show(server)
        self.assertEqual(('ACTIVE', False), (shown['status'], shown['locked']))
        self.assertEqual(['grace', 'shelved', 'active'], self.noted(0))

    def test_a_change_in_mid_period_is_on_the_invoice_there(self) -> None:
        one, name = self.people[1], self.name(1)
        base.wait_until(
            lambda: self.service.known(name), f'{name} to be taken over'
        )
        held = self.cloud.operator.nova.quotas.get(one.project).cores

        self.service.manage(
            'quota', 'set', one.project, f'cores={held + 4}',
            '--yes', '--wait', '30',
        )  # fmt: skip

        # The cores that he had come back, those that he has are charged.
        base.wait_until(
            lambda: len(self.amounts_there(1)) == 2, 'the lines in Tryton'
        )
        self.assertEqual(
            Decimal(money.plain(_prorated(4 * _CORE), 'EUR')),
            sum(self.amounts_there(1)),
        )
        self.assertEqual(['create'], self.cloud.done_to(self.servers[1]))

    def amounts_there(self, which: int) -> list[Decimal]:
        """What stands on his invoices in Tryton that are not posted yet."""
        return [
            line['amount']
            for draft in self.clerk.invoices(self.parties[which], 'draft')
            for line in self.clerk.find(
                'account.invoice.line',
                ['invoice', '=', draft],
                fields=['amount'],
            )
        ]

    def test_nothing_wrong_happens_while_tryton_is_stopped(self) -> None:
        server = self.servers[2]
        name = self.name(2)
        self.clerk.post(self.invoices[2])
        self.service.wait_told(name, 'status', 'grace')

        self.tryton.stop()
        time.sleep(_AWAY)

        self.assertEqual('grace', self.service.status(name))
        self.assertEqual('ACTIVE', self.cloud.show(server)['status'])
        self.tryton.start()
        self.status(2, 'shelved')
        self.assertEqual(['grace', 'shelved'], self.noted(2))
        self.assertEqual(
            ['create', 'lock', 'shelve'], self.cloud.done_to(server)
        )


def _prorated(price: Decimal) -> int:
    """Of what a cycle costs, what is left from today on; in cents."""
    monthly = calendar.Cycle(months=1)
    cycle = calendar.anchored(monthly, _START.day, _START).cycle_of(_TODAY)
    left = calendar.length(_TODAY, cycle.end)
    return money.share(int(price * 100), money.Ratio(left, cycle.length))
