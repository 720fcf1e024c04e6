# SPDX-License-Identifier: Apache-2.0
"""What meets a server in another state, and how it comes back from it."""

import datetime as dt
from unittest import mock

from oslotest import base

from patrii_billing.domain import server as nova
from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from tests.unit import stories

PAID = 'at: 02-04T00:00:00, pay: acme'
OUT = 'shelved_offloaded, locked by admin'


def server(state: str = 'ACTIVE', name: str = 'web', **more: str) -> str:
    given = {'name': name, 'flavor': 's1', 'state': state, **more}
    return '{' + ', '.join(f'{k}: {v}' for k, v in given.items()) + '}'


class StateTest(base.BaseTestCase):
    def test_each_power_state_comes_back_as_it_was(self) -> None:
        for state, restored, moves in (
            ('ACTIVE', 'active', ['unshelve', 'unlock']),
            ('SHUTOFF', 'stopped', ['unshelve', 'stop', 'unlock']),
            ('PAUSED', 'paused', ['unshelve', 'pause', 'unlock']),
            ('SUSPENDED', 'suspended', ['unshelve', 'suspend', 'unlock']),
        ):
            story = stories.told(PAID, servers=server(state))

            self.assertEqual(restored, story.shows(), state)
            self.assertEqual(['lock', 'shelve', *moves], story.moves())
            self.assertEqual('active', story.sub().billing_status)
            self.assertEqual([], story.alarms())

    def test_what_its_owner_had_shelved_stays_shelved_but_is_his_again(
        self,
    ) -> None:
        story = stories.told(PAID, servers=server('SHELVED_OFFLOADED'))

        self.assertEqual('shelved_offloaded', story.shows())
        self.assertEqual(['lock', 'unlock'], story.moves())
        self.assertEqual(['grace', 'shelved', 'active'], story.statuses())

    def test_one_in_error_is_stopped_and_started_again(self) -> None:
        story = stories.Story(stories.text(PAID, servers=server('ERROR')))

        story.play('02-04')
        self.assertEqual('stopped, locked by admin', story.shows())
        self.assertEqual('shelved', story.sub().billing_status)
        self.assertEqual(
            ['02-03 00:00:01 action web shelve stopped'],
            story.told('action'),
        )
        story.play()
        self.assertEqual('active', story.shows())
        self.assertEqual(['lock', 'stop', 'start', 'unlock'], story.moves())

    def test_one_in_error_without_a_host_is_left_and_told(self) -> None:
        story = stories.Story(stories.text(servers=server('ERROR')))
        story.nova.set(worlds.server_id('web'), host=None)
        story.play()

        self.assertEqual('error', story.shows())
        self.assertEqual([], story.moves())
        self.assertEqual(
            ['server_exempt', 'nothing_to_shelve'], story.alarms()
        )
        self.assertEqual(['grace'], story.statuses())

    def test_a_rescued_one_is_left_and_told(self) -> None:
        story = stories.told(servers=server('RESCUE'))

        self.assertEqual('rescued', story.shows())
        self.assertEqual([], story.moves())
        self.assertEqual('server_exempt', story.alarms()[0])

    def test_one_that_nova_refuses_to_shelve_is_stopped(self) -> None:
        story = stories.Story(stories.text(PAID))
        story.nova.unshelvable.add(worlds.server_id('web'))

        story.play('02-04')
        self.assertEqual('stopped, locked by admin', story.shows())
        self.assertEqual('shelved', story.sub().billing_status)

        story.play()
        self.assertEqual('active', story.shows())
        self.assertEqual(['lock', 'stop', 'start', 'unlock'], story.moves())

    def test_one_that_was_off_and_cannot_be_shelved_is_only_locked(
        self,
    ) -> None:
        story = stories.Story(stories.text(PAID, servers=server('SHUTOFF')))
        story.nova.unshelvable.add(worlds.server_id('web'))
        story.play()

        self.assertEqual('stopped', story.shows())
        self.assertEqual(['lock', 'unlock'], story.moves())

    def test_one_that_stands_still_and_cannot_be_shelved_is_held_so(
        self,
    ) -> None:
        for locked, moves in (
            ({}, ['lock', 'unlock']),
            ({'locked': 'owner'}, ['lock', 'unlock', 'lock']),
        ):
            story = stories.Story(
                stories.text(PAID, servers=server('PAUSED', **locked))
            )
            story.nova.unshelvable.add(worlds.server_id('web'))
            before = story.shows()

            story.play('02-04')
            self.assertEqual('paused, locked by admin', story.shows())
            self.assertEqual('shelved', story.sub().billing_status)

            story.play()
            self.assertEqual(before, story.shows())
            self.assertEqual(moves, story.moves())

    def test_one_whose_name_leaves_no_room_for_a_snapshots_is_stopped(
        self,
    ) -> None:
        story = stories.Story(stories.text(PAID))
        story.nova.set(worlds.server_id('web'), name='n' * 255)

        story.play('02-04')
        self.assertEqual('stopped, locked by admin', story.shows())
        self.assertEqual('shelved', story.sub().billing_status)

        story.play()
        self.assertEqual('active', story.shows())
        self.assertEqual(['lock', 'stop', 'start', 'unlock'], story.moves())

    def test_what_could_only_be_stopped_is_never_deleted(self) -> None:
        story = stories.Story(
            stories.text(
                'at: 02-20T00:00:00, pay: acme',
                servers=f'{server()}, {server("ERROR", "broken")}',
                until='2026-02-21T00:00:00Z',
            )
        )

        story.play('02-20')
        self.assertEqual('gone', story.shows())
        self.assertEqual('stopped, locked by admin', story.shows('broken'))
        self.assertEqual(['left_to_operator'], story.alarms())

        story.play()
        self.assertEqual('active', story.shows('broken'))

    def test_a_stopped_one_alone_is_left_to_the_operator(self) -> None:
        story = stories.told(
            servers=server('ERROR'), until='2026-03-01T00:00:00Z'
        )

        self.assertEqual(['grace', 'shelved'], story.statuses())
        self.assertEqual(['left_to_operator'], story.alarms())
        self.assertEqual('stopped, locked by admin', story.shows())

    def test_one_shelved_later_is_warned_about_all_the_same(self) -> None:
        story = stories.told(
            'at: 02-07T00:00:00, boot: late, project: acme-prod',
            servers=server('ERROR'),
            until='2026-02-13T00:00:00Z',
        )

        self.assertEqual('stopped, locked by admin', story.shows())
        self.assertEqual('gone', story.shows('late'))
        self.assertEqual(
            ['acme-1 late 2026-02-12T00:00:02+00:00'],
            story.mails('last_warning'),
        )


