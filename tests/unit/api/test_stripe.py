# SPDX-License-Identifier: Apache-2.0
"""Payments as Stripe tells of them: signed, twice, late, in any order."""

import dataclasses
import datetime as dt
import functools
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base
from werkzeug import test as http

from patrii_billing.api import app
from patrii_billing.domain import signature
from patrii_billing.engine import admitting
from patrii_billing.engine import payment_map
from patrii_billing.store import accounts
from patrii_billing.store import schema
from tests import doors
from tests import stripe
from tests.unit import till

_SOURCE = admitting.Source(
    'stripe',
    tuple(
        signature.secret(each, scheme=signature.Scheme.STRIPE)
        for each in (stripe.SECRET, stripe.OLD_SECRET)
    ),
    payment_map.known('stripe'),
    scheme=signature.Scheme.STRIPE,
)


@functools.cache
def _door() -> Any:
    """A door, of which the books are never opened."""
    return doors.Door().door


class Shop:
    """Acme, whom Stripe knows by a customer of its own, owes ten euros."""

    def __init__(self) -> None:
        self.till = till.Till()
        self.till.db.write(
            accounts.change, self.till.acme, external_ref=stripe.CUSTOMER
        )
        self.till.bill(1000)
        self.porter = admitting.Porter()
        door = dataclasses.replace(
            _door(), tools=self.till.tools,
            sources={'stripe': _SOURCE}, porter=self.porter,
        )  # fmt: skip
        self.app = app.noauth(app.build(door))

    def send(
        self, told: Any, secrets: Any = (stripe.SECRET,), late: int = 0
    ) -> http.TestResponse:
        body = told if isinstance(told, bytes) else stripe.written(told)
        at = self.till.now - dt.timedelta(seconds=late)
        return http.Client(self.app).post(
            '/v1/webhooks/stripe', data=body,
            headers=stripe.headers(body, at, secrets),
        )  # fmt: skip

    def end(self) -> Any:
        """What the books say in the end, but for the order of it."""
        payments = {
            (row.key, row.kind, row.state, row.free, row.account_id)
            for row in self.till.rows(schema.payments)
            if row.kind != 'refund'
        }
        back = sum(
            row.amount for row in self.till.rows(schema.payments)
            if row.kind == 'refund'
        )  # fmt: skip
        waiting = [
            (row.type, row.why) for row in self.till.rows(schema.receipts)
            if row.state in ('parked', 'unmatched')
        ]  # fmt: skip
        return payments, back, self.till.owed(), waiting

    def close(self) -> None:
        self.till.db.engine.dispose()


# What happened, as Stripe tells it, each as the events of its own.
_HISTORIES = {
    'a card at the second try, refunded in parts': stripe.card_in_parts(),
    'a debit that took days, refunded whole': [
        stripe.session('1', paid='unpaid'),
        stripe.intent('2', 'processing'),
        stripe.intent('3', 'succeeded'),
        stripe.session('4', 'async_payment_succeeded'),
        stripe.refunded('5', 1000),
    ],
    'a debit that failed': [
        stripe.intent('1', 'processing'),
        stripe.failed('2'),
        stripe.session('3', 'async_payment_failed', paid='unpaid'),
    ],
    'an invoice, then a dispute that was lost': [
        stripe.invoice('1', 'payment_failed', amount_paid=0, status='open'),
        stripe.intent('2', 'succeeded'),
        stripe.invoice('3', 'paid'),
        stripe.dispute('4', 'created'),
        stripe.dispute('5', 'funds_withdrawn'),
        stripe.dispute('6', 'closed', 'lost'),
    ],
    'a dispute that was won': [
        stripe.intent('1', 'succeeded'),
        stripe.dispute('2', 'created'),
        stripe.dispute('3', 'funds_withdrawn'),
        stripe.dispute('4', 'closed', 'won'),
        stripe.dispute('5', 'funds_reinstated', 'won'),
    ],
    'one that names nobody, and one that does': [
        stripe.intent('1', 'succeeded', customer=None),
        stripe.invoice('2', 'paid'),
        stripe.refunded('3', 400),
    ],
}


def told(events: Any) -> Any:
    """What the books say after events; no money was made or lost."""
    shop = Shop()
    try:
        for each in events:
            answer = shop.send(each)
            assert answer.status_code == 200, answer.json
        assert shop.till.mistakes() == []
        return shop.end()
    finally:
        shop.close()


_IN_ORDER: dict[str, Any] = {}


