# SPDX-License-Identifier: Apache-2.0
"""The operator's commands say the same on every kind of database."""

import datetime as dt

from tests.database import backends
from tests.unit.cmd import base

load_tests = backends.load_tests

_DEBTOR = base.CUSTOMER.replace(
    'timezone: Europe/Paris',
    'timezone: Europe/Paris\n        opening_balance: "-2.50"',
)
_IN_GRACE = dt.datetime(2026, 1, 9, tzinfo=dt.UTC)


class CommandsTest(base.CommandTestCase):
    scenarios = backends.EmptyDatabaseTestCase.scenarios
    backend: str

    def books_url(self) -> str:
        return self.useFixture(backends.Scratch(self.backend)).url

    def test_from_an_empty_database_to_a_payment(self) -> None:
        self.manage('db', 'upgrade')
        self.assertIn('5 added', self.load(_DEBTOR))
        self.assertIn('0 added, 0 changed, 4 left', self.load(_DEBTOR))
        self.run_until(_IN_GRACE)

        [_, line] = self.manage('subscription', 'list').splitlines()
        self.assertRegex(line, '^acme-1  acme     grace .* 2.50 EUR$')

        said = self.manage(
            'payment', 'record', '--account', 'acme', '--amount', '2.50',
            '--key', 'bank-1',
        )  # fmt: skip
        self.assertIn('Open invoices: 0.00 EUR.', said)
        self.assertIn('active', self.manage('subscription', 'list'))
        self.assertIn('opening', self.manage('timeline', 'acme'))
        self.manage('stop', '--reason', 'a test')
        self.assertIn('a test', self.manage('resume', '--yes'))
        self.assertIn('0 of 50', self.manage('enforcement'))
        self.assertIn('All 1 projects', self.manage('import', '--discover'))
