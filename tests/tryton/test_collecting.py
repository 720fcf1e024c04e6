# SPDX-License-Identifier: Apache-2.0
"""Invoices of ours that a real Tryton collects, and what was paid there."""

import datetime as dt
from decimal import Decimal

from patrii_billing.domain import bridge
from tests.tryton import test_driver

_TODAY = dt.datetime.now(dt.UTC).date()
_DUE = _TODAY + dt.timedelta(days=7)


class CollectingTest(test_driver.TrytonTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.engine.invoices = bridge.Owner.OURS
        self.contract = self.subscribe()
        self.key = f'INV-{self.party:06}'
        ref = self.engine.write_invoice(self.ours())
        self.invoice = int(ref.partition(',')[2])

    def ours(self, contract: str | None = None) -> bridge.Invoice:
        return bridge.Invoice(
            key=self.key, customer=self.customer, contract=contract,
            label=f'Invoice {self.key}', currency='EUR', owed=1190,
            issued_on=_TODAY, due_on=_DUE,
        )  # fmt: skip

    def paid(self) -> list[bridge.Payment]:
        """Of this test's customer; read by change and by his name alike."""
        asked = list(self.engine.payments(self.customer))
        found = {
            one.ref: one
            for page in self.engine.changes(self.begun)
            for one in page.payments
            if one.customer == self.customer
        }
        self.assertEqual(asked, list(found.values()))
        return asked

    def test_it_is_posted_once_and_no_bill_of_theirs(self) -> None:
        self.engine.write_invoice(self.ours(self.contract))

        [posted] = self.clerk.invoices(self.party, 'posted')
        shown = self.clerk.one(
            'account.invoice', posted, 'total_amount', 'reference'
        )
        self.assertEqual(
            (Decimal('11.90'), self.key),
            (shown['total_amount'], shown['reference']),
        )
        self.assertEqual([], self.clerk.invoices(self.party, 'draft'))
        self.assertEqual([], self.read().bills)
        self.assertEqual([], list(self.engine.bills(self.customer)))

    def test_each_payment_of_it_is_told(self) -> None:
        self.clerk.pay(self.invoice, '4.00', partly=True)
        [first, _] = self.paid()
        self.assertEqual(
            (400, 0, (self.key,), _TODAY),
            (first.amount, first.free, first.invoices, first.received_on),
        )

        self.clerk.pay(self.invoice, '7.90')

        self.assertEqual([400, 790, 0], [one.amount for one in self.paid()])
        self.assertEqual([None] * 3, [one.why for one in self.paid()])
        self.assertEqual('paid', self.clerk.state(self.invoice))

    def test_money_for_nothing_in_particular_is_free(self) -> None:
        self.clerk.receive(self.party, '11.90')

        [money, _] = self.paid()

        self.assertEqual((0, 1190), (money.amount, money.free))

    def test_a_credit_note_there_is_for_a_person(self) -> None:
        self.clerk.credit(self.invoice, refund=True)

        [settled] = self.paid()

        self.assertEqual((0, 1190), (settled.amount, settled.free))
        self.assertIn('no money', str(settled.why))

    def test_a_payment_that_is_cancelled_is_told_with_nothing(self) -> None:
        self.clerk.pay(self.invoice, '4.00', partly=True)
        [money, _] = self.paid()
        self.assertEqual(400, money.amount)

        self.clerk.take_back(money.ref)

        again = {one.ref: one for one in self.paid()}[money.ref]
        self.assertEqual((0, 0), (again.amount, again.free))
        self.assertEqual('posted', self.clerk.state(self.invoice))
