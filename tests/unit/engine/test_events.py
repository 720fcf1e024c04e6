# SPDX-License-Identifier: Apache-2.0
"""What other systems are told of what happens in the books."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import events as law
from patrii_billing.domain import lifecycle
from patrii_billing.engine import events
from patrii_billing.engine import holds
from patrii_billing.engine import payments
from patrii_billing.engine import voiding
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import deliveries
from patrii_billing.store import schema
from patrii_billing.store import timeline
from tests.unit import office
from tests.unit import stories
from tests.unit import till


class TellingTest(base.BaseTestCase):
    """A customer's way, as a system hears it that listens to all."""

    def test_the_whole_ladder_is_told_in_order(self) -> None:
        office_ = office.Office()
        office_.play('02-09 00:00:00')
        office_.tell()

        statuses = [
            (body['data']['was'], body['data']['status'])
            for body in office_.erp.bodies('subscription.status')
        ]
        self.assertEqual(
            [
                ('active', 'grace'),
                ('grace', 'shelved'),
                ('shelved', 'pending_deletion'),
                ('pending_deletion', 'deleted'),
            ],
            statuses,
        )
        types = office_.erp.types()
        self.assertEqual('invoice.issued', types[0])
        self.assertIn('action.done', types)

    def test_an_invoice_is_told_with_what_a_ledger_needs(self) -> None:
        office_ = office.Office()
        office_.db.write(
            accounts.change, office_.acme, external_ref='C-1001'
        )
        office_.play('01-30 00:00:01')
        office_.tell()

        [body] = office_.erp.bodies('invoice.issued')
        [row] = office_.rows(schema.invoices)
        self.assertEqual(
            {'id': office_.acme, 'name': 'acme', 'external_ref': 'C-1001'},
            body['account'],
        )
        self.assertEqual('acme-1', body['subscription']['name'])
        self.assertEqual('2026-01-30T00:00:00Z', body['timestamp'])
        self.assertEqual(1, body['version'])
        self.assertEqual('patrii-billing', body['by'])
        self.assertEqual(
            {
                'invoice': 'INV-000001',
                'kind': 'renewal',
                'amount': '10.00',
                'total': '10.00',
                'currency': 'EUR',
                'reference': row.reference,
                'due_at': '2026-02-01T00:00:00Z',
                'period_start': '2026-02-01',
                'period_end': '2026-03-01',
                'corrects': None,
                'paid_with': None,
            },
            body['data'],
        )

    def test_a_payment_and_what_it_pays_are_told(self) -> None:
        office_ = office.Office()
        office_.bill(1000)
        payment = office_.pay(1000, 'transfer-7', reference='RF12')
        office_.tell()

        [paid] = office_.erp.bodies('invoice.paid')
        [received] = office_.erp.bodies('payment.received')
        self.assertEqual('payment', paid['data']['paid_with'])
        self.assertEqual('10.00', paid['data']['total'])
        self.assertEqual(
            {
                'payment': payment, 'reference': 'RF12', 'amount': '10.00',
                'currency': 'EUR',
            },
            received['data'],
        )  # fmt: skip

    def test_money_that_goes_again_is_told(self) -> None:
        office_ = office.Office()
        office_.bill(1000)
        first = office_.pay(1000)
        office_.charge_back(first)
        second = office_.pay(1500, 'b')
        office_.refund(second, 500)
        pending = office_.pay(200, 'c', pending=True)
        office_.do(payments.fail, pending)
        office_.tell()

        self.assertEqual(
            [
                'payment.received', 'invoice.paid', 'invoice.reopened',
                'payment.charged_back', 'payment.received', 'invoice.paid',
                'payment.refunded', 'payment.pending', 'payment.failed',
            ],
            [
                one
                for one in office_.erp.types()
                if one.startswith(('payment', 'invoice'))
            ],
        )  # fmt: skip

    def test_corrections_of_an_invoice_are_told(self) -> None:
        office_ = office.Office()
        office_.play('01-30 00:00:01')
        given_up = office_.bill(300)
        office_.do(voiding.void, 1, by='ada', why='a mistake')
        office_.do(voiding.write_off, given_up, by='ada', why='gone')
        office_.tell()

        # A void invoice is settled by the credit note that negates it.
        self.assertEqual(
            [
                'invoice.issued', 'invoice.credited', 'invoice.paid',
                'invoice.voided', 'invoice.written_off',
            ],
            [one for one in office_.erp.types() if 'invoice' in one],
        )  # fmt: skip
        [paid] = office_.erp.bodies('invoice.paid')
        self.assertEqual('credit', paid['data']['paid_with'])
        [note] = office_.erp.bodies('invoice.credited')
        self.assertEqual('INV-000001', note['data']['corrects'])
        self.assertEqual('-10.00', note['data']['amount'])
        [voided] = office_.erp.bodies('invoice.voided')
        self.assertEqual(('a mistake', 'ada'), (voided['why'], voided['by']))

    def test_an_invoice_is_told_to_be_overdue_once(self) -> None:
        office_ = office.Office()
        office_.bill(1000, due='02-01')
        office_.tell()
        self.assertEqual([], office_.erp.bodies('invoice.overdue'))

        office_.on('02-01 00:00:01')
        office_.tell()
        office_.wait(days=1)
        office_.tell()

        [body] = office_.erp.bodies('invoice.overdue')
        self.assertEqual('it was due on 2026-02-01 00:00 UTC', body['why'])

    def test_paid_in_time_it_is_never_overdue(self) -> None:
        office_ = office.Office()
        office_.bill(1000, due='02-01')
        office_.pay(1000)
        office_.on('02-02')
        office_.tell()

        self.assertEqual([], office_.erp.bodies('invoice.overdue'))

    def test_charged_back_it_is_overdue_anew(self) -> None:
        office_ = office.Office()
        office_.bill(1000, due='02-01')
        office_.on('02-02')
        office_.tell()
        payment = office_.pay(1000)
        office_.charge_back(payment)
        office_.wait(minutes=1)
        office_.tell()

        self.assertEqual(2, len(office_.erp.bodies('invoice.overdue')))

    def test_a_hold_is_told(self) -> None:
        office_ = office.Office()
        office_.db.write(
            holds.place, office_.tools, office_.sub().id,
            lifecycle.HoldType.PROMISE, stories.instant('02-05'),
            'will pay', 'ada', office_.now,
        )  # fmt: skip
        office_.tell()

        [body] = office_.erp.bodies('subscription.hold')
        self.assertEqual('promise', body['data']['hold'])
        self.assertEqual('begun', body['data']['change'])
        self.assertEqual('ada', body['by'])

    def test_a_quota_change_is_told_when_it_is_done(self) -> None:
        office_ = office.Office(
            events='at: 01-30T01:00:00, quota_change: acme-prod, '
            'quota: {cores: 12}'
        )
        office_.play('01-30 02:00:00')
        office_.tell()

        [body] = office_.erp.bodies('quota.changed')
        self.assertEqual(
            {'project': 'acme-prod', 'quota': {'cores': 12}}, body['data']
        )
        self.assertIn('quota.requested', office_.erp.types())

    def test_the_request_that_did_it_is_named(self) -> None:
        office_ = office.Office()

        def release(conn: Any) -> None:
            timeline.of_request(conn, 'req-1')
            payments.record(
                conn, office_.tools, office_.acme, till.euro(100), 'x',
                office_.now,
            )  # fmt: skip

        office_.db.write(release)
        office_.tell()

        [body] = office_.erp.bodies('payment.received')
        self.assertEqual('req-1', body['request_id'])

    def test_who_wants_invoices_hears_of_nothing_else(self) -> None:
        office_ = office.Office()
        office_.bill(1000)
        office_.pay(1000)
        office_.tell()

        self.assertEqual(['invoice.paid'], office_.crm.types())

    def test_sequences_grow(self) -> None:
        office_ = office.Office()
        office_.play('02-09 00:00:00')
        office_.tell()

        told = [event.payload['sequence'] for event in office_.erp.told]
        self.assertEqual(sorted(set(told)), told)

    def test_what_is_undone_is_never_told(self) -> None:
        office_ = office.Office()

        def fail(conn: Any) -> None:
            payments.record(
                conn, office_.tools, office_.acme, till.euro(100), 'x',
                office_.now,
            )  # fmt: skip
            raise errors.Conflict('no')

        self.assertRaises(errors.Conflict, office_.db.write, fail)
        office_.tell()

        self.assertEqual([], office_.erp.told)

    def test_where_nobody_listens_nothing_is_kept(self) -> None:
        quiet = till.Till()
        quiet.pay(1000)

        self.assertEqual([], quiet.rows(schema.events))

    def test_everything_told_is_a_known_event(self) -> None:
        office_ = office.Office()
        office_.play('02-09 00:00:00')
        office_.tell()

        told = {event.type for event in office_.erp.told}
        self.assertEqual(set(), told - law.TYPES)


