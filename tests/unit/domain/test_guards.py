# SPDX-License-Identifier: Apache-2.0
"""The last question before a server is touched; one yes among many noes."""

import dataclasses
import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import guards
from patrii_billing.domain.guards import Refusal
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain.lifecycle import HoldType
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain.lifecycle import Status
from patrii_billing.domain.lifecycle import Step
from patrii_billing.domain import policy
from patrii_billing.domain import standing

UTC = calendar.zone('UTC')
NOW = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
POLICY = policy.Policy()  # seven days of warning
GRACE = standing.Notice(NoticeState.ACCEPTED, NOW, NOW)
WARNING = standing.Notice(
    NoticeState.ACCEPTED,
    NOW - 7 * DAY,
    NOW - 7 * DAY,
    frozenset({'web'}),
    NOW,
)
DOOMED = standing.Standing(
    status=Status.PENDING_DELETION,
    position=standing.Position(step=Step.END, invoice=1, case='c'),
    zone=UTC,
    new_case='new',
    invoices=(standing.OpenInvoice(1, NOW - 30 * DAY, 1000, NOW),),
    notices={'c:grace:0': GRACE, 'c:last_warning:1': WARNING},
    covered=(standing.Covered('web', Custody.SHELVED),),
)


def facts(**values: object) -> standing.Standing:
    return dataclasses.replace(DOOMED, **values)


def at(step: Step, case: str | None = 'c') -> standing.Position:
    return standing.Position(step=step, invoice=1, case=case)


def warned(**values: object) -> dict[str, standing.Notice]:
    return {
        **DOOMED.notices,
        'c:last_warning:1': dataclasses.replace(WARNING, **values),
    }


def shelve(given: standing.Standing, server: str = 'web') -> str:
    refusal = guards.refuse_shelve(given, POLICY, server, NOW)
    return refusal.why if refusal else ''


def delete(given: standing.Standing, server: str = 'web') -> str:
    refusal = guards.refuse_delete(given, POLICY, server, NOW)
    return refusal.why if refusal else ''


