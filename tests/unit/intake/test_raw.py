# SPDX-License-Identifier: Apache-2.0
"""Whatever comes over the wire can be stored, and be told from the rest."""

import json
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import facts
from patrii_billing.intake import nova
from patrii_billing.intake import raw
from tests.unit.intake import messages
from tests.unit.intake import test_nova_decides

ROOM = 10_000


def as_sent(message: dict[str, Any]) -> dict[str, Any]:
    """A notification in the form that goes over the wire."""
    content = {**message, **message['metadata']}
    del content['metadata']
    return content


class TestStoredForm(base.BaseTestCase):
    def test_a_notification_is_read_from_it_as_it_was_sent(self):
        for build in (messages.versioned, messages.legacy):
            sent = build('create.end')

            kept = stored(as_sent(sent), ROOM)

            self.assertIsNone(raw.why_unfit(kept))
            self.assertIsInstance(nova.parse(kept), facts.ServerCreated)
            self.assertEqual(nova.parse(sent), nova.parse(kept))

    def test_what_the_sender_may_do_is_not_kept(self):
        sent = as_sent(messages.versioned('create.end'))

        kept = stored({**sent, 'auth_token': 'secret'}, ROOM)

        self.assertNotIn('secret', json.dumps(kept))

    def test_what_has_no_id_has_the_same_one_at_each_delivery(self):
        first = stored({'hello': 'world', 'n': 1}, ROOM)
        again = stored({'n': 1, 'hello': 'world'}, ROOM)
        other = stored({'hello': 'moon', 'n': 1}, ROOM)

        self.assertIn('message_id', raw.why_unfit(first))
        self.assertEqual(id_of(first), id_of(again))
        self.assertNotEqual(id_of(first), id_of(other))
        self.assertIn('world', first['payload'])

    def test_an_id_that_no_database_can_keep_apart_is_none(self):
        for given in (None, '', 'a ', 'a\n', 'a\0', 'x' * 256, 7, ['a']):
            kept = stored({'message_id': given}, ROOM)

            self.assertIsNotNone(raw.why_unfit(kept), given)
            self.assertTrue(id_of(kept).startswith('sha256:'), given)

    def test_what_is_too_long_is_cut_and_keeps_its_id(self):
        sent = as_sent(messages.versioned('create.end'))
        sent['payload']['more'] = 'x' * ROOM

        kept = stored(sent, ROOM)

        self.assertIn('too long', raw.why_unfit(kept))
        self.assertEqual(sent['message_id'], id_of(kept))
        self.assertLess(len(json.dumps(kept)), 2 * ROOM)

    def test_what_is_nested_too_deeply_is_cut(self):
        deep: Any = 'bottom'
        for _ in range(900):
            deep = [deep]

        kept = stored({'message_id': 'a', 'payload': deep}, ROOM)

        self.assertIn('nested', raw.why_unfit(kept))
        self.assertNotIn('bottom', json.dumps(kept))

    @hypothesis.given(
        st.dictionaries(st.text(), test_nova_decides.JSON, max_size=4),
        test_nova_decides.JSON,
        test_nova_decides.JSON,
    )
    def test_anything_has_an_id_and_can_be_written(self, sent, id_, event):
        kept = stored(
            {**sent, 'message_id': id_, 'event_type': event}, ROOM
        )

        self.assertIsInstance(id_of(kept), str)


def stored(sent: dict[str, Any], room: int) -> dict[str, Any]:
    """What will be read of it."""
    letter = raw.message(sent, room)
    kept: dict[str, Any] = json.loads(letter.body)
    assert letter.message_id == id_of(kept)
    return kept


def id_of(kept: dict[str, Any]) -> Any:
    return kept['metadata']['message_id']
