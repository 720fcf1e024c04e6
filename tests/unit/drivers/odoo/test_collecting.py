# SPDX-License-Identifier: Apache-2.0
"""Invoices of ours that are collected in Odoo."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import bridge
from patrii_billing.drivers.odoo import driver
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing import errors
from patrii_billing.store import schema
from tests.odoo import orm
from tests.unit import ally
from tests.unit.drivers.odoo import test_story
from tests.unit.drivers.odoo import worlds


class Collected(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.world = self.useFixture(worlds.Oca())
        self.world.driver = driver.Odoo(
            self.world.client, fieldmap.load('oca'), bridge.Owner.OURS
        )
        self.partner = self.world.partner('Acme', email='a@acme.example')
        self.driver, self.ledger = self.world.driver, self.world.ledger

    def write(self, **given: Any) -> orm.Row:
        said: dict[str, Any] = {
            'key': 'INV-000012',
            'customer': f'res.partner,{self.partner}',
            'contract': None,
            'label': 'Invoice INV-000012',
            'currency': 'EUR',
            'owed': 1190,
            'issued_on': dt.date(2026, 1, 25),
            'due_on': dt.date(2026, 2, 1),
            **given,
        }
        ref = self.driver.write_invoice(bridge.Invoice(**said))
        return self.world.row('account.move', int(ref.partition(',')[2]))

    def paid(self) -> list[tuple[int, int, str | None]]:
        found = self.driver.payments(f'res.partner,{self.partner}')
        return [(one.amount, one.free, one.why) for one in found]


class WritingTest(Collected):
    def test_it_is_a_posted_invoice_of_one_line_without_taxes(self) -> None:
        move = self.write()

        self.assertEqual(
            ('posted', 'INV-000012', self.partner, dt.date(2026, 2, 1)),
            (move['state'], move['ref'], move['partner_id'],
             move['invoice_date_due']),
        )  # fmt: skip
        line, _ = self.world.odoo.orm.rows['account.move.line'].values()
        self.assertEqual(
            ('Invoice INV-000012', ()), (line['name'], line['tax_ids'])
        )

    def test_it_is_written_once_by_its_key(self) -> None:
        for lost in ('create', 'action_post', ''):
            self.world.odoo.trouble = lambda _model, method, lost=lost: (
                'lose' if method == lost else None
            )
            if lost:
                self.assertRaises(errors.EngineUnavailable, self.write)
            else:
                self.write()

        [move] = self.world.odoo.orm.rows['account.move'].values()
        self.assertEqual('posted', move['state'])

    def test_another_sum_than_ours_is_not_posted(self) -> None:
        self.write()

        refused = self.assertRaises(
            errors.EngineRefused, self.write, owed=1000
        )

        self.assertIn('shows 11.90 instead of 10.00', refused.reason)

    def test_it_is_no_bill_of_theirs(self) -> None:
        self.world.subscription(self.partner)
        self.write()

        self.assertEqual([], self.world.read().bills)
        self.assertEqual(
            [], list(self.driver.bills(f'res.partner,{self.partner}'))
        )


class PaymentTest(Collected):
    def test_what_is_matched_with_it_is_paid(self) -> None:
        move = self.write()
        self.ledger.pay(self.partner, '4.00', move['id'])
        self.ledger.pay(self.partner, '7.90', move['id'])

        first, second, _ = self.driver.payments(f'res.partner,{self.partner}')

        self.assertEqual((400, 790), (first.amount, second.amount))
        self.assertEqual(('INV-000012',), first.invoices)
        self.assertEqual(dt.date(2026, 2, 1), first.received_on)
        self.assertIsNone(first.why)

    def test_what_is_matched_with_nothing_is_free(self) -> None:
        self.write()
        self.ledger.pay(self.partner, '11.90')

        [money, _] = self.paid()

        self.assertEqual((0, 1190), money[:2])
        self.assertIn('matched with no invoice', str(money[2]))

    def test_what_pays_an_invoice_of_theirs_pays_none_of_ours(self) -> None:
        self.write()
        other = self.ledger.invoice(self.partner, '5.00', '2026-02-01')
        self.ledger.pay(self.partner, '5.00', other)

        self.assertEqual([(0, 0, None)] * 2, self.paid())

    def test_what_is_unmatched_again_is_told_with_nothing(self) -> None:
        move = self.write()
        line = self.ledger.pay(self.partner, '11.90', move['id'])
        self.ledger.unmatch(line)

        self.assertEqual((0, 1190), self.paid()[0][:2])

    def test_a_credit_note_there_is_for_a_person(self) -> None:
        move = self.write()
        note = self.ledger.invoice(
            self.partner, '11.90', '2026-02-01', kind='out_refund'
        )
        self.ledger.match(move['id'], self.ledger.due(note))

        [settled] = self.paid()

        self.assertEqual((0, 1190), settled[:2])
        self.assertIn('no money', str(settled[2]))

    def test_who_has_no_invoice_of_ours_has_no_payments(self) -> None:
        self.ledger.pay(self.partner, '5.00')

        self.assertEqual([], self.paid())


class StoryTest(Collected):
    def test_who_pays_our_invoice_in_odoo_has_his_server_back(self) -> None:
        self.world.subscription(
            self.partner, name='S001', x_openstack_project=ally.PROJECT,
            recurring_next_date='2026-02-01',
        )  # fmt: skip
        story = test_story.Story(self.world)
        story.until('02-04')
        shelved = story.shows()
        [move] = self.world.odoo.orm.rows['account.move'].values()

        self.ledger.pay(self.partner, '10.00', move['id'])
        story.until('02-04 12:00')

        self.assertEqual('shelved_offloaded, locked by admin', shelved)
        self.assertEqual('active', story.shows())
        [payment] = story.rows(schema.payments)
        self.assertEqual((1000, 'lynx'), (payment.amount, payment.source))
        self.assertIn('renewal 0.00 paid', story.owed())
