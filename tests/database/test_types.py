# SPDX-License-Identifier: Apache-2.0
"""A value comes back from each database as it was put in."""

import datetime as dt
import decimal
from typing import Any
import zoneinfo

from oslo_db import exception
import sqlalchemy as sa

from patrii_billing.store import accounts
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests import books
from tests.database import backends

load_tests = backends.load_tests

THIRTY_DIGITS = '123456789012345678.901234567891'


class TypesTest(backends.DatabaseTestCase):
    def test_an_instant_keeps_its_microseconds(self) -> None:
        at = dt.datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=dt.UTC)

        self.assertEqual(at, self.instant(at))

    def test_an_instant_of_another_zone_is_the_same_instant(self) -> None:
        paris = zoneinfo.ZoneInfo('Europe/Paris')
        at = dt.datetime(2026, 10, 25, 2, 30, tzinfo=paris, fold=1)

        found = self.instant(at)

        self.assertEqual(
            dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC), found
        )
        self.assertIs(dt.UTC, found.tzinfo)

    def test_an_instant_without_zone_is_refused(self) -> None:
        self.assertRaises(
            exception.DBError, self.instant, dt.datetime(2026, 1, 1)
        )

    def test_instants_are_compared_to_the_microsecond(self) -> None:
        second = dt.timedelta(microseconds=1)
        self.database.write(watch.heard, books.NOW)
        self.database.write(watch.heard, books.NOW + second)
        self.database.write(watch.heard, books.NOW)

        heard = self.database.read(watch.get).heard_at
        self.assertEqual(books.NOW + second, heard)

    def test_a_decimal_keeps_thirty_digits(self) -> None:
        self.assertEqual(THIRTY_DIGITS, str(self.price(THIRTY_DIGITS)))

    def test_a_decimal_keeps_its_trailing_zeros(self) -> None:
        self.assertEqual('10.00', str(self.price('10.00')))

    def test_a_decimal_keeps_its_sign(self) -> None:
        self.assertEqual('-0.1', str(self.price('-0.1')))

    def test_a_decimal_with_an_exponent_keeps_its_value(self) -> None:
        self.assertEqual(decimal.Decimal('1E+20'), self.price('1E+20'))

    def test_json_keeps_unicode_and_structure(self) -> None:
        policy = {'ä': ['é', '🦄', None, True, 1], '2': {'b': '', 'a': '\0'}}

        self.assertEqual(policy, self.policy(policy))

    def test_a_long_json_survives(self) -> None:
        policy = {'servers': ['🦄' * 36] * 10_000}

        self.assertEqual(policy, self.policy(policy))

    def test_no_json_is_null(self) -> None:
        self.database.write(books.subscription)
        self.database.write(accounts.freeze_quota, 'acme-prod', {}, None)

        project = self.database.read(accounts.project, 'acme-prod')
        assert project is not None
        self.assertEqual({}, project.quota_before)
        with self.database.engine.connect() as conn:
            kept = conn.scalar(
                sa.text('SELECT quota_frozen IS NULL FROM projects')
            )
        self.assertTrue(kept)

    def test_an_amount_of_19_digits_is_kept(self) -> None:
        self.database.write(books.account)
        self.database.write(books.payment, amount=2**63 - 1)

        with self.database.engine.connect() as conn:
            amount = conn.scalar(sa.select(schema.payments.c.amount))
        self.assertEqual(2**63 - 1, amount)

    def instant(self, at: dt.datetime) -> dt.datetime:
        self.database.write(watch.change, ticked_at=at)
        found: dt.datetime = self.database.read(watch.get).ticked_at
        return found

    def price(self, amount: str) -> decimal.Decimal:
        self.database.write(books.plan, prices=[('flavor', 's1', amount)])
        with self.database.engine.connect() as conn:
            found: decimal.Decimal = conn.execute(
                sa.select(schema.prices.c.unit_price)
            ).scalar_one()
        return found

    def policy(self, value: Any) -> Any:
        account = self.database.write(books.account, policy=value)
        return self.database.read(accounts.get, account).policy
