# SPDX-License-Identifier: Apache-2.0
"""Every event of Nova has a decided meaning; what is unknown is parked."""

import json
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import facts
from patrii_billing.intake import nova
from tests.unit.intake import known_events
from tests.unit.intake import messages

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(['', '2.0', '1.0', 'error', '2026-01-01 00:00:00']),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
EVENTS = st.sampled_from(
    known_events.VERSIONED_SERVER + known_events.LEGACY_SERVER
)


def build(event_type: str) -> dict[str, Any]:
    if event_type.startswith('instance.'):
        return messages.versioned(event_type.removeprefix('instance.'))
    return messages.legacy(event_type.removeprefix('compute.instance.'))


def paths(value: Any, so_far: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where in a message something can be put in place of what is there."""
    if not isinstance(value, dict):
        return [so_far]
    return [so_far] + [
        path
        for key, inner in value.items()
        for path in paths(inner, (*so_far, key))
    ]


@st.composite
def spoiled_messages(draw: st.DrawFn) -> Any:
    """A whole message with one or two of its values replaced by anything."""
    message: Any = build(draw(EVENTS))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(paths(message)))
        value = draw(JSON)
        if not path:
            return value
        place = message
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
    return message


class TestEveryEventOfNova(base.BaseTestCase):
    def test_of_a_server_means_a_fact_or_is_ignored_with_a_reason(self):
        for event_type in (
            known_events.VERSIONED_SERVER + known_events.LEGACY_SERVER
        ):
            answer = nova.parse(build(event_type))
            self.assertNotIsInstance(answer, nova.Parked, event_type)
            if isinstance(answer, nova.Ignored):
                self.assertTrue(answer.reason)

    def test_of_anything_else_is_ignored_by_its_family(self):
        for event_type in known_events.OTHER:
            answer = nova.parse({'event_type': event_type})
            self.assertIsInstance(answer, nova.Ignored, event_type)
            self.assertIn('not about a server', answer.reason)
            self.assertNotIn(event_type, answer.reason)

    def test_that_is_a_start_is_ignored(self):
        for event_type in (
            known_events.VERSIONED_SERVER + known_events.LEGACY_SERVER
        ):
            if event_type.endswith('.start'):
                self.assertIsInstance(
                    nova.parse({'event_type': event_type}), nova.Ignored
                )

    def test_has_no_row_in_the_table_that_nova_never_sends(self):
        sent = {
            event_type.removeprefix('compute.').removeprefix('instance.')
            for event_type in (
                known_events.VERSIONED_SERVER + known_events.LEGACY_SERVER
            )
        }
        self.assertEqual(set(), set(nova.SERVER_EVENTS) - sent)


class TestWhatNobodyKnows(base.BaseTestCase):
    def test_an_unknown_event_of_a_server_is_parked_by_name(self):
        for event_type in (
            'instance.teleport.end',
            'instance.teleport.start',
            'compute.instance.teleport',
            'instance.create',
            'instance.',
            'instance.start',
        ):
            message = messages.versioned('lock')
            message['event_type'] = event_type
            answer = nova.parse(message)
            self.assertIsInstance(answer, nova.Parked, event_type)
            self.assertIn(event_type, answer.reason)

    def test_another_services_event_is_ignored(self):
        for event_type in ('image.create', 'dbaas.instance.create.end', ''):
            self.assertIsInstance(
                nova.parse({'event_type': event_type}), nova.Ignored
            )

    @hypothesis.given(JSON)
    def test_any_json_at_all_gets_an_answer(self, value):
        self.assertIsInstance(nova.parse(value), nova.Parked | nova.Ignored)

    @hypothesis.given(spoiled_messages())
    def test_a_spoiled_message_gets_an_answer_fit_for_any_database(
        self, message
    ):
        answer = nova.parse(message)
        if isinstance(answer, nova.Parked | nova.Ignored):
            said = answer.reason
        else:
            plain = facts.to_dict(answer)
            self.assertEqual(answer, facts.from_dict(plain))
            self.assertEqual(0, answer.at.utcoffset().total_seconds())
            said = ' '.join(map(str, plain.values()))
            for value in plain.values():
                if isinstance(value, str):
                    self.assertLessEqual(len(value), 255)
        self.assertNotIn('\0', said)
        said.encode('utf-8')
        self.assertLess(len(said), 2000)
        json.dumps(said)