class LockTest(base.BaseTestCase):
    def test_the_lock_of_its_owner_is_put_back(self) -> None:
        story = stories.Story(
            stories.text(PAID, servers=server(locked='owner'))
        )
        story.nova.set(
            worlds.server_id('web'), locked_reason='do not touch, Ann'
        )

        story.play('02-04')
        self.assertEqual(OUT, story.shows())
        self.assertTrue(
            story.guest().shown.locked_reason.startswith('patrii-billing:')
        )

        story.play()
        self.assertEqual('active, locked by owner', story.shows())
        self.assertEqual(
            'do not touch, Ann', story.guest().shown.locked_reason
        )
        self.assertEqual(
            ['lock', 'shelve', 'unshelve', 'unlock', 'lock'], story.moves()
        )

    def test_seed_4007785_our_lock_beside_an_old_answer_is_not_another_s(
        self,
    ) -> None:
        web = worlds.server_id('web')
        story = stories.Story(
            stories.text(PAID, servers=server('SHUTOFF', locked='owner'))
        ).play('02-02 12:00:00')
        before = story.nova.guests[web].shown
        get, answers = story.nova.get, [before]

        def late(server_id: str) -> nova.Server | None:
            locked = 'lock' in story.nova.guests[web].moves
            return answers.pop() if locked and answers else get(server_id)

        with mock.patch.object(story.nova, 'get', late):
            story.play('02-05')

        self.assertEqual([], answers)
        self.assertEqual('stopped, locked by owner', story.shows())
        self.assertEqual([], story.alarms())

    def test_one_locked_by_another_admin_is_left_and_told(self) -> None:
        story = stories.told(servers=server(locked='admin'))

        self.assertEqual('active, locked by admin', story.shows())
        self.assertEqual([], story.moves())
        self.assertEqual(
            ['server_exempt', 'nothing_to_shelve'], story.alarms()
        )

    def test_the_others_of_the_project_are_shelved_all_the_same(
        self,
    ) -> None:
        story = stories.told(
            PAID,
            servers=f'{server()}, {server(name="db", locked="admin")}',
        )

        self.assertEqual(['grace', 'shelved', 'active'], story.statuses())
        self.assertEqual('active, locked by admin', story.shows('db'))
        self.assertEqual('active', story.shows())

    def test_a_lock_that_an_operator_sets_over_ours_stays(self) -> None:
        story = stories.Story(stories.text(PAID)).play('02-03 12:00:00')
        story.lock('web', 'admin', 'court order')
        story.play()

        self.assertEqual('active, locked by admin', story.shows())
        self.assertEqual('court order', story.guest().shown.locked_reason)
        self.assertEqual('active', story.sub().billing_status)

    def test_one_that_was_off_is_off_again_beneath_an_operators_lock(
        self,
    ) -> None:
        story = stories.Story(
            stories.text(PAID, servers=server('SHUTOFF'))
        ).play('02-03 12:00:00')
        story.lock('web', 'admin', 'court order')
        story.play()

        self.assertEqual('stopped, locked by admin', story.shows())
        self.assertEqual('court order', story.guest().shown.locked_reason)
        self.assertEqual(['lock', 'shelve', 'unshelve', 'stop'], story.moves())
        self.assertEqual('active', story.sub().billing_status)

    def test_one_whose_lock_is_not_ours_any_more_is_not_deleted(
        self,
    ) -> None:
        story = stories.Story(stories.text()).play('02-07')
        story.lock('web', 'admin', 'court order')
        story.play()

        self.assertEqual('shelved_offloaded, locked by admin', story.shows())
        self.assertEqual(['delete_refused'], story.alarms())

    def test_one_that_is_locked_while_its_snapshot_is_saved_is_not_deleted(
        self,
    ) -> None:
        story = stories.Story(stories.text()).play('02-07')
        keeper = story.world.tools.cloud.keeper
        keep, ours = keeper.keep, story.guest().shown.locked_reason

        def slow(server):
            story.lock('web', 'admin', 'court order')
            return keep(server)

        with mock.patch.object(keeper, 'keep', slow):
            story.play('02-08 12:00:00')

        self.assertEqual('shelved_offloaded, locked by admin', story.shows())
        self.assertEqual('court order', story.guest().shown.locked_reason)
        self.assertEqual(['lock', 'shelve'], story.moves())
        self.assertEqual(['delete_refused'], story.alarms())

        story.lock('web', 'admin', ours)
        story.play()
        self.assertEqual('gone', story.shows())

    def test_its_owner_can_do_nothing_with_a_shelved_one(self) -> None:
        story = stories.told(
            """
            at: 02-04T00:00:00, unlock: web
            at: 02-04T01:00:00, start: web
            at: 02-04T02:00:00, delete: web
            """,
            until='2026-02-05T00:00:00Z',
        )

        self.assertEqual(OUT, story.shows())


