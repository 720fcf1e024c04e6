# SPDX-License-Identifier: Apache-2.0
"""The timeline is looked through by whom it is of, by what and by when."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import timeline
from patrii_billing.store.views import history
from patrii_billing.store.views import listing
from tests import books

_DAY = dt.timedelta(days=1)


class HistoryTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.sub = self.db.write(books.subscription)
        self.db.write(books.account, 'rival')
        for day, account, what, server in (
            (0, 1, 'status', None), (1, 1, 'action', 'web'),
            (2, 2, 'status', None), (3, None, 'switch', None),
            (40, 1, 'alarm', 'web'),
        ):  # fmt: skip
            self.record(
                day * _DAY, what, account_id=account, server=server,
                subscription_id=self.sub if account == 1 else None,
            )  # fmt: skip

    def record(self, after: dt.timedelta, what: str, **of: Any) -> None:
        self.db.write(
            timeline.record, books.NOW + after, what, f'day {after.days}', **of
        )

    def days(self, descending: bool = False, **wanted: Any) -> list[int]:
        """On which days what is found was recorded."""
        window = listing.Window(limit=10, descending=descending)

        def page(conn: sa.Connection) -> Any:
            query = history.query(conn, **wanted)
            return listing.page(conn, query, history.KEYS, window)

        rows = self.db.read(page)
        return [(row.at - books.NOW).days for row in rows]

    def test_all_of_it_oldest_or_newest_first(self) -> None:
        self.assertEqual([0, 1, 2, 3, 40], self.days())
        self.assertEqual([40, 3, 2, 1, 0], self.days(descending=True))

    def test_what_happened_to_whom(self) -> None:
        self.assertEqual([0, 1, 40], self.days(account_id=1))
        self.assertEqual([0, 1, 40], self.days(subscription_id=self.sub))
        self.assertEqual([1, 40], self.days(server='web'))
        self.assertEqual([0, 2], self.days(what='status'))
        self.assertEqual([0], self.days(what='status', account_id=1))

    def test_from_one_instant_up_to_another(self) -> None:
        day = {n: books.NOW + n * _DAY for n in range(60)}

        self.assertEqual([1, 2], self.days(since=day[1], until=day[3]))
        self.assertEqual([40], self.days(since=day[4]))
        self.assertEqual([0], self.days(until=day[1]))
        self.assertEqual([], self.days(since=day[41]))
        self.assertEqual([], self.days(until=day[0]))

    def test_what_was_written_out_of_order_is_found(self) -> None:
        # A host whose clock is behind, or a unit of work that took long.
        hour = dt.timedelta(hours=1)
        for hours in (30, 25):
            self.record(40 * _DAY + hours * hour, 'status', account_id=1)
        start = books.NOW + 41 * _DAY

        both = {'since': start + hour, 'until': start + 7 * hour}

        self.assertEqual(2, len(self.days(**both)))

    def test_an_entry_names_what_it_is_of(self) -> None:
        first, *_, last = self.db.read(
            lambda conn: conn.execute(history.query(conn)).all()
        )

        self.assertEqual(
            ('acme', 'EUR', 'acme-1'),
            (first.account, first.currency, first.subscription),
        )
        self.assertEqual('web', last.server)

    def test_a_page_of_a_span_looks_at_few_other_entries(self) -> None:
        last = books.NOW + 40 * _DAY

        def plan(conn: sa.Connection) -> str:
            query = history.query(conn, since=last)
            text = query.order_by(history.KEYS['id']).compile(
                conn, compile_kwargs={'literal_binds': True}
            )
            rows = conn.exec_driver_sql(f'EXPLAIN QUERY PLAN {text}')
            return ' '.join(row[3] for row in rows)

        self.assertIn(
            'SEARCH timeline USING INTEGER PRIMARY KEY (rowid>?)',
            self.db.read(plan),
        )
