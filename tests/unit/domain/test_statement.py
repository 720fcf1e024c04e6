# SPDX-License-Identifier: Apache-2.0
"""A transfer is known again, in whatever file of the bank it stands."""

import dataclasses
import datetime as dt

from oslotest import base

from patrii_billing.domain import statement

ENTRY = statement.Entry(
    where='2', booked=dt.date(2026, 1, 5), amount=1200, currency='EUR',
    does=statement.Does.PAID_IN, payer='Zoë', text='INV-000017 thank you',
    references=('RF18539007547034',), end_to_end='E2E-1',
)  # fmt: skip


def keys(*entries: statement.Entry, account: str = 'FR76') -> list[str]:
    return [one.key for one in statement.keyed(entries, account)]


def other(**values: object) -> statement.Entry:
    return dataclasses.replace(ENTRY, **values)  # type: ignore[arg-type]


class KeyTest(base.BaseTestCase):
    def test_it_stays_what_it_was_or_money_would_count_twice(self) -> None:
        self.assertEqual(
            [
                'bank:2026-01-05:732b545cf0b253ab1dd4',
                'bank:2026-01-05:14ce3a1a22dd50d93299',
            ],
            keys(ENTRY, other(bank_id='B-7')),
        )

    def test_what_differs_in_anything_has_another(self) -> None:
        changes = [
            {},
            {'booked': dt.date(2026, 1, 6)},
            {'amount': 1201},
            {'currency': 'USD'},
            {'does': statement.Does.TAKEN_BACK},
            {'payer': 'Joe'},
            {'text': 'INV-000018'},
            {'references': ()},
            {'end_to_end': ''},
            {'bank_id': 'B-7'},
            {'bank_id': 'B-8'},
        ]
        found = keys(*(other(**change) for change in changes))
        self.assertEqual(len(changes), len(set(found)))
        self.assertNotEqual(keys(ENTRY), keys(ENTRY, account='FR77'))

    def test_its_place_and_the_blanks_of_its_text_say_nothing(self) -> None:
        self.assertEqual(
            keys(ENTRY),
            keys(other(where='9', text=' INV-000017  thank\nyou')),
        )

    def test_by_the_banks_own_name_its_words_say_nothing(self) -> None:
        self.assertEqual(
            keys(other(bank_id='B-7')),
            keys(other(bank_id='B-7', payer='Joe', text='', references=())),
        )

    def test_the_same_twice_on_a_day_is_money_twice(self) -> None:
        [first] = keys(ENTRY)
        self.assertEqual(
            [first, f'{first}-2', f'{first}-3'], keys(ENTRY, ENTRY, ENTRY)
        )

    def test_all_else_of_an_entry_is_kept(self) -> None:
        [one] = statement.keyed([ENTRY], 'FR76')
        self.assertEqual(ENTRY, dataclasses.replace(one, key=''))
