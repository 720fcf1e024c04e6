# SPDX-License-Identifier: Apache-2.0
"""What happens to a server, as Nova tells it in its two forms."""

import dataclasses
import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import facts
from patrii_billing.intake import nova
from tests.unit.intake import messages

SMALL = facts.Flavor('s1', 'small', 2, 4096, 20, 5)
LARGE = facts.Flavor(**messages.BIG)
AT = dt.datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=dt.UTC)
BORN = dt.datetime(2026, 3, 4, 5, 6, 1, tzinfo=dt.UTC)
GONE = dt.datetime(2026, 3, 9, 8, 7, 6, tzinfo=dt.UTC)
DELETED = {'state': 'deleted', 'deleted_at': '2026-03-09T08:07:06Z'}


def what_is_said(fact: Any) -> Any:
    """The fact without its teller: the legacy form names no request."""
    return dataclasses.replace(
        fact, message_id=None, request_id=None, initiator=None
    )


class BothForms(base.BaseTestCase):
    def assert_told(
        self,
        event: str,
        kind: Any,
        legacy: str | None = None,
        told: dict[str, Any] | None = None,
        **own: Any,
    ) -> None:
        """Both forms of the event say this fact, and it says only this."""
        expected = kind(
            **{
                'server': messages.SERVER,
                'project': messages.PROJECT,
                'at': AT,
                'name': 'shop-web-1',
            }
            | own
        )
        for message in (
            messages.versioned(event, **told or {}),
            messages.legacy(legacy or event, **told or {}),
        ):
            fact = nova.parse(message)
            self.assertIsInstance(fact, kind, fact)
            self.assertEqual(expected, what_is_said(fact))
            self.assertEqual(
                message['metadata']['message_id'], fact.message_id
            )

    def assert_ignored(self, event: str, legacy: str, **told: Any) -> None:
        for message in (
            messages.versioned(event, **told),
            messages.legacy(legacy, **told),
        ):
            self.assertIsInstance(nova.parse(message), nova.Ignored)


class TestAServersLife(BothForms):
    def test_a_built_server_is_created_with_its_flavor_and_birth(self):
        self.assert_told(
            'create.end',
            facts.ServerCreated,
            flavor=SMALL,
            created_at=BORN,
            state='active',
        )

    def test_a_birth_not_told_is_the_moment_we_heard_of_it(self):
        for unset in (None, '', 'None'):
            self.assert_told(
                'create.end',
                facts.ServerCreated,
                told={'data': {'created_at': unset}},
                flavor=SMALL,
                created_at=AT,
                state='active',
            )

    def test_a_failed_build_is_not_the_last_word(self):
        self.assert_ignored('create.error', 'create.error')

    def test_power_and_memory_states_are_facts(self):
        for event, kind in (
            ('power_off.end', facts.ServerStopped),
            ('power_on.end', facts.ServerStarted),
            ('pause.end', facts.ServerPaused),
            ('unpause.end', facts.ServerUnpaused),
            ('suspend.end', facts.ServerSuspended),
            ('resume.end', facts.ServerResumed),
            ('rescue.end', facts.ServerRescued),
            ('unrescue.end', facts.ServerUnrescued),
            ('restore.end', facts.ServerRestored),
            ('unshelve.end', facts.ServerUnshelved),
        ):
            self.assert_told(event, kind)

    def test_a_shelved_server_is_offloaded_in_a_second_step(self):
        self.assert_told('shelve.end', facts.ServerShelved, offloaded=False)
        self.assert_told(
            'shelve_offload.end', facts.ServerShelved, offloaded=True
        )

    def test_a_start_tells_nothing_that_its_end_does_not(self):
        for event in ('create.start', 'delete.start', 'shelve.start'):
            self.assert_ignored(event, event)
        self.assert_ignored('resize_confirm.start', 'resize.confirm.start')


class TestResizes(BothForms):
    def test_only_a_confirmed_resize_is_one(self):
        self.assert_told(
            'resize_confirm.end',
            facts.ServerResized,
            legacy='resize.confirm.end',
            told={'flavor': messages.BIG},
            flavor=LARGE,
        )

    def test_a_resize_not_yet_confirmed_changes_nothing(self):
        self.assert_ignored('resize_prep.end', 'resize.prep.end')
        self.assert_ignored('resize.end', 'resize.end')
        self.assert_ignored('resize_finish.end', 'finish_resize.end')

    def test_a_reverted_or_failed_resize_costs_nothing(self):
        self.assert_ignored('resize_revert.end', 'resize.revert.end')
        self.assert_ignored('resize.error', 'resize.error')


