# SPDX-License-Identifier: Apache-2.0
"""`invoice`: finance at the command line."""

import datetime as dt

from patrii_billing.store import schema
from tests.unit.cmd import base

_INVOICED = dt.datetime(2026, 1, 26, 12, tzinfo=dt.UTC)


class InvoiceTestCase(base.CommandTestCase):
    """acme has an invoice for February."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load()
        self.run_until(_INVOICED)
        self.db = self.tools().db

    def documents(self) -> list[tuple[str, str, int, int]]:
        with self.db.engine.connect() as conn:
            rows = conn.execute(schema.invoices.select()).all()
        return [(row.series, row.state, row.total, row.owed) for row in rows]

    def assert_fits(self, said: str) -> None:
        self.assertLessEqual(max(map(len, said.splitlines())), 80)


class ReadTest(InvoiceTestCase):
    def test_the_list_shows_what_is_owed_the_newest_first(self) -> None:
        self.manage('invoice', 'credit', 'INV-000001', '--amount', '4.00',
                    '--why', 'an outage')  # fmt: skip

        [header, note, first] = self.manage('invoice', 'list').splitlines()

        self.assertEqual(
            ['NUMBER', 'ACCOUNT', 'STATE', 'DUE', 'TOTAL', 'OWED'],
            header.split(),
        )
        self.assertIn('CN-000001', note)
        self.assertIn('-4.00 EUR', note)
        self.assertIn('INV-000001', first)
        self.assertIn('6.00 EUR', first)
        self.assert_fits(note + '\n' + first)

    def test_the_list_can_be_narrowed(self) -> None:
        one = ('--account', 'acme', '--state', 'open', '--limit', '1')
        self.assertIn('INV-000001', self.manage('invoice', 'list', *one))
        self.assertEqual(
            'There is none.\n', self.manage('invoice', 'list', '--state',
                                            'void'),
        )  # fmt: skip

    def test_an_invoice_shows_its_lines_with_their_reasons(self) -> None:
        self.manage('payment', 'record', '--account', 'acme', '--key', 'b-1',
                    '--amount', '4.00')  # fmt: skip

        said = self.manage('invoice', 'show', 'INV-000001')

        for part in (
            'INV-000001 (renewal)', 'acme-1', '2026-02-01 to 2026-03-01',
            '10.00 EUR x 1 x 28/28', 'owed', '6.00 EUR', 'payment', 'b-1',
        ):  # fmt: skip
            self.assertIn(part, said)
        self.assert_fits(said)

    def test_a_note_and_its_invoice_name_each_other(self) -> None:
        self.manage('invoice', 'credit', 'INV-000001', '--why', 'an outage')

        invoice = self.manage('invoice', 'show', 'INV-000001')
        note = self.manage('invoice', 'show', 'CN-000001')

        self.assertIn('CN-000001, -10.00 EUR', invoice)
        self.assertIn('INV-000001', note)
        self.assertIn('an outage', note)

    def test_what_is_no_invoice_is_said_in_a_line(self) -> None:
        for name in ('INV-000002', 'INV-1x', 'x', 'CN-000001'):
            self.assertEqual(
                f'no invoice is called {name!r}',
                self.refused('invoice', 'show', name),
            )


class TakeBackTest(InvoiceTestCase):
    def test_a_dry_run_shows_what_would_follow_and_writes_nothing(
        self,
    ) -> None:
        for action in ('void', 'credit', 'write-off'):
            before = self.documents()

            said = self.manage('invoice', action, 'INV-000001', '--why', 'x',
                               '--dry-run')  # fmt: skip

            self.assertIn('INV-000001', said)
            self.assertIn('Dry run: nothing was written.', said)
            self.assertEqual(before, self.documents())

    def test_a_void_tells_of_the_note_that_settles_it(self) -> None:
        said = self.manage('invoice', 'void', 'INV-000001', '--why', 'wrong')

        self.assertIn('invoice CN-000001 -10.00 EUR credit note', said)
        self.assertIn('invoice INV-000001 10.00 EUR void', said)
        self.assertEqual(
            [('INV', 'void', 1000, 0), ('CN', 'paid', -1000, 0)],
            self.documents(),
        )
        self.assertEqual(
            'Nothing changes.\n',
            self.manage('invoice', 'void', 'INV-000001', '--why', 'wrong'),
        )

    def test_the_ladder_acts_on_a_credit_at_once(self) -> None:
        self.run_until(dt.datetime(2026, 2, 2, tzinfo=dt.UTC))

        said = self.manage('invoice', 'credit', 'INV-000001', '--why', 'x')

        self.assertIn('status active', said)

    def test_a_write_off_says_how_much(self) -> None:
        self.manage('invoice', 'credit', 'INV-000001', '--amount', '4.00',
                    '--why', 'an outage')  # fmt: skip

        said = self.manage('invoice', 'write-off', 'INV-000001', '--why',
                           'moved away')  # fmt: skip

        self.assertIn('invoice INV-000001 6.00 EUR written off', said)
        self.assertIn(('INV', 'uncollectible', 1000, 600), self.documents())

    def test_what_cannot_be_taken_back_is_said_in_a_line(self) -> None:
        credit = ('invoice', 'credit', 'INV-000001', '--why', 'x', '--amount')
        self.assertIn('more than', self.refused(*credit, '10.01'))
        self.assertIn('above zero', self.refused(*credit, '0.00'))
        self.assertIn('--amount', self.refused(*credit, 'ten'))
        self.manage(*credit, '4.00')

        self.assertIn(
            'INV-000001 is settled in part',
            self.refused('invoice', 'void', 'INV-000001', '--why', 'x'),
        )
        self.assertEqual(
            'CN-000001 is a credit note',
            self.refused('invoice', 'void', 'CN-000001', '--why', 'x'),
        )
