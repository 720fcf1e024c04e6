# SPDX-License-Identifier: Apache-2.0
"""Finance asks for reports on a terminal, as CSV and as JSON."""

import datetime as dt
import json
import pathlib

from patrii_billing.cmd.commands import figures
from patrii_billing.cmd.commands import text
from patrii_billing.domain import money
from patrii_billing.store.views import receivables
from tests.unit.cmd import base

_FEBRUARY = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)


class ReportTestCase(base.CommandTestCase):
    """acme owes 10 euros since 1 February; a project of it is bare."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load()
        self.run_until(_FEBRUARY)

    def report(self, *argv: str) -> list[str]:
        lines = self.manage('report', *argv).splitlines()
        if '--format' not in argv and 'journal' not in argv:
            self.assertLessEqual(max(map(len, lines)), text.WIDTH)
        return lines

    def objects(self, *argv: str) -> list[dict[str, object]]:
        said = self.report(*argv, '--format', 'json')
        return [json.loads(line) for line in said]


class FiguresTest(ReportTestCase):
    def test_mrr_names_month_and_year(self) -> None:
        self.assertEqual(
            [
                'PLAN   SUBSCRIPTIONS         MRR     ARR',
                'vps                1  EUR  10.00  120.00',
                'total              1  EUR  10.00  120.00',
            ],
            self.report('mrr'),
        )
        self.assertEqual(['There is none.'],
                         self.report('mrr', '--on', '2026-01-31'))
        self.assertEqual(
            [{'subscription': 'acme-1', 'subscriptions': 1,
              'currency': 'EUR', 'mrr': '10.00', 'arr': '120.00'}],
            self.objects('mrr', '--by', 'subscription'),
        )  # fmt: skip

    def test_mrr_from_a_day_shows_the_way(self) -> None:
        [row] = self.objects('mrr', '--from', '2026-01-31')
        self.assertEqual(
            ('0.00', '10.00', '10.00'),
            (row['opening'], row['new'], row['closing']),
        )

    def test_receivables_stand_under_their_age(self) -> None:
        self.assertEqual(
            [
                'ACCOUNT       NOT DUE  TO 30  TO 60  TO 90  OVER 90  TOTAL',
                'acme     EUR     0.00  10.00   0.00   0.00     0.00  10.00',
                'total    EUR     0.00  10.00   0.00   0.00     0.00  10.00',
            ],
            self.report('receivables'),
        )

    def test_months_stand_beside_each_other(self) -> None:
        said = self.report('monthly', '--from', '2025-12-01')

        self.assertEqual('EUR                2026-01  2026-02', said[0])
        self.assertEqual('+    invoiced        10.00     0.00', said[2])
        self.assertEqual('=    closing         10.00    10.00', said[-1])
        csv = self.report('monthly', '--format', 'csv')
        self.assertEqual('month,currency,opening,invoiced', csv[0][:31])
        self.assertEqual('2026-01,EUR,0.00,10.00,', csv[1][:23])

    def test_what_is_not_taxed_is_told(self) -> None:
        self.assertEqual(
            [('2026-01', 'not taxed', None, '10.00', '0.00')],
            [
                (row['month'], row['tax'], row['rate'], row['base'],
                 row['amount'])
                for row in self.objects('taxes')
            ],
        )  # fmt: skip

    def test_leakage_is_none_where_all_is_covered(self) -> None:
        self.assertEqual(['There is none.'], self.report('leakage'))
        self.assertEqual(
            "no plan is called 'x'",
            self.refused('report', 'leakage', '--plan', 'x'),
        )

    def test_what_is_no_day_or_zone_is_said(self) -> None:
        code, _, said = self.run_it('report', 'mrr', '--on', 'today')
        self.assertEqual(2, code)
        self.assertIn("'today' is not a day such as 2026-01-31", said)
        self.assertEqual(
            "--timezone: 'Mars' is not a time zone",
            self.refused('report', 'mrr', '--timezone', 'Mars'),
        )


class JournalTest(ReportTestCase):
    def test_it_ends_before_today_with_what_is_owed(self) -> None:
        said = self.report('journal', '--format', 'beancount')

        self.assertIn(' Assets:Receivable:Acme-1 ', '\n'.join(said))
        self.assertEqual(
            '2026-02-01 balance Assets:Receivable  10.00 ~ 0 EUR', said[-1]
        )

    def test_it_goes_to_a_file(self) -> None:
        path = pathlib.Path(self.folder) / 'books.journal'

        self.assertEqual([], self.report('journal', '--output', str(path)))

        written = path.read_text(encoding='utf-8')
        self.assertEqual('commodity 1000.00 EUR', written.splitlines()[0])
        self.assertEqual(written.splitlines(), self.report('journal'))

    def test_a_period_begins_with_balances(self) -> None:
        said = self.report('journal', '--from', '2026-02-01', '--until',
                           '2026-03-01', '--format', 'csv')  # fmt: skip

        self.assertEqual(
            ['Assets:Receivable:Acme-1,10.00,EUR',
             'Equity:Opening-Balances,-10.00,EUR'],
            [line.partition('Opening balance,')[2] for line in said[1:]],
        )  # fmt: skip

    def test_a_period_that_ends_before_it_begins_is_refused(self) -> None:
        self.assertEqual(
            '--from: is not before --until',
            self.refused('report', 'journal', '--from', '2026-02-01'),
        )

    def test_books_that_do_not_agree_are_told(self) -> None:
        tools = self.tools()
        with tools.db.engine.begin() as conn:
            conn.execute(
                receivables.schema.invoices.update().values(owed=999)
            )

        self.assertEqual(
            'the journal comes to receivables of 10.00 EUR, the invoices to '
            '9.99 EUR',
            self.refused('report', 'journal', '--until', '2026-03-01'),
        )


class TableTest(base.base.BaseTestCase):
    def test_names_give_way_to_numbers(self) -> None:
        lines = list(
            figures.aligned(
                ('account', 'currency', 'total'),
                [('x' * 100, 'EUR', money.Money(123456, 'EUR')),
                 ('y', 'JPY', money.Money(5, 'JPY'))],
            )
        )  # fmt: skip

        self.assertEqual([80, 80, 80], [len(line) for line in lines])
        self.assertEqual('1234.56', lines[1][-7:])
        self.assertEqual('…', lines[1].split()[0][-1])
        self.assertEqual('JPY        5', lines[2][-12:])
