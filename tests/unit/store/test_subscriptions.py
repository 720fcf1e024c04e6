# SPDX-License-Identifier: Apache-2.0
"""Contracts are found when they are due, and holds run one of a kind."""

import datetime as dt
import decimal

from patrii_billing.domain import lifecycle
from patrii_billing.domain import standing
from patrii_billing import errors
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import terms
from tests import books

HOUR = dt.timedelta(hours=1)


class DueTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.first = self.db.write(books.subscription)
        self.second = self.db.write(
            books.subscription, 'acme-2', account_id=1, plan_id=1
        )

    def test_a_new_one_is_not_looked_at_before_it_is_asked_for(self) -> None:
        self.assertEqual([], self.due(books.NOW))

    def test_those_whose_check_has_come_are_due_oldest_first(self) -> None:
        self.db.write(subscriptions.look, self.first, books.NOW + HOUR)
        self.db.write(subscriptions.look, self.second, books.NOW)

        self.assertEqual([(self.second, 1)], self.due(books.NOW))
        self.assertEqual(
            [(self.second, 1), (self.first, 1)], self.due(books.NOW + HOUR)
        )

    def test_no_more_are_due_at_a_time_than_asked_for(self) -> None:
        for one in (self.first, self.second):
            self.db.write(subscriptions.look, one, books.NOW)

        self.assertEqual([(self.first, 1)], self.due(books.NOW, limit=1))

    def test_the_next_period_is_charged_when_its_lead_begins(self) -> None:
        charge_at = dt.datetime(2026, 1, 25, tzinfo=dt.UTC)
        early = charge_at - dt.timedelta(microseconds=1)

        self.assertEqual([], self.claim(early))
        self.assertEqual(
            [(self.first, 1), (self.second, 1)], self.claim(charge_at)
        )

    def test_what_one_worker_charges_no_other_takes(self) -> None:
        charge_at = dt.datetime(2026, 1, 25, tzinfo=dt.UTC)

        self.assertEqual([(self.first, 1)], self.claim(charge_at, limit=1))
        self.assertEqual([(self.second, 1)], self.claim(charge_at))
        self.assertEqual([], self.claim(charge_at))

    def test_what_a_worker_left_is_due_again_after_its_lease(self) -> None:
        charge_at = dt.datetime(2026, 1, 25, tzinfo=dt.UTC)
        self.claim(charge_at)

        self.assertEqual(2, len(self.claim(charge_at + HOUR)))

    def test_a_new_level_of_the_project_is_looked_at(self) -> None:
        self.db.write(
            servers.add_level, 'key', 'acme-prod', 'cores',
            decimal.Decimal(1), books.NOW, 'told',
        )  # fmt: skip

        self.assertEqual(
            [(self.first, 1)],
            self.db.read(subscriptions.to_settle, books.NOW, 9),
        )

    def test_its_terms_hold_from_its_start(self) -> None:
        agreed = self.db.read(terms.of, [self.first])

        self.assertEqual(
            [(books.NEW_YEAR, 1, 1)],
            [(row.since, row.plan_id, row.anchor_day) for row in agreed],
        )

    def test_the_place_on_the_ladder_is_read_as_written(self) -> None:
        place = standing.Position(
            step=lifecycle.Step.WARN,
            reminder=2,
            invoice=7,
            due_at=books.NOW + HOUR,
            awaits='shelved:case-1',
            case='case-1',
            round=3,
            late=0.25,
            frozen=1e6 + 1 / 3,
        )

        self.db.write(subscriptions.write_ladder, self.first, place, books.NOW)

        row = self.db.read(subscriptions.get, self.first)
        self.assertEqual(place, subscriptions.position(row))
        self.assertEqual(books.NOW, row.check_at)

    def claim(
        self, now: dt.datetime, limit: int = 9
    ) -> list[tuple[int, int]]:
        until = now + HOUR
        return list(
            self.db.write(subscriptions.claim_to_charge, now, until, limit)
        )

    def due(self, now: dt.datetime, limit: int = 9) -> list[tuple[int, int]]:
        return list(self.db.read(subscriptions.due, now, limit))


class HoldTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.subscription = self.db.write(books.subscription)

    def test_a_hold_runs_until_its_end(self) -> None:
        self.hold(lifecycle.HoldType.PROMISE, until=books.NOW + HOUR)

        self.assertEqual(['promise'], self.running(books.NOW))
        self.assertEqual([], self.running(books.NOW + HOUR))

    def test_a_hold_without_end_runs_until_it_is_ended(self) -> None:
        self.hold(lifecycle.HoldType.ABUSE)
        later = books.NOW + 1000 * HOUR
        self.assertEqual(['abuse'], self.running(later))

        self.end(lifecycle.HoldType.ABUSE)

        self.assertEqual([], self.running(later))

    def test_a_second_hold_of_a_kind_is_refused(self) -> None:
        self.hold(lifecycle.HoldType.PAUSE)

        self.assertRaises(errors.Conflict, self.hold, lifecycle.HoldType.PAUSE)

    def test_holds_of_two_kinds_run_side_by_side(self) -> None:
        self.hold(lifecycle.HoldType.PAUSE)
        self.hold(lifecycle.HoldType.ABUSE)
        self.end(lifecycle.HoldType.PAUSE)

        self.assertEqual(['abuse'], self.running(books.NOW))

    def test_ending_a_hold_that_does_not_run_is_refused(self) -> None:
        self.assertRaises(errors.NotFound, self.end, lifecycle.HoldType.PAUSE)

    def hold(
        self, kind: lifecycle.HoldType, until: dt.datetime | None = None
    ) -> None:
        self.db.write(
            subscriptions.add_hold,
            self.subscription,
            kind,
            books.NOW,
            until,
            'he called',
            'support',
        )

    def end(self, kind: lifecycle.HoldType) -> None:
        self.db.write(
            subscriptions.end_hold, self.subscription, kind, books.NOW
        )

    def running(self, now: dt.datetime) -> list[str]:
        rows = self.db.read(subscriptions.holds, self.subscription, now)
        return [row.type for row in rows]