class GuardsTest(base.BaseTestCase):
    def test_whoever_owes_and_was_told_may_lose_his_server(self) -> None:
        self.assertEqual('', delete(DOOMED))
        self.assertEqual('', shelve(facts(position=at(Step.WARN))))

    def test_neither_is_done_to_a_customer_who_must_be_left_alone(
        self,
    ) -> None:
        for reason, values in (
            ('nothing is past due', {'invoices': ()}),
            (
                'nothing is past due',
                {'invoices': (standing.OpenInvoice(1, NOW + DAY, 1000, NOW),)},
            ),
            ('promise hold', {'holds': (standing.Hold(HoldType.PROMISE),)}),
            (
                'pause hold',
                {'holds': (standing.Hold(HoldType.PAUSE, NOW + DAY),)},
            ),
            ('abuse hold', {'holds': (standing.Hold(HoldType.ABUSE),)}),
            ('in transit', {'in_transit_until': NOW + DAY}),
            ('has not begun', {'enforce_from': NOW + DAY}),
            ('no case', {'position': at(Step.END, None)}),
            ('does not cover', {'covered': ()}),
        ):
            for refused in (shelve, delete):
                self.assertIn(reason, refused(facts(**values)), values)

    def test_what_is_over_is_no_reason_to_wait(self) -> None:
        self.assertEqual(
            '',
            delete(
                facts(
                    holds=(standing.Hold(HoldType.PAUSE, NOW),),
                    in_transit_until=NOW,
                    enforce_from=NOW,
                )
            ),
        )

    def test_what_is_owed_within_the_tolerance_is_not_owed(self) -> None:
        tolerant = POLICY.reading({'tolerance': 1000})

        self.assertIsNotNone(
            guards.refuse_delete(DOOMED, tolerant, 'web', NOW)
        )

    def test_nothing_is_shelved_before_its_step(self) -> None:
        for step in (Step.REMIND, Step.GRACE, Step.SHELVE, Step.NONE):
            self.assertIn('time', shelve(facts(position=at(step))))

    def test_nobody_is_shelved_who_was_only_warned_in_a_dry_run(
        self,
    ) -> None:
        rehearsed = standing.Notice(NoticeState.SUPPRESSED, NOW)

        self.assertIn(
            'dry run', shelve(facts(notices={'c:grace:0': rehearsed}))
        )

    def test_nothing_is_deleted_before_its_step_and_status(self) -> None:
        for step in Step:
            if step is not Step.END:
                self.assertIn('time', delete(facts(position=at(step))))
        for status in Status:
            if status is not Status.PENDING_DELETION:
                self.assertIn(status, delete(facts(status=status)))

    def test_nothing_is_deleted_without_a_warning_that_is_old_enough(
        self,
    ) -> None:
        for values in (
            {'accepted_at': None},
            {'accepted_at': NOW - 7 * DAY + dt.timedelta(seconds=1)},
            {'servers': frozenset({'db'})},
            {'names': NOW + dt.timedelta(seconds=1)},
            {'state': NoticeState.REFUSED, 'accepted_at': None},
        ):
            refused = delete(facts(notices=warned(**values)))
            self.assertIn('no accepted warning', refused, values)
        self.assertIn('no accepted', delete(facts(notices={})))

    def test_a_warning_of_another_case_does_not_count(self) -> None:
        self.assertIn(
            'no accepted', delete(facts(notices={'b:last_warning:1': WARNING}))
        )

    def test_only_the_newest_warning_counts(self) -> None:
        newer = dataclasses.replace(WARNING, accepted_at=NOW - DAY)

        self.assertIn(
            'no accepted',
            delete(facts(notices={**warned(), 'c:last_warning:2': newer})),
        )

    def test_a_day_of_warning_is_a_day_of_the_customer(self) -> None:
        # Over the change of clocks seven days have an hour less.
        paris = calendar.zone('Europe/Paris')
        accepted = dt.datetime(2026, 3, 27, 11, tzinfo=dt.UTC)
        ripe = dt.datetime(2026, 4, 3, 10, tzinfo=dt.UTC)
        given = facts(
            zone=paris,
            notices=warned(accepted_at=accepted, names=None),
        )

        self.assertIsNone(guards.refuse_delete(given, POLICY, 'web', ripe))
        self.assertIsNotNone(
            guards.refuse_delete(
                given, POLICY, 'web', ripe - dt.timedelta(seconds=1)
            )
        )

    def test_nothing_begins_outside_its_window(self) -> None:
        office = POLICY.reading(
            {
                'shelve_window': {'hours': '09:00-17:00'},
                'delete_window': {'hours': '10:00-11:00'},
            }
        )
        for kind, hour, refused in (
            (ActionType.SHELVE, 8, True),
            (ActionType.SHELVE, 9, False),
            (ActionType.SHELVE, 17, True),
            (ActionType.DELETE, 9, True),
            (ActionType.DELETE, 10, False),
        ):
            refusal = guards.outside_window(
                office, kind, UTC, NOW.replace(hour=hour)
            )
            self.assertIs(refused, refusal is not None)
            self.assertEqual(
                Refusal(f'not before 2026-03-{"06" if hour == 17 else "05"} '
                        f'{"10" if kind is ActionType.DELETE else "09"}:00'
                        ' UTC')
                if refused
                else None,
                refusal,
            )  # fmt: skip

    def test_a_window_is_of_the_customers_own_hours(self) -> None:
        office = POLICY.reading({'shelve_window': {'hours': '09:00-17:00'}})
        tokyo = calendar.zone('Asia/Tokyo')

        self.assertIsNone(
            guards.outside_window(
                office, ActionType.SHELVE, tokyo, NOW.replace(hour=0)
            )
        )

    def test_what_the_law_asks_anew_is_withdrawn_and_the_rest_waits(
        self,
    ) -> None:
        end = facts(position=at(Step.END))
        hold = (standing.Hold(HoldType.PAUSE),)
        closed = at(Step.END, None)
        final: list[tuple[str, dict[str, Any]]] = [
            ('nothing is past due', {'invoices': ()}),
            ('a pause hold is in force', {'holds': hold}),
            ('no case is open', {'position': closed}),
            ('the subscription does not cover this server', {'covered': ()}),
        ]
        waits: list[tuple[str, dict[str, Any]]] = [
            ('a payment is in transit', {'in_transit_until': NOW + DAY}),
            (
                'enforcement has not begun for this customer',
                {'enforce_from': NOW + DAY},
            ),
        ]
        for ask in (guards.refuse_shelve, guards.refuse_delete):
            for is_final, cases in ((True, final), (False, waits)):
                for why, values in cases:
                    given = dataclasses.replace(end, **values)
                    self.assertEqual(
                        Refusal(why, final=is_final),
                        ask(given, POLICY, 'web', NOW),
                    )

    def test_a_shelve_out_of_turn_is_withdrawn(self) -> None:
        self.assertEqual(
            Refusal('the time to shelve has not come', final=True),
            guards.refuse_shelve(
                facts(position=at(Step.SHELVE)), POLICY, 'web', NOW
            ),
        )
        rehearsed = standing.Notice(NoticeState.SUPPRESSED, NOW)
        self.assertEqual(
            Refusal('the customer was only warned in a dry run'),
            guards.refuse_shelve(
                facts(notices={'c:grace:0': rehearsed}), POLICY, 'web', NOW
            ),
        )

    def test_a_delete_out_of_turn_is_withdrawn(self) -> None:
        for values, refusal in (
            (
                {'status': Status.SHELVED},
                Refusal('the subscription is shelved', final=True),
            ),
            (
                {'position': at(Step.DELETE)},
                Refusal('the time to delete has not come', final=True),
            ),
            (
                {'notices': {}},
                Refusal(
                    'no accepted warning that is old enough names this server'
                ),
            ),
        ):
            self.assertEqual(
                refusal,
                guards.refuse_delete(facts(**values), POLICY, 'web', NOW),
            )
