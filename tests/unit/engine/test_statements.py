# SPDX-License-Identifier: Apache-2.0
"""What becomes of the entries of a bank statement."""

from oslotest import base

from patrii_billing.bank import camt
from patrii_billing.domain import reference
from patrii_billing.domain import statement
from patrii_billing.engine import statements
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import schema
from tests.unit.bank import statements as bank
from tests.unit import stories
from tests.unit import till

Deed = statements.Deed
FIRST = reference.of_invoice('INV', 1)


class Bank(till.Till):
    """A till whose bank sends statements."""

    def entries(self, *entries: str) -> list[statement.Entry]:
        return camt.read([bank.camt(*entries)], 'bank.xml')

    def preview(self, *entries: str) -> list[statements.Plan]:
        return list(statements.preview(self.tools, self.entries(*entries)))

    def record(self, *entries: str) -> list[statements.Plan]:
        found = self.entries(*entries)
        return list(statements.record(self.tools, found, 'ann'))

    def both(self, *entries: str) -> list[statements.Deed]:
        """What was foreseen, which is what was done."""
        foreseen = [plan.deed for plan in self.preview(*entries)]
        before = len(self.rows(schema.payments))
        done = [plan.deed for plan in self.record(*entries)]
        if foreseen != done:
            raise AssertionError(f'{foreseen} became {done}, from {before}')
        return done


class MatchingTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.begin()

    def begin(self) -> None:
        self.books = Bank()
        self.first = self.books.bill(1000, '02-01')
        self.second = self.books.bill(1000, '03-01')
        self.theirs = self.books.bill(700, account=self.books.other)
        for account_id, ref in (
            (self.books.acme, 'K-4711'), (self.books.other, 'K-4712'),
        ):  # fmt: skip
            self.books.db.write(accounts.change, account_id, external_ref=ref)

    def pays(self, *details: str) -> list[int]:
        """What is paid by a transfer of 10.00, by invoice."""
        before = self.books.owed()
        self.books.both(bank.entry('10.00', *details))
        after = self.books.owed()
        return [old - new for old, new in zip(before, after, strict=True)]

    def test_a_structured_reference_names_the_invoice(self) -> None:
        second = reference.of_invoice('INV', 2)

        self.assertEqual([0, 1000, 0], self.pays(bank.tx(reference=second)))

    def test_a_reference_in_the_text_does_however_it_is_written(self) -> None:
        second = reference.spaced(reference.of_invoice('INV', 2)).lower()

        self.assertEqual(
            [0, 1000, 0], self.pays(bank.tx(f'thanks, {second} / ada'))
        )

    def test_a_number_in_the_text_does(self) -> None:
        for text in ('invoice INV-000002', 'inv 2', 'Rg. INV000002.'):
            self.begin()
            self.assertEqual([0, 1000, 0], self.pays(bank.tx(text)), text)

    def test_the_reference_of_the_customer_does_and_pays_the_oldest(
        self,
    ) -> None:
        for text in ('customer K-4711', 'k-4711, thanks', '(K-4711)'):
            self.begin()
            self.assertEqual([1000, 0, 0], self.pays(bank.tx(text)), text)

    def test_several_numbers_of_one_customer_are_paid_in_their_order(
        self,
    ) -> None:
        self.books.both(
            bank.entry('15.00', bank.tx('INV-000002 and INV-000001'))
        )

        self.assertEqual([500, 0, 700], self.books.owed())

    def test_what_is_not_certain_is_for_a_person(self) -> None:
        for text in (
            '', 'rent', 'INV-000099', 'K-4711 K-4712', 'XINV-000001',
            'INV-000001 INV-000003', 'K-471', 'CN-000001',
            'inv 2-03-2026',
        ):  # fmt: skip
            [deed] = self.books.both(bank.entry('10.00', bank.tx(text)))
            self.assertEqual(Deed.FOR_A_PERSON, deed, text)

        self.assertEqual([1000, 1000, 700], self.books.owed())
        waiting = self.books.rows(schema.payments)
        self.assertEqual(9000, sum(row.free for row in waiting))
        self.assertEqual({None}, {row.account_id for row in waiting})

    def test_another_currency_is_for_a_person(self) -> None:
        for text in (FIRST, 'K-4711'):
            [plan] = self.books.preview(
                bank.entry('10.00', bank.tx(text), currency='USD')
            )
            self.assertEqual(Deed.FOR_A_PERSON, plan.deed)
            self.assertIn('EUR', plan.why)


