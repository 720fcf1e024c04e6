# SPDX-License-Identifier: Apache-2.0
"""What is told of a server makes of it what is newest, and nothing twice."""

import dataclasses
import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import facts
from patrii_billing.domain import heard

NOON = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
S2 = facts.Flavor('2', 's2', 1, 512, 1, 0)
WEB = heard.Server('web', 'acme-prod', 'web', 's1', 'active', NOON, NOON)


def fact(kind: Any, at: dt.datetime = NOON + HOUR, **more: Any) -> Any:
    return kind(server='web', project='acme-prod', at=at, **more)


def level(flavor: str, at: dt.datetime) -> heard.Level:
    return heard.Level(flavor, heard.ONE, at, 'told')


class FirstTest(base.BaseTestCase):
    def test_a_server_is_what_its_creation_says(self) -> None:
        told = fact(
            facts.ServerCreated, name='n' * 300, flavor=S2, created_at=NOON,
            state='stopped',
        )  # fmt: skip

        self.assertEqual(
            heard.Server(
                'web', 'acme-prod', 'n' * 255, 's2', 'stopped', NOON,
                NOON + HOUR,
            ),
            heard.first(told),
        )  # fmt: skip

    def test_one_without_name_and_state_runs(self) -> None:
        told = fact(
            facts.ServerSeen, flavor=S2, created_at=NOON, state=''
        )  # fmt: skip

        found = heard.first(told)

        assert found is not None
        self.assertEqual(('', 'active'), (found.name, found.vm_state))

    def test_in_the_middle_of_a_resize_it_is_left_to_the_sweep(self) -> None:
        told = fact(
            facts.ServerSeen, flavor=None, created_at=NOON, state='resized'
        )

        self.assertIsNone(heard.first(told))

    def test_what_happens_to_it_does_not_say_what_it_is(self) -> None:
        self.assertIsNone(heard.first(fact(facts.ServerStopped)))


class AfterTest(base.BaseTestCase):
    def test_each_fact_changes_what_it_tells_of(self) -> None:
        for told, changed in (
            (fact(facts.ServerStopped), {'vm_state': 'stopped'}),
            (fact(facts.ServerPaused), {'vm_state': 'paused'}),
            (fact(facts.ServerSuspended), {'vm_state': 'suspended'}),
            (fact(facts.ServerRescued), {'vm_state': 'rescued'}),
            (fact(facts.ServerFailed), {'vm_state': 'error'}),
            (
                fact(facts.ServerShelved, offloaded=False),
                {'vm_state': 'shelved'},
            ),
            (
                fact(facts.ServerShelved, offloaded=True),
                {'vm_state': 'shelved_offloaded'},
            ),
            (fact(facts.ServerRenamed, name='n' * 300), {'name': 'n' * 255}),
        ):
            self.assertEqual(
                dataclasses.replace(WEB, told_at=told.at, **changed),
                heard.after(WEB, told),
                told,
            )

    def test_it_runs_again_after_whatever_it_was(self) -> None:
        still = dataclasses.replace(WEB, vm_state='still')
        for kind in (
            facts.ServerStarted, facts.ServerUnpaused, facts.ServerResumed,
            facts.ServerUnshelved, facts.ServerRestored,
            facts.ServerUnrescued,
        ):  # fmt: skip
            self.assertEqual(
                'active', heard.after(still, fact(kind)).vm_state, kind
            )

    def test_what_it_is_already_changes_nothing(self) -> None:
        for told in (
            fact(facts.ServerStarted),
            fact(facts.ServerLocked),
            fact(facts.ServerStopped, at=NOON - HOUR),
        ):
            self.assertIs(WEB, heard.after(WEB, told), told)

    def test_of_two_from_one_instant_the_later_told_counts(self) -> None:
        stopped = heard.after(WEB, fact(facts.ServerStopped, at=NOON))

        self.assertEqual('stopped', stopped.vm_state)

    def test_a_deletion_is_a_doubt_since_it_was_first_told(self) -> None:
        for kind in (facts.ServerDeleted, facts.ServerDeletionReported):
            missed = heard.after(WEB, fact(kind))
            again = heard.after(missed, fact(kind, at=NOON + 2 * HOUR))

            self.assertEqual(NOON + HOUR, missed.missed_at)
            self.assertIs(missed, again)

    def test_of_one_that_is_gone_it_is_no_doubt(self) -> None:
        gone = dataclasses.replace(WEB, deleted_at=NOON)

        self.assertIs(gone, heard.after(gone, fact(facts.ServerDeleted)))


