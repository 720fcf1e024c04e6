# SPDX-License-Identifier: Apache-2.0
"""Money at the command line: what is listed, moved and imported."""

import re

from patrii_billing.store import schema
from tests.unit.bank import statements as bank
from tests.unit.cmd import base

OPENING = base.CUSTOMER.replace(
    'timezone: Europe/Paris',
    'timezone: Europe/Paris\n        opening_balance: "-10.00"',
)
TABLE = """\
Day;Sum;Who;What
03.01.2026;10,00;Ada Berg;INV-000001
04.01.2026;7,00;Bob Clay;no idea
05.01.2026;-3,00;Shop;paper
"""
COLUMNS = (
    '--column', 'day=Day', '--column', 'amount=Sum', '--column', 'payer=Who',
    '--column', 'text=What', '--decimal', ',', '--date-format', '%d.%m.%Y',
    '--currency', 'EUR',
)  # fmt: skip


class PaymentTestCase(base.CommandTestCase):
    """acme owes 10.00 since before this service billed it."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load(OPENING)
        self.db = self.tools().db

    def pay(self, amount: str, key: str = 'a', *more: str) -> str:
        return self.manage(
            'payment', 'record', '--account', 'acme', '--amount', amount,
            '--key', key, *more,
        )  # fmt: skip

    def payment(self, *argv: str) -> list[str]:
        said = self.manage('payment', *argv).splitlines()
        for line in said:
            self.assertLessEqual(len(line), 80)
        return said

    def count(self) -> int:
        rows = self.db.read(
            lambda conn: conn.execute(schema.payments.select()).all()
        )
        return len(rows)


class MovingTest(PaymentTestCase):
    def test_the_list_tells_what_is_free_and_of_what_kind(self) -> None:
        self.assertEqual(['There is none.'], self.payment('list'))
        self.pay('12.00', 'a', '--reference', 'thanks')
        self.payment('refund', '--key', 'a', '--amount', '0.50', '--once', 'r')

        header, first, second = self.payment('list', '--account', 'acme')

        self.assertEqual(
            ['N', 'RECEIVED', 'ACCOUNT', 'AMOUNT', 'STATE', 'WHAT'],
            header.split(),
        )
        self.assertEqual(
            '1 2026-01-01 acme 12.00 EUR received 1.50 free; thanks',
            ' '.join(first.split()),
        )
        self.assertEqual(
            '2 2026-01-01 acme 0.50 EUR refund r', ' '.join(second.split())
        )
        self.assertEqual(
            ['There is none.'], self.payment('list', '--unmatched')
        )
        self.assertEqual(
            ['There is none.'], self.payment('list', '--state', 'failed')
        )

    def test_one_is_shown_with_where_it_went(self) -> None:
        self.pay('12.00')
        self.payment('refund', '--payment', '1', '--once', 'r')
        self.payment(
            'undo-allocation', '--payment', '1', '--invoice', 'INV-000001'
        )

        said = '\n'.join(self.payment('show', '--payment', '1'))

        self.assertIn('to INV-000001, until 2026-01-01T00:00:00Z', said)
        self.assertIn('out by number 2: refund', said)

    def test_an_allocation_is_undone_and_done_again(self) -> None:
        self.pay('10.00')

        said = self.payment(
            'undo-allocation', '--key', 'a', '--invoice', 'INV-000001'
        )
        self.assertIn('Open invoices: 10.00 EUR.', said)
        self.assertIn('Kept as balance: 10.00 EUR.', said)

        said = self.payment(
            'allocate', '--key', 'a', '--invoice', 'INV-000001',
            '--amount', '4.00',
        )  # fmt: skip
        self.assertIn('Open invoices: 6.00 EUR.', said)
        self.assertIn(
            'amount: can be up to',
            self.refused(
                'payment', 'allocate', '--key', 'a', '--invoice',
                'INV-000001', '--amount', '6.01',
            ),
        )  # fmt: skip

    def test_a_refund_says_what_is_wrong_with_it(self) -> None:
        self.pay('10.00')

        for argv, said in (
            (['--key', 'b', '--once', 'r'], "no payment has the key 'b'"),
            (['--payment', '9', '--once', 'r'], 'no payment has the number 9'),
            (['--key', 'a', '--once', 'r'], 'no more than 0.00 EUR of it'),
            (['--key', 'a', '--once', 'r', '--amount', 'x'], '--amount'),
        ):
            self.assertIn(said, self.refused('payment', 'refund', *argv))

        said = self.payment(
            'refund', '--key', 'a', '--once', 'r', '--force', '--why', 'left'
        )
        self.assertEqual('10.00 EUR of acme: refunded.', said[0])
        self.assertEqual('Open invoices: 10.00 EUR.', said[1])

    def test_a_charge_back_may_be_of_a_part(self) -> None:
        self.pay('10.00')

        said = self.payment(
            'charge-back', '--key', 'a', '--amount', '3.00', '--once', 'c'
        )

        self.assertIn('Open invoices: 3.00 EUR.', said)

    def test_goodwill_is_given_once_and_withdrawn(self) -> None:
        add = (
            'credit', 'add', '--account', 'acme', '--amount', '4.00',
            '--key', 'sorry', '--why', 'was late',
        )  # fmt: skip
        for _ in range(2):
            said = self.manage(*add).splitlines()
            self.assertEqual(
                ['4.00 EUR of acme: credit.', 'Open invoices: 6.00 EUR.'], said
            )

        said = self.manage('credit', 'withdraw', '--key', 'sorry')
        self.assertIn('Open invoices: 10.00 EUR.', said)
        self.assertIn(
            'no credit has the key',
            self.refused('credit', 'withdraw', '--key', 'x'),
        )


class ImportTest(PaymentTestCase):
    def given(self, content: str = TABLE, name: str = 'bank.csv') -> str:
        return self.write(name, content)

    def test_it_is_shown_first_and_recorded_with_yes(self) -> None:
        file = self.given()

        said = self.payment('import', file, *COLUMNS)

        self.assertEqual(
            [
                'LINE  BOOKED      AMOUNT     ACCOUNT  DOES          WHY',
                '2     2026-01-03  10.00 EUR  acme     payment       '
                'by number: INV-000001 in',
            ],
            said[:2],
        )
        self.assertIn('1 payment: 10.00 EUR.', said)
        self.assertIn('1 for a person: 7.00 EUR.', said)
        self.assertIn('1 ignored: 3.00 EUR.', said)
        self.assertIn('Nothing was recorded yet: --yes does.', said)
        self.assertEqual(0, self.count())

        said = self.payment('import', file, *COLUMNS, '--yes')

        self.assertIn('1 payment: 10.00 EUR.', said)
        self.assertIn('Bob Clay', ' '.join(said))
        self.assertNotIn('Ada Berg', ' '.join(said))
        self.assertEqual(2, self.count())

        said = self.payment('import', file, *COLUMNS, '--yes')
        self.assertEqual('2 known: 17.00 EUR.', said[-1])
        self.assertEqual(2, self.count())

    def test_what_waits_is_listed_and_assigned(self) -> None:
        self.payment('import', self.given(), *COLUMNS, '--yes')

        _, line, *_ = self.payment('list', '--unmatched')
        self.assertTrue(
            re.match(r'2 +2026-01-01 +- +7\.00 EUR +received +7\.00', line)
        )

        said = self.payment('assign', '--payment', '2', '--account', 'acme')
        self.assertEqual('7.00 EUR of acme: received.', said[0])
        self.assertEqual(
            ['There is none.'], self.payment('list', '--unmatched')
        )
        self.assertIn(
            'the payment is taken',
            self.refused(
                'payment', 'assign', '--payment', '2', '--account', 'acme'
            ),
        )

    def test_a_file_of_xml_is_known_as_such(self) -> None:
        paid = bank.entry('10.00', bank.tx('INV-000001'), day='2025-12-30')
        back = bank.entry(
            '4.00', bank.tx('what?'), sign='DBIT', reversal='true'
        )
        file = self.given(bank.camt(paid, back).decode(), 'bank.xml')

        said = self.payment('import', file, '--yes')

        self.assertIn('1 payment: 10.00 EUR.', said)
        self.assertIn('charge_back?', ' '.join(self.payment('list')))

        said = self.payment('assign', '--payment', '2', '--takes-back', '1')
        self.assertIn('Open invoices: 4.00 EUR.', said)

    def test_it_reads_what_is_piped_into_it(self) -> None:
        said = self.manage('import', *'-'.split(), stdin=OPENING.encode())
        self.assertIn('left', said)

        said = self.manage(
            'payment', 'import', '-', *COLUMNS, stdin=TABLE.encode()
        )
        self.assertIn('1 payment: 10.00 EUR.', said)

    def test_a_mistake_is_one_line_and_nothing_is_written(self) -> None:
        wrong = self.given(TABLE.replace('-3,00', '-3.00'))
        empty = self.given('', 'empty.csv')
        xml = self.given('<a/>', 'a.xml')
        for argv, said in (
            ([wrong, *COLUMNS], f"{wrong}:4: Sum: '-3.00' is no amount"),
            ([empty, *COLUMNS], f'{empty}: no row of headers'),
            ([xml], f'{xml}:1: is nothing known, and not camt.053'),
            (['nowhere.csv', *COLUMNS], 'nowhere.csv: No such file'),
            ([wrong], '--column: is needed'),
            ([wrong, '--column', 'day'], "--column: 'day' is no FIELD"),
            ([wrong, '--column', 'x=Day'], 'column x: is none of'),
        ):
            line = self.refused('payment', 'import', *argv, '--yes')
            self.assertIn(said, line)
        self.assertEqual(0, self.count())
