# SPDX-License-Identifier: Apache-2.0
"""The flood of updates can be dropped at the door, and nothing else."""

from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.intake import nova
from tests.unit.intake import messages
from tests.unit.intake import test_nova_decides

STATES = st.sampled_from([None, '', 'active', 'error', 'building', 1])
NAMES = st.sampled_from([None, '', 'a', 'b', 7])


@st.composite
def updates(draw: st.DrawFn) -> dict[str, Any]:
    build = draw(st.sampled_from([messages.versioned, messages.legacy]))
    return build(
        'update',
        {'display_name': draw(NAMES), 'old_display_name': draw(NAMES)},
        states=(draw(STATES), draw(STATES)),
    )


def is_routine(message: Any) -> bool:
    return nova.is_routine(message['event_type'], message['payload'])


class TestRoutineUpdates(base.BaseTestCase):
    @hypothesis.given(updates())
    def test_are_exactly_the_updates_that_parse_ignores(self, message):
        self.assertEqual(
            isinstance(nova.parse(message), nova.Ignored), is_routine(message)
        )

    @hypothesis.given(test_nova_decides.spoiled_messages())
    def test_are_ignored_by_parse_whatever_else_is_wrong(self, message):
        if not isinstance(message, dict):
            return
        event_type = message.get('event_type')
        if nova.is_routine(event_type, message.get('payload')):
            self.assertIsInstance(nova.parse(message), nova.Ignored)

    @hypothesis.given(test_nova_decides.JSON, test_nova_decides.JSON)
    def test_never_raise(self, event_type, payload):
        self.assertFalse(nova.is_routine(event_type, payload))

    def test_carry_no_news(self):
        for build in (messages.versioned, messages.legacy):
            self.assertTrue(is_routine(build('update')))
            self.assertFalse(
                is_routine(build('update', states=('active', 'error')))
            )
            self.assertFalse(
                is_routine(build('update', {'old_display_name': 'old'}))
            )

    def test_of_an_unknown_major_are_kept_for_parking(self):
        message = messages.versioned('update')
        message['payload']['nova_object.version'] = '3.0'
        self.assertFalse(is_routine(message))

    def test_are_updates_only(self):
        self.assertFalse(is_routine(messages.versioned('create.start')))
        self.assertFalse(is_routine(messages.legacy('exists')))
