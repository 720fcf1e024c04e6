# SPDX-License-Identifier: Apache-2.0
"""Numbers that lost books have given are not given again."""

import datetime as dt
import json
from typing import Any
from unittest import mock

from patrii_billing.cmd.commands import series as commands
from tests.unit.cmd import base

_FEBRUARY = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
_MARCH = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
_WHY = 'mailed after the backup of 1 February'


class SeriesTest(base.CommandTestCase):
    """INV-000001 was given before the backup."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load()
        self.run_until(_FEBRUARY)

    def skip(self, number: int, *more: str, name: str = 'INV') -> str:
        return self.manage(*self.words(number, *more, name=name))

    def words(
        self, number: int, *more: str, name: str = 'INV', why: str = _WHY
    ) -> tuple[str, ...]:
        return 'series', 'skip-to', name, str(number), '--why', why, *more

    def gaps(self) -> list[dict[str, Any]]:
        said = self.manage('report', 'numbers', '--format', 'json')
        return [json.loads(line) for line in said.splitlines()]

    def following(self) -> list[str]:
        return self.manage('series', 'list').splitlines()

    def test_the_next_invoice_has_the_number_that_was_skipped_to(
        self,
    ) -> None:
        said = self.skip(36, '--yes')

        self.assertEqual(
            'Left out: INV-000002 to INV-000035 (34)\n'
            'The next is INV-000036.\n',
            said,
        )
        self.manage('payment', 'record', '--account', 'acme', '--amount',
                    '10.00', '--key', 'bank-1')  # fmt: skip
        self.run_until(_MARCH)
        invoices = self.manage('invoice', 'list', '--account', 'acme')
        self.assertIn('INV-000036', invoices)
        self.assertNotIn('INV-000002', invoices)

    def test_an_auditor_finds_each_gap_with_its_reason(self) -> None:
        self.assertEqual([], self.gaps())
        self.assertIn('There is none', self.manage('report', 'numbers'))

        self.skip(36, '--yes')
        self.skip(5, '--yes', name='CN')

        told = [
            (gap['series'], gap['first'], gap['last'], gap['why'], gap['on'])
            for gap in self.gaps()
        ]
        self.assertEqual(
            [
                ('CN', 1, 4, _WHY, '2026-02-01'),
                ('INV', 2, 35, _WHY, '2026-02-01'),
            ],
            told,
        )
        self.assertTrue(self.gaps()[0]['by'].startswith('cli:'))

    def test_a_series_of_which_nothing_was_given_is_there(self) -> None:
        self.assertEqual(
            ['SERIES  NEXT', 'CN      CN-000001', 'INV     INV-000002'],
            self.following(),
        )

    def test_numbers_never_go_back_nor_stand_still(self) -> None:
        for number in (1, 2):
            self.assertEqual(
                'the next number of INV is 2: it can go forward only, to a '
                'greater one',
                self.refused(*self.words(number, '--yes')),
            )
        self.assertEqual([], self.gaps())

    def test_what_cannot_be_is_refused_in_words(self) -> None:
        for words, why in (
            (self.words(36, name='INVV'),
             "no series is called 'INVV'; there are INV, CN"),
            (self.words(36, why=' '), 'why: must say why, for your auditor'),
            (self.words(10**8), 'number: no document can have it'),
            (self.words(0), 'number: no document can have it'),
        ):  # fmt: skip
            self.assertEqual(why, self.refused(*words, '--yes'))
        self.assertEqual('INV     INV-000002', self.following()[-1])

    def test_a_reason_is_asked_for(self) -> None:
        code, _, said = self.run_it('series', 'skip-to', 'INV', '36', '--yes')

        self.assertEqual(2, code)
        self.assertIn('--why', said)

    def test_a_dry_run_leaves_the_numbers_as_they_are(self) -> None:
        said = self.skip(36, '--dry-run')

        self.assertEqual(
            'To be left out: INV-000002 to INV-000035 (34)\n'
            'Dry run: nothing was written.\n',
            said,
        )
        self.assertEqual([], self.gaps())
        self.assertEqual('INV     INV-000002', self.following()[-1])

    def test_without_a_yes_nothing_is_left_out(self) -> None:
        self.assertEqual(
            'nobody is there to agree; say --yes',
            self.refused(*self.words(36)),
        )
        self.assertEqual([], self.gaps())

    def test_a_person_sees_what_he_agrees_to(self) -> None:
        for answer, following in (('n', '000002'), ('y', '000036')):
            with (
                mock.patch.object(commands, 'sys') as system,
                mock.patch('builtins.input', return_value=answer),
            ):
                system.stdin.isatty.return_value = True
                _, out, _ = self.run_it(*self.words(36))
            self.assertIn('INV-000002 to INV-000035 (34)', out)
            self.assertEqual(f'INV     INV-{following}', self.following()[-1])
