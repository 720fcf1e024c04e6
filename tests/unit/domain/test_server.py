# SPDX-License-Identifier: Apache-2.0
"""Every move is chosen from what nova shows, and leads somewhere."""

import dataclasses
import datetime as dt

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import server as servers
from patrii_billing.domain.server import Locker
from patrii_billing.domain.server import Move

CASE = 'case-1'
CREATED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
OURS = servers.lock_reason(CASE, 'unpaid')
SEEN = servers.Server(
    id='web',
    project='acme-prod',
    name='web',
    flavor='s1',
    vm_state='active',
    host='host',
    created_at=CREATED,
)
# What each move makes of a server.
BECOMES = {
    Move.SHELVE: 'shelved_offloaded',
    Move.STOP: 'stopped',
    Move.UNSHELVE: 'active',
    Move.START: 'active',
    Move.PAUSE: 'paused',
    Move.SUSPEND: 'suspended',
}
STATES = st.sampled_from(
    [
        'active', 'stopped', 'paused', 'suspended', 'error', 'rescued',
        'shelved', 'shelved_offloaded', 'building', 'resized',
    ]
)  # fmt: skip


def server(**values: object) -> servers.Server:
    return dataclasses.replace(SEEN, **values)


def locked(**values: object) -> servers.Server:
    return server(**{'locked': True, 'locked_reason': OURS, **values})


def towards(
    shown: servers.Server,
    locker: Locker | None = None,
    refused: bool = False,
) -> Move:
    if shown.case and locker is None:
        locker = Locker.ADMIN
    return servers.towards_shelved(shown, CASE, locker, refused).move


def back(shown: servers.Server, was: str, **values: object) -> Move:
    before = servers.Remembered(was, **values)
    return servers.towards_restored(shown, CASE, before, False).move


class OursTest(base.BaseTestCase):
    def test_a_lock_is_ours_by_its_reason_and_names_its_case(self) -> None:
        self.assertEqual(CASE, locked().case)
        self.assertIsNone(server().case)
        self.assertIsNone(server(locked=True, locked_reason='mine').case)
        self.assertIsNone(server(locked=True).case)
        self.assertIsNone(server(locked_reason=OURS).case)  # not locked

    def test_a_reason_is_never_longer_than_nova_takes(self) -> None:
        reason = servers.lock_reason(CASE, 'x' * 300)

        self.assertEqual(255, len(reason))
        self.assertEqual(CASE, server(locked=True, locked_reason=reason).case)


