# SPDX-License-Identifier: Apache-2.0
"""`openstack billing payment` and `credit`, for people and for machines."""

import json
from typing import Any

from osc_lib import exceptions
from oslotest import base

from patrii_billing.osc import commands
from patrii_billing.osc.v1 import credit
from patrii_billing.osc.v1 import payment
from tests import doors
from tests.unit.osc import shell

INVOICE = 'INV-000001'


class MoneyCommandTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door()
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.door.let_in()

    def run_(self, command: type[commands.Command], *arguments: str) -> str:
        return shell.run(self.door, command, *arguments, token='FINANCE')

    def json(self, command: type[commands.Command], *arguments: str) -> Any:
        return json.loads(self.run_(command, *arguments, '-f', 'json'))

    def refused(
        self, command: type[commands.Command], *arguments: str
    ) -> str:
        error = self.assertRaises(
            exceptions.CommandError, self.run_, command, *arguments
        )
        return str(error)

    def pay(self, amount: str, key: str = 'a', *more: str) -> str:
        shown = self.json(
            payment.CreatePayment, 'acme', amount, '--key', key, *more
        )
        return str(shown['ID'])


class PaymentCommandTest(MoneyCommandTest):
    def test_a_list_fits_a_terminal(self) -> None:
        self.pay('30.00')

        told = self.run_(payment.ListPayment, '--account', 'acme')

        self.assertIn('30.00 EUR | 2.00 EUR | received', told)
        self.assertLessEqual(max(map(len, told.splitlines())), 80)

    def test_it_tells_where_the_money_went(self) -> None:
        paid = self.pay('30.00', 'a', '--invoice', INVOICE)

        self.assertIn(
            '28.00 EUR on INV-000001', self.run_(payment.ShowPayment, paid)
        )

    def test_a_rehearsal_says_so_and_records_nothing(self) -> None:
        told = self.run_(
            payment.CreatePayment, 'acme', '30.00', '--key', 'a', '--dry-run'
        )

        self.assertNotIn('30.00', told)
        self.assertEqual([], self.json(payment.ListPayment))

    def test_money_of_nobody_is_found_and_assigned(self) -> None:
        shown = self.json(
            payment.CreatePayment, '5.00', '--key', 'n', '--currency', 'EUR'
        )
        [row] = self.json(payment.ListPayment, '--unmatched')
        self.assertEqual((shown['ID'], None), (row['ID'], row['Account']))

        shown = self.json(
            payment.AssignPayment, str(row['ID']), '--account', 'rival'
        )

        self.assertEqual('rival', shown['Account'])
        self.assertEqual([], self.json(payment.ListPayment, '--unmatched'))

    def test_it_is_taken_off_an_invoice_and_put_there_again(self) -> None:
        paid = self.pay('20.00')

        shown = self.json(payment.UndoAllocation, paid, INVOICE)
        self.assertEqual('20.00', shown['Free'])
        shown = self.json(
            payment.AllocatePayment, paid, INVOICE, '--amount', '5.00'
        )
        self.assertEqual('15.00', shown['Free'])
        self.assertIn(
            '20.00 EUR on INV-000001, until 2026-11-22',
            self.run_(payment.ShowPayment, paid),
        )

    def test_a_refund_asks_first(self) -> None:
        paid = self.pay('30.00')
        what = (paid, '--amount', '1.00', '--key', 'r')
        self.assertIn('--yes', self.refused(payment.RefundPayment, *what))

        shown = self.json(payment.RefundPayment, *what, '--yes')

        self.assertEqual('1.00', shown['Free'])
        self.assertEqual('refund', shown['Went Out'][0]['kind'])

    def test_what_a_bank_took_back_is_due_again(self) -> None:
        paid = self.pay('28.00')

        shown = self.json(payment.ChargeBackPayment, paid, '--yes')

        self.assertEqual('charged_back', shown['State'])

    def test_what_was_on_its_way_may_not_arrive(self) -> None:
        paid = self.pay('28.00', 'p', '--pending')

        self.assertEqual(
            'failed', self.json(payment.FailPayment, paid)['State']
        )
        self.assertEqual(
            'the payment is failed', self.refused(payment.FailPayment, paid)
        )

    def test_an_account_that_is_unknown_is_named(self) -> None:
        told = self.refused(
            payment.CreatePayment, 'nobody', '1.00', '--key', 'a'
        )
        self.assertIn("'nobody'", told)


class CreditCommandTest(MoneyCommandTest):
    def give(self, amount: str = '30.00') -> str:
        shown = self.json(
            credit.CreateCredit, 'acme', amount, '--why', 'an outage',
            '--key', 'c',
        )  # fmt: skip
        return str(shown['ID'])

    def test_goodwill_pays_and_its_rest_is_balance(self) -> None:
        given = self.give()

        told = self.run_(credit.ListCredit, '--account', 'acme')
        self.assertIn('30.00 EUR | 2.00 EUR | an outage', told)
        self.assertLessEqual(max(map(len, told.splitlines())), 80)
        shown = self.json(credit.ShowCredit, given)
        self.assertEqual('28.00', shown['Pays'][0]['amount'])

    def test_what_is_free_of_it_is_paid_out(self) -> None:
        given = self.give()

        shown = self.json(
            credit.RefundCredit, given, '--key', 'out', '--yes'
        )

        self.assertEqual('0.00', shown['Free'])
        self.assertEqual('2.00', shown['Went Out'][0]['amount'])

    def test_it_is_taken_back(self) -> None:
        given = self.give()
        self.assertIn('Say --yes', self.refused(credit.WithdrawCredit, given))

        shown = self.json(credit.WithdrawCredit, given, '--yes')

        self.assertEqual('refunded', shown['State'])
