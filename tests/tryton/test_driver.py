# SPDX-License-Identifier: Apache-2.0
"""What is read of a real Tryton, and what is written there."""

import datetime as dt
from decimal import Decimal
from typing import Any
from unittest import mock

from oslotest import base

from patrii_billing.domain import bridge
from patrii_billing.drivers.tryton import client
from patrii_billing.drivers.tryton import driver
from patrii_billing.drivers.tryton import reading
from patrii_billing import errors
from tests.tryton import site

_PROJECT = '0f3a1c5e7b9d4f2e8a6c1b3d5f7e9a0b'
_TODAY = dt.datetime.now(dt.UTC).date()
_DAY = dt.timedelta(days=1)
_OPEN = bridge.BillState.OPEN
_PAID = bridge.BillState.PAID
_VOID = bridge.BillState.VOID


def _engine(tryton: site.Tryton, **other: Any) -> driver.Tryton:
    place = {
        'url': tryton.url,
        'database': site.DATABASE,
        'key': tryton.facts['key'],
        **other,
    }
    return driver.Tryton(client.Place(**place, allow_http=True))


class TrytonTestCase(base.BaseTestCase):
    tryton: site.Tryton
    clerk: site.Clerk

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.tryton = site.Tryton(cls.addClassCleanup)
        cls.tryton.start()
        cls.clerk = site.Clerk(cls.tryton)

    def setUp(self) -> None:
        super().setUp()
        self.engine = _engine(self.tryton)
        self.party = self.clerk.enter_party(self.id().rpartition('.')[2][:40])
        self.customer = f'party.party,{self.party}'
        # By Tryton's own clock; what came before is of other tests.
        self.begun = self.clerk.one(
            'party.party', self.party, 'last_modified_at'
        )['last_modified_at']

    def subscribe(self, start: dt.date = _TODAY) -> str:
        made = self.clerk.subscribe(self.party, _PROJECT, start)
        return f'sale.subscription,{made}'

    def invoice(self) -> int:
        """What his subscription costs up to today, posted."""
        self.clerk.draw_up(_TODAY)
        [draft] = self.clerk.invoices(self.party, 'draft')
        self.clerk.post(draft)
        return draft

    def read(self, since: dt.datetime | None = None) -> bridge.Page:
        """What a reading has of this test's customer."""
        pages = list(self.engine.changes(since or self.begun))
        self.assertEqual([{}] * len(pages), [dict(p.unread) for p in pages])
        customers = [one for page in pages for one in page.customers]
        contracts = [one for page in pages for one in page.contracts]
        bills = [one for page in pages for one in page.bills]
        return bridge.Page(
            customers=[one for one in customers if one.ref == self.customer],
            contracts=[
                one for one in contracts if one.customer == self.customer
            ],
            # What hangs together with what changed is told again.
            bills=sorted(
                {one for one in bills if one.customer == self.customer},
                key=lambda one: one.ref,
            ),
        )

    def bill(self) -> bridge.Bill:
        return self.read().bills[-1]


