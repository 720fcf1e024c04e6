# SPDX-License-Identifier: Apache-2.0
"""Voids, credit notes and write-offs: what finance takes back of invoices."""

import datetime as dt
from decimal import Decimal
from typing import Any

from oslotest import base

from patrii_billing.domain import lifecycle
from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from patrii_billing.store import invoices
from patrii_billing.store import schema
from tests.unit import desk
from tests.unit import stories


class VoidTest(base.BaseTestCase):
    def test_a_void_invoice_is_settled_by_a_note_and_never_dunned(
        self,
    ) -> None:
        story = desk.told('01-31')

        story.void()
        story.play()

        self.assertEqual(
            ['INV-1 void: 1000 0', 'CN-1 paid: -1000 0'], story.documents()
        )
        self.assertEqual(0, story.balance())
        self.assertEqual([], story.told('status', 'action'))
        self.assertEqual(['02-01 to 03-01: void'], story.chain())
        row = story.invoice()
        self.assertEqual(desk.WHY, row.why)
        self.assertEqual(stories.instant('01-31'), row.closed_at)

    def test_a_void_on_the_ladder_brings_everything_back_at_once(
        self,
    ) -> None:
        story = desk.told('02-04')
        self.assertEqual('shelved', story.sub().billing_status)

        story.void()
        story.play('02-04 00:01:00')

        self.assertEqual('active', story.sub().billing_status)
        self.assertEqual('active', story.shows())

    def test_nobody_is_told_to_pay_what_is_void(self) -> None:
        story = desk.told(
            '01-31', 'from: 01-30T00:00:00, to: 02-02T00:00:00, down: mail'
        )

        story.void()
        story.play()

        self.assertEqual(
            ['invoice cancelled', 'credit_note accepted'],
            [line[22:] for line in story.told('notice')],
        )

    def test_its_time_can_be_billed_anew(self) -> None:
        story = desk.told('01-31')

        story.void(again=True)
        story.play('02-01')

        self.assertEqual(
            ['INV-1 void: 1000 0', 'CN-1 paid: -1000 0',
             'INV-2 open: 1000 1000'],
            story.documents(),
        )  # fmt: skip
        self.assertEqual(['02-01 to 03-01: billed'], story.chain())
        self.assertEqual('renewal', story.invoice('INV-000002').kind)

    def test_a_void_between_billed_periods_leaves_its_time_out(self) -> None:
        story = desk.unpaid('03-02')

        story.void()
        story.play()

        self.assertEqual(
            ['02-01 to 03-01: void', '03-01 to 04-01: billed',
             '04-01 to 05-01: billed'],
            story.chain(),
        )  # fmt: skip
        self.assertEqual(
            ['INV-1 void: 1000 0', 'INV-2 open: 1000 1000',
             'CN-1 paid: -1000 0', 'INV-3 open: 1000 1000'],
            story.documents(),
        )  # fmt: skip

    def test_what_it_billed_between_comes_on_the_next_invoice(self) -> None:
        story = desk.unpaid('03-02')

        story.void(again=True)
        story.play()

        self.assertEqual(
            ['INV-1 void: 1000 0', 'INV-2 open: 1000 1000',
             'CN-1 paid: -1000 0', 'INV-3 open: 2000 2000'],
            story.documents(),
        )  # fmt: skip
        self.assertEqual(3, len(story.chain()))

    def test_a_second_void_changes_nothing(self) -> None:
        story = desk.told('01-31')
        story.void()

        story.void()

        self.assertEqual(2, len(story.documents()))

    def test_what_somebody_began_to_pay_is_not_voided(self) -> None:
        story = desk.told('01-31')
        story.pay(400)
        self.assertRaises(errors.Conflict, story.void)

        story.pay(600, 'rest')

        self.assertRaises(errors.Conflict, story.void)
        self.assertEqual(['INV-1 paid: 1000 0'], story.documents())

    def test_a_credit_note_is_not_voided(self) -> None:
        story = desk.told('01-31')
        story.credit(400)

        for take_back in (story.void, story.write_off):
            self.assertRaises(errors.Conflict, take_back, 'CN-000001')
        self.assertRaises(errors.Conflict, story.credit, 1, 'CN-000001')


