# SPDX-License-Identifier: Apache-2.0
"""The demo shows every kind of customer, the same ones each time."""

import contextlib
import datetime as dt
import io
import json
import pathlib
import tempfile
from typing import Any

from oslotest import base
from rich import console

from patrii_billing.cmd import demo
from patrii_billing.demo import customers
from patrii_billing.demo import screen
from patrii_billing.domain import lifecycle


class TheDemoTest(base.BaseTestCase):
    def run_demo(self, *arguments: str) -> dict[str, Any]:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.mails = pathlib.Path(folder.name)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = demo.main(['--json', '--mails', folder.name, *arguments])
        self.assertEqual(0, code)
        return dict(json.loads(out.getvalue()))

    def test_shows_every_billing_status_after_ninety_days(self) -> None:
        told = self.run_demo('--days', '90')
        self.assertEqual(
            {str(status) for status in lifecycle.Status},
            {status for status, n in told['accounts'].items() if n > 0},
        )
        self.assertEqual(40, sum(told['accounts'].values()))
        self.assertEqual({'seed', 'days', 'accounts', 'invoices', 'notices',
                          'actions'}, told.keys())  # fmt: skip
        for kind in ('shelve', 'restore', 'delete'):
            self.assertGreater(told['actions'][kind]['done'], 0)

    def test_writes_its_mails_into_a_folder(self) -> None:
        told = self.run_demo('--days', '12')
        mails = list(self.mails.glob('*.eml'))
        sent = sum(told['notices'].values())
        self.assertGreater(sent, 20)
        self.assertEqual(sent, len(mails))

    def test_tells_the_same_for_the_same_seed(self) -> None:
        first = self.run_demo('--days', '8', '--seed', '7')
        again = self.run_demo('--days', '8', '--seed', '7')
        other = self.run_demo('--days', '8', '--seed', '8')
        self.assertEqual(first, again)
        self.assertNotEqual(first['invoices'], other['invoices'])

    def test_refuses_a_number_of_days_that_makes_no_sense(self) -> None:
        with contextlib.redirect_stderr(io.StringIO()) as err:
            self.assertRaises(SystemExit, demo.main, ['--days', '0'])
        self.assertIn('from 1 to 3660', err.getvalue())


class TheScreenTest(base.BaseTestCase):
    def test_fits_a_terminal_of_eighty_columns(self) -> None:
        moving = screen.Screen()
        moving.tell([{
            'at': '2026-01-01T00:00:00Z', 'kind': 'action', 'server': 'web',
            'account': 'acme', 'subscription': 'acme-1', 'name': 'shelve',
            'amount': None, 'result': 'done',
        }])  # fmt: skip
        drawn = moving.draw(
            dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            {'accounts': {'active': 39, 'shelved': 1}},
            [{
                'name': 'acme', 'currency': 'EUR', 'billing_status': 'shelved',
                'step': 'warn', 'due_at': customers.START, 'owed': 990,
            }],
            'demo-mails',
        )  # fmt: skip
        terminal = console.Console(width=80, file=io.StringIO())
        with terminal.capture() as captured:
            terminal.print(drawn)
        lines = captured.get().splitlines()
        self.assertLessEqual(max(map(len, lines)), 80)
        text = '\n'.join(lines)
        for word in ('9.90 EUR', 'warn', 'shelve done', 'demo-mails'):
            self.assertIn(word, text)