class ReadingTest(TrytonTestCase):
    def test_a_party_with_a_subscription_is_a_customer(self) -> None:
        contract = self.subscribe()

        page = self.read()
        [customer, *again] = page.customers
        self.assertEqual('EUR', customer.currency)
        self.assertEqual(1, len(customer.contacts or ()))
        self.assertEqual(['1 Main Street'], (customer.address or {})['lines'])
        self.assertEqual([customer], again)
        [read] = page.contracts
        self.assertEqual(contract, read.ref)
        self.assertEqual(
            (_PROJECT, 'servers', _TODAY, 'running', _TODAY.day, None),
            (read.project, read.plan, read.start, read.status,
             read.anchor_day, read.ends_on),
        )  # fmt: skip

    def test_a_party_that_never_subscribed_is_not(self) -> None:
        self.assertEqual(bridge.Page(customers=[], contracts=[], bills=[]),
                         self.read())  # fmt: skip

    def test_he_has_paid_up_to_the_end_of_what_is_invoiced(self) -> None:
        self.subscribe()
        self.assertIsNone(self.read().contracts[0].paid_until)

        self.invoice()

        read = self.read().contracts[0]
        self.assertEqual(_TODAY, read.period_start)
        month = (read.paid_until or _TODAY) - _TODAY
        self.assertIn(month.days, range(28, 32))

    def test_a_posted_invoice_is_a_bill_until_it_is_paid(self) -> None:
        contract = self.subscribe()
        invoice = self.invoice()

        [bill] = self.read().bills
        self.assertEqual(f'account.invoice,{invoice}', bill.ref)
        self.assertEqual(contract, bill.contract)
        self.assertEqual(
            (1200, 1200, _OPEN, _TODAY, _TODAY),
            (bill.total, bill.owed, bill.state, bill.issued_on, bill.due_on),
        )
        self.assertEqual([bill], list(self.engine.bills(self.customer)))

        self.clerk.pay(invoice, '2.00', partly=True)
        self.assertEqual((1000, _OPEN), (self.bill().owed, self.bill().state))

        self.clerk.pay(invoice, '10.00')
        self.assertEqual((0, _PAID), (self.bill().owed, self.bill().state))
        self.assertEqual([], list(self.engine.bills(self.customer)))

    def test_an_invoice_set_off_by_a_credit_note_is_void(self) -> None:
        self.subscribe()
        invoice = self.invoice()

        self.clerk.credit(invoice, refund=True)

        [bill] = self.read().bills
        self.assertEqual((0, _VOID), (bill.owed, bill.state))

    def test_money_that_is_matched_with_nothing_is_money(self) -> None:
        self.subscribe()
        invoice = self.invoice()
        before = self.now()

        self.clerk.receive(self.party, '11.00')

        [bill] = self.read(before).bills
        self.assertEqual((100, _OPEN), (bill.owed, bill.state))
        self.assertEqual([bill], list(self.engine.bills(self.customer)))
        self.clerk.receive(self.party, '1.00')
        self.assertEqual((0, _PAID), (self.bill().owed, self.bill().state))
        self.assertEqual([], list(self.engine.bills(self.customer)))
        self.assertEqual('posted', self.clerk.state(invoice))

    def test_an_open_credit_note_lowers_what_is_owed(self) -> None:
        self.subscribe()
        invoice = self.invoice()
        self.clerk.credit(invoice, refund=False)
        [note] = self.clerk.invoices(self.party, 'draft')
        self.assertEqual(1200, self.bill().owed)
        before = self.now()

        self.clerk.post(note)

        # The invoice itself did not change, and is read with its note.
        [bill] = self.read(before).bills
        self.assertEqual(f'account.invoice,{invoice}', bill.ref)
        self.assertEqual((0, _VOID), (bill.owed, bill.state))

    def now(self) -> dt.datetime:
        """By Tryton's clock, just after its last change."""
        page = self.read()
        times = [
            *(one.changed_at for one in page.customers),
            *(one.changed_at for one in page.contracts),
            *(one.changed_at for one in page.bills),
        ]
        return max(times) + dt.timedelta(microseconds=1)

    def test_only_what_changed_since_is_read(self) -> None:
        self.subscribe()
        self.clerk.draw_up(_TODAY)
        since = self.now()
        self.assertEqual(([], [], []), _counted(self.read(since)))

        self.clerk.write('party.party', self.party, name='Another name')

        page = self.read(since)
        self.assertEqual(
            ['Another name'], [one.name for one in page.customers]
        )
        self.assertEqual([], page.contracts)

    def test_pages_of_one_record_hold_the_same_as_one_of_all(self) -> None:
        self.subscribe()
        self.subscribe()
        self.invoice_both()
        whole = self.read()

        with mock.patch.object(client, 'PAGE', 1):
            single = self.read()

        for name in ('contracts', 'bills'):
            self.assertEqual(2, len(getattr(whole, name)))
            self.assertEqual(getattr(whole, name), getattr(single, name))

    def invoice_both(self) -> None:
        self.clerk.draw_up(_TODAY)
        for draft in self.clerk.invoices(self.party, 'draft'):
            self.clerk.post(draft)

    def test_a_subscription_that_is_amended_still_stands(self) -> None:
        contract = self.subscribe()
        number = int(contract.partition(',')[2])

        self.clerk.press('sale.subscription', number, 'draft')

        [read] = self.read().contracts
        self.assertEqual(('draft', None), (read.status, read.ends_on))
        last = _TODAY + 10 * _DAY
        self.clerk.write('sale.subscription', number, end_date=last)
        self.assertEqual(last + _DAY, self.read().contracts[0].ends_on)

    def test_who_pays_for_another_is_the_customer(self) -> None:
        payer = self.party
        self.party = self.clerk.enter_party('who uses it')
        contract = self.subscribe()
        number = int(contract.partition(',')[2])
        self.clerk.press('sale.subscription', number, 'draft')
        self.clerk.write(
            'sale.subscription',
            number,
            invoice_party=payer,
            invoice_address=None,
        )
        self.customer = f'party.party,{payer}'

        [read] = self.read().contracts

        self.assertEqual(self.customer, read.customer)


