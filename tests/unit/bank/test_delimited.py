# SPDX-License-Identifier: Apache-2.0
"""What is read of statements as tables."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.bank import delimited
from patrii_billing.domain import statement
from patrii_billing import errors

PLAIN = {
    'day': ['Date'], 'amount': ['Amount'], 'payer': ['Name'],
    'text': ['Purpose'],
}  # fmt: skip
TABLE = """\
Date,Amount,Name,Purpose
2026-02-03,10.00,Ada,INV-000001
2026-02-04,-5.00,Shop,paper
"""


def read(
    text: str = TABLE, columns: Any = PLAIN, **layout: Any
) -> list[statement.Entry]:
    given = {'currency': 'EUR', **layout}
    encoding = given.get('encoding', 'utf-8')
    return delimited.read(
        [text.encode(encoding)], 'bank.csv',
        delimited.Layout(columns, **given),
    )  # fmt: skip


class TableTest(base.BaseTestCase):
    def test_columns_are_found_by_their_headers(self) -> None:
        paid, spent = read()

        self.assertEqual(
            (1000, 'EUR', dt.date(2026, 2, 3), 'Ada', 'INV-000001'),
            (paid.amount, paid.currency, paid.booked, paid.payer, paid.text),
        )
        self.assertEqual(statement.Does.PAID_IN, paid.does)
        self.assertEqual(statement.Does.PAID_OUT, spent.does)
        self.assertEqual('bank.csv:3', spent.where)

    def test_a_bank_writes_as_its_country_does(self) -> None:
        text = (
            '"Kontoauszug";"DE02"\n\n'
            'Buchung;Betrag;Währung;Auftraggeber;Zweck;Zweck 2\n'
            '03.02.2026;"1.234,50";EUR;"Öl; GmbH";RE;"zwei\nZeilen"\n'
        )
        [one] = read(
            text,
            {
                'day': ['Buchung'], 'amount': ['Betrag'],
                'currency': ['Währung'], 'payer': ['Auftraggeber'],
                'text': ['Zweck', 'Zweck 2'],
            },
            currency='', decimal=',', date='%d.%m.%Y', encoding='cp1252',
        )  # fmt: skip

        self.assertEqual(
            (123450, 'Öl; GmbH', 'RE zwei Zeilen'),
            (one.amount, one.payer, one.text),
        )

    def test_paid_in_and_out_may_have_columns_of_their_own(self) -> None:
        found = read(
            'Date\tIn\tOut\n2026-02-03\t1.00\t\n2026-02-03\t\t2.00\n'
            '2026-02-03\t\t-3.00\n',
            {'day': ['Date'], 'credit': ['In'], 'debit': ['Out']},
        )

        self.assertEqual(
            [(100, 'paid in'), (200, 'paid out'), (300, 'paid out')],
            [(one.amount, one.does) for one in found],
        )

    def test_amounts_are_read_strictly(self) -> None:
        for decimal, text, minor in (
            ('.', '1234.5', 123450),
            ('.', '1,234,567.89', 123456789),
            ('.', '+5.00', 500),
            ('.', '5', 500),
            (',', '1 234,50', 123450),
            (',', '1.234', 123400),
        ):
            [one] = read(
                f'Date;Amount\n2026-02-03;{text}\n',
                {'day': ['Date'], 'amount': ['Amount']},
                decimal=decimal,
            )
            self.assertEqual(minor, one.amount, text)
        for decimal, text in (
            ('.', '12.34.56'), ('.', '1,23'), ('.', '1e3'), ('.', ''),
            ('.', '1.234'), ('.', '1,234 567.00'), (',', '1.23'),
            (',', '1.234.56,00'), (',', '12,345'), ('.', 'ten'),
            ('.', '--5.00'), ('.', '\u0661.00'),
        ):  # fmt: skip
            error = self.assertRaises(
                errors.InvalidInput, read,
                f'Date;Amount\n2026-02-03;{text}\n',
                {'day': ['Date'], 'amount': ['Amount']}, decimal=decimal,
            )  # fmt: skip
            self.assertEqual('bank.csv:2: Amount', error.where, text)

    def test_equal_rows_are_two_transfers_and_the_same_again_is_not(
        self,
    ) -> None:
        row = '2026-02-03,10.00,Ada,rent\n'
        once = read(f'Date,Amount,Name,Purpose\n{row}')
        twice = read(f'Date,Amount,Name,Purpose\n{row}{row}')

        self.assertEqual(once[0].key, twice[0].key)
        self.assertNotEqual(twice[0].key, twice[1].key)

    def test_with_the_name_of_the_bank_the_words_may_change(self) -> None:
        columns = {**PLAIN, 'id': ['Id']}
        keys = {
            read(
                f'Date,Amount,Name,Purpose,Id\n2026-02-03,1.00,Ada,{text},7\n',
                columns,
            )[0].key
            for text in ('rent', 'RENT OF MARCH')
        }

        self.assertEqual(1, len(keys))


class RefusalTest(base.BaseTestCase):
    def refused(self, *args: Any, **layout: Any) -> str:
        return str(
            self.assertRaises(errors.InvalidInput, read, *args, **layout)
        )

    def test_it_names_the_line_and_the_column(self) -> None:
        for old, new, said in (
            ('2026-02-04', '04.02.2026', 'bank.csv:3: Date'),
            ('-5.00', 'five', 'bank.csv:3: Amount'),
            ('Shop,', '', 'bank.csv:3: has 3 columns'),
            ('Purpose', 'Use', "bank.csv: no row of headers has 'Purpose'"),
            ('Name', 'Amount', 'bank.csv: no row of headers'),
        ):
            self.assertIn(said, self.refused(TABLE.replace(old, new)))

    def test_a_header_that_is_twice_is_not_guessed(self) -> None:
        self.assertIn(
            "'Amount' is twice",
            self.refused(
                'Date,Amount,Amount\n', {'day': ['Date'], 'amount': ['Amount']}
            ),
        )

    def test_what_must_be_known_is_asked_for(self) -> None:
        day, amount = ['Date'], ['Amount']
        for columns, layout, said in (
            ({'day': day}, {}, 'columns: must name day, and amount'),
            ({'amount': amount}, {}, 'columns: must name day'),
            ({'day': day, 'amount': amount, 'credit': amount}, {}, 'columns'),
            ({'day': day, 'amount': amount, 'x': day}, {}, 'column x'),
            (PLAIN, {'currency': ''}, 'currency'),
            (PLAIN, {'currency': 'ABC'}, 'currency'),
            (PLAIN, {'decimal': ';'}, 'decimal'),
            (PLAIN, {'delimiter': ';;'}, 'delimiter'),
        ):
            self.assertIn(said, self.refused(TABLE, columns, **layout))

    def test_another_encoding_is_refused(self) -> None:
        error = self.assertRaises(
            errors.InvalidInput, delimited.read, [b'Date\xff'], 'bank.csv',
            delimited.Layout(PLAIN, currency='EUR'),
        )  # fmt: skip

        self.assertEqual('bank.csv: encoding', error.where)
