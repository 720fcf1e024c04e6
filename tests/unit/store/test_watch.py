# SPDX-License-Identifier: Apache-2.0
"""The watch keeps the first reason, the newest hearing, and the record."""

import datetime as dt

from patrii_billing.store import schema
from patrii_billing.store import timeline
from patrii_billing.store import watch
from tests import books

LATER = books.NOW + dt.timedelta(microseconds=1)


class WatchTest(books.BooksTestCase):
    def test_the_first_reason_for_safe_mode_stays(self) -> None:
        entered = [
            self.db.write(watch.enter_safe_mode, why)
            for why in ('the clock stepped back', 'a long gap')
        ]

        self.assertEqual([True, False], entered)
        self.assertEqual(
            'the clock stepped back', self.db.read(watch.get).safe_why
        )

    def test_an_operator_ends_it_and_the_caps_count_anew(self) -> None:
        self.db.write(watch.enter_safe_mode, 'a long gap')

        self.db.write(watch.resume, LATER)

        row = self.db.read(watch.get)
        self.assertEqual((None, LATER), (row.safe_why, row.counted_from))

    def test_an_older_notification_does_not_turn_the_clock_back(self) -> None:
        self.db.write(watch.heard, LATER)
        self.db.write(watch.heard, books.NOW)

        self.assertEqual(LATER, self.db.read(watch.get).heard_at)


class TimelineTest(books.BooksTestCase):
    def test_an_entry_says_what_why_by_whom_and_with_which_ids(self) -> None:
        self.db.write(
            timeline.record,
            books.NOW,
            'action',
            'shelve',
            'unpaid',
            by='alice',
            request='req-1',
        )

        with self.db.engine.connect() as conn:
            row = conn.execute(schema.timeline.select()).one()
        self.assertEqual(
            ('shelve', 'unpaid', 'alice', {'request': 'req-1'}),
            (row.name, row.why, row.by, row.detail),
        )
