# SPDX-License-Identifier: Apache-2.0
"""Where a contract stands: the steps before, the one it is on, those ahead."""

from typing import Any

from oslotest import base

from patrii_billing.web import ladder


def _ladder(status: str, **more: Any) -> list[tuple[str, str, str | None]]:
    subscription = {'billing_status': status, 'next_step': more.get('step')}
    found = ladder.rungs(
        subscription,
        more.get('invoices', []),
        more.get('statuses', []),
        more.get('foreseen', []),
        more.get('reminders', []),
    )
    return [(one.step, one.when, one.at) for one in found]


def _ahead(*steps: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {'kind': kind, 'at': at, 'not_before': False, 'amount': None}
        for kind, at in steps
    ]


class LadderTest(base.BaseTestCase):
    def test_who_owes_nothing_has_all_of_it_before_him(self) -> None:
        self.assertEqual(
            [
                ('invoice', 'next', 'T1'), ('reminder', 'coming', 'T2'),
                ('grace', 'coming', None), ('shelve', 'coming', None),
                ('last_warning', 'coming', None), ('delete', 'coming', None),
            ],
            _ladder('active', foreseen=_ahead(
                ('invoice', 'T1'), ('reminder', 'T2'),
            )),
        )  # fmt: skip

    def test_an_open_invoice_is_where_an_active_one_stands(self) -> None:
        found = _ladder('active', invoices=[{'issued_at': 'T0'}])

        self.assertEqual(('invoice', 'here', 'T0'), found[0])

    def test_who_is_held_stands_where_the_hold_found_him(self) -> None:
        found = _ladder(
            'held', step='shelve',
            invoices=[{'issued_at': 'T0'}],
            statuses=[{'name': 'grace', 'at': 'T2'}],
            reminders=[{'created_at': 'T1'}, {'created_at': 'S1'}],
        )  # fmt: skip

        self.assertEqual(
            [
                ('invoice', 'past', 'T0'), ('reminder', 'past', 'T1'),
                ('grace', 'here', 'T2'),
            ],
            found[:3],
        )  # fmt: skip

    def test_a_reminder_of_an_earlier_invoice_is_not_its_own(self) -> None:
        found = _ladder(
            'active', step='grace',
            invoices=[{'issued_at': 'T0'}],
            reminders=[{'created_at': 'S1'}],
        )  # fmt: skip

        self.assertEqual(('reminder', 'here', None), found[1])

    def test_shelved_shows_when_grace_began_and_what_comes_next(self) -> None:
        found = _ladder(
            'shelved',
            invoices=[{'issued_at': 'T0'}],
            statuses=[
                {'name': 'shelved', 'at': 'T2'}, {'name': 'grace', 'at': 'T1'},
                # Of a case before this one.
                {'name': 'grace', 'at': 'S1'},
            ],
            foreseen=_ahead(('last_warning', 'T3'), ('delete', 'T4')),
        )  # fmt: skip

        self.assertEqual(
            [
                ('invoice', 'past', 'T0'), ('reminder', 'past', None),
                ('grace', 'past', 'T1'), ('shelve', 'here', 'T2'),
                ('last_warning', 'next', 'T3'), ('delete', 'coming', 'T4'),
            ],
            found,
        )  # fmt: skip
