# SPDX-License-Identifier: Apache-2.0
"""The ladder's spans, as an operator, a plan and an account give them."""

from typing import Any

from oslotest import base

from patrii_billing.domain import policy
from patrii_billing.domain import span
from patrii_billing.domain import windows
from patrii_billing import errors

DEFAULT = policy.Policy()


class PolicyTest(base.BaseTestCase):
    def test_what_is_not_given_stays_as_it_was(self) -> None:
        operator = DEFAULT.reading({'undo': '30d', 'tolerance': 100})

        read = operator.reading({'undo': '2d'})

        self.assertEqual(span.Span(days=2), read.undo)
        self.assertEqual(100, read.tolerance)
        self.assertEqual(DEFAULT.shelved_span, read.shelved_span)

    def test_each_field_is_read_by_its_kind(self) -> None:
        read = DEFAULT.reading(
            {
                'shelve_grace': '10s',
                'reminders': ['-5d', '-12h'],
                'freeze_quota': True,
                'shelve_window': {'hours': '09:00-17:00'},
            }
        )

        self.assertEqual(span.Span(seconds=10), read.shelve_grace)
        self.assertEqual(
            (span.Span(days=-5), span.Span(seconds=-43200)), read.reminders
        )
        self.assertIs(True, read.freeze_quota)
        self.assertEqual(windows.Window(540, 1020), read.shelve_window)

    def test_a_customer_may_go_without_reminders(self) -> None:
        self.assertEqual((), DEFAULT.reading({'reminders': []}).reminders)

    def test_what_is_wrong_is_named(self) -> None:
        wrong: list[tuple[dict[str, Any], str]] = [
            ({'grace': '1d'}, 'ladder.grace'),
            ({'undo': '-1d'}, 'ladder.undo'),
            ({'undo': 14}, 'ladder.undo'),
            ({'tolerance': '1'}, 'ladder.tolerance'),
            ({'tolerance': True}, 'ladder.tolerance'),
            ({'tolerance': -1}, 'ladder.tolerance'),
            ({'freeze_quota': 'yes'}, 'ladder.freeze_quota'),
            ({'reminders': '-3d'}, 'ladder.reminders'),
            ({'reminders': ['-3d', 'x']}, 'ladder.reminders[1]'),
            ({'reminders': ['-1d', '-3d']}, 'ladder.reminders'),
            ({'reminders': ['1d']}, 'ladder.reminders'),
            ({'shelve_window': {'hours': 'x'}}, 'ladder.shelve_window.hours'),
        ]
        for given, where in wrong:
            error = self.assertRaises(
                errors.InvalidInput, DEFAULT.reading, given, 'ladder'
            )
            self.assertEqual(where, error.where, given)