class TaskTest(base.BaseTestCase):
    def test_a_running_task_is_waited_for(self) -> None:
        story = stories.Story(stories.text()).play('02-02 23:59:00')
        web = worlds.server_id('web')
        story.nova.set(web, task_state='image_snapshot')
        story.play('02-03 00:30:00')
        self.assertEqual([], story.moves())

        story.nova.set(web, task_state=None)
        story.play('02-03 00:40:00')
        self.assertEqual(OUT, story.shows())

    def test_a_task_that_does_not_end_is_told_and_left(self) -> None:
        story = stories.Story(stories.text(policy='settle: 30s')).play(
            '02-02 23:59:00'
        )
        web = worlds.server_id('web')
        story.nova.set(web, task_state='image_snapshot')
        story.play('02-03 00:02:00')

        self.assertEqual([], story.moves())
        self.assertEqual(
            ['server_exempt', 'nothing_to_shelve'], story.alarms()
        )

    def test_a_resize_waits_for_its_owner_and_is_left_then(self) -> None:
        story = stories.told(
            servers=server('VERIFY_RESIZE'),
            policy='settle: 30s',
            until='2026-02-03T00:02:00Z',
        )

        self.assertEqual('resized', story.shows())
        self.assertEqual([], story.moves())
        self.assertEqual(['server_exempt'], story.alarms()[:1])

    def test_a_resize_confirmed_in_time_is_shelved(self) -> None:
        story = stories.Story(
            stories.text(servers=server('VERIFY_RESIZE'))
        ).play('02-03 00:00:20')
        story.nova.set(worlds.server_id('web'), vm_state='active')
        story.play('02-03 00:01:00')

        self.assertEqual(OUT, story.shows())

    def test_a_task_begun_after_our_lock_is_waited_for_and_then_let_be(
        self,
    ) -> None:
        story = stories.Story(
            stories.text(policy='settle: 30s', servers=server(locked='owner'))
        ).play('02-03 00:00:01')
        self.assertEqual(['lock', 'shelve'], story.moves())
        guest = story.guest()
        guest.settles_at = None
        story.nova.set(
            worlds.server_id('web'), task_state='rebooting', vm_state='active'
        )
        story.play('02-03 00:02:00')

        self.assertEqual('active, locked by owner', story.shows())
        self.assertIn('server_exempt', story.alarms())

    def test_a_shelve_that_nova_does_not_finish_is_told(self) -> None:
        story = stories.Story(stories.text()).play('02-03 00:00:01')
        story.nova.guests[worlds.server_id('web')].settles_at = None
        story.play('02-03 00:15:00')

        self.assertEqual(['shelve_stuck'], story.alarms())
        self.assertEqual('grace', story.sub().billing_status)

    def test_who_pays_while_nova_does_not_finish_shelving_is_told_of(
        self,
    ) -> None:
        story = stories.Story(
            stories.text('at: 02-03T00:01:00, pay: acme'),
            poll=dt.timedelta(minutes=1),
        ).play('02-03 00:00:01')
        story.nova.guests[worlds.server_id('web')].settles_at = None
        story.play('02-03 00:20:00')

        self.assertEqual(['restore_stuck'], story.alarms())
        self.assertEqual(['lock', 'shelve'], story.moves())

    def test_a_shelve_that_fails_for_long_is_told_once_an_hour(self) -> None:
        servers = f'{server()}, {server(name="db")}'
        story = stories.Story(stories.text(servers=servers))
        failing = errors.CloudUnavailable('500: of no use')
        with mock.patch.object(story.nova, 'shelve', side_effect=failing):
            story.play('02-03 00:10:00')
            self.assertEqual([], story.alarms())
            story.play('02-03 00:50:00')

        self.assertEqual(['actions_stuck'], story.alarms())
        story.play('02-03 01:00:00')
        self.assertEqual('shelved', story.sub().billing_status)

    def test_a_restore_that_nova_does_not_finish_is_told(self) -> None:
        story = stories.Story(
            stories.text(PAID), poll=dt.timedelta(minutes=1)
        ).play('02-04 00:00:01')
        story.nova.guests[worlds.server_id('web')].settles_at = None
        story.play('02-04 00:15:00')

        self.assertEqual(['restores_late', 'restore_stuck'], story.alarms())
        self.assertEqual('shelved', story.sub().billing_status)

    def test_a_restore_that_falls_back_is_told_and_tried_again(self) -> None:
        story = stories.Story(stories.text(PAID)).play('02-04 00:00:01')
        web = worlds.server_id('web')
        story.nova.guests[web].settles_at = None
        story.nova.set(web, task_state=None)  # no valid host was found
        story.play('02-04 00:10:00')

        self.assertEqual(['restore_stuck'], story.alarms())
        self.assertEqual('active', story.shows())
        self.assertEqual(
            ['lock', 'shelve', 'unshelve', 'unshelve', 'unlock'],
            story.moves(),
        )

    def test_a_restore_that_ends_in_error_is_told_and_waited_for(
        self,
    ) -> None:
        story = stories.Story(stories.text(PAID)).play('02-04 00:00:01')
        web = worlds.server_id('web')
        story.nova.guests[web].becomes = 'error'
        story.play('02-04 01:00:00')

        self.assertEqual(['restore_stuck'], story.alarms())
        self.assertEqual('error, locked by admin', story.shows())

        story.nova.set(web, vm_state='active')  # an operator repaired it
        story.play()
        self.assertEqual('active', story.shows())
        self.assertEqual('active', story.sub().billing_status)


