# SPDX-License-Identifier: Apache-2.0
"""What a payment gateway tells, and what the books make of it."""

import datetime as dt
import json
from typing import Any
from unittest import mock

from oslotest import base

from patrii_billing.domain import foreign
from patrii_billing.domain.lifecycle import ReceiptState
from patrii_billing.domain import signature
from patrii_billing.engine import admitting
from patrii_billing.engine import events
from patrii_billing.engine import webhooks
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import schema
from tests.unit import stories
from tests.unit import till

KEY = b'0123456789abcdef0123456789abcdef'
GATEWAY = admitting.Source('gateway', (KEY,))


class GatewayTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.till = till.Till()
        self.till.bill(1000)
        self.sent = 0

    def send(self, tells: str, id_: str = '', **data: Any) -> Any:
        """The gateway tells of a payment of ten euros of acme."""
        self.sent += 1
        told = {
            'payment': 'tx-1', 'amount': '10.00', 'currency': 'EUR',
            'account_name': 'acme', **data,
        }  # fmt: skip
        body = {'type': f'payment.{tells}', 'data': told}
        return self.receive(body, id_ or f'msg_{self.sent}')

    def receive(
        self,
        body: Any,
        id_: str = 'msg_0',
        source: admitting.Source = GATEWAY,
    ) -> webhooks.Outcome:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.till.db.write(
            webhooks.receive, self.till.tools, source,
            signature.Message(id_, '', '', text), self.till.now,
        )  # fmt: skip

    def states(self) -> list[str]:
        return [row.state for row in self.till.rows(schema.payments)]

    def alarms(self) -> list[str]:
        rows = self.till.rows(schema.timeline, what='alarm')
        return [row.why for row in rows]


class ReceivingTest(GatewayTestCase):
    def test_money_received_pays_the_oldest_invoice(self) -> None:
        outcome = self.send('received')

        self.assertEqual(ReceiptState.DONE, outcome.state)
        self.assertEqual([0], self.till.owed())
        payment = self.till.payment(outcome.payment_id)
        self.assertEqual('gateway:tx-1', payment.key)
        self.assertEqual('gateway', payment.source)
        self.assertEqual('webhook:gateway', payment.by)
        self.assertEqual([], self.till.mistakes())

    def test_a_customer_is_known_by_any_of_his_names(self) -> None:
        self.till.db.write(
            accounts.change, self.till.acme, external_ref='C-1001'
        )
        reference = self.till.invoice(1).reference
        for number, name in enumerate((
            {'account': self.till.acme},
            {'account': str(self.till.acme)},
            {'account_name': 'acme'},
            {'external_ref': 'C-1001'},
            {'invoice': 'INV-000001'},
            {'reference': reference},
        )):  # fmt: skip
            outcome = self.send(
                'received',
                **{'payment': f'n-{number}', 'account_name': None, **name},
            )
            self.assertEqual((name, 'done'), (name, outcome.state))

    def test_the_invoice_that_is_named_is_paid_first(self) -> None:
        second = self.till.bill(1000, due='03-01')

        self.send('received', invoice='INV-000002')

        self.assertEqual(0, self.till.invoice(second).owed)
        self.assertEqual(1000, self.till.invoice(1).owed)

    def test_money_of_nobody_known_is_kept_for_a_person(self) -> None:
        outcome = self.send('received', account_name='nobody')

        self.assertEqual(ReceiptState.UNMATCHED, outcome.state)
        self.assertIn('nobody', outcome.why)
        self.assertIsNone(self.till.payment(outcome.payment_id).account_id)

    def test_money_of_two_is_kept_for_a_person(self) -> None:
        outcome = self.send(
            'received', account_name='other', invoice='INV-000001'
        )

        self.assertEqual(ReceiptState.UNMATCHED, outcome.state)
        self.assertIn('several', outcome.why)

    def test_money_in_another_currency_is_kept_for_a_person(self) -> None:
        outcome = self.send('received', currency='USD')

        self.assertEqual(ReceiptState.UNMATCHED, outcome.state)
        self.assertIn('acme pays EUR', outcome.why)

    def test_what_a_person_assigned_stays_so(self) -> None:
        payment = self.send('received', account_name='x').payment_id
        self.till.assign(payment, self.till.other)

        outcome = self.send('received')

        self.assertEqual(payment, outcome.payment_id)
        self.assertEqual(
            self.till.other, self.till.payment(payment).account_id
        )

    def test_the_same_message_is_heard_once(self) -> None:
        first = self.send('received', id_='msg_a')
        again = self.send('received', id_='msg_a')

        self.assertEqual(first.payment_id, again.payment_id)
        self.assertEqual(1, len(self.till.rows(schema.payments)))
        self.assertEqual(1, len(self.till.rows(schema.receipts)))

    def test_the_same_payment_in_another_message_is_the_same(self) -> None:
        self.send('received')
        self.send('received')

        self.assertEqual(['received'], self.states())

    def test_an_id_with_another_body_is_refused(self) -> None:
        self.send('received', id_='msg_a')

        self.assertRaises(
            errors.Conflict, self.send, 'received', 'msg_a', amount='1.00'
        )

    def test_two_sources_may_use_the_same_ids(self) -> None:
        body = {
            'type': 'payment.received',
            'data': {
                'payment': 'tx-1', 'amount': '1.00', 'currency': 'EUR',
                'account_name': 'acme',
            },
        }  # fmt: skip
        for name in ('one', 'two'):
            self.receive(body, 'msg_1', admitting.Source(name, (KEY,)))

        self.assertEqual(['received'] * 2, self.states())

    def test_a_type_that_is_none_of_ours_is_noted_and_ignored(self) -> None:
        outcome = self.receive({'type': 'customer.created'})

        self.assertEqual(ReceiptState.IGNORED, outcome.state)
        [receipt] = self.till.rows(schema.receipts)
        self.assertEqual('customer.created', receipt.type)
        self.assertEqual([], self.alarms())

    def test_what_cannot_be_read_waits_for_a_person_and_is_told(
        self,
    ) -> None:
        outcome = self.send('received', amount='much')

        self.assertEqual(ReceiptState.PARKED, outcome.state)
        self.assertIn('data.amount', outcome.why)
        [receipt] = self.till.rows(schema.receipts)
        self.assertIn('much', receipt.body)
        self.assertIn('data.amount', self.alarms()[0])

    def test_what_waits_is_looked_at_again_when_it_is_sent_again(
        self,
    ) -> None:
        body = {
            'kind': 'paid', 'ref': 'tx-9', 'sum': '10.00', 'cur': 'EUR',
            'type': 'payment.received', 'data': {}, 'who': 'acme',
        }  # fmt: skip
        self.receive(body)
        fields = foreign.Fields(
            types={'paid': foreign.Tells.RECEIVED},
            whose={foreign.Names.ACCOUNT_NAME: 'who'},
            type='kind', payment='ref', amount='sum', currency='cur',
        )  # fmt: skip

        outcome = self.receive(
            body, source=admitting.Source('gateway', (KEY,), fields)
        )

        self.assertEqual(ReceiptState.DONE, outcome.state)
        self.assertEqual(1, len(self.till.rows(schema.receipts)))


