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

    def test_whoever_is_warned_has_time_to_pay(self) -> None:
        for name in ('shelve_grace', 'deletion_warning'):
            for nothing in ('0s', '0d'):
                error = self.assertRaises(
                    errors.InvalidInput,
                    DEFAULT.reading({name: nothing}).demand_time,
                )
                self.assertEqual(name, error.where)
                self.assertEqual(
                    'must not be nothing: nobody could pay in time',
                    error.reason,
                )
        DEFAULT.reading(
            {'shelve_grace': '1s', 'shelved_span': '0d'}
        ).demand_time()

    def test_what_is_wrong_is_told_in_words(self) -> None:
        longest = 'must be spans before the due date, the longest first'
        for given, reason in (
            ({'grace': '1d'}, 'unknown policy'),
            ({'freeze_quota': 1}, 'must be true or false'),
            ({'tolerance': '1'}, 'must be a whole number'),
            ({'tolerance': -1}, 'must not be negative'),
            ({'undo': '-1s'}, 'must not be negative'),
            ({'undo': '-1d'}, 'must not be negative'),
            ({'changes': 'x'}, 'must be one of next, at_once'),
            ({'reminders': '-3d'}, 'must be a list of spans'),
            ({'reminders': ['-1d', '-2d']}, longest),
            ({'reminders': ['-1d', '0s']}, longest),
            ({'reminders': ['-86399s', '-1d']}, longest),
            ({'reminders': ['-1d', '-86401s']}, longest),
        ):
            error = self.assertRaises(
                errors.InvalidInput, DEFAULT.reading, given
            )
            (name,) = given
            self.assertEqual((name, reason), (error.where, error.reason))

    def test_what_is_little_is_still_right(self) -> None:
        read = DEFAULT.reading(
            {'tolerance': 0, 'undo': '0s', 'reminders': ['-1d', '-1s']}
        )

        self.assertEqual((0, span.Span()), (read.tolerance, read.undo))
        self.assertEqual(2, len(read.reminders))

    def test_a_choice_is_read_as_the_one_it_names(self) -> None:
        read = DEFAULT.reading({'changes': 'at_once', 'quota_drift': 'revert'})

        self.assertIs(policy.Changes.AT_ONCE, read.changes)
        self.assertIs(policy.Drift.REVERT, read.quota_drift)