class LevelTest(base.BaseTestCase):
    def test_a_resize_is_billed_though_it_says_nothing_new(self) -> None:
        same = fact(facts.ServerResized, flavor=S2)

        self.assertEqual(
            heard.Level('s2', heard.ONE, NOON + HOUR, 'resized'),
            heard.level(same),
        )
        self.assertIsNone(heard.level(fact(facts.ServerStopped)))

    def test_what_it_was_at_an_instant_was_told_last_of_until_then(
        self,
    ) -> None:
        early, same, late = (
            level('s1', NOON), level('s2', NOON), level('s3', NOON + HOUR),
        )  # fmt: skip

        self.assertIs(same, heard.newest([early, late, same], NOON))
        self.assertIs(late, heard.newest([late, same], NOON + HOUR))
        self.assertIsNone(heard.newest([late], NOON))

    def test_a_resize_that_nova_denied_comes_too_late(self) -> None:
        told = fact(facts.ServerResized, at=NOON, flavor=S2)
        for levels, is_late in (
            ([level('s2', NOON + HOUR)], False),
            ([level('s1', NOON + HOUR)], True),
            ([level('s2', NOON), level('s1', NOON + 2 * HOUR)], False),
            ([], True),
        ):
            self.assertIs(
                is_late,
                heard.comes_too_late(told, levels, heard.Looks(HOUR)),
                levels,
            )

    def test_nothing_is_denied_of_a_time_in_which_nobody_looked(self) -> None:
        looks = heard.Looks(HOUR, [(NOON, NOON + 5 * HOUR)])
        for hours, is_late in ((-2, True), (-1, False), (5, False), (6, True)):
            told = fact(
                facts.ServerResized, at=NOON + hours * HOUR, flavor=S2
            )
            self.assertIs(
                is_late, heard.comes_too_late(told, [], looks), hours
            )

    def test_it_is_there_from_when_it_was_made_until_it_is_gone(self) -> None:
        gone = dataclasses.replace(WEB, deleted_at=NOON + HOUR)
        never = dataclasses.replace(WEB, deleted_at=NOON)
        for known, there in (
            (WEB, [False, True, True]),
            (gone, [False, True, False]),
            (never, [False, False, False]),
        ):
            self.assertEqual(
                there,
                [
                    heard.was_there(known, NOON + hours * HOUR)
                    for hours in (-1, 0, 1)
                ],
                known,
            )

    def test_it_is_over_from_the_instant_of_its_end_on(self) -> None:
        gone = dataclasses.replace(WEB, deleted_at=NOON + HOUR)
        self.assertEqual(
            [False, True, True],
            [heard.is_over(gone, NOON + hours * HOUR) for hours in (0, 1, 2)],
        )
        self.assertFalse(heard.is_over(WEB, NOON))

    def test_who_made_it_unseen_tells_what_it_was_first(self) -> None:
        made = fact(facts.ServerCreated, flavor=S2, created_at=NOON, state='')
        looks = heard.Looks(HOUR, [(NOON - HOUR, NOON + HOUR)])
        for since, kept, first in (
            (NOON, looks, heard.Level('s2', heard.ONE, NOON, 'created')),
            (NOON, heard.Looks(HOUR), None),  # a sweep has looked
            (NOON + HOUR, looks, None),  # another time than nova's
            (None, looks, None),
        ):
            known = dataclasses.replace(WEB, created_at=since)
            self.assertEqual(first, heard.first_level(made, known, kept))

    def test_a_level_is_the_same_whoever_told_it(self) -> None:
        known = [level('s1', NOON), level('s2', NOON + HOUR)]
        swept = heard.Level('s1', heard.ONE, NOON, 'swept')

        self.assertTrue(heard.is_told(swept, known))
        for change in ({'flavor': 's2'}, {'at': NOON + HOUR},
                       {'quantity': 0 * heard.ONE}):  # fmt: skip
            other = dataclasses.replace(swept, **change)
            self.assertFalse(heard.is_told(other, known), change)
        self.assertFalse(heard.is_told(swept, []))

    def test_its_flavor_is_that_of_the_latest_time(self) -> None:
        levels = [level('s2', NOON + 2 * HOUR), level('s3', NOON + HOUR)]
        at = NOON + HOUR
        for known, told_at in (
            (WEB, at),
            (dataclasses.replace(WEB, told_at=NOON + 3 * HOUR),
             NOON + 3 * HOUR),
        ):  # fmt: skip
            self.assertEqual(
                dataclasses.replace(known, flavor='s2', told_at=told_at),
                heard.at_level(known, levels, at),
            )
        same = dataclasses.replace(WEB, flavor='s2')
        self.assertIs(same, heard.at_level(same, levels, at))
