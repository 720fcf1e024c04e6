# SPDX-License-Identifier: Apache-2.0
"""Each database tells the currencies of a table from its index."""

from patrii_billing.store import schema
from patrii_billing.store.views import currencies
from tests import books
from tests.database import backends

load_tests = backends.load_tests


class CurrenciesTest(backends.DatabaseTestCase):
    def test_each_is_told_once_and_in_order(self) -> None:
        for number, currency in enumerate(('USD', 'EUR', 'CHF', 'USD')):
            self.database.write(
                books.payment, None, 100, key=f'transfer-{number}',
                currency=currency,
            )  # fmt: skip

        self.assertEqual(['CHF', 'EUR', 'USD'], self.told())

    def test_of_an_empty_table_none_is_told(self) -> None:
        self.assertEqual([], self.told())

    def told(self) -> list[str]:
        return self.database.read(currencies.of, schema.payments.c.currency)
