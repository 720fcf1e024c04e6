# SPDX-License-Identifier: Apache-2.0
"""Workers that charge at the same time share what is due."""

import sqlalchemy as sa

from patrii_billing.engine import charge
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from tests import books
from tests import crowd
from tests.database import backends

load_tests = backends.load_tests

COUNT = 60


class ChargingTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.database.write(books.plan)
        self.database.write(crowd.gather, 1, COUNT)

    def test_all_are_charged_once_and_numbered_without_a_gap(self) -> None:
        backends.together(*[self.work for _ in range(3)])

        with self.database.engine.connect() as conn:
            numbers = conn.execute(
                sa.select(
                    schema.invoices.c.number, schema.invoices.c.subscription_id
                ).order_by(schema.invoices.c.number)
            ).all()
            spans = conn.execute(
                sa.select(sa.func.count()).select_from(schema.spans)
            ).scalar_one()

        self.assertEqual(
            list(range(1, COUNT + 1)), [row.number for row in numbers]
        )
        self.assertEqual(
            COUNT, len({row.subscription_id for row in numbers})
        )
        self.assertEqual(COUNT, spans)

    def test_whom_another_forestalls_takes_those_who_are_due_next(
        self,
    ) -> None:
        """Else a day on which all are due would be one worker's alone."""
        until = crowd.DUE + backends.LEASE

        first, second = self.one_after_the_other(
            lambda conn: subscriptions.claim_to_charge(
                conn, crowd.DUE, until, COUNT // 2
            )
        )

        self.assertEqual(
            {(n, n) for n in range(1, COUNT + 1)}, {*first, *second}
        )
        self.assertEqual(COUNT // 2, len(second))

    def work(self) -> int:
        """A worker with connections of its own; how much it found to do."""
        tools = crowd.tools(self.open(), charge_batch=5)
        found = 0
        while count := charge.run(tools, tools.now()):
            found += count
        return found