class LookTest(TrytonTestCase):
    def test_it_says_what_it_found(self) -> None:
        sight = self.engine.look()

        self.assertEqual((), sight.needs)
        self.assertIn('Tryton 8.2 at http://127.0.0.1:', sight.what)

    def test_it_says_what_is_wrong(self) -> None:
        for wrong, why in (
            ({'key': 'stolen'}, 'does not take the key'),
            ({'database': 'elsewhere'}, 'has no such database'),
        ):
            [need] = _engine(self.tryton, **wrong).look().needs
            self.assertIn(why, need)
        place = client.Place(
            self.tryton.url, site.DATABASE, self.tryton.facts['key'],
            allow_http=True,
        )  # fmt: skip
        [need] = driver.Tryton(place, 'Nobody Ltd').look().needs
        self.assertIn('must be one that the user sees: Cloud Company', need)
        self.subscribe()
        fields = reading.Fields(project='kestone_project')
        [need] = driver.Tryton(place, fields=fields).look().needs
        self.assertIn("'kestone_project'", need)

    def test_what_is_refused_is_in_its_own_words(self) -> None:
        refused = self.assertRaises(
            errors.EngineRefused,
            self.engine.write_status,
            bridge.Status(
                contract='sale.subscription,999999',
                status='shelved',
                since=dt.datetime.now(dt.UTC),
                why='unpaid',
            ),
        )
        self.assertEqual(400, refused.code)