class GoneTest(base.BaseTestCase):
    def test_one_deleted_before_it_could_be_shelved_is_confirmed_twice(
        self,
    ) -> None:
        story = stories.Story(
            stories.text(servers=f'{server()}, {server(name="db")}')
        ).play('02-02 23:59:00')
        story.nova.guests.pop(worlds.server_id('db'))
        story.play('02-03 01:00:00')

        self.assertEqual(
            [
                '02-03 00:00:02 action web shelve done',
                '02-03 00:00:10 action db shelve absent',
                '02-03 00:00:10 status shelved',
            ],
            story.told('action', 'status')[1:],
        )

    def test_one_that_only_seemed_gone_is_shelved(self) -> None:
        story = stories.Story(stories.text()).play('02-02 23:59:00')
        web = worlds.server_id('web')
        hidden = story.nova.guests.pop(web)
        story.play('02-03 00:00:05')
        story.nova.guests[web] = hidden
        story.play('02-03 00:01:00')

        self.assertEqual('shelved', story.sub().billing_status)
        self.assertEqual(OUT, story.shows())

    def test_one_miss_long_ago_does_not_count_for_the_next(self) -> None:
        story = stories.Story(stories.text(PAID)).play('02-02 23:59:00')
        web = worlds.server_id('web')
        hidden = story.nova.guests.pop(web)
        story.play('02-03 00:00:05')
        story.nova.guests[web] = hidden
        story.play('02-03 23:59:59')
        hidden = story.nova.guests.pop(web)
        story.play('02-04 00:00:05')
        story.nova.guests[web] = hidden
        story.play()

        self.assertEqual('active', story.shows())
        self.assertEqual('active', story.sub().billing_status)

    def test_one_deleted_while_shelved_is_not_restored(self) -> None:
        story = stories.Story(stories.text(PAID)).play('02-03 12:00:00')
        story.nova.delete(worlds.server_id('web'))
        story.play()

        self.assertEqual('active', story.sub().billing_status)
        self.assertEqual(
            '02-04 00:00:10 action web restore absent',
            story.told('action')[-1],
        )

    def test_with_no_server_left_the_operator_is_told(self) -> None:
        story = stories.told('at: 02-02T12:00:00, delete: web')

        # The day on which it was there is owed still.
        self.assertEqual(36, story.rows(schema.invoices)[0].owed)
        self.assertEqual(['grace'], story.statuses())
        self.assertEqual(['nothing_to_shelve'], story.alarms())