class GoingBackTest(GatewayTestCase):
    def test_money_on_its_way_arrives(self) -> None:
        self.send('pending')
        self.assertEqual(['pending'], self.states())
        self.assertEqual([1000], self.till.owed())

        self.send('received')

        self.assertEqual(['received'], self.states())
        self.assertEqual([0], self.till.owed())

    def test_money_on_its_way_of_nobody_known_is_noted(self) -> None:
        outcome = self.send('pending', account_name='x')

        self.assertEqual(ReceiptState.IGNORED, outcome.state)
        self.assertEqual([], self.states())

    def test_news_of_the_way_that_come_late_change_nothing(self) -> None:
        self.send('received')
        outcome = self.send('pending')

        self.assertEqual(ReceiptState.DONE, outcome.state)
        self.assertEqual(['received'], self.states())

    def test_money_on_its_way_fails_and_may_come_all_the_same(self) -> None:
        self.send('pending')
        self.send('failed', amount=None)
        self.assertEqual(['failed'], self.states())
        self.send('failed', amount=None)

        self.send('received')
        self.assertEqual(['received'], self.states())

    def test_a_failure_of_what_nobody_knows_is_noted(self) -> None:
        self.assertEqual(ReceiptState.IGNORED, self.send('failed').state)

    def test_a_failure_of_what_was_received_is_for_a_person(self) -> None:
        self.send('received')

        outcome = self.send('failed')

        self.assertEqual(ReceiptState.PARKED, outcome.state)
        self.assertEqual(['received'], self.states())
        self.assertEqual(1, len(self.alarms()))

    def test_less_than_was_on_its_way_is_for_a_person(self) -> None:
        self.send('pending')

        outcome = self.send('received', amount='9.50')

        self.assertEqual(ReceiptState.PARKED, outcome.state)
        self.assertEqual(['pending'], self.states())

    def test_a_charge_back_makes_the_invoice_owed_again(self) -> None:
        self.send('received')

        outcome = self.send('charged_back', why='fraud')

        self.assertEqual(ReceiptState.DONE, outcome.state)
        self.assertEqual([1000], self.till.owed())
        self.assertEqual([], self.till.mistakes())

    def test_parts_are_refunded_each_once(self) -> None:
        self.send('received', amount='15.00')
        for movement in ('re-1', 're-2', 're-1'):
            self.send('refunded', amount='2.00', movement=movement)

        out = [
            row.amount for row in self.till.rows(schema.payments)
            if row.kind == 'refund'
        ]  # fmt: skip
        self.assertEqual([200, 200], out)
        self.assertEqual([], self.till.mistakes())

    def test_the_longest_names_fit_into_the_books(self) -> None:
        self.send('received', payment='p' * 100)
        self.send('charged_back', payment='p' * 100, movement='m' * 100)

        longest = max(len(r.key) for r in self.till.rows(schema.payments))
        spare = 32 - len(GATEWAY.name)
        self.assertLessEqual(longest + spare, 255)

    def test_a_refund_of_all_need_not_say_how_much(self) -> None:
        self.send('received')
        self.send('refunded', amount=None, currency=None)

        self.assertEqual('refunded', self.till.payment(1).state)
        self.assertEqual([1000], self.till.owed())

    def test_a_refund_that_comes_first_is_done_when_the_money_is_told(
        self,
    ) -> None:
        outcome = self.send('refunded', amount='10.00')
        self.assertEqual(ReceiptState.PARKED, outcome.state)

        self.send('received')

        self.assertEqual('refunded', self.till.payment(1).state)
        states = {row.state for row in self.till.rows(schema.receipts)}
        self.assertEqual({'done'}, states)

    def test_a_charge_back_of_nothing_known_waits_for_a_person(self) -> None:
        outcome = self.send('charged_back', payment='tx-7')

        self.assertEqual(ReceiptState.UNMATCHED, outcome.state)
        payment = self.till.payment(outcome.payment_id)
        self.assertEqual(
            ('charge_back', 'pending'), (payment.kind, payment.state)
        )

    def test_what_goes_against_the_books_changes_nothing(self) -> None:
        self.send('received')

        outcome = self.send('refunded', amount='99.00')

        self.assertEqual(ReceiptState.PARKED, outcome.state)
        self.assertEqual([0], self.till.owed())
        self.assertEqual([], self.till.mistakes())

    def test_a_payment_pays_a_shelved_customer_free(self) -> None:
        story = till.Till()
        story.play('02-04 00:00:00')
        self.assertEqual('shelved', story.sub().billing_status)
        self.till = story
        self.send('received')
        story.tick(20)

        self.assertEqual('active', story.sub().billing_status)


