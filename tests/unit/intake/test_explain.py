# SPDX-License-Identifier: Apache-2.0
"""A person gives a notification in a line and reads what it means."""

import json
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.intake import explain
from tests.unit.intake import messages
from tests.unit.intake import test_nova_decides


def answer_to(message: Any) -> Any:
    return json.loads(explain.explain_line(json.dumps(message)))


class TestAnExplanation(base.BaseTestCase):
    def test_of_a_confirmed_resize_says_all_that_a_bill_needs(self):
        message = messages.versioned('resize_confirm.end')
        message['metadata']['timestamp'] = '2026-01-01 00:00:00'
        self.assertEqual(
            {
                'fact': 'ServerResized',
                'server': messages.SERVER,
                'project': messages.PROJECT,
                'at': '2026-01-01T00:00:00Z',
                'message_id': message['metadata']['message_id'],
                'name': 'shop-web-1',
                'flavor': {
                    'id': 's1',
                    'name': 'small',
                    'vcpus': 2,
                    'memory_mb': 4096,
                    'root_gb': 20,
                    'ephemeral_gb': 5,
                },
            },
            answer_to(message),
        )

    def test_is_the_same_for_both_forms_but_for_the_message_id(self):
        versioned = answer_to(messages.versioned('create.end'))
        legacy = answer_to(messages.legacy('create.end'))
        self.assertNotEqual(
            versioned.pop('message_id'), legacy.pop('message_id')
        )
        self.assertEqual(versioned, legacy)

    def test_gives_the_reason_where_there_is_no_fact(self):
        ignored = answer_to(messages.versioned('create.start'))
        self.assertEqual(['ignored'], list(ignored))
        parked = answer_to(messages.versioned('lock', {'uuid': 'web'}))
        self.assertEqual({'parked': 'uuid: not a UUID'}, parked)

    def test_of_a_line_that_is_no_message_is_an_error(self):
        for line in ('', '{', 'x', '[]', 'null', '7', '"{}"', '[' * 100000):
            answer = json.loads(explain.explain_line(line))
            self.assertEqual(['error'], list(answer))

    @hypothesis.given(st.text(st.characters()))
    def test_of_any_text_is_one_line_of_ascii_json(self, text):
        answer = explain.explain_line(text)
        self.assertTrue(answer.isascii())
        self.assertNotIn('\n', answer)
        self.assertEqual(1, len(json.loads(answer)))

    @hypothesis.given(test_nova_decides.spoiled_messages())
    def test_of_a_spoiled_message_is_one_object_too(self, message):
        answer = explain.explain_line(json.dumps(message))
        self.assertNotIn('\n', answer)
        self.assertIsInstance(json.loads(answer), dict)
