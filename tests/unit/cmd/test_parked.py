# SPDX-License-Identifier: Apache-2.0
"""`subscription bill` at the command line."""

import datetime as dt

from patrii_billing.store import accounts
from patrii_billing.store import schema
from tests.unit.cmd import base

_INVOICED = dt.datetime(2026, 1, 26, 12, tzinfo=dt.UTC)


class ParkedTest(base.CommandTestCase):
    """acme, which nothing but its parking keeps from a bill."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load()
        self.db = self.tools().db
        self.db.write(accounts.change, 1, parked_why='no price of flavor x')
        self.db.write(
            lambda conn: conn.execute(
                schema.subscriptions.update().values(charge_at=None)
            )
        )

    def test_it_is_shown_why(self) -> None:
        said = self.manage('subscription', 'show', 'acme-1')

        self.assertIn('no price of flavor x; see `subscription bill`', said)

    def test_it_is_billed_again(self) -> None:
        said = self.manage(
            'subscription', 'bill', 'acme-1', '--why', 'has a price now'
        )

        for part in ('billed again', 'has a price now', 'no price of flavor'):
            self.assertIn(part, said)
        self.run_until(_INVOICED)
        self.assertIn('INV-000001', self.manage('invoice', 'list'))

    def test_one_that_is_not_parked_is_refused(self) -> None:
        self.manage('subscription', 'bill', 'acme-1')

        self.assertIn('is not parked', self.refused(
            'subscription', 'bill', 'acme-1'
        ))  # fmt: skip

    def test_a_dry_run_leaves_it_parked(self) -> None:
        self.manage('subscription', 'bill', 'acme-1', '--dry-run')

        account = self.db.read(accounts.by_name, 'acme')
        self.assertIsNotNone(account.parked_why)
