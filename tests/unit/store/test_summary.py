# SPDX-License-Identifier: Apache-2.0
"""The figures of a glance are those of the reports, and of the rows."""

import collections
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from patrii_billing.store.views import monthly
from patrii_billing.store.views import receivables
from patrii_billing.store.views import summary
from tests import books
from tests import city

CUSTOMERS = 504
UTC = dt.UTC


class SummaryTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        city.build(self.db, CUSTOMERS)

    def test_each_subscription_is_counted_under_its_status(self) -> None:
        rows = self.db.read(summary.statuses)

        self.assertEqual(CUSTOMERS, sum(row.subscriptions for row in rows))
        self.assertEqual(CUSTOMERS, sum(row.accounts for row in rows))
        self.assertEqual(
            {'active', 'grace', 'shelved', 'pending_deletion'},
            {row.status for row in rows} | {'grace'},
        )

    def test_one_that_has_ended_is_counted_only_where_it_was_deleted(
        self,
    ) -> None:
        def end(subscription_id: int, status: str) -> None:
            self.db.write(
                subscriptions.change, subscription_id,
                contract='ended', billing_status=status,
            )  # fmt: skip

        end(1, 'active')
        end(2, 'deleted')
        rows = self.db.read(summary.statuses)

        self.assertEqual(CUSTOMERS - 1, sum(row.accounts for row in rows))
        self.assertIn('deleted', {row.status for row in rows})

    def test_all_that_is_open_is_in_one_of_the_ages(self) -> None:
        ages = self.db.read(summary.ages, city.NOW)

        self.assertEqual(
            self.db.read(receivables.open_now),
            {'EUR': sum(age.owed for age in ages)},
        )
        self.assertEqual(
            [(None, None), (0, 7), (8, 30), (31, 60), (61, 90), (91, None)],
            [(age.since, age.until) for age in ages],
        )

    def test_an_invoice_is_in_the_age_of_its_whole_days_past_due(self) -> None:
        expected = collections.Counter(
            None if row.due_at > city.NOW else (city.NOW - row.due_at).days
            for row in self.rows(schema.invoices)
            if row.state == 'open'
        )
        for age in self.db.read(summary.ages, city.NOW):
            most = 9999 if age.until is None else age.until
            self.assertEqual(
                sum(
                    count
                    for days, count in expected.items()
                    if (days is None and age.since is None)
                    or (
                        days is not None
                        and age.since is not None
                        and age.since <= days <= most
                    )
                ),
                age.invoices,
            )

    def test_its_months_are_those_of_the_report(self) -> None:
        months = self.db.read(summary.months, city.NOW, 12, UTC)

        self.assertLess(8, len(months))
        for month in months:
            [report] = self.db.read(monthly.of, month.month, UTC)
            self.assertEqual(
                (report.invoiced, report.credited, report.refunded),
                (month.invoiced, month.credited, month.refunded),
            )
            if month.month < city.NOW.date().replace(day=1):
                self.assertEqual(report.collected, month.collected)

    def test_each_that_is_due_within_the_days_is_in_the_calendar(self) -> None:
        until = city.NOW.replace(hour=0) + dt.timedelta(days=7)
        due = [
            one
            for read in (summary.steps, summary.renewals)
            for one in self.db.read(read, city.NOW, 7, UTC)
        ]
        for what, column in (
            ('invoice', 'charge_at'), ('shelve', 'due_at'), ('warn', 'due_at'),
        ):  # fmt: skip
            subs = [
                sub.id
                for sub in self.rows(schema.subscriptions)
                if getattr(sub, column) and getattr(sub, column) < until
                if what in ('invoice', sub.step)
            ]
            # The last period of each came to the same.
            owed = city.TOTAL * len(subs)
            if what != 'invoice':
                owed = sum(
                    row.owed
                    for row in self.rows(schema.invoices)
                    if row.subscription_id in subs
                )
            days = [one for one in due if one.what == what]
            self.assertEqual(
                (len(subs), owed),
                (
                    sum(one.subscriptions for one in days),
                    sum(one.amount for one in days),
                ),
            )

    def test_what_waits_and_what_failed_is_counted_by_type(self) -> None:
        [row] = self.db.read(summary.actions, 2)

        self.assertEqual('restore', row.type)
        self.assertEqual((0, 1), (row.waiting - row.stuck, row.failed))

    def rows(self, table: sa.Table) -> Sequence[sa.Row[Any]]:
        return self.db.read(lambda conn: conn.execute(table.select()).all())
