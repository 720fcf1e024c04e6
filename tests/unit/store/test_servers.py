# SPDX-License-Identifier: Apache-2.0
"""What is known of servers: present, missed, in custody, and their levels."""

import datetime as dt
import decimal
from typing import Any

from patrii_billing.store import custody
from patrii_billing.store import servers
from tests import books

HOUR = dt.timedelta(hours=1)
LATER = books.NOW + HOUR


class ServersTest(books.BooksTestCase):
    def test_a_deleted_server_is_not_present(self) -> None:
        self.add('web')
        self.add('gone', deleted_at=books.NOW)

        rows = self.db.read(servers.present, 'acme-prod')
        self.assertEqual(['web'], [row.id for row in rows])
        self.assertEqual(1, self.db.read(servers.count))

    def test_a_sweep_that_did_not_show_a_server_makes_it_unseen(self) -> None:
        self.add('web')
        self.add('db')
        self.db.write(servers.mark_seen, ['web'], LATER)

        self.assertEqual(['db'], self.unseen(LATER))

    def test_a_server_told_of_during_the_sweep_is_not_unseen(self) -> None:
        self.add('new', told_at=LATER)

        self.assertEqual([], self.unseen(LATER))

    def test_a_server_seen_again_is_no_longer_missed(self) -> None:
        self.add('web', missed_at=books.NOW)
        self.assertEqual(['web'], self.missed())

        self.db.write(servers.mark_seen, ['web'], LATER)

        self.assertEqual([], self.missed())

    def test_what_is_newer_is_not_undone_by_who_is_late(self) -> None:
        self.add('web')
        self.db.write(servers.tell, 'web', LATER, flavor='s2')
        self.db.write(servers.tell, 'web', books.NOW, flavor='s1')

        self.assertEqual('s2', self.get('web').flavor)

    def test_the_same_fact_is_one_level(self) -> None:
        added = [self.level('create:web', books.NOW) for _ in range(2)]

        self.assertEqual([True, False], added)

    def test_levels_come_in_effective_order(self) -> None:
        self.level('resize:web', LATER)
        self.level('create:web', books.NOW)

        rows = self.db.read(servers.levels, 'acme-prod')
        self.assertEqual(
            ['create:web', 'resize:web'], [row.key for row in rows]
        )

    def add(self, server: str, **values: Any) -> None:
        self.db.write(books.server, server, **values)

    def get(self, server: str) -> Any:
        return self.db.read(servers.get, server)

    def level(self, key: str, at: dt.datetime) -> bool:
        return self.db.write(
            servers.add_level,
            key,
            'acme-prod',
            's1',
            decimal.Decimal(1),
            at,
            'nova said so',
            'web',
        )

    def unseen(self, since: dt.datetime) -> list[str]:
        self.db.write(servers.doubt, since)
        return self.missed()

    def missed(self) -> list[str]:
        return [row.id for row in self.db.read(servers.missed, LATER, 9)]


class CustodyTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.db.write(books.subscription)

    def test_the_record_made_at_the_first_touch_stays(self) -> None:
        first = self.take('web', before={'power': 'on'})
        again = self.take('web', before={'power': 'off'})

        self.assertEqual(first, again)
        row = self.db.read(custody.get, 'web', 'case-1')
        assert row is not None
        self.assertEqual({'power': 'on'}, row.before)

    def test_the_books_know_their_cases(self) -> None:
        self.take('web')

        self.assertTrue(self.db.read(custody.case_known, 'case-1'))
        self.assertFalse(self.db.read(custody.case_known, 'case-2'))

    def test_what_was_kept_is_purged_when_its_undo_span_is_over(self) -> None:
        taken = self.take('web')
        self.db.write(custody.change, taken, state='deleted', undo_until=LATER)

        def to_purge(now: dt.datetime) -> int:
            return len(self.db.read(custody.to_purge, now, 9))

        self.assertEqual(0, to_purge(books.NOW))
        self.assertEqual(1, to_purge(LATER))

    def take(self, server: str, **values: object) -> int:
        row = self.db.write(
            custody.take, server, 'case-1', 1, 'acme-prod', books.NOW, **values
        )
        return int(row.id)
