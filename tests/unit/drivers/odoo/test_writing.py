# SPDX-License-Identifier: Apache-2.0
"""What is written to Odoo, and that it is written once."""

from collections.abc import Callable
import datetime as dt
from typing import Any

import hypothesis
from hypothesis import strategies
from oslotest import base

from patrii_billing.domain import bridge
from patrii_billing import errors
from tests.odoo import orm
from tests.unit.drivers.odoo import worlds

# What a proxy, a network and a busy database answer.
BUSY = (429, {'retry-after': '1'}, '')
AWAY = (503, {}, '')
GAVE_UP = (504, {}, '')
CLASH = (500, {}, '{"name": "psycopg2.errors.SerializationFailure"}')

NOON = dt.datetime(2026, 2, 10, 12, tzinfo=dt.UTC)


def status(word: str) -> bridge.Status:
    return bridge.Status(
        contract='sale.subscription,1', status=word, since=NOON, why='unpaid'
    )


def note(**given: Any) -> bridge.Note:
    said: dict[str, Any] = {
        'key': 'action-5',
        'customer': 'res.partner,1',
        'contract': 'sale.subscription,1',
        'at': NOON,
        'text': 'Server web was shelved & locked.',
        **given,
    }
    return bridge.Note(**said)


class Written(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.world = self.useFixture(worlds.Lynx())
        self.partner = self.world.partner()
        self.contract = self.world.subscription(self.partner)
        self.driver = self.world.driver

    def rows(self, model: str) -> list[orm.Row]:
        return list(self.world.odoo.orm.rows[model].values())

    def lose(self, method: str, times: int = 1) -> None:
        """Have Odoo do it, and the answer get lost on the way."""
        left = [times]

        def trouble(_model: str, called: str) -> str | None:
            if called == method and left[0]:
                left[0] -= 1
                return 'lose'
            return None

        self.world.odoo.trouble = trouble


class LineTest(Written):
    def test_it_is_put_on_the_draft_of_the_next_invoice(self) -> None:
        draft = self.world.make(
            'account.move',
            move_type='out_invoice',
            partner_id=self.partner,
            subscription_id=self.contract,
        )

        ref = self.driver.write_line(worlds.line())

        [line] = self.rows('account.move.line')
        self.assertEqual((draft, str(line['id'])), (line['move_id'], ref))
        self.assertEqual(
            'cores: 4 x 5.00 EUR x 14/28 from 2026-02-15 until 2026-03-01 '
            '(quota change)',
            line['name'],
        )

    def test_else_a_draft_is_made_for_it_and_the_next_joins(self) -> None:
        self.driver.write_line(worlds.line())
        self.driver.write_line(worlds.line(key='line-18', amount=-250))

        [move] = self.rows('account.move')
        self.assertEqual(
            ('draft', self.contract, self.partner, 'Patrii Billing'),
            (
                move['state'],
                move['subscription_id'],
                move['partner_id'],
                move['invoice_origin'],
            ),
        )
        shown = self.world.odoo.orm.shown(move, 'amount_total', None)
        self.assertEqual('7.50', str(shown))

    def test_what_is_archived_is_not_taken_for_it(self) -> None:
        self.driver.write_line(worlds.line())

        [made] = self.world.odoo.called('create')
        self.assertNotIn('active_test', made['context'])
        for read in self.world.odoo.called('search_read'):
            self.assertIs(False, read['context']['active_test'])
            self.assertNotEqual([], read['fields'])

    def test_an_invoice_that_was_posted_is_left_alone(self) -> None:
        invoice = self.world.ledger.invoice(
            self.partner, '29.99', '2026-02-08', subscription=self.contract
        )
        self.world.ledger.call(invoice, 'button_draft')

        self.driver.write_line(worlds.line())

        self.assertEqual(2, len(self.rows('account.move')))

    def test_the_same_line_again_is_the_one_that_is_there(self) -> None:
        first = self.driver.write_line(worlds.line())
        again = self.driver.write_line(worlds.line())

        self.assertEqual(first, again)
        self.assertEqual(1, len(self.rows('account.move.line')))

    def test_one_whose_answer_was_lost_is_not_written_twice(self) -> None:
        self.lose('create')

        error = self.assertRaises(
            errors.EngineUnavailable, self.driver.write_line, worlds.line()
        )
        self.driver.write_line(worlds.line())

        self.assertIn('looked up whether it was done', str(error))
        self.assertEqual(1, len(self.rows('account.move.line')))
        self.assertEqual(1, len(self.rows('account.move')))

    def test_another_amount_than_ours_is_told_each_time(self) -> None:
        self.driver.write_line(worlds.line())
        [line] = self.rows('account.move.line')
        line['price_unit'] /= 2

        for _ in range(2):
            error = self.assertRaises(
                errors.EngineRefused, self.driver.write_line, worlds.line()
            )
            self.assertIn('shows 5.00 instead of 10.00', str(error))
        self.assertEqual(1, len(self.rows('account.move.line')))

    def test_a_customer_that_is_not_there_is_a_no(self) -> None:
        error = self.assertRaises(
            errors.EngineRefused,
            self.driver.write_line,
            worlds.line(customer='res.partner,99', contract=None),
        )

        self.assertEqual(422, error.code)
        self.assertEqual([], self.rows('account.move'))

    def test_a_currency_that_is_not_there_is_a_no(self) -> None:
        error = self.assertRaises(
            errors.EngineRefused,
            self.driver.write_line,
            worlds.line(currency='CAD'),
        )

        self.assertIn('CAD is not known to Odoo', str(error))


class StatusTest(Written):
    def test_it_stands_on_the_contract(self) -> None:
        self.driver.write_status(status('shelved'))

        [contract] = self.rows('sale.subscription')
        self.assertEqual('shelved', contract['billing_status'])

    def test_the_same_again_changes_nothing(self) -> None:
        for _ in range(2):
            self.driver.write_status(status('shelved'))

        self.assertEqual(1, len(self.world.odoo.called('write')))

    def test_a_hold_of_ours_does_not_come_back_as_one_of_theirs(self) -> None:
        self.driver.write_status(status('held'))

        [contract] = self.world.read().contracts
        self.assertEqual(('active', ()), (contract.status, contract.holds))

    def test_a_hold_of_theirs_is_read_without_a_record_of_it(self) -> None:
        self.world.set(
            'sale.subscription', self.contract, billing_status='held'
        )

        [contract] = self.world.read().contracts
        [hold] = contract.holds
        self.assertEqual((bridge.Hold.PAUSE, None), (hold.type, hold.until))

    def test_one_whose_answer_was_lost_is_sent_again(self) -> None:
        self.lose('write')

        self.driver.write_status(status('grace'))

        [contract] = self.rows('sale.subscription')
        self.assertEqual('grace', contract['billing_status'])
        self.assertEqual([1.0], self.world.slept)

    def test_a_value_that_odoo_lacks_is_named(self) -> None:
        world = self.useFixture(worlds.Lynx(wider=False))
        world.subscription(world.partner())

        error = self.assertRaises(
            errors.EngineRefused,
            world.driver.write_status,
            status('shelved'),
        )

        self.assertIn(
            "Wrong value for sale.subscription.billing_status: 'shelved'",
            str(error),
        )
        self.assertIn('field_map', str(error))

    def test_a_contract_that_was_removed_is_a_no(self) -> None:
        self.world.odoo.orm.rows['sale.subscription'].clear()

        error = self.assertRaises(
            errors.EngineRefused, self.driver.write_status, status('grace')
        )

        self.assertEqual(404, error.code)

    def test_plain_subscription_oca_keeps_it_in_a_field_added(self) -> None:
        world = self.useFixture(worlds.Oca())
        world.subscription(world.partner())

        world.driver.write_status(status('shelved'))

        contract = world.row('sale.subscription', 1)
        self.assertEqual('shelved', contract['x_billing_status'])


class NoteTest(Written):
    def test_it_stands_in_the_chatter_of_the_contract(self) -> None:
        ref = self.driver.write_note(note())

        [message] = self.rows('mail.message')
        self.assertEqual(str(message['id']), ref)
        self.assertEqual(
            (
                'sale.subscription',
                self.contract,
                'mail.mt_note',
                '<p>2026-02-10 12:00:00 UTC: Server web was shelved &amp; '
                'locked.</p>',
            ),
            (
                message['model'],
                message['res_id'],
                message['subtype'],
                message['body'],
            ),
        )

    def test_without_a_contract_it_stands_with_the_customer(self) -> None:
        self.driver.write_note(note(contract=None))

        [message] = self.rows('mail.message')
        self.assertEqual(
            ('res.partner', self.partner),
            (message['model'], message['res_id']),
        )

    def test_one_whose_answer_was_lost_is_not_posted_twice(self) -> None:
        self.lose('message_post')

        self.assertRaises(
            errors.EngineUnavailable, self.driver.write_note, note()
        )
        ref = self.driver.write_note(note())

        [message] = self.rows('mail.message')
        self.assertEqual(str(message['id']), ref)


class WhateverHappensTest(Written):
    @hypothesis.settings(max_examples=15)
    @hypothesis.given(
        strategies.lists(
            strategies.sampled_from(
                (None, 'drop', 'lose', BUSY, AWAY, GAVE_UP, CLASH)
            ),
            max_size=30,
        )
    )
    def test_each_thing_is_there_once_in_the_end(
        self, oddities: list[Any]
    ) -> None:
        left = [*oddities]
        held = self.world.odoo.orm.rows
        for model in ('account.move', 'account.move.line', 'mail.message'):
            held[model].clear()
        held['sale.subscription'][1]['billing_status'] = 'active'
        self.world.odoo.trouble = lambda _model, _method: left and left.pop(0)

        for write in (
            lambda: self.driver.write_line(worlds.line()),
            lambda: self.driver.write_status(status('shelved')),
            lambda: self.driver.write_note(note()),
        ):
            self.try_until_done(write)

        self.assertEqual(1, len(self.rows('account.move')))
        self.assertEqual(1, len(self.rows('account.move.line')))
        self.assertEqual(1, len(self.rows('mail.message')))
        self.assertEqual(
            'shelved', held['sale.subscription'][1]['billing_status']
        )

    def try_until_done(self, write: Callable[[], object]) -> None:
        for _ in range(40):
            try:
                write()
            except errors.EngineUnavailable:
                continue
            return
        self.fail('it was never written')
