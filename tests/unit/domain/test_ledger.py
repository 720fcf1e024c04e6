# SPDX-License-Identifier: Apache-2.0
"""Journals are text that programs read, whatever customers are called."""

import csv
import datetime as dt
from decimal import Decimal

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import journal
from patrii_billing.domain import ledger
from tests.unit.domain import elsewhere

NASTY = 'Zoë "=Sum" \\ | & Søns;\ndate:2020 [2021-01-01]\u2028end'


def entry(**values: object) -> journal.Entry:
    given = {
        'at': dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC),
        'day': dt.date(2026, 2, 1),
        'kind': 'payment',
        'code': 'INV-000001',
        'payee': 'acme',
        'text': 'Payment',
        'currency': 'EUR',
        'postings': (
            journal.Posting('Assets:Money:Bank', 1005),
            journal.Posting('Liabilities:Credit:Acme-1', -1005),
        ),
        'links': ('INV-000001',),
        'account': 1,
        **values,
    }
    return journal.Entry(**given)  # type: ignore[arg-type]


CLOSING = journal.Closing(
    dt.date(2026, 1, 31), 'Assets:Money:Cash', 500, 'EUR'
)
# Of nobody in particular, with a link of nothing but marks among others.
OTHER = entry(account=None, links=('!', 'a b/(c)', 'RX'))


def written(form: str, *entries: journal.Entry | journal.Closing) -> str:
    return ''.join(ledger.FORMATS[form](entries))


class WholeTest(base.BaseTestCase):
    """What each program is given, to the letter."""

    def test_beancount_reads_entries_around_a_closing(self) -> None:
        self.assertEqual(
            """\
option "operating_currency" "EUR"
2026-02-01 commodity EUR
2026-02-01 open Assets:Money:Bank
2026-02-01 open Liabilities:Credit:Acme-1
2026-02-01 * "acme" "Payment" ^INV-000001
  kind: "payment"
  code: "INV-000001"
  customer: "1"
  at: "2026-01-31T23:30:00Z"
  Assets:Money:Bank                                                    10.05 EUR
  Liabilities:Credit:Acme-1                                           -10.05 EUR

2026-01-31 open Assets:Money:Cash
2026-02-01 balance Assets:Money:Cash  5.00 ~ 0 EUR
2026-02-01 * "acme" "Payment" ^a-b/-c ^RX
  kind: "payment"
  code: "INV-000001"
  at: "2026-01-31T23:30:00Z"
  Assets:Money:Bank                                                    10.05 EUR
  Liabilities:Credit:Acme-1                                           -10.05 EUR

""",  # noqa: E501
            written('beancount', entry(), CLOSING, OTHER),
        )

    def test_hledger_reads_entries_around_a_closing(self) -> None:
        self.assertEqual(
            """\
commodity 1000.00 EUR
account Assets:Money:Bank
account Liabilities:Credit:Acme-1
2026-02-01 * (INV-000001) acme | Payment
  ; kind:payment, link:INV-000001, customer:1, at:2026-01-31T23:30:00Z
  Assets:Money:Bank                                                    10.05 EUR
  Liabilities:Credit:Acme-1                                           -10.05 EUR

account Assets:Money:Cash
2026-01-31 * as the books say
  Assets:Money:Cash  0.00 EUR =* 5.00 EUR

2026-02-01 * (INV-000001) acme | Payment
  ; kind:payment, link:-, link:a b/-c-, link:RX, at:2026-01-31T23:30:00Z
  Assets:Money:Bank                                                    10.05 EUR
  Liabilities:Credit:Acme-1                                           -10.05 EUR

""",  # noqa: E501
            written('hledger', entry(), CLOSING, OTHER),
        )

    def test_a_spreadsheet_reads_postings_and_no_closing(self) -> None:
        self.assertEqual(
            """\
date,at,entry,kind,code,customer,customer_id,text,account,amount,currency
2026-02-01,2026-01-31T23:30:00Z,1,payment,INV-000001,acme,1,Payment,Assets:Money:Bank,10.05,EUR
2026-02-01,2026-01-31T23:30:00Z,1,payment,INV-000001,acme,1,Payment,Liabilities:Credit:Acme-1,-10.05,EUR
2026-02-01,2026-01-31T23:30:00Z,2,payment,INV-000001,acme,,Payment,Assets:Money:Bank,10.05,EUR
2026-02-01,2026-01-31T23:30:00Z,2,payment,INV-000001,acme,,Payment,Liabilities:Credit:Acme-1,-10.05,EUR
""",  # noqa: E501
            written('csv', entry(), CLOSING, OTHER).replace('\r', ''),
        )

    def test_instants_are_of_utc_wherever_it_is_written(self) -> None:
        self.useFixture(elsewhere.Tokyo())
        for form in ledger.FORMATS:
            self.assertIn('2026-01-31T23:30:00Z', written(form, entry()))

    def test_what_cannot_be_printed_or_encoded_is_left_out(self) -> None:
        for form in ledger.FORMATS:
            told = written(form, entry(payee='ac\x07me \ud800inc'))
            self.assertIn('ac me inc', told)