class WritingTest(TrytonTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.contract = self.subscribe()

    def line(self, key: str, amount: int = 161) -> bridge.Line:
        return bridge.Line(
            key=key, customer=self.customer, contract=self.contract,
            label='cores', amount=amount, currency='EUR',
            quantity=Decimal(4), unit_price=Decimal('5.00'), ratio='20/31',
            reason='quota change', starts=_TODAY, ends=_TODAY + 20 * _DAY,
        )  # fmt: skip

    def lines(self, invoice: int) -> list[Any]:
        return self.clerk.find(
            'account.invoice.line',
            ['invoice', '=', invoice],
            fields=['amount', 'description', 'taxes', 'origin'],
        )

    def test_a_line_stands_on_the_next_invoice_of_the_contract(self) -> None:
        self.clerk.draw_up(_TODAY)
        [draft] = self.clerk.invoices(self.party, 'draft')

        self.engine.write_line(self.line('a_1'))

        own, ours = self.lines(draft)
        self.assertEqual(Decimal('1.61'), ours['amount'])
        self.assertEqual(own['taxes'], ours['taxes'])
        self.assertIn('4 x 5.00 x 20/31: quota change', ours['description'])
        total = self.clerk.one('account.invoice', draft, 'total_amount')
        self.assertEqual(Decimal('13.93'), total['total_amount'])

    def test_it_is_written_once_by_its_key(self) -> None:
        self.clerk.draw_up(_TODAY)
        [draft] = self.clerk.invoices(self.party, 'draft')

        first = self.engine.write_line(self.line('a%1'))
        again = self.engine.write_line(self.line('a%1'))
        other = self.engine.write_line(self.line('a%2', -161))

        self.assertEqual(first, again)
        self.assertNotEqual(first, other)
        amounts = [line['amount'] for line in self.lines(draft)]
        self.assertEqual(
            [Decimal(10), Decimal('1.61'), Decimal('-1.61')], amounts
        )

    def test_without_a_draft_one_is_made_for_all_that_comes(self) -> None:
        """Before the first invoice nothing is there to be copied."""
        self.engine.write_line(self.line('b1'))
        self.engine.write_line(self.line('b2'))

        [draft] = self.clerk.invoices(self.party, 'draft')
        self.assertEqual(2, len(self.lines(draft)))
        self.clerk.post(draft)
        [bill] = self.read().bills
        self.assertEqual((386, _OPEN), (bill.owed, bill.state))
        self.assertEqual(self.contract, bill.contract)

        self.engine.write_line(self.line('b3'))
        [following] = self.clerk.invoices(self.party, 'draft')
        self.assertEqual(1, len(self.lines(following)))

    def test_the_billing_status_is_the_newest_note(self) -> None:
        for status in ('grace', 'shelved', 'shelved', 'active', 'shelved'):
            self.engine.write_status(
                bridge.Status(
                    contract=self.contract,
                    status=status,
                    since=dt.datetime(2026, 2, 3, 4, 5, tzinfo=dt.UTC),
                    why='unpaid since 1 February',
                )
            )

        said = [note.splitlines()[0] for note in self.notes()]
        self.assertEqual(
            ['Billing status: grace', 'Billing status: shelved',
             'Billing status: active', 'Billing status: shelved'],
            said,
        )  # fmt: skip
        self.assertIn(
            'Since 2026-02-03 04:05 UTC: unpaid since 1 February',
            self.notes()[0],
        )

    def test_a_note_is_written_once_by_its_key(self) -> None:
        note = bridge.Note(
            key='action_7', customer=self.customer, contract=self.contract,
            at=dt.datetime(2026, 2, 3, 4, 5, tzinfo=dt.UTC),
            text='web was shelved',
        )  # fmt: skip

        first = self.engine.write_note(note)
        again = self.engine.write_note(note)

        self.assertEqual(first, again)
        [said] = self.notes()
        self.assertIn('2026-02-03 04:05 UTC: web was shelved', said)

    def test_a_note_about_no_contract_is_at_the_party(self) -> None:
        note = bridge.Note(
            key='x', customer=self.customer, contract=None,
            at=dt.datetime(2026, 2, 3, tzinfo=dt.UTC), text='paid',
        )  # fmt: skip

        self.engine.write_note(note)

        self.assertEqual(1, len(self.notes(self.customer)))

    def notes(self, of: str | None = None) -> list[str]:
        found = self.clerk.find(
            'ir.note', ['resource', '=', of or self.contract],
            fields=['message'],
        )  # fmt: skip
        return [one['message'] for one in found]


class AwayTest(TrytonTestCase):
    def test_a_tryton_that_is_stopped_is_away(self) -> None:
        self.subscribe()
        self.tryton.stop()
        self.addCleanup(self.tryton.start)

        with mock.patch.object(client, '_PAUSE', 0):
            for ask in (
                self.engine.look,
                lambda: list(self.engine.changes(None)),
                lambda: self.engine.bills(self.customer),
            ):
                self.assertRaises(errors.EngineUnavailable, ask)


def _counted(page: bridge.Page) -> tuple[Any, Any, Any]:
    return page.customers, page.contracts, page.bills