class ForgettingTest(GatewayTestCase):
    def test_what_was_told_is_forgotten_in_the_end_but_what_waits(
        self,
    ) -> None:
        self.send('received')
        self.send('received', amount='much')
        self.till.world.clock.move_to(
            self.till.now + dt.timedelta(days=90, minutes=1)
        )

        events.run(self.till.tools, self.till.now)

        states = [row.state for row in self.till.rows(schema.receipts)]
        self.assertEqual(['parked'], states)


class AdmittingTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.porter = admitting.Porter()
        self.now = stories.instant('02-01')

    def message(self, key: bytes = KEY, body: bytes = b'{}') -> Any:
        sent = signature.headers((key,), 'msg_1', self.now, body)
        return signature.Message(
            'msg_1', sent['webhook-timestamp'], sent['webhook-signature'],
            body,
        )  # fmt: skip

    def test_what_is_signed_comes_in(self) -> None:
        self.porter.admit(GATEWAY, self.message(), self.now)

        self.assertRaises(
            errors.Unauthentic, self.porter.admit, GATEWAY,
            self.message(KEY[::-1]), self.now,
        )  # fmt: skip

    def test_what_is_too_large_is_not_even_verified(self) -> None:
        self.assertRaises(
            errors.TooLarge, self.porter.admit, GATEWAY,
            self.message(body=b'x' * 65537), self.now,
        )  # fmt: skip

    def test_a_flood_of_forgeries_is_logged_once_a_minute(self) -> None:
        forged = self.message(KEY[::-1])
        with mock.patch.object(admitting.LOG, 'warning') as warning:
            for second in range(90):
                self.assertRaises(
                    errors.Unauthentic, self.porter.admit, GATEWAY, forged,
                    self.now + dt.timedelta(seconds=second),
                )  # fmt: skip

        self.assertEqual(2, warning.call_count)

