# SPDX-License-Identifier: Apache-2.0
"""Where money goes, and back: allocation, refunds, goodwill, bank fees."""

from oslotest import base

from patrii_billing.domain import money
from patrii_billing.engine import balance
from patrii_billing.engine import payments
from patrii_billing.engine import refunds
from patrii_billing.engine import voiding
from patrii_billing import errors
from patrii_billing.store import payments as rows
from patrii_billing.store import schema
from tests.unit import stories
from tests.unit import till

FEES = 'tolerance: 50, settle_fees: true'


class AllocationTest(base.BaseTestCase):
    def test_the_oldest_due_is_paid_first_whatever_came_first(self) -> None:
        books = till.Till()
        late = books.bill(1000, '03-01')
        early = books.bill(1000, '02-01')

        payment = books.pay(1500)

        self.assertEqual(
            [(payment, early, 1000), (payment, late, 500)], books.used()
        )

    def test_a_named_invoice_is_paid_before_older_ones(self) -> None:
        books = till.Till()
        early = books.bill(1000, '02-01')
        late = books.bill(1000, '03-01')

        payment = books.pay(1500, invoice_ids=[late])

        self.assertEqual(
            [(payment, late, 1000), (payment, early, 500)], books.used()
        )

    def test_nobody_pays_an_invoice_of_another(self) -> None:
        books = till.Till()
        theirs = books.bill(1000, account=books.other)

        self.assertRaises(
            errors.InvalidInput, books.pay, 1000, invoice_ids=[theirs]
        )

        self.assertEqual([], books.rows(schema.payments))

    def test_the_same_key_for_another_invoice_is_another_payment(
        self,
    ) -> None:
        books = till.Till()
        one, two = books.bill(1000), books.bill(1000)
        first = books.pay(500, invoice_ids=[one])

        self.assertEqual(first, books.pay(500, invoice_ids=[one]))
        self.assertRaises(errors.Conflict, books.pay, 500, invoice_ids=[two])

    def test_the_same_key_of_another_account_is_refused(self) -> None:
        books = till.Till()
        books.pay(500)

        self.assertRaises(errors.Conflict, books.pay, 500, account=books.other)

    def test_what_is_taken_off_stays_off_and_is_history(self) -> None:
        books = till.Till()
        invoice = books.bill(1000, '02-01')
        payment = books.pay(1000)
        books.on('02-03')

        books.do(refunds.undo_allocation, payment, invoice)

        self.assertEqual([1000], books.owed())
        self.assertEqual(stories.instant('02-03'), books.invoice(1).due_at)
        self.assertEqual(1000, books.free())
        [row] = books.rows(schema.allocations)
        self.assertEqual(stories.instant('02-03'), row.undone_at)

        books.pay(1, 'another cent')

        self.assertEqual([999], books.owed())
        self.assertEqual(1000, books.free())

    def test_it_does_not_come_due_sooner_than_at_first(self) -> None:
        books = till.Till()
        invoice = books.bill(1000, '02-01')
        payment = books.pay(1000)

        books.do(refunds.undo_allocation, payment, invoice)

        self.assertEqual(stories.instant('02-01'), books.invoice(1).due_at)

    def test_what_was_taken_off_pays_another_invoice_at_once(self) -> None:
        books = till.Till()
        first = books.bill(1000, '02-01')
        payment = books.pay(1000)
        second = books.bill(600, '03-01')

        books.do(refunds.undo_allocation, payment, first)

        self.assertEqual([(payment, second, 600)], books.used())
        self.assertEqual(400, books.free())

    def test_by_hand_it_goes_back_where_it_was(self) -> None:
        books = till.Till()
        invoice = books.bill(1000)
        payment = books.pay(1000)
        books.do(refunds.undo_allocation, payment, invoice)

        books.do(refunds.allocate, payment, invoice, till.euro(300))

        self.assertEqual([(payment, invoice, 300)], books.used())
        self.assertEqual([700], books.owed())

        for amount in (0, -1, 701):
            self.assertRaises(
                errors.InvalidInput, books.do, refunds.allocate, payment,
                invoice, till.euro(amount),
            )  # fmt: skip

    def test_only_what_pays_it_can_be_taken_off(self) -> None:
        books = till.Till()
        invoice = books.bill(1000)
        books.pay(1000)
        spare = books.pay(5, 'spare')

        self.assertRaises(
            errors.Conflict, books.do, refunds.undo_allocation, spare, invoice
        )

    def test_what_was_written_off_is_paid_by_name_only(self) -> None:
        books = till.Till()
        invoice = books.bill(1000)
        books.db.write(
            voiding.write_off, books.tools, invoice, books.now, 'ann', 'gone'
        )

        payment = books.pay(400)
        self.assertEqual([], books.used())

        books.do(refunds.allocate, payment, invoice, None)
        self.assertEqual('uncollectible', books.invoice(1).state)
        books.pay(600, 'b', invoice_ids=[invoice])
        self.assertEqual('paid', books.invoice(1).state)

        books.charge_back(payment)
        self.assertEqual('uncollectible', books.invoice(1).state)
        self.assertEqual([400], books.owed())


