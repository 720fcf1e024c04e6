# SPDX-License-Identifier: Apache-2.0
"""A customer of Odoo from his unpaid invoice to his server, and back."""

import datetime as dt
from decimal import Decimal
from typing import Any

from oslotest import base

from patrii_billing.store import schema
from tests.unit import ally
from tests.unit.drivers.odoo import worlds


class Story(ally.Ally):
    """The same with an Odoo on loopback, not a simulated engine."""

    def __init__(self, odoo: worlds.World) -> None:
        super().__init__(read_every=dt.timedelta(hours=1))
        self.odoo = odoo
        odoo.odoo.orm.now = lambda: self.now
        self.connect(odoo.driver)

    @property
    def notes(self) -> list[str]:
        return [
            row['body'] for row in self.odoo.odoo.orm.rows[
                'mail.message'
            ].values()
        ]  # fmt: skip


class OdooTest(base.BaseTestCase):
    def start(self, odoo: worlds.World, **more: Any) -> Story:
        self.odoo = self.useFixture(odoo)
        self.partner = self.odoo.partner('Acme', email='a@acme.example')
        self.contract = self.odoo.subscription(self.partner, **more)
        return Story(self.odoo)

    def bill(self, due: str = '2026-02-01') -> int:
        return self.odoo.ledger.invoice(
            self.partner, '10.00', due, subscription=self.contract
        )

    def status(self, field: str = 'billing_status') -> Any:
        return self.odoo.row('sale.subscription', self.contract)[field]


class LynxTest(OdooTest):
    def begin(self) -> Story:
        return self.start(
            worlds.Lynx(),
            project=ally.PROJECT,
            name='S001',
            next_invoice_date='2026-02-01',
        )

    def test_who_pays_in_odoo_has_his_server_back(self) -> None:
        story = self.begin()
        invoice = self.bill()
        story.until('02-04')
        shelved = story.shows(), self.status()

        self.odoo.ledger.pay(self.partner, '10.00', invoice)
        story.until('02-04 12:00')

        self.assertEqual(
            ('shelved_offloaded, locked by admin', 'shelved'), shelved
        )
        self.assertEqual(('active', 'active'), (story.shows(), self.status()))
        self.assertEqual(2, len(story.notes))
        self.assertIn('was shelved for arrears', story.notes[0])
        self.assertIn('was restored', story.notes[1])

    def test_a_balance_rolled_into_the_renewal_frees_nobody(self) -> None:
        story = self.begin()
        invoice = self.bill()
        story.until('02-04')

        self.odoo.ledger.roll(invoice, '10.00', '2026-03-01')
        story.until('02-05')

        self.assertEqual('shelved_offloaded, locked by admin', story.shows())
        self.assertEqual('shelved', self.status())

    def test_while_odoo_is_away_nothing_happens_and_then_all(self) -> None:
        story = self.begin()
        self.bill()
        story.until('02-02')

        self.odoo.odoo.trouble = lambda _model, _method: (503, {}, '')
        story.until('02-04')
        before = story.shows()
        self.odoo.odoo.trouble = lambda _model, _method: None
        story.until('02-05')

        self.assertEqual('active', before)
        self.assertEqual('shelved', self.status())
        self.assertEqual('shelved_offloaded, locked by admin', story.shows())

    def test_an_odoo_that_lacks_something_is_left_alone(self) -> None:
        story = self.start(worlds.Lynx(wider=False), project=ally.PROJECT)

        story.work()

        [row] = story.rows(schema.bridges)
        self.assertIn('has no value shelved', row.needs[0])
        self.assertEqual([], story.rows(schema.accounts))


class OcaTest(OdooTest):
    def test_plain_odoo_with_subscription_oca_does_the_same(self) -> None:
        story = self.start(
            worlds.Oca(),
            name='S001',
            x_openstack_project=ally.PROJECT,
            recurring_next_date='2026-02-01',
        )
        invoice = self.bill()

        story.until('02-04')
        shelved = story.shows(), self.status('x_billing_status')
        self.odoo.ledger.pay(self.partner, '10.00', invoice)
        story.until('02-04 12:00')

        self.assertEqual(
            ('shelved_offloaded, locked by admin', 'shelved'), shelved
        )
        self.assertEqual(
            ('active', 'active'),
            (story.shows(), self.status('x_billing_status')),
        )

    def test_a_larger_quota_is_on_the_next_draft(self) -> None:
        odoo = worlds.Oca()
        story = self.start(
            odoo, name='S001', x_openstack_project=ally.PROJECT,
            recurring_next_date='2026-02-01',
        )  # fmt: skip
        odoo.set('sale.subscription.template', odoo.template, name='quota')

        story.until('01-30 12:00')
        story.world.quotas.quotas[ally.PROJECT]['cores'] = 12
        story.until('02-02')

        [draft] = self.odoo.odoo.orm.rows['account.move'].values()
        lines = self.odoo.odoo.orm.rows['account.move.line'].values()
        self.assertEqual(
            sorted(map(Decimal, ('-40', '-1.29', '1.94', '60'))),
            sorted(line['price_unit'] for line in lines),
        )
        self.assertEqual(
            ('draft', self.contract),
            (draft['state'], draft['subscription_id']),
        )
