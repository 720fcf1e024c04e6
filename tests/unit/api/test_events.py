# SPDX-License-Identifier: Apache-2.0
"""Events told and told again, and webhooks that come in, over the API."""

import dataclasses
import datetime as dt
import json
from typing import Any

from oslotest import base
from werkzeug import test as http

from patrii_billing.api import app
from patrii_billing.domain import signature
from patrii_billing.engine import admitting
from patrii_billing.engine import deliver
from patrii_billing.engine import events
from patrii_billing.engine import ports
from patrii_billing.store import events as outbox
from patrii_billing.store import schema
from tests import doors
from tests.unit import office

KEY = b'0123456789abcdef0123456789abcdef'
OLD_KEY = KEY[::-1]


class EventsTestCase(base.BaseTestCase):
    """An ERP listens to acme and rival, and a gateway tells of payments."""

    def setUp(self) -> None:
        super().setUp()
        self.world = doors.Door()
        self.addCleanup(self.world.tools.db.engine.dispose)
        outbox.keep(self.world.tools.db.engine)
        self.erp = office.Reader()
        self.tools = dataclasses.replace(
            self.world.tools, listeners={'erp': ports.Listener(self.erp)}
        )
        door = dataclasses.replace(
            self.world.door,
            sources={
                'gateway': admitting.Source('gateway', (KEY, OLD_KEY))
            },
        )
        self.porter = door.porter
        self.world.app = app.noauth(app.build(door))
        self.world.let_in()
        self.client = self.world.client()

    def tell(self, **span: float) -> None:
        """Let time pass, and tell those who listen."""
        clock: Any = self.world.world.clock
        clock.move_to(clock.now() + dt.timedelta(**span))
        while events.run(self.tools, self.tools.now()):
            pass
        while deliver.run(self.tools, 'erp'):
            pass

    def listed(self, **query: Any) -> Any:
        answer = self.client.get('/v1/events', query_string=query)
        self.assertEqual(200, answer.status_code)
        return answer.json['events']


class EventsTest(EventsTestCase):
    def test_the_newest_is_listed_first_with_how_far_it_came(self) -> None:
        self.tell()

        found = self.listed()

        self.assertEqual(
            sorted((one['id'] for one in found), reverse=True),
            [one['id'] for one in found],
        )
        self.assertEqual(
            {(0, 1, 0)},
            {(o['pending'], o['delivered'], o['dead']) for o in found},
        )
        self.assertLessEqual(
            {'acme', 'rival'}, {one['account_name'] for one in found}
        )

    def test_what_a_person_enters_is_told(self) -> None:
        entered = self.client.post('/v1/accounts', json={'name': 'zeta'})
        self.client.patch(
            f'/v1/accounts/{entered.json["id"]}',
            json={'external_ref': 'C-7'},
        )
        self.client.delete(f'/v1/accounts/{entered.json["id"]}')
        self.tell()

        told = [
            event.payload for event in self.erp.told
            if event.type.startswith('billing.account.')
        ]  # fmt: skip
        self.assertEqual(
            ['added', 'changed', 'deleted'],
            [body['type'].rpartition('.')[2] for body in told],
        )
        self.assertEqual(['external_ref'], told[1]['data']['fields'])
        self.assertEqual(
            {entered.json['id']}, {one['data']['account'] for one in told}
        )

    def test_a_list_is_narrowed_and_paged(self) -> None:
        self.erp.refuses = frozenset({'billing.invoice.issued'})
        self.tell()

        issued = self.listed(type='billing.invoice.issued')
        pending = self.listed(state='pending')
        of_one = self.listed(account_id=issued[0]['account_id'])
        named = self.listed(key=issued[0]['key'])
        page = self.client.get('/v1/events', query_string={'limit': 1})

        self.assertEqual(2, len(issued))
        self.assertEqual(issued, pending)
        self.assertEqual(issued[:1], named)
        self.assertEqual(
            {issued[0]['account_id']}, {one['account_id'] for one in of_one}
        )
        self.assertEqual('next', page.json['events_links'][0]['rel'])

    def test_an_event_is_shown_as_it_is_sent(self) -> None:
        self.tell()
        [told] = [
            body for body in self.erp.bodies('invoice.issued')
            if body['account']['name'] == 'acme'
        ]  # fmt: skip

        shown = self.client.get(f'/v1/events/{told["sequence"]}').json

        self.assertEqual(told, shown['body'])
        self.assertEqual(told['id'], shown['key'])
        [delivery] = shown['deliveries']
        self.assertEqual(
            ('erp', 'delivered', '204'),
            (delivery['listener'], delivery['state'], delivery['answer']),
        )

    def test_what_is_not_on_its_way_yet_has_no_body(self) -> None:
        [first, *_] = self.listed()

        shown = self.client.get(f'/v1/events/{first["id"]}').json

        self.assertIsNone(shown['body'])
        self.assertEqual([], shown['deliveries'])

    def test_a_dead_event_is_told_again_and_so_recorded(self) -> None:
        self.erp.away = 'no route'
        self.tell()
        self.tell(days=4)
        dead = self.listed(state='dead', type='billing.invoice.issued')
        self.assertEqual(2, len(dead))
        self.erp.away = None

        answer = self.redeliver(dead[0]['id'])
        self.assertEqual(200, answer.status_code)
        self.assertEqual('pending', answer.json['deliveries'][0]['state'])
        self.tell(hours=2)

        [told] = self.erp.bodies('invoice.issued')
        self.assertEqual(dead[0]['key'], told['id'])
        found = self.world.tools.db.read(
            lambda conn: conn.execute(
                schema.timeline.select().where(
                    schema.timeline.c.what == 'event'
                )
            ).one()
        )
        self.assertIn('ada', found.by)

    def test_what_everybody_has_is_told_again_only_by_name(self) -> None:
        self.tell()
        [first, *_] = self.listed()

        self.assertEqual(409, self.redeliver(first['id']).status_code)
        self.assertEqual(
            200, self.redeliver(first['id'], listeners=['erp']).status_code
        )
        wrong = self.redeliver(first['id'], listeners=['crm'])
        self.assertEqual(400, wrong.status_code)
        self.assertEqual('listeners', wrong.json['errors'][0]['path'])

    def redeliver(self, event_id: int, **body: Any) -> http.TestResponse:
        return self.client.post(
            f'/v1/events/{event_id}/redeliver', json=body
        )