class RefundTest(base.BaseTestCase):
    def test_what_is_free_is_refunded_and_no_more(self) -> None:
        books = till.Till()
        books.bill(1000)
        payment = books.pay(1500)

        self.assertRaises(errors.Conflict, books.refund, payment, 501)
        out = books.refund(payment, 300)

        self.assertEqual(200, books.free())
        row = books.payment(out)
        self.assertEqual(
            ('refund', 300, payment), (row.kind, row.amount, row.refunds)
        )
        self.assertEqual('received', books.payment(payment).state)
        self.assertEqual([0], books.owed())

    def test_the_same_refund_is_paid_once(self) -> None:
        books = till.Till()
        payment = books.pay(1500)

        first = books.refund(payment, 300)

        self.assertEqual(first, books.refund(payment, 300))
        self.assertRaises(errors.Conflict, books.refund, payment, 301)
        self.assertEqual(1200, books.free())

    def test_by_force_the_newest_allocation_goes_first_and_only_so_much(
        self,
    ) -> None:
        books = till.Till()
        early, late = books.bill(1000, '02-01'), books.bill(1000, '03-01')
        payment = books.pay(2100)

        books.refund(payment, 400, force=True)

        self.assertEqual(
            [(payment, early, 1000), (payment, late, 700)], books.used()
        )
        self.assertEqual([0, 300], books.owed())
        self.assertEqual(0, books.free())

    def test_a_payment_wholly_refunded_has_ended(self) -> None:
        books = till.Till()
        books.bill(1000)
        payment = books.pay(1000)

        books.refund(payment, None, force=True)

        row = books.payment(payment)
        self.assertEqual(('refunded', books.now), (row.state, row.ended_at))
        self.assertRaises(errors.Conflict, books.refund, payment, 1, 'more')
        self.assertRaises(errors.Conflict, books.charge_back, payment)

    def test_nothing_and_less_is_no_refund(self) -> None:
        books = till.Till()
        payment = books.pay(1000)

        for minor in (0, -5):
            self.assertRaises(
                errors.InvalidInput, books.refund, payment, minor
            )
        dollar = money.Money(1, 'USD')
        self.assertRaises(
            errors.InvalidInput, books.db.write, refunds.refund, books.tools,
            payment, dollar, 'r', books.now,
        )  # fmt: skip

    def test_what_a_document_left_is_paid_out_but_not_asked_for_again(
        self,
    ) -> None:
        books = till.Till()
        invoice = books.bill(1000)
        credit = books.db.write(
            rows.add, account_id=books.acme, kind='credit', source='service',
            state='received', amount=1200, free=1200, currency='EUR',
            key='credit:invoice:9', body_hash='', reference='CN-000001',
            received_at=books.now, by='ann',
        )  # fmt: skip
        books.db.write(balance.allocate, books.acme, books.now)

        for work in (refunds.undo_allocation, refunds.allocate):
            more = [None] if work is refunds.allocate else []
            self.assertRaises(
                errors.BillingError, books.do, work, credit, invoice, *more
            )
        self.assertRaises(
            errors.Conflict, books.refund, credit, 201, force=True
        )
        self.assertRaises(errors.Conflict, books.do, refunds.withdraw, credit)
        books.refund(credit, None)

        self.assertEqual([0], books.owed())
        self.assertEqual(0, books.free())
        self.assertEqual([], books.mistakes())

    def test_other_money_pays_what_a_refund_took_away(self) -> None:
        books = till.Till()
        books.bill(1000)
        payment = books.pay(1000)
        books.pay(1000, 'b')

        books.refund(payment, None, force=True)

        self.assertEqual([0], books.owed())
        self.assertEqual([], books.mistakes())


class ChargeBackTest(base.BaseTestCase):
    def test_a_part_of_a_payment_can_be_taken_back(self) -> None:
        books = till.Till()
        books.bill(1000)
        payment = books.pay(1000)

        out = books.charge_back(payment, 400, key='c')

        self.assertEqual(out, books.charge_back(payment, 400, key='c'))
        self.assertEqual([400], books.owed())
        self.assertEqual('received', books.payment(payment).state)

        books.charge_back(payment)
        self.assertEqual([1000], books.owed())
        self.assertEqual('charged_back', books.payment(payment).state)

    def test_a_bank_cannot_take_more_than_is_left(self) -> None:
        books = till.Till()
        payment = books.pay(1000)
        books.refund(payment, 300)

        self.assertRaises(errors.Conflict, books.charge_back, payment, 1000)

        self.assertEqual(700, books.free())

    def test_money_that_failed_and_came_after_all_counts(self) -> None:
        books = till.Till()
        books.bill(1000)
        payment = books.pay(1000, pending=True)
        books.do(payments.fail, payment)

        self.assertEqual(payment, books.pay(1000))

        self.assertEqual([0], books.owed())
        self.assertEqual('received', books.payment(payment).state)


