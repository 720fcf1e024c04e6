# SPDX-License-Identifier: Apache-2.0
"""Where the cloud stands is read once for all who look within some seconds."""

import datetime as dt
import zoneinfo

from patrii_billing.engine import summary
from tests import books
from tests import crowd

_UTC = zoneinfo.ZoneInfo('UTC')
_SECOND = dt.timedelta(seconds=1)
_AGE = 15 * _SECOND


class SummariesTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.tools = crowd.tools(self.db)
        self.account = self.db.write(books.account, 'acme')

    def read(
        self,
        kept: summary.Summaries,
        now: dt.datetime,
        zone: zoneinfo.ZoneInfo = _UTC,
    ) -> summary.Summary:
        return self.db.read(kept.read, self.tools, now, zone)

    def test_within_its_age_it_is_what_was_read(self) -> None:
        kept = summary.Summaries(_AGE)
        first = self.read(kept, books.NOW)
        self.db.write(books.account, 'rival')

        again = self.read(kept, books.NOW + _AGE - _SECOND)
        later = self.read(kept, books.NOW + _AGE)

        self.assertIs(first, again)
        self.assertEqual((1, books.NOW), (again.accounts, again.at))
        self.assertEqual((2, books.NOW + _AGE), (later.accounts, later.at))

    def test_each_zone_has_its_own(self) -> None:
        kept = summary.Summaries(_AGE)
        first = self.read(kept, books.NOW)

        other = self.read(kept, books.NOW, zoneinfo.ZoneInfo('Asia/Tokyo'))

        self.assertIsNot(first, other)

    def test_a_clock_that_went_back_is_no_reason_to_show_it_longer(
        self,
    ) -> None:
        kept = summary.Summaries(_AGE)
        self.read(kept, books.NOW + _SECOND)

        self.assertEqual(books.NOW, self.read(kept, books.NOW).at)

    def test_a_month_that_is_over_is_summed_up_now_and_then(self) -> None:
        kept = summary.Summaries(past_age=summary.PAST_AGE)
        now = books.NOW + dt.timedelta(days=3)
        self.assertEqual([], self.read(kept, now).months)
        for days in (-3, 1):
            self.db.write(
                books.payment, self.account, 300, key=f'{days}',
                received_at=books.NOW + dt.timedelta(days=days),
            )  # fmt: skip

        soon = self.read(kept, now + _SECOND)
        later = self.read(kept, now + summary.PAST_AGE)

        self.assertEqual(now, soon.past_at)
        self.assertEqual(
            [(dt.date(2026, 1, 1), 300)],
            [(each.month, each.collected) for each in soon.months],
        )
        self.assertEqual(
            [(dt.date(2025, 12, 1), 300), (dt.date(2026, 1, 1), 300)],
            [(each.month, each.collected) for each in later.months],
        )

    def test_without_an_age_all_is_read_each_time(self) -> None:
        kept = summary.Summaries()
        self.read(kept, books.NOW)
        self.db.write(books.account, 'rival')

        self.assertEqual(2, self.read(kept, books.NOW).accounts)