class OrderTest(base.BaseTestCase):
    @hypothesis.given(st.data())
    @hypothesis.settings(max_examples=8, deadline=None)
    def test_in_any_order_and_twice_the_end_is_the_same(
        self, data: st.DataObject
    ) -> None:
        name = data.draw(st.sampled_from(sorted(_HISTORIES)))
        events = _HISTORIES[name]
        if name not in _IN_ORDER:
            _IN_ORDER[name] = told(events)
            self.assertEqual([], _IN_ORDER[name][-1])
        again = data.draw(st.lists(st.sampled_from(events), max_size=2))
        mixed = data.draw(st.permutations([*events, *again]))

        self.assertEqual(_IN_ORDER[name], told(mixed))

    def test_what_the_end_is(self) -> None:
        for name, back, owed, states in (
            ('a card at the second try, refunded in parts', 500, 500,
             ['received']),
            ('a debit that took days, refunded whole', 1000, 1000,
             ['refunded']),
            ('a debit that failed', 0, 1000, ['failed']),
            ('an invoice, then a dispute that was lost', 0, 1000,
             ['charged_back', 'charged_back']),
            ('a dispute that was won', 0, 0,
             ['charged_back', 'charged_back', 'received']),
            ('one that names nobody, and one that does', 400, 400,
             ['received']),
        ):  # fmt: skip
            payments, went_back, owes, waiting = told(_HISTORIES[name])
            self.assertEqual(
                (name, back, [owed], states, []),
                (name, went_back, owes, sorted(row[2] for row in payments),
                 waiting),
            )  # fmt: skip


class ShopTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.shop = Shop()
        self.addCleanup(self.shop.close)

    def receipts(self) -> list[tuple[str, str]]:
        rows = self.shop.till.rows(schema.receipts)
        return [(row.message_id, row.state) for row in rows]

    def payments(self) -> list[int]:
        return [row.amount for row in self.shop.till.rows(schema.payments)]


def detail(answer: http.TestResponse) -> str:
    return str(answer.json['errors'][0]['detail'])


class SignedTest(ShopTestCase):
    def test_the_event_of_a_payment_pays_the_invoice_once(self) -> None:
        paid = stripe.intent('1', 'succeeded')

        first, again = self.shop.send(paid), self.shop.send(paid)

        self.assertEqual(first.json, again.json)
        self.assertEqual([0], self.shop.till.owed())
        self.assertEqual([('evt_1', 'done')], self.receipts())

    def test_one_of_two_signatures_is_enough_while_a_secret_changes(
        self,
    ) -> None:
        for number, secrets in enumerate((
            (stripe.OLD_SECRET,),
            ('whsec_not_known_to_us_at_all', stripe.SECRET),
        )):  # fmt: skip
            answer = self.shop.send(
                stripe.intent(str(number), 'succeeded'), secrets
            )
            self.assertEqual(200, answer.status_code)

    def test_a_wrong_signature_is_counted_and_nothing_of_it_kept(
        self,
    ) -> None:
        answer = self.shop.send(
            stripe.intent('1', 'succeeded'), ('whsec_not_known_to_us_at_all',)
        )

        self.assertEqual(401, answer.status_code)
        self.assertEqual('no signature fits', detail(answer))
        self.assertEqual([], self.receipts())
        self.assertEqual(1, self.shop.porter.refused['stripe'])

    def test_of_wrong_signatures_the_operator_hears_once_a_day(self) -> None:
        for number in range(3):
            self.shop.send(
                stripe.intent(str(number), 'succeeded'),
                ('whsec_not_known_to_us_at_all',),
            )
        # Who does not even try to sign is no news.
        http.Client(self.shop.app).post('/v1/webhooks/stripe', data=b'{}')

        told = self.shop.till.rows(schema.timeline, what='alarm')
        self.assertEqual(['webhook_refused'], [row.name for row in told])

    def test_a_body_that_was_changed_on_its_way_is_refused(self) -> None:
        body = stripe.written(stripe.intent('1', 'succeeded'))
        signed = stripe.headers(body, self.shop.till.now)

        answer = http.Client(self.shop.app).post(
            '/v1/webhooks/stripe', data=body.replace(b'1000', b'9000'),
            headers=signed,
        )  # fmt: skip

        self.assertEqual(401, answer.status_code)

    def test_a_header_that_is_none_is_refused(self) -> None:
        body = stripe.written(stripe.intent('1', 'succeeded'))
        right = stripe.headers(body, self.shop.till.now)['Stripe-Signature']
        stamp = right.partition(',')[0]
        for header in (
            '', 'v1=abc', stamp, right.replace('v1=', 'v0='),
            f'{right},t=1', 't=,v1=', right.replace(stamp, 't=soon'),
        ):  # fmt: skip
            answer = http.Client(self.shop.app).post(
                '/v1/webhooks/stripe', data=body,
                headers={'Stripe-Signature': header},
            )  # fmt: skip
            self.assertEqual((header, 401), (header, answer.status_code))
        self.assertEqual([], self.receipts())

    def test_one_that_is_late_is_kept_and_done_when_sent_again(self) -> None:
        paid = stripe.intent('1', 'succeeded')

        late = self.shop.send(paid, late=301)

        self.assertEqual(401, late.status_code)
        self.assertIn('t of stripe-signature', detail(late))
        self.assertEqual([('evt_1', 'parked')], self.receipts())
        self.assertEqual([], self.payments())
        self.assertEqual('done', self.shop.send(paid).json['state'])

    def test_what_is_no_event_is_kept_by_its_content(self) -> None:
        for _ in range(2):
            answer = self.shop.send(b'not JSON at all')
            self.assertEqual('parked', answer.json['state'])

        [(message_id, _)] = self.receipts()
        self.assertTrue(message_id.startswith('sha256:'))