class DeliveringTest(base.BaseTestCase):
    """Listeners that are away, and others that do not wait for them."""

    def setUp(self) -> None:
        super().setUp()
        self.office = office.Office()
        self.office.bill(1000)

    def pay(self, *minor: int) -> None:
        for number, each in enumerate(minor):
            self.office.pay(each, f'{self.office.now}:{number}')

    def test_one_who_is_away_holds_up_nobody(self) -> None:
        self.office.crm.away = 'no route'
        self.pay(1000)
        self.office.tell()

        self.assertIn('invoice.paid', self.office.erp.types())
        self.assertEqual([], self.office.crm.told)

    def test_one_who_is_away_is_tried_less_and_less_often(self) -> None:
        self.office.erp.away = 'no route'
        self.pay(1, 2, 3)
        for _ in range(720):
            self.office.tell('erp')
            self.office.wait(seconds=5)

        # 0, 5, 15, 35, 75, 155, 315, 635, 1275 and 2555 seconds.
        self.assertEqual(10, len(self.office.erp.tried))

    def test_one_who_comes_back_hears_all_in_order(self) -> None:
        self.office.erp.away = 'no route'
        self.pay(1, 2, 3)
        self.office.tell()
        self.office.wait(minutes=10)
        self.pay(4)
        self.office.erp.away = None
        self.office.tell()

        self.assertEqual(
            ['0.01', '0.02', '0.03', '0.04'],
            [
                body['data']['amount']
                for body in self.office.erp.bodies('payment.received')
            ],
        )

    def test_what_he_refuses_does_not_hold_up_the_rest(self) -> None:
        self.office.erp.refuses = frozenset({'billing.payment.received'})
        self.pay(1000)
        self.office.tell()
        self.assertEqual(['invoice.paid'], self.office.erp.types())

        self.office.erp.refuses = frozenset()
        self.office.wait(seconds=6)
        self.office.tell()

        self.assertEqual(
            ['invoice.paid', 'payment.received'], self.office.erp.types()
        )

    def test_one_who_refuses_everything_gets_a_rest(self) -> None:
        self.office.erp.refuses = law.TYPES
        self.pay(*range(1, 9))
        self.office.tell()

        self.assertEqual(3, len(self.office.erp.tried))

    def test_the_same_event_keeps_its_id_and_body_at_each_try(self) -> None:
        self.office.erp.away = 'no route'
        self.pay(5)
        self.office.tell()
        [before] = self.office.rows(schema.events)
        self.office.db.write(accounts.change, self.office.acme, name='zeta')
        self.office.erp.away = None
        self.office.wait(minutes=1)
        self.office.tell()

        [event] = self.office.erp.told
        self.assertEqual((before.key, before.body), (event.key, event.body))

    def test_after_days_it_is_dead_and_the_operator_knows(self) -> None:
        self.office.crm.away = 'no route'
        self.pay(1000)
        self.office.tell()
        self.office.wait(days=3, minutes=1)
        self.office.tell()

        self.assertEqual(['dead'], self.office.states('crm'))
        [alarm] = self.office.rows(schema.timeline, what='alarm')
        self.assertEqual('delivery_dead', alarm.name)
        self.assertIn('crm did not take 1 events', alarm.why)

    def test_a_dead_event_is_sent_again_when_a_person_says_so(self) -> None:
        self.office.crm.away = 'no route'
        self.pay(1000)
        self.office.tell()
        self.office.wait(days=4)
        self.office.tell()
        self.office.crm.away = None
        [event] = [
            row for row in self.office.rows(schema.events)
            if row.type == 'billing.invoice.paid'
        ]  # fmt: skip

        self.assertEqual(1, self.again(event.id))
        self.office.wait(hours=1)
        self.office.tell()

        self.assertEqual(['invoice.paid'], self.office.crm.types())
        self.assertEqual(['delivered'], self.office.states('crm'))
        self.assertRaises(errors.Conflict, self.again, event.id)
        [entry] = self.office.rows(schema.timeline, what='event')
        self.assertEqual('ada', entry.by)

    def test_what_arrived_is_sent_again_only_to_one_who_is_named(
        self,
    ) -> None:
        self.pay(1000)
        self.office.tell()
        [event] = [
            row for row in self.office.rows(schema.events)
            if row.type == 'billing.invoice.paid'
        ]  # fmt: skip

        self.assertRaises(errors.Conflict, self.again, event.id)
        self.assertEqual(1, self.again(event.id, 'crm'))
        self.office.tell()

        self.assertEqual(['invoice.paid'] * 2, self.office.crm.types())
        self.assertRaises(errors.InvalidInput, self.again, event.id, 'nobody')

    def test_what_was_delivered_is_forgotten_in_the_end(self) -> None:
        self.pay(1000)
        self.office.tell()
        self.assertEqual(2, len(self.office.rows(schema.events)))
        self.office.wait(days=7, minutes=1)
        self.office.tell()

        self.assertEqual([], self.office.rows(schema.events))
        self.assertEqual([], self.office.rows(schema.deliveries))

    def test_what_is_dead_is_kept_for_longer(self) -> None:
        self.office.crm.away = 'no route'
        self.pay(1000)
        self.office.tell()
        self.office.wait(days=8)
        self.office.tell()
        self.assertEqual(['dead'], self.office.states('crm'))

        self.office.wait(days=91)
        self.office.tell()
        self.assertEqual([], self.office.states('crm'))

    def test_a_listener_that_is_no_more_holds_nothing_back(self) -> None:
        self.office.crm.away = 'no route'
        self.pay(1000)
        self.office.tell()
        del self.office.tools.listeners['crm']  # type: ignore[attr-defined]
        self.office.wait(days=4)
        self.office.tell()

        self.assertEqual(['dead'], self.office.states('crm'))

    def test_a_worker_that_died_is_followed_by_another(self) -> None:
        self.pay(1)
        events.run(self.office.tools, self.office.now)
        lease = self.office.tools.settings.lease
        self.office.db.write(
            deliveries.claim, 'erp', self.office.now, lease
        )
        self.office.tell('erp')
        self.assertEqual([], self.office.erp.told)

        self.office.wait(seconds=lease.total_seconds() + 1)
        self.office.tell('erp')

        self.assertEqual(['payment.received'], self.office.erp.types())

    def test_an_error_of_ours_stops_no_other_event(self) -> None:
        fails = iter([True])
        publish = self.office.erp.publish

        def stumble(event: law.Event) -> str:
            if next(fails, False):
                raise RuntimeError('a bug')
            return publish(event)

        self.office.erp.publish = stumble  # type: ignore[method-assign]
        self.pay(1, 2)
        self.office.tell()

        [body] = self.office.erp.bodies('payment.received')
        self.assertEqual('0.02', body['data']['amount'])

    def again(self, event_id: int, *names: str) -> int:
        return self.office.db.write(
            events.redeliver, event_id, self.office.now, 'ada', names
        )


class TypesTest(base.BaseTestCase):
    def test_a_pattern_that_no_event_has_is_refused(self) -> None:
        error = self.assertRaises(
            errors.InvalidInput, law.check, ['billing.invioce.*'], 'events'
        )

        self.assertIn('billing.invioce.*', str(error))

    def test_an_instant_is_told_in_utc(self) -> None:
        at = dt.datetime(
            2026, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))
        )

        self.assertEqual('2026-01-01T00:00:00Z', law.instant(at))
