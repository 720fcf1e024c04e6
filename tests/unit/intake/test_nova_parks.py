# SPDX-License-Identifier: Apache-2.0
"""A message that cannot be read is parked, and its reason names the field."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import facts
from patrii_billing.intake import nova
from tests.unit.intake import messages

NOT_A_COUNT = (None, True, -1, 1.5, '2', 2**31, 10**400, float('nan'), [])
NOT_AN_ID = (None, '', 7, True, [], {}, 'x' * 256, 'a\0b', 'a\nb', '\ud83d')


class Parking(base.BaseTestCase):
    def assert_parked(self, message: Any, *named: str) -> None:
        answer = nova.parse(message)
        self.assertIsInstance(answer, nova.Parked, message)
        for name in named:
            self.assertIn(name, answer.reason)


class TestAMessageIsParked(Parking):
    def test_that_is_no_object_or_has_no_type(self):
        for message in (None, [], 'x', 1, True):
            self.assert_parked(message, 'message')
        for event_type in (None, 1, [], {}):
            self.assert_parked({'event_type': event_type}, 'event_type')
        self.assert_parked({}, 'event_type')

    def test_whose_payload_is_no_object(self):
        for payload in (None, [], 'x', 1, True):
            for message in (
                messages.versioned('lock'),
                messages.legacy('exists'),
            ):
                message['payload'] = payload
                self.assert_parked(message, 'payload')

    def test_without_a_payload_at_all(self):
        message = messages.versioned('create.end')
        del message['payload']
        self.assert_parked(message, 'payload')

    def test_whose_server_is_no_uuid(self):
        for value in (*NOT_AN_ID, 'web', messages.SERVER.replace('-', '')):
            self.assert_parked(
                messages.versioned('lock', {'uuid': value}), 'uuid'
            )
            self.assert_parked(
                messages.legacy('exists', {'instance_id': value}),
                'instance_id',
            )

    def test_whose_project_is_not_named(self):
        for value in NOT_AN_ID:
            for build in (messages.versioned, messages.legacy):
                self.assert_parked(
                    build('create.end', {'tenant_id': value}), 'tenant_id'
                )

    def test_that_has_no_id_of_its_own(self):
        for value in NOT_AN_ID:
            message = messages.legacy('create.end')
            message['metadata']['message_id'] = value
            self.assert_parked(message, 'message_id')

    def test_that_does_not_say_when(self):
        for value in (
            *(None, '', 'soon', 7, 1e9, [], '2026-01-01', '20260101T000000'),
            *('2026-13-01 00:00:00', '0001-01-01T00:00:00+14:00'),
            '2026-01-01 00:00:00 CET',
        ):
            message = messages.versioned('create.end')
            message['metadata']['timestamp'] = value
            self.assert_parked(message, 'timestamp')

    def test_whose_metadata_is_no_object(self):
        for value in (None, [], 'x'):
            message = messages.versioned('create.end')
            message['metadata'] = value
            self.assert_parked(message, 'metadata')

    def test_whose_flavor_cannot_be_billed(self):
        for field in ('vcpus', 'memory_mb', 'root_gb', 'ephemeral_gb'):
            for value in NOT_A_COUNT:
                for build in (messages.versioned, messages.legacy):
                    self.assert_parked(
                        build('create.end', flavor={field: value}), field
                    )
        for value in NOT_AN_ID:
            self.assert_parked(
                messages.versioned('exists', flavor={'id': value}),
                'flavor.flavorid',
            )
            self.assert_parked(
                messages.legacy('exists', flavor={'id': value}),
                'instance_flavor_id',
            )
        self.assert_parked(
            messages.versioned('resize_confirm.end', {'flavor': None}),
            'flavor',
        )

    def test_whose_times_or_states_are_not_such(self):
        self.assert_parked(
            messages.versioned('create.end', {'created_at': 'once'}),
            'created_at',
        )
        self.assert_parked(messages.legacy('exists', {'state': None}), 'state')
        self.assert_parked(
            messages.versioned(
                'delete.end', {'state': 'deleted', 'deleted_at': 'once'}
            ),
            'deleted_at',
        )
        self.assert_parked(
            messages.versioned('update', {'state_update': None}),
            'state_update',
        )
        self.assert_parked(
            messages.versioned(
                'update', {'old_display_name': 'a', 'display_name': None}
            ),
            'display_name',
        )


class TestVersions(Parking):
    def test_an_unknown_major_is_parked_by_its_number(self):
        for event, version in (
            ('create.end', '2.0'),
            ('lock', '0.9'),
            ('update', '3.0'),
            ('exists', '3.1'),
        ):
            message = messages.versioned(event)
            message['payload']['nova_object.version'] = version
            self.assert_parked(message, 'version', version)

    def test_an_unknown_major_of_the_flavor_is_parked_too(self):
        message = messages.versioned('create.end')
        flavor = message['payload']['nova_object.data']['flavor']
        flavor['nova_object.version'] = '2.0'
        self.assert_parked(message, 'flavor', '2.0')

    def test_what_has_no_version_or_no_data_is_parked(self):
        for version in (None, '', 1.9, '1', 'one', '1.x', '١.١'):
            message = messages.versioned('lock')
            message['payload']['nova_object.version'] = version
            self.assert_parked(message, 'version')
        message = messages.versioned('lock')
        message['payload']['nova_object.data'] = []
        self.assert_parked(message, 'data')

    def test_any_minor_of_a_known_major_is_read(self):
        for event, version in (
            ('create.end', '1.999'),
            ('lock', '1.0'),
            ('exists', '1.2'),
            ('exists', '2.7'),
        ):
            message = messages.versioned(event)
            message['payload']['nova_object.version'] = version
            self.assertIsInstance(nova.parse(message), facts.ServerFact)


class TestWhatIsReadAllTheSame(base.BaseTestCase):
    def test_every_way_nova_and_its_queues_write_a_time(self):
        for text in (
            '2026-03-04 05:06:07.000000',
            '2026-03-04T05:06:07',
            '2026-03-04T05:06:07Z',
            '2026-03-04 05:06:07+00:00',
            '2026-03-04T07:06:07.000+02:00',
            '2026-03-03T22:06:07-07:00',
        ):
            message = messages.versioned('lock')
            message['metadata']['timestamp'] = text
            self.assertEqual(
                dt.datetime(2026, 3, 4, 5, 6, 7, tzinfo=dt.UTC),
                nova.parse(message).at,
            )

    def test_a_name_is_cleaned_rather_than_refused(self):
        for name, kept in (
            ('вебсайт 👩‍💻', 'вебсайт 👩‍💻'),
            ('a\0b', 'a\ufffdb'),
            ('half \ud83d', 'half ?'),
            ('x' * 400, 'x' * 255),
            ('', None),
            (None, None),
            (7, None),
        ):
            for build in (messages.versioned, messages.legacy):
                fact = nova.parse(build('pause.end', {'display_name': name}))
                self.assertEqual(kept, fact.name)

    def test_a_server_id_in_capitals_is_the_same_server(self):
        fact = nova.parse(
            messages.versioned('lock', {'uuid': messages.SERVER.upper()})
        )
        self.assertEqual(messages.SERVER, fact.server)

    def test_what_is_not_needed_may_be_anything(self):
        fact = nova.parse(
            messages.versioned(
                'power_off.end', {'flavor': 1, 'request_id': [], 'state': {}}
            )
        )
        self.assertIsInstance(fact, facts.ServerStopped)
        self.assertIsNone(fact.request_id)
