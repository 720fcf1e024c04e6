# SPDX-License-Identifier: Apache-2.0
"""A customer is taken out of the books on every kind of database."""

from tests.database import backends
from tests.unit.cmd import test_account

load_tests = backends.load_tests


class ErasureTest(test_account.AccountTestCase):
    scenarios = backends.EmptyDatabaseTestCase.scenarios
    backend: str

    def books_url(self) -> str:
        return self.useFixture(backends.Scratch(self.backend)).url

    def open_books(self) -> None:
        self.manage('db', 'upgrade')

    def test_nothing_of_him_is_found_and_the_books_are_whole(self) -> None:
        self.keep(0)
        self.live_on()
        before = self.sums()
        self.assertIn('invoices.customer', self.found())

        self.manage('account', 'erase', test_account.NAME, '--yes')

        self.assertEqual([], self.found())
        self.assertEqual(before, self.sums())
        self.assertIn('Dry run', self.manage('db', 'purge', '--dry-run'))