class MeaningTest(ShopTestCase):
    def test_an_invoice_that_names_no_payment_is_told_of_elsewhere(
        self,
    ) -> None:
        for name in ('paid', 'payment_failed'):
            answer = self.shop.send(
                stripe.invoice(name, name, payment_intent=None)
            )
            self.assertEqual('ignored', answer.json['state'])
        self.assertEqual([], self.payments())

    def test_a_session_of_a_subscription_has_no_payment_of_its_own(
        self,
    ) -> None:
        told = stripe.session('1', mode='subscription', payment_intent=None)

        self.assertEqual('ignored', self.shop.send(told).json['state'])

    def test_an_inquiry_takes_nothing_back(self) -> None:
        self.shop.send(stripe.intent('1', 'succeeded'))

        asked = stripe.dispute('2', 'created', 'warning_needs_response')
        self.shop.send(asked)
        self.shop.send(stripe.dispute('3', 'closed', 'warning_closed'))

        self.assertEqual([0], self.shop.till.owed())

    def test_money_of_a_customer_nobody_knows_is_kept_for_a_person(
        self,
    ) -> None:
        paid = stripe.intent('1', 'succeeded', customer='cus_other')

        answer = self.shop.send(paid)

        self.assertEqual('unmatched', answer.json['state'])
        self.assertIn('cus_other', answer.json['why'])
        self.assertEqual([1000], self.payments())

    def test_a_refund_that_failed_is_for_a_person(self) -> None:
        self.shop.send(stripe.intent('1', 'succeeded'))
        told = stripe.refund('2', 're_1', 1000, status='failed')

        self.assertEqual('ignored', self.shop.send(told).json['state'])
        told = {**told, 'id': 'evt_3', 'type': 'refund.failed'}
        self.assertEqual('parked', self.shop.send(told).json['state'])
        self.assertEqual([0], self.shop.till.owed())

    def test_a_refund_of_what_came_in_again_is_taken_of_that(self) -> None:
        for told in _HISTORIES['a dispute that was won']:
            self.shop.send(told)

        answer = self.shop.send(stripe.refunded('9', 1000))

        self.assertEqual('done', answer.json['state'])
        self.assertEqual([1000], self.shop.till.owed())
        self.assertEqual([], self.shop.till.mistakes())

    def test_a_dispute_of_more_than_was_paid_keeps_no_payment_out(
        self,
    ) -> None:
        self.shop.send(stripe.dispute('1', 'created', amount=1500))

        answer = self.shop.send(stripe.intent('2', 'succeeded'))

        self.assertEqual('done', answer.json['state'])
        self.assertEqual([0], self.shop.till.owed())
        self.assertIn(('evt_1', 'unmatched'), self.receipts())

    def test_what_is_late_is_not_done_by_what_follows_it(self) -> None:
        self.shop.send(stripe.refunded('1', 1000), late=400)

        self.shop.send(stripe.intent('2', 'succeeded'))

        self.assertEqual([0], self.shop.till.owed())
        self.assertIn(('evt_1', 'parked'), self.receipts())

    def test_units_are_those_of_the_currency_as_stripe_counts_them(
        self,
    ) -> None:
        for currency, theirs, ours in (
            ('jpy', 1500, 1500), ('eur', 1500, 1500), ('kwd', 15000, 15000),
            ('isk', 150000, 1500), ('ugx', 150000, 1500), ('mga', 15, 1500),
        ):  # fmt: skip
            paid = stripe.intent(
                currency, 'succeeded', theirs, currency=currency,
                id=f'pi_{currency}',
            )  # fmt: skip
            self.shop.send(paid)
            self.assertEqual(ours, self.payments()[-1])

    def test_less_than_the_smallest_coin_is_for_a_person(self) -> None:
        paid = stripe.intent('1', 'succeeded', 150, currency='isk')

        answer = self.shop.send(paid)

        self.assertEqual('parked', answer.json['state'])
        self.assertIn('smallest amount of ISK', answer.json['why'])

    def test_a_payment_told_by_stripe_brings_a_server_back(self) -> None:
        story = self.shop.till
        story.play('02-04 00:00:00')
        self.assertEqual('shelved', story.sub().billing_status)

        total = sum(story.owed())
        self.shop.send(stripe.intent('1', 'succeeded', total))
        story.tick(20)

        self.assertEqual('active', story.sub().billing_status)