class TestDeletes(BothForms):
    def test_a_server_nova_calls_deleted_is_deleted_since_that_time(self):
        for event in ('delete.end', 'soft_delete.end', 'force_delete.end'):
            self.assert_told(
                event,
                facts.ServerDeleted,
                told={'data': DELETED},
                deleted_at=GONE,
            )

    def test_fractions_of_a_second_are_left_out_of_its_times(self):
        for text in ('2026-03-09T08:07:06.870782', '2026-03-09T08:07:06Z'):
            self.assert_told(
                'delete.end',
                facts.ServerDeleted,
                told={'data': DELETED | {'deleted_at': text}},
                deleted_at=GONE,
            )

    def test_the_end_of_a_delete_proves_nothing_by_itself(self):
        for data in (
            {'state': 'active'},
            {'state': 'deleted'},
            {'state': 'error', 'deleted_at': '2026-03-09T08:07:06Z'},
        ):
            self.assert_told(
                'delete.end',
                facts.ServerDeletionReported,
                told={'data': data},
            )

    def test_a_soft_delete_only_reports_though_it_sets_a_time(self):
        self.assert_told(
            'soft_delete.end',
            facts.ServerDeletionReported,
            told={
                'data': {
                    'state': 'soft-delete',
                    'deleted_at': '2026-03-09T08:07:06Z',
                }
            },
        )


class TestAudits(BothForms):
    def test_an_audit_proves_that_a_server_exists(self):
        self.assert_told(
            'exists',
            facts.ServerSeen,
            told={'data': {'state': 'stopped'}},
            flavor=SMALL,
            created_at=BORN,
            state='stopped',
        )

    def test_a_flavor_that_may_be_taken_back_is_not_told(self):
        for data in (
            {'state': 'resized'},
            {'state': 'active', 'task_state': 'resize_finish'},
        ):
            self.assert_told(
                'exists',
                facts.ServerSeen,
                told={'data': data, 'flavor': messages.BIG},
                flavor=None,
                created_at=BORN,
                state=data['state'],
            )

    def test_an_audit_also_names_servers_deleted_meanwhile(self):
        self.assert_told(
            'exists',
            facts.ServerDeleted,
            told={'data': DELETED},
            deleted_at=GONE,
        )


class TestUpdates(BothForms):
    def test_a_new_name_is_a_fact(self):
        self.assert_told(
            'update',
            facts.ServerRenamed,
            told={
                'data': {
                    'display_name': 'shop-👩‍💻',
                    'old_display_name': 'shop-web-1',
                }
            },
            name='shop-👩‍💻',
        )

    def test_a_way_into_error_is_a_fact(self):
        for before in ('building', 'active', None):
            self.assert_told(
                'update',
                facts.ServerFailed,
                told={'states': (before, 'error')},
            )

    def test_other_updates_are_routine(self):
        for states in (
            ('error', 'error'),
            ('error', 'active'),
            ('building', 'active'),
            ('active', 'deleted'),
        ):
            self.assert_ignored('update', 'update', states=states)
        for old_name in (None, '', 'shop-web-1'):
            self.assert_ignored(
                'update', 'update', data={'old_display_name': old_name}
            )


class TestWhatOnlyTheVersionedFormTells(base.BaseTestCase):
    def test_a_lock_carries_its_reason(self):
        for reason in ('patrii-billing:41 unpaid', None):
            fact = nova.parse(
                messages.versioned('lock', {'locked_reason': reason})
            )
            self.assertIsInstance(fact, facts.ServerLocked)
            self.assertEqual(reason, fact.reason)

    def test_an_unlock_is_a_fact(self):
        self.assertIsInstance(
            nova.parse(messages.versioned('unlock')), facts.ServerUnlocked
        )

    def test_the_request_and_its_user_tell_our_actions_from_others(self):
        fact = nova.parse(messages.versioned('power_off.end'))
        self.assertEqual(messages.REQUEST, fact.request_id)
        self.assertEqual(messages.USER, fact.initiator)

    def test_a_periodic_task_has_neither(self):
        fact = nova.parse(
            messages.versioned(
                'power_off.end',
                {'request_id': None, 'action_initiator_user': None},
            )
        )
        self.assertIsNone(fact.request_id)
        self.assertIsNone(fact.initiator)
