# SPDX-License-Identifier: Apache-2.0
"""Customers whom we invoice, and whose money another engine collects."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import bridge
from patrii_billing.domain import money
from patrii_billing.engine import payments
from patrii_billing.store import schema
from tests.unit import ally


def begun(when: str = '', **given: Any) -> ally.Ally:
    """A customer whom we have invoiced 10.00, due on 1 February."""
    story = ally.Ally(**given)
    story.lynx.invoices = bridge.Owner.OURS
    story.acme()
    story.work()
    if when:
        story.until(when)
    return story


def pay_here(story: ally.Ally) -> None:
    story.db.write(
        payments.record, story.tools, 1, money.Money(1000, 'EUR'),
        'transfer-1', story.now,
    )  # fmt: skip


def paid(story: ally.Ally) -> list[tuple[str, int, str]]:
    return [
        (row.kind, row.amount, row.source)
        for row in story.rows(schema.payments)
    ]


class InvoiceTest(base.BaseTestCase):
    def test_an_invoice_of_ours_is_collected_there(self) -> None:
        story = begun()
        [invoice] = story.lynx.collecting.values()
        self.assertEqual(
            ('INV-000001', 'c1', 's1', 1000, dt.date(2026, 2, 1)),
            (invoice.key, invoice.customer, invoice.contract, invoice.owed,
             invoice.due_on),
        )  # fmt: skip
        self.assertIn('2026-02-01 to 2026-03-01', invoice.label)
        self.assertEqual({}, story.lynx.lines)

    def test_that_it_was_paid_here_is_said_there(self) -> None:
        story = begun()
        pay_here(story)
        story.work()
        [note] = story.lynx.notes.values()
        self.assertEqual('Invoice INV-000001 is paid', note.text)

    def test_one_that_is_paid_before_it_is_told_is_not_collected(
        self,
    ) -> None:
        story = ally.Ally()
        story.lynx.invoices = bridge.Owner.OURS
        story.acme()
        story.read()
        story.lynx.away = 'down'
        story.work()
        pay_here(story)
        story.lynx.away = None
        story.until('01-31')
        self.assertEqual({}, story.lynx.collecting)

    def test_a_bill_of_theirs_is_no_debt_of_his_servers(self) -> None:
        story = begun()
        story.bill(5000)
        story.until('02-01')
        self.assertEqual(['renewal 10.00 open'], story.owed())


class PaymentTest(base.BaseTestCase):
    def test_what_is_paid_there_has_his_server_back(self) -> None:
        story = begun('02-04')
        self.assertEqual('shelved_offloaded, locked by admin', story.shows())
        story.lynx.collect('p1', 'c1', 1000, invoices=('INV-000001',))
        story.until('02-04 01:00')
        self.assertEqual([('payment', 1000, 'lynx')], paid(story))
        self.assertEqual('active', story.shows())
        self.assertIn('renewal 0.00 paid', story.owed())

    def test_who_pays_in_time_is_never_touched(self) -> None:
        story = begun('01-31')
        story.lynx.collect('p1', 'c1', 1000, invoices=('INV-000001',))
        story.until('02-10')
        self.assertEqual([], story.moves())
        self.assertEqual(1, len(paid(story)))

    def test_it_is_recorded_once_however_often_it_is_read(self) -> None:
        story = begun('01-31')
        story.lynx.collect('p1', 'c1', 400, invoices=('INV-000001',))
        for hour in range(1, 4):
            story.until(f'01-31 0{hour}:00')
            story.lynx.change(story.lynx.money, 'p1', number=f'P{hour}')
        self.assertEqual([('payment', 400, 'lynx')], paid(story))
        self.assertIn('renewal 6.00 open', story.owed())

    def test_more_of_it_is_a_payment_of_the_rest(self) -> None:
        story = begun('01-31')
        story.lynx.collect('p1', 'c1', 400)
        story.until('01-31 01:00')
        story.lynx.change(story.lynx.money, 'p1', amount=1000)
        story.until('01-31 02:00')
        self.assertEqual([400, 600], [row[1] for row in paid(story)])
        self.assertIn('renewal 0.00 paid', story.owed())

    def test_what_is_taken_back_there_is_taken_back_here(self) -> None:
        story = begun('01-31')
        story.lynx.collect('p1', 'c1', 1000)
        story.until('01-31 01:00')
        story.lynx.change(story.lynx.money, 'p1', amount=0)
        story.until('01-31 02:00')
        self.assertEqual(['payment', 'charge_back'],
                         [row[0] for row in paid(story)])  # fmt: skip
        self.assertIn('renewal 10.00 open', story.owed())
        story.until('02-04')
        self.assertEqual('shelved_offloaded, locked by admin', story.shows())

    def test_and_what_comes_again_is_paid_again(self) -> None:
        story = begun('01-31')
        for hour, amount in enumerate((1000, 0, 1000), 1):
            story.lynx.collect('p1', 'c1', amount)
            story.until(f'01-31 0{hour}:00')
        self.assertIn('renewal 0.00 paid', story.owed())
        self.assertEqual(3, len(paid(story)))

    def test_a_part_of_it_may_be_taken_back(self) -> None:
        story = begun('01-31')
        story.lynx.collect('p1', 'c1', 1000)
        story.until('01-31 01:00')
        story.lynx.change(story.lynx.money, 'p1', amount=700)
        story.until('01-31 02:00')
        self.assertIn('renewal 3.00 open', story.owed())


class DoubtTest(base.BaseTestCase):
    def test_money_of_somebody_unknown_waits_and_restores_nobody(
        self,
    ) -> None:
        story = begun('02-04')
        story.lynx.collect('p9', 'c9', 1000)
        story.until('02-05')
        self.assertEqual(
            ['payment p9: its customer has no account here'],
            story.links('waiting'),
        )
        self.assertEqual([], paid(story))
        self.assertEqual('shelved_offloaded, locked by admin', story.shows())

    def test_money_that_is_for_nothing_yet_keeps_his_server(self) -> None:
        story = begun('02-02')
        why = 'is matched with nothing yet'
        story.lynx.collect('p1', 'c1', 0, free=1000, why=why)
        story.until('02-05')
        self.assertEqual([], paid(story))
        self.assertEqual('active', story.shows())
        # Most of it was for something else.
        story.lynx.change(story.lynx.money, 'p1', free=1)
        story.until('02-06')
        self.assertEqual('shelved_offloaded, locked by admin', story.shows())

    def test_money_that_goes_against_the_books_keeps_his_server_as_well(
        self,
    ) -> None:
        story = begun('02-02')
        story.lynx.collect('p1', 'c1', 0, free=1, why='overpaid')
        story.work()
        story.lynx.collect(
            'p1', 'c1', 1000, free=1, why='overpaid', invoices=('INV-9',)
        )
        story.until('02-04')
        self.assertEqual([], story.moves())

    def test_who_paid_a_moment_ago_is_asked_about_before_the_shelve(
        self,
    ) -> None:
        story = begun(
            '02-02 23:00',
            read_every=dt.timedelta(days=7), read_age=dt.timedelta(days=7),
        )  # fmt: skip
        story.lynx.collect('p1', 'c1', 1000)
        story.until('02-04')
        self.assertIn('payments', story.lynx.asked)
        self.assertEqual([], story.moves())
        self.assertIn('renewal 0.00 paid', story.owed())

    def test_money_in_another_currency_waits_for_a_person(self) -> None:
        story = begun('02-02')
        story.lynx.collect('p1', 'c1', 1000, currency='USD')
        story.until('02-05')
        self.assertEqual('active', story.shows())
        [waits] = story.links('waiting')
        self.assertIn('pays in EUR', waits)

    def test_money_for_an_invoice_that_is_not_ours_waits(self) -> None:
        story = begun('01-31')
        story.lynx.collect('p1', 'c1', 1000, invoices=('INV-000777',))
        story.work()
        self.assertEqual([], paid(story))
        [waits] = story.links('waiting')
        self.assertIn('INV-000777', waits)

    def test_money_that_is_not_listed_any_more_was_not_taken_back(
        self,
    ) -> None:
        story = begun('01-31', read_whole_every=dt.timedelta(hours=2))
        story.lynx.collect('p1', 'c1', 1000)
        story.until('01-31 01:00')
        del story.lynx.money['p1']
        story.until('02-05')
        self.assertEqual('active', story.shows())
        self.assertEqual(1, len(paid(story)))
        self.assertIn('payment_gone', story.alarms())