class CreditTest(base.BaseTestCase):
    def test_a_credit_lowers_what_is_owed_on_its_invoice(self) -> None:
        story = desk.told('01-31')

        story.credit(400)

        self.assertEqual(
            ['INV-1 open: 1000 600', 'CN-1 paid: -400 0'], story.documents()
        )
        self.assertEqual(0, story.balance())

    def test_a_whole_credit_stops_the_ladder_in_the_same_transaction(
        self,
    ) -> None:
        story = desk.told('02-04')

        story.credit()

        self.assertEqual('paid', story.invoice().state)
        story.play('02-04 00:01:00')
        self.assertEqual('active', story.shows())
        # The time stays billed: the money is forgiven.
        self.assertEqual(['02-01 to 03-01: billed'], story.chain())

    def test_a_credit_on_a_paid_invoice_is_balance_for_the_next(self) -> None:
        story = desk.told(
            '02-10', 'at: 01-31T00:00:00, pay: acme',
            until='2026-02-28T00:00:00Z',
        )  # fmt: skip

        story.credit(250)
        self.assertEqual(250, story.balance())
        story.play()

        self.assertEqual('INV-2 open: 1000 750', story.documents()[-1])

    def test_it_is_used_on_its_own_invoice_before_an_older_one(self) -> None:
        story = desk.unpaid('03-02')

        story.credit(300, 'INV-000002')

        self.assertEqual(
            ['INV-1 open: 1000 1000', 'INV-2 open: 1000 700'],
            story.documents()[:2],
        )

    def test_no_more_is_credited_than_is_left(self) -> None:
        story = desk.told('01-31')
        story.credit(400)

        self.assertRaises(errors.Conflict, story.credit, 601)
        story.credit()
        story.credit()

        self.assertEqual(
            [1000, -400, -600],
            [row.total for row in story.rows(schema.invoices)],
        )

    def test_the_same_key_credits_once(self) -> None:
        story = desk.told('01-31')

        for _ in range(2):
            story.credit(400, key='ticket-7')

        self.assertEqual(2, len(story.documents()))
        self.assertRaises(errors.Conflict, story.credit, 300, key='ticket-7')

    def test_a_part_carries_taxes_and_discount_and_the_rest_the_rest(
        self,
    ) -> None:
        story = desk.told('01-31')
        story.db.write(_taxed, story.sub())

        story.credit(333, 'INV-000002')
        story.credit(None, 'INV-000002')

        [_, whole, *notes] = story.rows(schema.invoices)
        self.assertEqual(2, len(notes))
        for sums in ('net', 'total'):
            self.assertEqual(
                getattr(whole, sums), -sum(getattr(n, sums) for n in notes)
            )
        self.assertEqual(
            whole.taxes[0]['amount'],
            -sum(note.taxes[0]['amount'] for note in notes),
        )
        self.assertEqual(
            whole.taxes[0]['base'],
            -sum(note.taxes[0]['base'] for note in notes),
        )
        lines = [
            line
            for note in notes
            for line in story.rows(schema.lines, invoice_id=note.id)
        ]
        self.assertEqual(-111, sum(line.discount for line in lines))
        self.assertEqual(-333, notes[0].total)


def _taxed(conn: Any, sub: Any) -> int:
    """An invoice of two lines less a discount, with a tax of 19 percent."""
    now = stories.instant('01-31')
    lines = [
        {
            'subscription_id': sub.id, 'kind': 'charge', 'resource': name,
            'starts': dt.date(2026, 2, 1), 'ends': dt.date(2026, 3, 1),
            'quantity': Decimal(1), 'unit_price': Decimal(amount) / 100,
            'ratio': '28/28', 'amount': amount, 'discount': discount,
            'net': amount - discount, 'reason': 'its price', 'corrects': None,
            'taxes': [{'name': 'VAT', 'rate': '19', 'amount': tax}],
        }
        for name, amount, discount, tax in (
            ('cores', 1110, 111, 190), ('ram', 333, 0, 63),
        )
    ]  # fmt: skip
    return invoices.issue(
        conn, now, lines,
        account_id=sub.account_id, subscription_id=sub.id, kind='extra',
        currency='EUR', due_at=now + dt.timedelta(days=7), announce_at=now,
        net=1332, total=1585, owed=1585,
        taxes=[{'name': 'VAT', 'rate': '19', 'base': 1332, 'amount': 253}],
    )  # fmt: skip


class WriteOffTest(base.BaseTestCase):
    def test_what_is_written_off_is_dunned_no_more(self) -> None:
        story = desk.told('02-02')

        story.write_off()
        story.write_off()
        story.play()

        self.assertEqual(['INV-1 uncollectible: 1000 1000'], story.documents())
        self.assertEqual(desk.WHY, story.invoice().why)
        self.assertEqual([], story.told('action'))
        self.assertEqual('active', story.sub().billing_status)

    def test_only_an_open_invoice_is_written_off(self) -> None:
        story = desk.told('01-31')
        story.pay(1000)

        self.assertRaises(errors.Conflict, story.write_off)

    def test_by_policy_a_debt_is_written_off_with_the_last_server(
        self,
    ) -> None:
        story = desk.told('02-09', policy='write_off: true')

        self.assertEqual('deleted', story.sub().billing_status)
        self.assertEqual(['INV-1 uncollectible: 1000 1000'], story.documents())
        [told_of] = story.rows(schema.timeline, name='INV-000001')[1:]
        self.assertEqual('written off', told_of.detail['result'])

    def test_without_the_policy_it_stays_open(self) -> None:
        story = desk.told('02-09')

        self.assertEqual('deleted', story.sub().billing_status)
        self.assertEqual(['INV-1 open: 1000 1000'], story.documents())

    def test_a_written_off_debt_gives_nothing_back(self) -> None:
        story = desk.Desk(
            stories.text(
                policy='write_off: true',
                servers=f'{stories.WEB}, {{name: db, flavor: s1}}',
            )
        )
        story.nova.unshelvable = {worlds.server_id('db')}
        story.play()

        self.assertEqual('deleted', story.sub().billing_status)
        self.assertEqual('stopped, locked by admin', story.shows('db'))

    def test_a_credit_lowers_what_was_written_off(self) -> None:
        story = desk.told('02-02')
        story.write_off()

        story.credit(400)
        self.assertEqual(
            lifecycle.InvoiceState.UNCOLLECTIBLE, story.invoice().state
        )
        self.assertEqual(600, story.invoice().owed)
        story.credit()

        self.assertEqual('paid', story.invoice().state)

    def test_money_that_names_it_later_is_told_as_recovered(self) -> None:
        story = desk.told('02-09', policy='write_off: true')

        story.pay(400, 'other')
        self.assertEqual(400, story.balance())
        story.pay(700, 'this one', 'INV-000001')

        self.assertEqual('uncollectible', story.invoice().state)
        self.assertEqual(300, story.invoice().owed)
        self.assertEqual('deleted', story.sub().billing_status)
        told_of = story.rows(schema.timeline, name='INV-000001')[-1]
        self.assertEqual(
            {'amount': '7.00', 'result': 'recovered'}, told_of.detail
        )
        story.pay(300, 'the rest', 'INV-000001')
        self.assertEqual('paid', story.invoice().state)
