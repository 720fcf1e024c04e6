# SPDX-License-Identifier: Apache-2.0
"""Who subscribed what in Odoo, and what is owed there."""

import datetime as dt

from oslotest import base

from patrii_billing.domain import bridge
from patrii_billing import errors
from tests.unit.drivers.odoo import worlds


class WhoSubscribedTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.world = self.useFixture(worlds.Oca())

    def test_a_contract_comes_with_who_pays_for_it(self) -> None:
        country = self.world.make('res.country', name='France', code='FR')
        partner = self.world.partner(
            lang='fr_FR',
            tz='Europe/Paris',
            vat='FR23334175221',
            street='1 rue de la Paix',
            zip='75002',
            city='Paris',
            country_id=country,
        )
        self.world.subscription(partner)

        page = self.world.read()

        changed = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
        self.assertEqual(
            [
                bridge.Customer(
                    ref='res.partner,1',
                    name='Azure Interior',
                    currency='EUR',
                    changed_at=changed,
                    contacts=('azure@example.com',),
                    locale='fr_FR',
                    timezone='Europe/Paris',
                    address={
                        'name': 'Azure Interior',
                        'lines': ['1 rue de la Paix', '75002 Paris'],
                        'country': 'FR',
                        'tax_id': 'FR23334175221',
                    },
                )
            ],
            page.customers,
        )
        self.assertEqual(
            [
                bridge.Contract(
                    ref='sale.subscription,1',
                    customer='res.partner,1',
                    name='SUB00001',
                    start=dt.date(2026, 1, 1),
                    changed_at=changed,
                    project=worlds.PROJECT,
                    plan='vps',
                    paid_until=dt.date(2026, 3, 1),
                    period_start=dt.date(2026, 2, 1),
                    anchor_day=1,
                    status='',
                )
            ],
            page.contracts,
        )

    def test_a_company_pays_for_its_people(self) -> None:
        company = self.world.partner(email=False)
        person = self.world.partner(
            'Brandon', email='Brandon <b@x.org>; c@x.org', parent_id=company
        )
        self.world.subscription(person)
        self.world.subscription(company)

        page = self.world.read()

        [customer] = page.customers
        self.assertEqual((f'res.partner,{company}', ('b@x.org', 'c@x.org')), (
            customer.ref, customer.contacts,
        ))  # fmt: skip
        self.assertEqual(
            [f'res.partner,{company}'] * 2,
            [each.customer for each in page.contracts],
        )

    def test_archived_customers_and_contracts_do_not_vanish(self) -> None:
        partner = self.world.partner(active=False)
        self.world.subscription(partner, active=False)

        page = self.world.read()

        self.assertEqual(1, len(page.customers))
        self.assertEqual(1, len(page.contracts))

    def test_a_customer_that_is_not_shown_stops_no_other(self) -> None:
        hidden, partner = self.world.partner(), self.world.partner()
        odd = self.world.subscription(hidden)
        self.world.subscription(partner)
        del self.world.odoo.orm.rows['res.partner'][hidden]
        self.world.row('sale.subscription', odd)['partner_id'] = False

        page = self.world.read()

        self.assertEqual(
            {f'sale.subscription,{odd}': 'its customer is not shown to us'},
            page.unread,
        )
        self.assertEqual(1, len(page.contracts))

    def test_a_draft_is_no_contract(self) -> None:
        self.world.subscription(
            self.world.partner(), stage_id=self.world.stages['draft']
        )

        self.assertEqual(bridge.Page(customers=[], contracts=[], bills=[]), (
            self.world.read()
        ))  # fmt: skip

    def test_a_contract_that_was_closed_ends_that_day(self) -> None:
        self.world.subscription(
            self.world.partner(),
            stage_id=self.world.stages['post'],
            recurring_next_date=False,
            date='2027-01-01',
        )

        [contract] = self.world.read().contracts

        self.assertEqual(dt.date(2026, 2, 1), contract.ends_on)
        self.assertIsNone(contract.paid_until)

    def test_a_pause_is_a_hold_until_its_day_begins_there(self) -> None:
        partner = self.world.partner(tz='America/Montreal')
        self.world.subscription(
            partner, is_paused=True, paused_until='2026-02-20'
        )

        [contract] = self.world.read().contracts

        [held] = contract.holds
        self.assertIs(bridge.Hold.PAUSE, held.type)
        self.assertEqual(
            dt.datetime(2026, 2, 20, 5, tzinfo=dt.UTC), held.until
        )

    def test_what_cannot_be_read_is_said_and_stops_nothing(self) -> None:
        partner = self.world.partner()
        odd = self.world.subscription(partner, date_start=False)
        self.world.subscription(partner)

        page = self.world.read()

        self.assertEqual(
            {f'sale.subscription,{odd}': 'has no date_start'}, page.unread
        )
        self.assertEqual(1, len(page.contracts))
        self.assertEqual(1, len(page.customers))

    def test_the_period_that_runs_began_a_cycle_before_the_next(self) -> None:
        partner = self.world.partner()
        for unit, several, until, begun in (
            ('months', 1, '2026-03-31', dt.date(2026, 2, 28)),
            ('months', 3, '2026-04-15', dt.date(2026, 1, 15)),
            ('years', 1, '2026-07-01', dt.date(2026, 1, 1)),
            ('weeks', 2, '2026-02-15', dt.date(2026, 2, 1)),
            ('days', 30, '2026-03-03', dt.date(2026, 2, 1)),
        ):
            template = self.world.make(
                'sale.subscription.template',
                name='vps',
                recurring_rule_type=unit,
                recurring_interval=several,
            )
            number = self.world.subscription(
                partner, template_id=template, recurring_next_date=until
            )

            contract = self.world.read().contracts[-1]

            self.assertEqual(f'sale.subscription,{number}', contract.ref)
            self.assertEqual(begun, contract.period_start, unit)

    def test_a_period_that_nobody_understands_is_said(self) -> None:
        template = self.world.make(
            'sale.subscription.template', name='vps', recurring_interval=0
        )
        odd = self.world.subscription(
            self.world.partner(), template_id=template
        )

        self.assertEqual(
            {f'sale.subscription,{odd}': 'recurring_interval is 0'},
            self.world.read().unread,
        )

    def test_a_contract_without_a_currency_cannot_be_read(self) -> None:
        odd = self.world.subscription(self.world.partner(), currency_id=False)

        page = self.world.read()

        self.assertEqual(
            {f'sale.subscription,{odd}': 'has no currency_id'}, page.unread
        )
        self.assertEqual([], page.customers)

    def test_pages_follow_each_other_whatever_changes_between(self) -> None:
        world = self.useFixture(worlds.Oca(page=2))
        partner = world.partner()
        made = [world.subscription(partner) for _ in range(5)]
        refs = []

        for page in world.driver.changes(None):
            refs += [each.ref for each in page.contracts]
            # Who was read moves to the end of what is ordered by change.
            world.later(seconds=1)
            world.set('sale.subscription', made[0], name='renamed')

        self.assertEqual([f'sale.subscription,{each}' for each in made], refs)


class WhatChangedTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.world = self.useFixture(worlds.Lynx())
        self.partner = self.world.partner()
        self.contract = self.world.subscription(self.partner)
        self.world.later(hours=1)
        self.since = self.world.later(milliseconds=400)

    def changed(self) -> list[str]:
        return [each.ref for each in self.world.read(self.since).contracts]

    def test_nothing(self) -> None:
        self.assertEqual([], self.changed())

    def test_a_contract(self) -> None:
        self.world.set('sale.subscription', self.contract, name='other')

        self.assertEqual(
            [f'sale.subscription,{self.contract}'], self.changed()
        )

    def test_its_customer(self) -> None:
        self.world.set('res.partner', self.partner, email='new@example.com')

        [customer] = self.world.read(self.since).customers

        self.assertEqual(('new@example.com',), customer.contacts)

    def test_its_cloud_project(self) -> None:
        self.world.set('patrii.cloud.project', 1, openstack_id='another')

        [contract] = self.world.read(self.since).contracts

        self.assertEqual('another', contract.project)

    def test_a_hold_that_began_and_one_that_was_lifted(self) -> None:
        hold = self.world.make(
            'sale.subscription.hold',
            subscription_id=self.contract,
            date_to='2026-02-10',
        )
        [held] = self.world.read(self.since).contracts
        self.since = self.world.later(hours=1)
        self.world.set('sale.subscription.hold', hold, state='released')

        [free] = self.world.read(self.since).contracts

        self.assertEqual(
            [dt.datetime(2026, 2, 10, tzinfo=dt.UTC)],
            [each.until for each in held.holds],
        )
        self.assertEqual((), free.holds)

    def test_a_payment_though_the_invoice_keeps_its_time(self) -> None:
        world = self.world
        invoice = world.ledger.invoice(
            self.partner, '29.99', '2026-02-08', subscription=self.contract
        )
        self.since = world.later(hours=1)
        stamped = world.row('account.move', invoice)['write_date']
        world.ledger.pay(self.partner, '29.99', invoice)

        [bill] = world.read(self.since).bills

        self.assertEqual(stamped.replace(microsecond=0), bill.changed_at)
        self.assertIs(bridge.BillState.PAID, bill.state)

    def test_money_that_nobody_has_matched_yet(self) -> None:
        world = self.world
        world.ledger.invoice(
            self.partner, '29.99', '2026-02-08', subscription=self.contract
        )
        self.since = world.later(hours=1)
        world.ledger.pay(self.partner, '10.00')

        [bill] = world.read(self.since).bills

        self.assertEqual(1999, bill.owed)


class WhatIsOwedTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.world = self.useFixture(worlds.Lynx())
        self.partner = self.world.partner()
        self.customer = f'res.partner,{self.partner}'
        self.contract = self.world.subscription(self.partner)

    def invoice(self, amount: str = '29.99', due: str = '2026-02-08') -> int:
        return self.world.ledger.invoice(
            self.partner, amount, due, subscription=self.contract
        )

    def owed(self) -> list[tuple[int, int]]:
        return [
            (int(bill.ref.removeprefix('account.move,')), bill.owed)
            for bill in self.world.driver.bills(self.customer)
        ]

    def state(self, invoice: int) -> bridge.BillState:
        bills = {bill.ref: bill for bill in self.world.read().bills}
        return bills[f'account.move,{invoice}'].state

    def test_an_open_invoice_to_the_cent(self) -> None:
        self.invoice()

        self.assertEqual(
            [
                bridge.Bill(
                    ref='account.move,1',
                    customer=self.customer,
                    number='INV/2026/00001',
                    currency='EUR',
                    total=2999,
                    owed=2999,
                    state=bridge.BillState.OPEN,
                    issued_on=dt.date(2026, 2, 8),
                    due_on=dt.date(2026, 2, 8),
                    changed_at=dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC),
                    contract='sale.subscription,1',
                )
            ],
            self.world.driver.bills(self.customer),
        )

    def test_part_of_it_was_paid(self) -> None:
        invoice = self.invoice()
        self.world.ledger.pay(self.partner, '9.98', invoice)

        self.assertEqual([(invoice, 2001)], self.owed())

    def test_unmatched_money_covers_the_oldest_first(self) -> None:
        younger = self.invoice(due='2026-03-08')
        self.invoice(due='2026-02-08')
        self.world.ledger.pay(self.partner, '40.00')

        self.assertEqual([(younger, 1998)], self.owed())

    def test_a_credit_note_that_nobody_has_matched_counts(self) -> None:
        invoice = self.invoice()
        self.world.ledger.invoice(
            self.partner, '5.00', '2026-02-02', kind='out_refund'
        )

        self.assertEqual([(invoice, 2499)], self.owed())

    def test_money_that_a_person_of_the_company_sent_counts(self) -> None:
        invoice = self.invoice()
        line = self.world.ledger.pay(self.partner, '9.98')
        person = self.world.partner('Brandon', parent_id=self.partner)
        self.world.set('account.move.line', line, partner_id=person)

        self.assertEqual([(invoice, 2001)], self.owed())

    def test_money_of_one_customer_covers_no_other(self) -> None:
        invoice = self.invoice()
        self.world.ledger.pay(self.world.partner('Deco Addict'), '99.00')

        self.assertEqual([(invoice, 2999)], self.owed())

    def test_an_invoice_that_was_negated_is_void(self) -> None:
        invoice = self.invoice()
        note = self.world.ledger.invoice(
            self.partner, '29.99', '2026-02-02', kind='out_refund'
        )
        self.world.ledger.match(invoice, self.world.ledger.due(note))

        self.assertIs(bridge.BillState.VOID, self.state(invoice))
        self.assertEqual([], self.owed())

    def test_an_invoice_reset_to_draft_is_not_owed_meanwhile(self) -> None:
        invoice = self.invoice()
        self.world.ledger.call(invoice, 'button_draft')

        self.assertIs(bridge.BillState.VOID, self.state(invoice))
        self.assertEqual([], self.owed())

    def test_a_draft_is_no_invoice_yet(self) -> None:
        self.world.make(
            'account.move',
            move_type='out_invoice',
            partner_id=self.partner,
            subscription_id=self.contract,
        )

        self.assertEqual([], self.world.read().bills)

    def test_nobody_is_dunned_for_what_odoo_blocked(self) -> None:
        for said in ('in_payment', 'blocked'):
            invoice = self.invoice()
            self.world.row('account.move', invoice)['said'] = said

        self.assertEqual([], self.owed())

    def test_debt_that_was_moved_stays_where_it_arose(self) -> None:
        first = self.invoice('10.00', '2025-12-08')
        second = self.world.ledger.roll(first, '20.00', '2026-01-08')
        third = self.world.ledger.roll(second, '30.00', '2026-02-08')

        self.assertEqual(
            [(first, 1000), (second, 2000), (third, 3000)],
            sorted(self.owed()),
        )
        self.assertIs(bridge.BillState.OPEN, self.state(first))

    def test_what_is_paid_of_moved_debt_is_the_oldest(self) -> None:
        first = self.invoice('10.00', '2025-12-08')
        second = self.world.ledger.roll(first, '20.00', '2026-01-08')
        third = self.world.ledger.roll(second, '30.00', '2026-02-08')
        self.world.ledger.pay(self.partner, '12.00', third)

        self.assertEqual([(second, 1800), (third, 3000)], sorted(self.owed()))

    def test_whoever_pays_the_last_has_paid_what_was_moved_to_it(
        self,
    ) -> None:
        first = self.invoice('10.00', '2025-12-08')
        second = self.world.ledger.roll(first, '20.00', '2026-01-08')
        since = self.world.later(hours=1)
        self.world.ledger.pay(self.partner, '30.00', second)

        changed = {
            bill.ref: (bill.owed, bill.state)
            for bill in self.world.read(since).bills
        }

        self.assertEqual(
            {
                f'account.move,{first}': (0, bridge.BillState.VOID),
                f'account.move,{second}': (0, bridge.BillState.PAID),
            },
            changed,
        )

    def test_of_an_unpaid_part_only_that_is_moved(self) -> None:
        first = self.invoice('10.00', '2025-12-08')
        self.world.ledger.pay(self.partner, '4.00', first)
        second = self.world.ledger.roll(first, '20.00', '2026-01-08')

        self.assertEqual([(first, 600), (second, 2000)], sorted(self.owed()))

    def test_a_currency_that_nobody_knows_stops_no_other(self) -> None:
        shells = self.world.make('res.currency', name='XSH')
        good, odd = self.invoice(), self.invoice()
        self.world.set('account.move', odd, currency_id=shells)

        page = self.world.read()

        self.assertEqual(
            [f'account.move,{good}'], [bill.ref for bill in page.bills]
        )
        self.assertIn('XSH', page.unread[f'account.move,{odd}'])

    def test_an_unreadable_invoice_is_no_answer_to_what_is_owed(self) -> None:
        invoice = self.invoice()
        self.world.set('account.move', invoice, invoice_date=False)

        error = self.assertRaises(
            errors.EngineUnavailable,
            self.world.driver.bills,
            self.customer,
        )

        self.assertIn('account.move,1 of Odoo has no invoice date', str(error))
        self.assertEqual(
            {f'account.move,{invoice}': 'has no invoice date'},
            self.world.read().unread,
        )
