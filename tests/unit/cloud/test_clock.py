# SPDX-License-Identifier: Apache-2.0
"""A clock that goes wrong is noticed, and by how much."""

import datetime as dt

from patrii_billing.cloud import clock
from tests.unit.cloud import base

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
KEYS = f'{base.NOVA}/os-keypairs'
_NOTHING = dt.timedelta()


class TestClock(base.CloudTestCase):
    def differ(
        self, date: str | None = 'Mon, 01 Jun 2026 12:00:00 GMT'
    ) -> dict[str, dt.timedelta | None]:
        headers = {'Date': date} if date else {}
        self.web.get(KEYS, json={'keypairs': []}, headers=headers)
        return dict(clock.differences(self.connection, lambda: NOON))

    def test_one_that_goes_with_ours_is_no_difference(self) -> None:
        self.assertEqual(_NOTHING, self.differ()['nova'])

    def test_what_date_leaves_out_of_a_second_is_none(self) -> None:
        early = self.differ('Mon, 01 Jun 2026 11:59:59 GMT')
        self.assertEqual(_NOTHING, early['nova'])

    def test_one_that_is_ahead_or_behind_is_measured(self) -> None:
        ahead = self.differ('Mon, 01 Jun 2026 12:01:00 GMT')['nova']
        self.assertEqual(dt.timedelta(seconds=60), ahead)
        behind = self.differ('Mon, 01 Jun 2026 11:59:00 GMT')['nova']
        self.assertEqual(dt.timedelta(seconds=-59), behind)

    def test_keystones_is_read_of_the_token(self) -> None:
        # The recorded token was issued when the test began.
        issued = self.connection.access.issued
        self.assertEqual(issued - NOON, self.differ()['keystone'])

    def test_a_nova_that_says_no_time_is_not_guessed(self) -> None:
        self.assertIsNone(self.differ(date=None)['nova'])