class WebhooksTestCase(EventsTestCase):
    def send(
        self,
        amount: str = '10.00',
        *,
        id_: str = 'msg_1',
        key: bytes = KEY,
        late: float = 0,
        **headers: str,
    ) -> http.TestResponse:
        body = json.dumps({
            'type': 'payment.received',
            'data': {
                'payment': 'tx-1', 'amount': amount, 'currency': 'EUR',
                'account_name': 'acme',
            },
        }).encode()  # fmt: skip
        at = self.world.tools.now() - dt.timedelta(seconds=late)
        signed = signature.headers((key,), id_, at, body)
        # No token at all: the signature is all that lets it in.
        return http.Client(self.world).post(
            '/v1/webhooks/gateway', data=body, headers=signed | headers
        )


class WebhooksTest(WebhooksTestCase):
    def payments(self) -> Any:
        return self.client.get('/v1/payments').json['payments']

    def test_a_signed_payment_is_in_the_books(self) -> None:
        answer = self.send()

        self.assertEqual(200, answer.status_code)
        self.assertEqual('done', answer.json['state'])
        [payment] = self.payments()
        self.assertEqual(answer.json['payment_id'], payment['id'])
        self.assertEqual('acme', payment['account_name'])
        self.assertEqual('webhook:gateway', payment['by'])

    def test_an_old_secret_is_good_while_there_are_two(self) -> None:
        self.assertEqual(200, self.send(key=OLD_KEY).status_code)

    def test_sent_again_it_is_answered_alike(self) -> None:
        first, again = self.send(), self.send()

        self.assertEqual(first.json, again.json)
        self.assertEqual(1, len(self.payments()))

    def test_another_body_under_the_same_id_is_refused(self) -> None:
        self.send()

        answer = self.send('99.00')

        self.assertEqual(409, answer.status_code)
        self.assertEqual(1, len(self.payments()))

    def test_a_forged_a_late_and_an_unsigned_one_change_nothing(self) -> None:
        for answer in (
            self.send(key=b'x' * 32),
            self.send(late=400),
            self.send(**{'webhook-signature': ''}),
        ):
            self.assertEqual(401, answer.status_code)
            self.assertEqual(
                'billing.webhooks.unauthentic',
                answer.json['errors'][0]['code'],
            )
        self.assertEqual([], self.payments())

    def test_what_is_late_is_kept_and_done_when_a_person_says_so(
        self,
    ) -> None:
        late = self.send(late=400)
        self.send(late=500)
        self.assertIn('a clock is wrong', late.json['errors'][0]['detail'])
        [receipt] = self.receipts(state='parked')
        self.assertIn('of these minutes', receipt['why'])

        tried = self.act(receipt['id'], 'retry')

        self.assertEqual('done', tried.json['state'])
        self.assertEqual(1, len(self.payments()))

    def test_what_came_late_is_done_when_it_is_sent_again_in_time(
        self,
    ) -> None:
        self.send(late=400)

        answer = self.send()

        self.assertEqual('done', answer.json['state'])
        self.assertEqual([], self.receipts(state='parked'))

    def test_what_was_done_and_is_sent_again_late_stays_done(self) -> None:
        self.send()

        self.assertEqual(401, self.send(late=400).status_code)

        self.assertEqual(['done'], [one['state'] for one in self.receipts()])

    def test_of_what_is_forged_nothing_is_kept_but_how_often(self) -> None:
        for _ in range(3):
            self.send(key=b'x' * 32)

        self.assertEqual([], self.receipts())
        self.assertEqual(3, self.porter.refused['gateway'])

    def test_one_too_large_is_refused(self) -> None:
        self.assertEqual(413, self.send('1' * 70000).status_code)

    def test_what_cannot_be_done_is_a_success_that_says_so(self) -> None:
        answer = self.send('much')

        self.assertEqual(200, answer.status_code)
        self.assertEqual('parked', answer.json['state'])
        self.assertIn('data.amount', answer.json['why'])

    def test_what_waits_is_shown_and_tried_again_or_dismissed(self) -> None:
        self.send('much')
        self.refund('msg_2')
        self.refund('msg_3')
        parked = self.receipts(state='parked')
        self.assertEqual(3, len(parked))
        shown = self.client.get(f'/v1/receipts/{parked[2]["id"]}').json
        self.assertIn('"much"', shown['body'])
        self.client.post('/v1/payments', json={
            'account_id': self.acme(), 'amount': '7.00',
            'key': 'gateway:tx-9',
        })  # fmt: skip

        tried = self.act(parked[1]['id'], 'retry')
        dismissed = self.act(parked[2]['id'], 'dismiss', why='by hand')
        again = self.act(parked[2]['id'], 'retry')

        self.assertEqual('done', tried.json['state'])
        self.assertEqual('ignored', dismissed.json['state'])
        self.assertEqual(409, again.status_code)
        # The other of the two said the same, and is done with it.
        self.assertEqual([], self.receipts(state='parked'))
        refunds = self.client.get('/v1/payments?kind=refund').json
        self.assertEqual(1, len(refunds['payments']))

    def test_what_is_unknown_is_kept_and_no_person_bothered(self) -> None:
        self.send_body({'type': 'customer.created'}, 'msg_9')

        [receipt] = self.receipts()
        self.assertEqual('ignored', receipt['state'])
        self.assertEqual('customer.created', receipt['type'])

    def refund(self, id_: str) -> None:
        self.send_body(
            {'type': 'payment.refunded', 'data': {'payment': 'tx-9'}}, id_
        )

    def send_body(self, told: Any, id_: str) -> None:
        body = json.dumps(told).encode()
        signed = signature.headers((KEY,), id_, self.world.tools.now(), body)
        answer = http.Client(self.world).post(
            '/v1/webhooks/gateway', data=body, headers=signed
        )
        self.assertEqual(200, answer.status_code)

    def receipts(self, **query: Any) -> Any:
        answer = self.client.get('/v1/receipts', query_string=query)
        return answer.json['receipts']

    def acme(self) -> int:
        found = self.client.get('/v1/accounts?name=acme').json['accounts']
        return int(found[0]['id'])

    def act(self, id_: int, verb: str, **body: Any) -> http.TestResponse:
        return self.client.post(f'/v1/receipts/{id_}/{verb}', json=body)
