# SPDX-License-Identifier: Apache-2.0
"""Two workers never do the same thing, and a dead one's work is done."""

from collections.abc import Callable
import datetime as dt
import threading
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import inbox
from patrii_billing.store import notices
from tests import books
from tests.database import backends
from tests.unit.intake import messages

load_tests = backends.load_tests

LEASE = backends.LEASE
LATER = books.NOW + 2 * LEASE


class ClaimTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.database.write(books.subscription)

    def test_workers_at_once_never_share_a_row(self) -> None:
        self.database.write(notify, 40)
        start = threading.Barrier(4)

        def work() -> list[str]:
            own = self.open()
            start.wait(backends.PATIENCE)
            return [key for _ in range(20) for key in self.claim_and_send(own)]

        sent = [key for keys in backends.together(*[work] * 4) for key in keys]

        self.assertEqual(len(set(sent)), len(sent))
        self.assertEqual({f'test:{n}' for n in range(40)}, set(sent))

    def test_a_claim_that_waited_for_another_gets_other_rows(self) -> None:
        self.database.write(notify, 7)

        first, second = self.one_after_the_other(
            lambda conn: notices.claim(conn, books.NOW, LEASE, 5)
        )

        self.assertEqual([5, 2], [len(first), len(second)])

    def test_a_claim_gets_nothing_where_another_has_it_all(self) -> None:
        self.database.write(notify, 1)

        first, second = self.one_after_the_other(
            lambda conn: notices.claim(conn, books.NOW, LEASE, 5)
        )

        self.assertEqual([1, 0], [len(first), len(second)])

    def test_a_live_lease_keeps_the_row(self) -> None:
        self.database.write(shelve)
        self.claim(books.NOW)

        self.assertEqual((), self.claim(books.NOW + LEASE / 2))

    def test_the_row_of_a_dead_worker_is_claimed_again(self) -> None:
        self.database.write(shelve)
        (first,) = self.claim(books.NOW)

        (second,) = self.claim(LATER)

        self.assertEqual(first.id, second.id)

    def test_a_worker_past_its_lease_can_write_nothing(self) -> None:
        self.database.write(shelve)
        (first,) = self.claim(books.NOW)
        self.claim(LATER)

        for write in (
            lambda conn: actions.renew(conn, first, books.NOW, LATER),
            lambda conn: actions.commit(conn, first, LATER),
            lambda conn: actions.again(conn, first, LATER, 'later'),
            lambda conn: actions.add_request(conn, first, 'req-1'),
            lambda conn: actions.finish(
                conn, first, LATER, lifecycle.ActionState.DONE, 'shelved'
            ),
        ):
            self.assertRaises(errors.LeaseLost, self.database.write, write)

    def test_the_second_owner_of_a_row_finishes_it(self) -> None:
        self.database.write(shelve)
        self.claim(books.NOW)
        (second,) = self.claim(LATER)

        self.database.write(
            actions.finish,
            second,
            LATER,
            lifecycle.ActionState.DONE,
            'shelved',
        )

        self.assertEqual((), self.claim(LATER + 2 * LEASE))

    def test_a_payment_withdraws_what_no_worker_holds(self) -> None:
        self.database.write(shelve)

        self.assertEqual([1], self.database.write(cancel, books.NOW))
        self.assertEqual((), self.claim(books.NOW))

    def test_a_payment_leaves_what_a_worker_holds_to_him(self) -> None:
        self.database.write(shelve)
        self.claim(books.NOW)

        self.assertEqual([], self.database.write(cancel, books.NOW))

    def test_a_payment_takes_an_action_from_a_dead_worker(self) -> None:
        self.database.write(shelve)
        (row,) = self.claim(books.NOW)

        self.assertEqual([1], self.database.write(cancel, LATER))
        self.assertRaises(
            errors.LeaseLost, self.database.write, actions.commit, row, LATER
        )

    def test_a_payment_comes_too_late_for_a_committed_delete(self) -> None:
        self.database.write(delete)
        (row,) = self.claim(books.NOW)
        self.database.write(actions.commit, row, books.NOW)

        self.assertEqual([], self.database.write(cancel, LATER))

    def test_of_a_payment_and_a_late_commit_at_once_one_wins(self) -> None:
        self.database.write(delete)
        (row,) = self.claim(books.NOW)
        start = threading.Barrier(2)

        def commit(conn: sa.Connection) -> bool:
            accounts.lock(conn, 1)
            actions.commit(conn, row, LATER)
            return True

        def pay(conn: sa.Connection) -> bool:
            accounts.lock(conn, 1)
            return bool(cancel(conn, LATER))

        def race(work: Callable[[sa.Connection], bool]) -> bool:
            start.wait(backends.PATIENCE)
            try:
                return self.database.write(work)
            except errors.LeaseLost:
                return False

        committed, cancelled = backends.together(
            lambda: race(commit), lambda: race(pay)
        )

        self.assertNotEqual(committed, cancelled)

    def test_a_message_is_claimed_oldest_first(self) -> None:
        for number in (2, 1):
            at = books.NOW + dt.timedelta(seconds=number)
            message = {
                'metadata': {'message_id': str(number)},
                'event_type': 'instance.update',
            }
            letter = messages.letter(message)
            self.database.write(inbox.store, [letter], at)

        rows = self.database.write(inbox.claim, LATER, LEASE, 10)

        self.assertEqual(['1', '2'], [row.message_id for row in rows])

    def claim(self, now: dt.datetime) -> Any:
        return self.database.write(actions.claim, now, LEASE, 10)

    def claim_and_send(self, own: Any) -> list[str]:
        rows = own.write(notices.claim, books.NOW, LEASE, 3)
        for row in rows:
            own.write(
                notices.settle,
                row,
                lifecycle.NoticeState.ACCEPTED,
                books.NOW,
                '250 OK',
            )
        return [row.key for row in rows]


def notify(conn: sa.Connection, number: int) -> None:
    for one in range(number):
        notices.ask(conn, f'test:{one}', 'grace', books.NOW)


def shelve(conn: sa.Connection) -> bool:
    return ask(conn, lifecycle.ActionType.SHELVE)


def delete(conn: sa.Connection) -> bool:
    return ask(conn, lifecycle.ActionType.DELETE)


def ask(conn: sa.Connection, kind: lifecycle.ActionType) -> bool:
    return actions.ask(
        conn,
        kind,
        books.NOW,
        subscription_id=1,
        account_id=1,
        project='acme-prod',
        case_id='case-1',
        server='web',
    )


def cancel(conn: sa.Connection, now: dt.datetime) -> list[int]:
    kinds = lifecycle.ENFORCEMENT
    return [row.id for row in actions.cancel(conn, 1, kinds, now, 'paid')]
