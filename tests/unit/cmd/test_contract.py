# SPDX-License-Identifier: Apache-2.0
"""`subscription cancel`, `keep` and `set` at the command line."""

import datetime as dt
from typing import Any

from patrii_billing.store import subscriptions
from tests.unit.cmd import base

_INVOICED = dt.datetime(2026, 1, 26, 12, tzinfo=dt.UTC)
PLANS = """
    plans:
      - name: small
        currency: EUR
        cycle: month
        prices: [{kind: flavor, resource: s1, unit_price: "5.00"}]
      - name: dollars
        currency: USD
        cycle: month
        prices: [{kind: flavor, resource: s1, unit_price: "5.00"}]
"""


class ContractTest(base.CommandTestCase):
    """acme has an invoice for February, and Paris time."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load()
        self.load(PLANS)
        self.run_until(_INVOICED)
        self.db = self.tools().db

    def sub(self) -> Any:
        return self.db.read(subscriptions.by_name, 'acme-1')

    def test_a_cancellation_tells_what_it_takes_back(self) -> None:
        said = self.manage(
            'subscription', 'cancel', 'acme-1', '--why', 'moves'
        )

        for part in (
            'contract ending (acme-1)', 'moves', 'ends_on: 2026-02-01',
            'invoice CN-000001 -10.00 EUR credit note', 'void',
        ):  # fmt: skip
            self.assertIn(part, said)
        self.assertLessEqual(max(map(len, said.splitlines())), 80)
        self.assertIn(
            'ends on       2026-02-01',
            self.manage('subscription', 'show', 'acme-1'),
        )

    def test_a_dry_run_cancels_nothing(self) -> None:
        said = self.manage(
            'subscription', 'cancel', 'acme-1', '--on', '2026-02-15',
            '--dry-run',
        )  # fmt: skip

        self.assertIn('CN-000001 -5.00 EUR', said)
        self.assertIn('Dry run: nothing was written.', said)
        self.assertEqual('live', self.sub().contract)

    def test_a_cancellation_can_be_withdrawn(self) -> None:
        self.manage('subscription', 'cancel', 'acme-1')

        said = self.manage('subscription', 'keep', 'acme-1')

        self.assertIn('contract kept (acme-1)', said)
        self.assertEqual('live', self.sub().contract)
        self.assertEqual(
            'Nothing changes.\n', self.manage('subscription', 'keep', 'acme-1')
        )

    def test_plan_and_anchor_change_together(self) -> None:
        said = self.manage(
            'subscription', 'set', 'acme-1', '--plan', 'small', '--from',
            '2026-02-01', '--anchor-day', '15',
        )  # fmt: skip

        self.assertIn('plan: small', said)
        self.assertIn('anchor_day: 15', said)
        self.assertIn('-5.00 EUR', said)
        self.assertEqual(15, self.sub().anchor_day)

    def test_what_cannot_be_is_said_in_a_line(self) -> None:
        change = ('subscription', 'set', 'acme-1')
        for argv, said in (
            (('subscription', 'cancel', 'nobody'), 'no subscription is'),
            (('subscription', 'cancel', 'acme-1', '--on', '2025-05-01'),
             'on: acme-1 began on 2025-06-01'),
            (change, 'give --plan or --anchor-day'),
            ((*change, '--from', '2026-02-01'), '--from: goes with --plan'),
            ((*change, '--plan', 'none'), "no plan is called 'none'"),
            ((*change, '--plan', 'dollars'), 'dollars is in USD, vps in EUR'),
            ((*change, '--anchor-day', '32'), 'must be from 1 to 31'),
            ((*change, '--plan', 'small', '--anchor-day', '0'), '1 to 31'),
        ):  # fmt: skip
            with self.subTest(argv):
                self.assertIn(said, self.refused(*argv))
        self.assertEqual(1, self.sub().plan_id)

    def test_what_is_no_day_is_a_wrong_usage(self) -> None:
        code, _, err = self.run_it(
            'subscription', 'cancel', 'acme-1', '--on', 'soon'
        )

        self.assertEqual(2, code)
        self.assertIn('no day such as', err)