class TowardsShelvedTest(base.BaseTestCase):
    def test_it_is_locked_before_anything_else(self) -> None:
        for state in ('active', 'stopped', 'paused', 'suspended'):
            self.assertIs(Move.LOCK, towards(server(vm_state=state)))
            self.assertIs(Move.SHELVE, towards(locked(vm_state=state)))

    def test_a_lock_of_its_owner_is_put_under_ours_whatever_he_wrote(
        self,
    ) -> None:
        for reason in (None, 'mine', servers.lock_reason('case-0', ''), OURS):
            shown = server(locked=True, locked_reason=reason)

            self.assertIs(Move.LOCK, towards(shown, Locker.OWNER))

    def test_a_lock_of_anybody_else_is_let_be(self) -> None:
        other = servers.lock_reason('case-0', 'unpaid')
        for reason in ('court order', None, other):
            shown = server(locked=True, locked_reason=reason)
            for locker in (Locker.ADMIN, None):
                self.assertIs(Move.EXEMPT, towards(shown, locker))

    def test_a_running_task_or_a_resize_is_waited_for(self) -> None:
        for shown in (
            locked(task_state='shelving'),
            server(task_state='image_snapshot'),
            server(vm_state='building'),
            server(vm_state='resized'),
        ):
            self.assertIs(Move.WAIT, towards(shown))

    def test_what_nova_refuses_to_shelve_is_stopped(self) -> None:
        self.assertIs(Move.STOP, towards(locked(), refused=True))
        self.assertIs(
            Move.STOPPED, towards(locked(vm_state='stopped'), refused=True)
        )
        self.assertIs(Move.STOP, towards(locked(vm_state='error')))

    def test_what_stands_still_and_cannot_be_shelved_is_only_locked(
        self,
    ) -> None:
        for state in ('stopped', 'paused', 'suspended'):
            found = server(vm_state=state)
            held = locked(vm_state=state)
            self.assertIs(Move.LOCK, towards(found, refused=True))
            self.assertIs(Move.STOPPED, towards(held, refused=True))

    def test_a_name_too_long_for_its_snapshot_is_never_shelved(self) -> None:
        for length, move in ((247, Move.SHELVE), (248, Move.STOP)):
            self.assertIs(move, towards(locked(name='n' * length)))

    def test_what_can_be_neither_is_let_be(self) -> None:
        for shown in (
            server(vm_state='rescued'),
            server(vm_state='error', host=None),
        ):
            self.assertIs(Move.EXEMPT, towards(shown))

    @hypothesis.given(STATES, st.booleans(), st.booleans())
    def test_every_state_comes_to_an_end_and_back(
        self, state: str, owner_locked: bool, refused: bool
    ) -> None:
        owners = {'locked': True, 'locked_reason': 'mine'}
        shown = server(vm_state=state, **(owners if owner_locked else {}))
        before = servers.Remembered(
            state, owner_locked, 'mine' if owner_locked else None
        )
        first = shown
        for _ in range(5):
            locker = Locker.OWNER if shown.locked_reason == 'mine' else None
            refuses = refused or before.vm_state == 'error'
            move = towards(shown, locker, refuses)
            if move not in (Move.LOCK, *BECOMES):
                break
            shown = self.moved(shown, move, before)
        self.assertIn(
            move, (Move.SHELVED, Move.STOPPED, Move.EXEMPT, Move.WAIT)
        )
        if move in (Move.EXEMPT, Move.WAIT):
            return
        self.assertEqual(CASE, shown.case)

        relock = owner_locked
        for _ in range(6):
            move = servers.towards_restored(shown, CASE, before, relock).move
            if move is Move.RESTORED:
                break
            shown = self.moved(shown, move, before)
        expected = 'active' if state == 'error' else state
        self.assertEqual(dataclasses.replace(first, vm_state=expected), shown)

    def moved(
        self,
        shown: servers.Server,
        move: Move,
        before: servers.Remembered,
    ) -> servers.Server:
        if move is Move.LOCK:
            return dataclasses.replace(shown, locked=True, locked_reason=OURS)
        if move is Move.UNLOCK:
            return dataclasses.replace(shown, locked=False, locked_reason=None)
        if move is Move.LOCK_AS_OWNER:
            return dataclasses.replace(
                shown, locked=True, locked_reason=before.locked_reason
            )
        return dataclasses.replace(shown, vm_state=BECOMES[move])


class TowardsRestoredTest(base.BaseTestCase):
    def test_it_is_unlocked_last(self) -> None:
        shelved = locked(vm_state='shelved_offloaded')

        self.assertIs(Move.UNSHELVE, back(shelved, 'stopped'))
        self.assertIs(Move.STOP, back(locked(), 'stopped'))
        self.assertIs(Move.UNLOCK, back(locked(vm_state='stopped'), 'stopped'))

    def test_what_was_shelved_before_is_only_unlocked(self) -> None:
        shelved = locked(vm_state='shelved')

        self.assertIs(Move.UNLOCK, back(shelved, 'shelved'))

    def test_a_lock_that_is_not_ours_stays(self) -> None:
        shown = server(locked=True, locked_reason='court order')

        self.assertIs(Move.RESTORED, back(shown, 'active'))

    def test_one_in_error_is_stuck_unless_it_was_so_before(self) -> None:
        broken = locked(vm_state='error')

        self.assertIs(Move.STUCK, back(broken, 'active'))
        self.assertIs(Move.UNLOCK, back(broken, 'error'))

    def test_one_in_error_is_stuck_though_nova_left_it_its_task(self) -> None:
        for state, move in (
            ('error', Move.STUCK), ('shelved_offloaded', Move.WAIT),
        ):  # fmt: skip
            left = locked(vm_state=state, task_state='unshelving')
            self.assertIs(move, back(left, 'active'))