class LaterTest(base.BaseTestCase):
    """Servers that are made while their project is unpaid."""

    def test_one_made_in_grace_is_shelved_with_the_others(self) -> None:
        story = stories.told(
            'at: 02-02T00:00:00, boot: late, project: acme-prod',
            until='2026-02-09T00:00:00Z',
        )

        self.assertEqual(['lock', 'shelve', 'delete'], story.moves('late'))
        self.assertEqual(
            '02-03 00:00:02 status shelved', story.told('status')[1]
        )

    def test_one_made_while_it_is_shelved_is_shelved_at_once(self) -> None:
        story = stories.told(
            'at: 02-05T00:00:00, boot: late, project: acme-prod',
            until='2026-02-09T00:00:00Z',
        )

        self.assertIn(
            '02-05 00:00:02 action late shelve done', story.told('action')
        )
        self.assertEqual('gone', story.shows('late'))

    def test_one_made_after_the_warning_is_warned_about_anew(self) -> None:
        story = stories.Story(
            stories.text(
                'at: 02-07T00:00:00, boot: late, project: acme-prod',
                until='2026-02-11T00:00:00Z',
            )
        )

        story.play('02-09')
        self.assertEqual('gone', story.shows('web'))
        self.assertEqual(OUT, story.shows('late'))
        self.assertEqual('pending_deletion', story.sub().billing_status)

        story.play()
        self.assertEqual('gone', story.shows('late'))
        self.assertEqual('deleted', story.sub().billing_status)
        self.assertEqual(
            [
                'acme-1 web 2026-02-08T00:00:02+00:00',
                'acme-1 late 2026-02-10T00:00:13+00:00',
            ],
            story.mails('last_warning'),
        )

    def test_one_made_while_it_is_restored_is_never_touched(self) -> None:
        story = stories.told(
            PAID + '\nat: 02-04T00:00:01, boot: late, project: acme-prod'
        )

        self.assertEqual([], story.moves('late'))
        self.assertEqual('active', story.sub().billing_status)

    def test_one_of_another_project_is_never_touched(self) -> None:
        story = stories.Story(stories.text()).play('01-31')
        story.world.nova.boot(
            nova.Server('x', 'unbilled', 'x', 's1', 'active', host='h')
        )
        story.play()

        self.assertEqual([], story.nova.guests['x'].moves)
        self.assertEqual('gone', story.shows('web'))

    def test_a_restored_one_that_is_not_paid_again_goes_again(self) -> None:
        story = stories.told(PAID, until='2026-03-04T00:00:00Z')

        self.assertEqual(
            ['grace', 'shelved', 'active', 'grace', 'shelved'],
            story.statuses(),
        )
        self.assertEqual(
            2, len({r.case_id for r in story.rows(schema.custody)})
        )
