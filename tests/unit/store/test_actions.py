# SPDX-License-Identifier: Apache-2.0
"""What is to be done to the cloud comes in the right order, and once."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.store import actions
from tests import books

LEASE = dt.timedelta(minutes=1)
LATER = books.NOW + 2 * LEASE


class ActionsTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.db.write(books.subscription)

    def test_giving_back_goes_before_taking_away(self) -> None:
        for kind in (ActionType.DELETE, ActionType.SHELVE, ActionType.RESTORE):
            self.ask(kind)

        self.assertEqual(
            ['restore', 'shelve', 'delete'],
            [row.type for row in self.claim(books.NOW)],
        )

    def test_an_action_waits_for_its_time(self) -> None:
        self.ask(ActionType.SHELVE, LATER)

        self.assertEqual([], self.claim(books.NOW))
        self.assertEqual(1, len(self.claim(LATER)))

    def test_one_put_back_comes_again_at_its_time(self) -> None:
        self.ask(ActionType.SHELVE)
        (row,) = self.claim(books.NOW)

        self.db.write(actions.again, row, LATER, 'a task runs', 3)

        self.assertEqual([], self.claim(books.NOW))
        (row,) = self.claim(LATER)
        self.assertEqual(('a task runs', 3), (row.why, row.attempts))

    def test_a_finished_one_never_comes_again(self) -> None:
        self.ask(ActionType.SHELVE)
        (row,) = self.claim(books.NOW)
        self.assertTrue(self.db.read(actions.live, ActionType.SHELVE, 'web'))

        self.db.write(actions.finish, row, LATER, ActionState.DONE, 'shelved')

        self.assertFalse(self.db.read(actions.live, ActionType.SHELVE, 'web'))
        self.assertIsNone(self.db.read(actions.next_due))

    def test_novas_request_ids_are_kept_in_order(self) -> None:
        self.ask(ActionType.SHELVE)
        (row,) = self.claim(books.NOW)

        for request in ('req-lock', 'req-shelve'):
            self.db.write(actions.add_request, row, request)

        self.assertEqual(
            ['req-lock', 'req-shelve'],
            self.db.read(actions.get, row.id).requests,
        )

    def test_a_commit_keeps_the_instant_of_the_first(self) -> None:
        self.ask(ActionType.DELETE)
        for now in (books.NOW, LATER):
            (row,) = self.claim(now)
            self.db.write(actions.commit, row, now)

        self.assertEqual(
            books.NOW, self.db.read(actions.get, row.id).committed_at
        )

    def test_the_caps_count_what_was_committed_since(self) -> None:
        self.ask(ActionType.DELETE)
        (row,) = self.claim(books.NOW)
        self.db.write(actions.commit, row, books.NOW)

        def committed(since: dt.datetime) -> int:
            return self.db.read(
                actions.committed_since, ActionType.DELETE, since
            )

        self.assertEqual(1, committed(books.NOW))
        self.assertEqual(0, committed(LATER))

    def test_a_payment_withdraws_taking_and_leaves_giving(self) -> None:
        for kind in (ActionType.SHELVE, ActionType.RESTORE):
            self.ask(kind)

        self.db.write(
            actions.cancel, 1, [ActionType.SHELVE], books.NOW, 'paid'
        )

        self.assertEqual(
            ['restore'], [row.type for row in self.claim(books.NOW)]
        )

    def test_what_waits_can_be_hurried(self) -> None:
        self.ask(ActionType.RESTORE, LATER)

        self.db.write(actions.hurry, 1, books.NOW)

        self.assertEqual(books.NOW, self.db.read(actions.next_due))

    def ask(self, kind: ActionType, at: dt.datetime = books.NOW) -> None:
        def add(conn: sa.Connection) -> bool:
            return actions.ask(
                conn,
                kind,
                at,
                subscription_id=1,
                account_id=1,
                project='acme-prod',
                case_id='case-1',
                server='web',
            )

        self.assertTrue(self.db.write(add))

    def claim(self, now: dt.datetime) -> list[Any]:
        return list(self.db.write(actions.claim, now, LEASE, 9))