class DeleteTest(base.BaseTestCase):
    def refusal(self, **values: object) -> str | None:
        shown = locked(
            **{'vm_state': 'shelved_offloaded', 'host': None, **values}
        )
        return servers.refuse_delete(shown, CASE, 'acme-prod', CREATED)

    def test_one_that_is_shelved_and_ours_may_be_deleted(self) -> None:
        self.assertIsNone(self.refusal())
        self.assertIsNone(self.refusal(host='host', host_status='UP'))

    def test_anything_else_may_not(self) -> None:
        for values in (
            {'project': 'other'},
            {'created_at': CREATED + dt.timedelta(seconds=1)},
            {'created_at': None},
            {'locked': False},
            {'locked_reason': 'court order'},
            {'locked_reason': servers.lock_reason('case-2', 'unpaid')},
            {'vm_state': 'active'},
            {'vm_state': 'stopped'},
            {'task_state': 'unshelving'},
            {'host': 'host', 'host_status': 'DOWN'},
            {'host': 'host', 'host_status': 'UNKNOWN'},
            {'host': 'host', 'host_status': ''},
        ):
            self.assertIsNotNone(self.refusal(**values), values)

    def test_why_not_is_told_in_words(self) -> None:
        def refusal(**values: object) -> str | None:
            given = {'vm_state': 'shelved_offloaded', 'host': None, **values}
            return servers.refuse_delete(
                locked(**given), CASE, 'acme-prod', CREATED
            )

        self.assertIsNone(refusal())
        for values, why in (
            (
                {'project': 'other'},
                'it is not the server that was warned about',
            ),
            (
                {'created_at': CREATED + dt.timedelta(seconds=1)},
                'it is not the server that was warned about',
            ),
            ({'locked_reason': None}, 'its lock is not ours'),
            ({'vm_state': 'active'}, 'it is active, not shelved'),
            ({'task_state': 'spawning'}, 'its task spawning is running'),
            ({'host': 'h', 'host_status': 'DOWN'}, 'its host is DOWN'),
            ({'host': 'h', 'host_status': None}, 'its host is unknown'),
        ):
            self.assertEqual(why, refusal(**values))
        self.assertIsNone(refusal(host='h', host_status='UP'))


class WhyTest(base.BaseTestCase):
    """Each move, and the words in which an operator is told of it."""

    def shelving(
        self, shown: servers.Server, locker: Locker | None = None
    ) -> servers.Next:
        return servers.towards_shelved(shown, CASE, locker, False)

    def restoring(
        self, shown: servers.Server, was: str = 'active'
    ) -> servers.Next:
        before = servers.Remembered(was)
        return servers.towards_restored(shown, CASE, before, False)

    def test_a_server_is_left_alone_for_a_reason(self) -> None:
        for shown, why in (
            (
                server(locked=True, locked_reason='theirs'),
                'locked by another administrator',
            ),
            (
                server(vm_state='rescued'),
                'a server that is rescued can be neither shelved nor stopped',
            ),
        ):
            self.assertEqual(
                servers.Next(Move.EXEMPT, why),
                self.shelving(shown, Locker.ADMIN),
            )

    def test_a_server_is_waited_for_for_a_reason(self) -> None:
        spawning = server(task_state='spawning')
        waiting = servers.Next(Move.WAIT, 'task spawning is running')

        self.assertEqual(waiting, self.shelving(spawning))
        self.assertEqual(waiting, self.restoring(spawning))
        self.assertEqual(
            servers.Next(Move.WAIT, 'the server is building'),
            self.shelving(server(vm_state='building')),
        )

    def test_one_in_error_is_locked_before_it_is_stopped(self) -> None:
        self.assertEqual(
            servers.Next(Move.LOCK), self.shelving(server(vm_state='error'))
        )
        self.assertEqual(
            servers.Next(Move.STOP),
            self.shelving(locked(vm_state='error'), Locker.ADMIN),
        )

    def test_one_in_error_cannot_be_given_back(self) -> None:
        self.assertEqual(
            servers.Next(Move.STUCK, 'the server is in ERROR'),
            self.restoring(locked(vm_state='error')),
        )

    def test_its_owners_lock_is_put_back_only_where_he_had_one(self) -> None:
        for owner_locked, due, move in (
            (True, True, Move.LOCK_AS_OWNER),
            (False, True, Move.RESTORED),
            (True, False, Move.RESTORED),
        ):
            before = servers.Remembered('active', owner_locked)
            self.assertEqual(
                move,
                servers.towards_restored(server(), CASE, before, due).move,
            )

    def test_gone_is_what_nova_does_not_know_or_calls_so(self) -> None:
        self.assertTrue(servers.is_gone(None))
        for state in servers.GONE:
            self.assertTrue(servers.is_gone(server(vm_state=state)))
        self.assertFalse(servers.is_gone(server()))