class RecordingTest(base.BaseTestCase):
    def test_the_same_statement_again_records_nothing(self) -> None:
        books = Bank()
        books.bill(1000)
        entries = (
            bank.entry('10.00', bank.tx(FIRST)),
            bank.entry('5.00', bank.tx('who?')),
            bank.entry('9.00', bank.tx('paper'), sign='DBIT'),
        )

        first = books.both(*entries)
        rows = books.rows(schema.payments)
        again = books.both(*entries)

        self.assertEqual(
            [Deed.PAYMENT, Deed.FOR_A_PERSON, Deed.IGNORED], first
        )
        self.assertEqual([Deed.KNOWN, Deed.KNOWN, Deed.IGNORED], again)
        self.assertEqual(rows, books.rows(schema.payments))
        self.assertEqual([], books.mistakes())

    def test_an_overlapping_statement_records_what_is_new(self) -> None:
        books = Bank()
        same = bank.entry('5.00', bank.tx('who?'))
        books.both(same)

        done = books.both(
            same, same, bank.entry('5.00', bank.tx('who?'), day='2026-02-04')
        )

        self.assertEqual(
            [Deed.KNOWN, Deed.FOR_A_PERSON, Deed.FOR_A_PERSON], done
        )

    def test_assigned_since_it_is_known_still(self) -> None:
        books = Bank()
        entry = bank.entry('5.00', bank.tx('who?'))
        books.record(entry)
        books.assign(1)

        self.assertEqual([Deed.KNOWN], books.both(entry))
        self.assertEqual(500, books.free())

    def test_a_preview_writes_nothing_and_counts_what_is_left(self) -> None:
        books = Bank()
        books.bill(1000)

        plans = books.preview(
            bank.entry('4.00', bank.tx(FIRST)),
            bank.entry('8.00', bank.tx(FIRST)),
            bank.entry('1.00', bank.tx(FIRST)),
        )

        self.assertEqual(
            [
                'by reference: INV-000001 but for 6.00 EUR',
                'by reference: INV-000001 in full, and 2.00 EUR more',
                'by reference: INV-000001 owes nothing, and 1.00 EUR more',
            ],
            [plan.why for plan in plans],
        )
        self.assertEqual([], books.rows(schema.payments))

    def test_it_is_received_on_the_day_of_the_bank(self) -> None:
        books = Bank()
        books.on('02-05')

        books.record(bank.entry('5.00', day='2026-02-03'))
        books.record(bank.entry('5.00', day='2026-02-07'))

        self.assertEqual(
            [stories.instant('02-03 12:00:00'), stories.instant('02-05')],
            [row.received_at for row in books.rows(schema.payments)],
        )

    def test_what_the_books_know_otherwise_stops_all(self) -> None:
        books = Bank()
        [entry] = books.entries(bank.entry('5.00'))
        books.pay(900, entry.key)
        before = books.rows(schema.payments)

        for work in (books.preview, books.record):
            error = self.assertRaises(
                errors.Conflict, work, bank.entry('1.00'),
                bank.entry('5.00'),
            )  # fmt: skip
            self.assertIn('bank.xml:', str(error))
        self.assertEqual(before, books.rows(schema.payments))

    def test_a_payment_by_bank_restores(self) -> None:
        books = Bank()
        books.play('02-04 00:00:00')
        self.assertEqual('shelved', books.sub().billing_status)

        self.assertEqual(
            [Deed.PAYMENT], books.both(bank.entry('10.00', bank.tx(FIRST)))
        )
        books.play('02-04 00:01:00')

        self.assertEqual('active', books.sub().billing_status)


class ReversalTest(base.BaseTestCase):
    PAID = bank.entry('10.00', bank.tx(FIRST, end_to_end='E1'), own='B1')
    BACK = bank.entry(
        '10.00', bank.tx(FIRST, end_to_end='E1'), own='B2', sign='DBIT',
        reversal='true', day='2026-02-05',
    )  # fmt: skip

    def test_a_reversal_charges_back_what_it_reverses(self) -> None:
        books = Bank()
        books.bill(1000)
        books.both(self.PAID)

        self.assertEqual([Deed.CHARGE_BACK], books.both(self.BACK))

        self.assertEqual([1000], books.owed())
        self.assertEqual('charged_back', books.payment(1).state)
        self.assertEqual([Deed.KNOWN], books.both(self.BACK))
        self.assertEqual([], books.mistakes())

    def test_it_may_be_on_the_same_statement(self) -> None:
        books = Bank()
        books.bill(1000)

        self.assertEqual(
            [Deed.PAYMENT, Deed.CHARGE_BACK], books.both(self.PAID, self.BACK)
        )
        self.assertEqual([1000], books.owed())

    def test_by_its_words_where_there_is_no_reference(self) -> None:
        books = Bank()
        books.both(bank.entry('10.00', bank.tx('rent'), own='B1'))

        done = books.both(
            bank.entry('10.00', bank.tx('rent'), sign='DBIT', reversal='true')
        )

        self.assertEqual([Deed.CHARGE_BACK], done)
        self.assertEqual('charged_back', books.payment(1).state)

    def test_what_it_reverses_is_for_a_person_where_it_is_not_certain(
        self,
    ) -> None:
        back = bank.entry(
            '10.00', bank.tx('rent'), sign='DBIT', reversal='true'
        )
        rent = bank.entry('10.00', bank.tx('rent'))
        for before in (
            (),
            (rent, rent),
            (bank.entry('9.00', bank.tx('rent')),),
        ):
            books = Bank()
            books.both(*before)

            self.assertEqual([Deed.FOR_A_PERSON], books.both(back))

            row = books.rows(schema.payments)[-1]
            self.assertEqual(
                ('charge_back', 'pending', None, 0),
                (row.kind, row.state, row.refunds, row.free),
            )
            self.assertEqual([Deed.KNOWN], books.both(back))

    def test_a_payment_that_was_refunded_in_part_is_for_a_person(
        self,
    ) -> None:
        books = Bank()
        books.both(self.PAID)
        books.refund(1, 400)

        self.assertEqual([Deed.FOR_A_PERSON], books.both(self.BACK))

    def test_what_we_paid_and_got_back_is_for_a_person(self) -> None:
        books = Bank()
        books.bill(1000)

        self.assertEqual(
            [Deed.FOR_A_PERSON],
            books.both(bank.entry('10.00', bank.tx(FIRST), reversal='true')),
        )
        self.assertEqual([1000], books.owed())