class CreditTest(base.BaseTestCase):
    def test_goodwill_pays_as_money_does_and_once(self) -> None:
        books = till.Till()
        books.bill(1000)

        credit = books.credit(400)

        self.assertEqual(credit, books.credit(400))
        self.assertRaises(errors.Conflict, books.credit, 500)
        self.assertEqual([600], books.owed())
        self.assertEqual('credit', books.payment(credit).kind)

    def test_it_needs_a_reason_and_an_amount(self) -> None:
        books = till.Till()

        self.assertRaises(errors.InvalidInput, books.credit, 0)
        self.assertRaises(errors.InvalidInput, books.credit, 5, why='')

    def test_a_mistaken_one_is_withdrawn(self) -> None:
        books = till.Till()
        books.bill(1000)
        credit = books.credit(1400)

        books.do(refunds.withdraw, credit)

        self.assertEqual([1000], books.owed())
        self.assertEqual(0, books.free())
        self.assertRaises(
            errors.Conflict, books.do, refunds.withdraw, books.pay(5)
        )

    def test_no_bank_takes_goodwill_back(self) -> None:
        books = till.Till()

        self.assertRaises(
            errors.Conflict, books.charge_back, books.credit(400)
        )


class UnmatchedTest(base.BaseTestCase):
    def test_money_of_nobody_waits_and_then_counts(self) -> None:
        books = till.Till()
        books.bill(1000)
        payment = books.pay(1200, account=None)
        self.assertEqual([1000], books.owed())
        books.on('02-02')

        books.assign(payment)

        self.assertEqual([0], books.owed())
        self.assertEqual(200, books.free())
        self.assertEqual(books.now, books.payment(payment).assigned_at)
        self.assertRaises(errors.Conflict, books.assign, payment, books.other)

    def test_it_restores_at_once(self) -> None:
        books = till.Till()
        payment = books.pay(1000, account=None)
        books.play('02-04 00:00:00')
        self.assertEqual('shelved', books.sub().billing_status)

        books.assign(payment)
        books.play('02-04 00:01:00')

        self.assertEqual('active', books.sub().billing_status)

    def test_it_can_be_returned_in_parts(self) -> None:
        books = till.Till()
        payment = books.pay(1000, account=None)

        books.refund(payment, 300)
        self.assertEqual(700, books.payment(payment).free)
        books.refund(payment, None, 'rest')

        self.assertEqual('refunded', books.payment(payment).state)
        self.assertRaises(errors.Conflict, books.assign, payment)

    def test_what_a_bank_took_back_is_found_out_later(self) -> None:
        books = till.Till()
        books.bill(1000)
        payment = books.pay(1000)
        taken = books.db.write(
            refunds.record_taken_back, till.euro(1000), 'b', books.now
        )

        books.do(refunds.explain, taken, payment)

        self.assertEqual([1000], books.owed())
        self.assertEqual(payment, books.payment(taken).refunds)
        self.assertEqual('charged_back', books.payment(payment).state)
        self.assertEqual([], books.mistakes())
        self.assertRaises(
            errors.Conflict, books.do, refunds.explain, taken, payment
        )


class FeeTest(base.BaseTestCase):
    def test_a_rest_within_the_tolerance_is_let_go_of_by_policy(self) -> None:
        books = till.Till(FEES)
        books.bill(1000)

        books.pay(950)

        self.assertEqual('paid', books.invoice(1).state)
        fee = books.rows(schema.payments)[-1]
        self.assertEqual(('fee', 50, 0), (fee.kind, fee.amount, fee.free))
        self.assertEqual([], books.mistakes())

    def test_a_cent_more_is_owed(self) -> None:
        books = till.Till(FEES)
        books.bill(1000)

        books.pay(949)

        self.assertEqual([51], books.owed())

    def test_by_default_it_stays_owed(self) -> None:
        books = till.Till('tolerance: 50')
        books.bill(1000)

        books.pay(950)

        self.assertEqual([50], books.owed())

    def test_a_small_invoice_that_nobody_paid_is_owed(self) -> None:
        books = till.Till(FEES)
        books.bill(1000, '02-01')
        books.bill(40, '02-02')

        books.pay(1000)

        self.assertEqual([0, 40], books.owed())

    def test_with_the_payment_the_fee_is_taken_back(self) -> None:
        books = till.Till(FEES)
        books.bill(1000)
        payment = books.pay(950)

        books.charge_back(payment)

        self.assertEqual([1000], books.owed())
        self.assertEqual([], books.mistakes())

        books.pay(960, 'again')
        self.assertEqual([0], books.owed())
        self.assertEqual([], books.mistakes())