class AccountNamesTest(base.BaseTestCase):
    def test_customers_of_one_name_have_accounts_of_their_own(self) -> None:
        self.assertEqual(
            ['Assets:Receivable:Acme-1', 'Assets:Receivable:Acme-2'],
            [journal.receivable('acme', 1), journal.receivable('Acme', 2)],
        )

    def test_names_are_kept_as_far_as_both_programs_read_them(self) -> None:
        self.assertEqual(
            ['Liabilities:Credit:Acme-Co-7', 'Income:Sales:Gold-BoX-3']
            + ['Income:Sales:Other', 'Assets:Money:X'],
            [
                journal.credit('acmé & Co.', 7),
                journal.sales('gold BoX!', 3),
                journal.other_sales(),
                journal.money('…'),
            ],
        )

    @hypothesis.given(st.text(), st.integers(1))
    def test_any_name_makes_one_that_both_programs_take(
        self, name: str, ident: int
    ) -> None:
        for account in (
            journal.credit(name, ident),
            journal.sales(name, ident),
            journal.tax(name, Decimal('5.50')),
            journal.money(name),
        ):
            self.assertRegex(
                account, r'\A[A-Z][a-z]+(:[A-Z0-9][A-Za-z0-9-]*)+\Z'
            )

    def test_a_rate_is_the_same_however_it_is_written(self) -> None:
        self.assertEqual(
            'Liabilities:Taxes:VAT-5-5', journal.tax('VAT', Decimal('5.50'))
        )
        self.assertEqual(
            'Liabilities:Taxes:VAT-20', journal.tax('VAT', Decimal('20'))
        )


class BeancountTest(base.BaseTestCase):
    def test_accounts_are_opened_before_they_are_used(self) -> None:
        lines = written('beancount', entry(), entry()).splitlines()

        self.assertEqual(
            [
                'option "operating_currency" "EUR"',
                '2026-02-01 commodity EUR',
                '2026-02-01 open Assets:Money:Bank',
                '2026-02-01 open Liabilities:Credit:Acme-1',
                '2026-02-01 * "acme" "Payment" ^INV-000001',
            ],
            lines[:5],
        )
        self.assertEqual(
            2, len([line for line in lines if ' open ' in line])
        )

    def test_names_are_quoted(self) -> None:
        [line] = [
            line
            for line in written('beancount', entry(payee=NASTY)).split('\n')
            if ' * ' in line
        ]

        self.assertEqual(
            '2026-02-01 * "Zoë \\"=Sum\\" \\\\ | & Søns; date:2020 '
            '[2021-01-01] end" "Payment" ^INV-000001',
            line,
        )

    def test_the_end_of_a_day_is_the_beginning_of_the_next(self) -> None:
        closing = journal.Closing(
            dt.date(2026, 2, 28), 'Assets:Receivable', -5, 'EUR'
        )

        line = written('beancount', closing).splitlines()[-1]
        self.assertEqual(
            '2026-03-01 balance Assets:Receivable  -0.05 ~ 0 EUR', line
        )


class HledgerTest(base.BaseTestCase):
    def test_each_currency_has_its_digits(self) -> None:
        for currency, declared, amount in (
            ('EUR', '1000.00 EUR', '10.05 EUR'),
            ('JPY', '1000. JPY', '1005 JPY'),
            ('KWD', '1000.000 KWD', '1.005 KWD'),
            ('CLF', '1000.0000 CLF', '0.1005 CLF'),
        ):
            lines = written('hledger', entry(currency=currency)).splitlines()
            self.assertEqual(f'commodity {declared}', lines[0])
            self.assertIn(f' {amount}', lines[5])

    def test_names_end_no_line_and_begin_no_comment(self) -> None:
        lines = written(
            'hledger', entry(payee=NASTY, code='a) b', kind='x, date:2020')
        ).split('\n')

        self.assertEqual(
            '2026-02-01 * (a] b) Zoë "=Sum" \\ / & Søns, date:2020 '
            '[2021-01-01] end | Payment',
            lines[3],
        )
        self.assertEqual(
            '  ; kind:x- date-2020, link:INV-000001, customer:1, '
            'at:2026-01-31T23:30:00Z',
            lines[4],
        )


class CsvTest(base.BaseTestCase):
    def test_a_line_is_a_posting(self) -> None:
        told = written('csv', entry(), entry(payee=NASTY))
        lines = list(csv.DictReader(told.splitlines()))

        self.assertEqual(4, len(lines))
        self.assertEqual(
            ['10.05', '-10.05'], [line['amount'] for line in lines[:2]]
        )
        self.assertEqual('2', lines[-1]['entry'])

    def test_no_name_is_a_formula(self) -> None:
        for name in ('=1+1', '+1', '-1', '@x'):
            told = written('csv', entry(payee=name))
            [line, _] = csv.DictReader(told.splitlines())
            self.assertEqual(f"'{name}", line['customer'])
