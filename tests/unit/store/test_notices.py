# SPDX-License-Identifier: Apache-2.0
"""A notice is sent once, the weightiest first, and rests on its acceptance."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.store import ladder
from patrii_billing.store import notices
from tests import books

LEASE = dt.timedelta(minutes=1)


class NoticesTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.db.write(books.subscription)

    def test_a_last_warning_goes_out_before_a_reminder(self) -> None:
        for template in ('reminder', 'grace', 'last_warning'):
            self.ask(template)

        self.assertEqual(
            ['last_warning', 'grace', 'reminder'],
            [row.template for row in self.claim()],
        )

    def test_the_hour_of_acceptance_is_kept(self) -> None:
        self.ask('grace')
        self.settle(NoticeState.ACCEPTED)

        row = self.latest('grace')
        self.assertEqual('accepted', row.state)
        self.assertEqual(books.NOW, row.accepted_at)
        self.assertEqual(1, row.attempts)

    def test_nothing_rests_on_a_refused_notice(self) -> None:
        self.ask('grace')
        self.settle(NoticeState.REFUSED)

        self.assertIsNone(self.latest('grace').accepted_at)

    def test_nothing_rests_on_a_notice_that_bounced(self) -> None:
        self.ask('grace')
        self.settle(NoticeState.ACCEPTED)

        self.db.write(notices.bounced, 'grace', books.NOW, '5.1.1')

        row = self.latest('grace')
        self.assertEqual('refused', row.state)
        self.assertIsNone(row.accepted_at)

    def test_a_deferred_notice_is_tried_again(self) -> None:
        self.ask('grace')
        (row,) = self.claim()
        later = books.NOW + LEASE

        self.db.write(notices.again, row, later, '451 try later')

        self.assertEqual([], self.claim())
        (row,) = self.claim(later)
        self.assertEqual(('451 try later', 1), (row.answer, row.attempts))

    def test_a_settled_notice_is_not_sent_again(self) -> None:
        self.ask('grace')
        self.settle(NoticeState.ACCEPTED)

        self.assertEqual([], self.claim(books.NOW + 99 * LEASE))

    def test_each_notice_has_a_message_id_of_its_own(self) -> None:
        self.ask('grace')
        self.ask('shelved')

        self.assertEqual(2, len({row.message_id for row in self.claim()}))

    def test_the_law_sees_the_notices_of_the_case_alone(self) -> None:
        self.ask('grace', case_id='case-1')
        self.ask('shelved', case_id='case-2')

        self.assertEqual(['grace'], self.of_ladder({'case-1'}))
        self.assertEqual([], self.of_ladder(set()))

    def ask(self, template: str, case_id: str | None = None) -> None:
        def add(conn: sa.Connection) -> bool:
            return notices.ask(
                conn,
                template,
                template,
                books.NOW,
                account_id=1,
                subscription_id=1,
                case_id=case_id,
            )

        self.assertTrue(self.db.write(add))

    def claim(self, now: dt.datetime = books.NOW) -> list[Any]:
        return list(self.db.write(notices.claim, now, LEASE, 9))

    def settle(self, state: NoticeState) -> None:
        (row,) = self.claim()
        self.db.write(notices.settle, row, state, books.NOW, 'an answer')

    def latest(self, template: str) -> Any:
        return self.db.read(notices.latest, 1, template)

    def of_ladder(self, cases: set[str]) -> list[str]:
        rows = self.db.read(ladder.notices, [1], cases, [])
        return [row.key for row in rows]
