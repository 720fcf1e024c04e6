# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a list of rates is told by its place, in words."""

import datetime as dt
from decimal import Decimal

from oslotest import base

from patrii_billing.domain import validity
from tests.unit.domain.refusing import told

FIRST, SECOND = dt.date(2026, 1, 1), dt.date(2026, 2, 1)


class ReadingTest(base.BaseTestCase):
    def test_a_list_holds_objects_and_nothing_else(self) -> None:
        def listed(values: object) -> list[object]:
            return list(validity.entries(values, 'taxes'))

        self.assertEqual('taxes: must be a list', told(listed, 'VAT'))
        self.assertEqual(
            'taxes[1]: must be an object', told(listed, [{}, 'VAT'])
        )
        self.assertEqual([], listed(None))

    def test_the_first_field_that_nobody_knows_is_named(self) -> None:
        def taken(*names: object) -> None:
            validity.only(dict.fromkeys(names), ['name'], 'taxes[0]')  # type: ignore[arg-type]

        self.assertEqual(
            'taxes[0].from: is not a field', told(taken, 'until', 'from')
        )
        self.assertEqual(
            'taxes[0].1: is not a field', told(taken, 'until', 1)
        )
        self.assertIsNone(taken('name'))

    def test_a_name_is_one_line_of_at_most_a_hundred_letters(self) -> None:
        def named(name: object) -> str:
            return validity.name({'name': name}, 'taxes[0]')

        self.assertEqual('x' * 100, named('x' * 100))
        for name in (None, 7, '', ' '):
            self.assertEqual('taxes[0].name: is missing', told(named, name))
        for name in ('x' * 101, 'VAT\n'):
            self.assertEqual(
                'taxes[0].name: is not one line of up to 100 characters',
                told(named, name),
            )

    def test_a_share_is_from_nothing_to_all(self) -> None:
        def share(text: str) -> Decimal:
            return validity.percent({'rate': text}, 'rate', 'taxes[0]')

        self.assertEqual([0, 100], [share('0'), share('100')])
        for text in ('-0.1', '100.1'):
            self.assertEqual(
                'taxes[0].rate: is not 0 to 100', told(share, text)
            )

    def test_days_are_written_in_one_way_and_end_after_they_began(
        self,
    ) -> None:
        def days(**given: object) -> validity.Days:
            return validity.dates(given, 'taxes[0]')

        self.assertEqual(
            (FIRST, SECOND),
            days(valid_from='2026-01-01', valid_until='2026-02-01'),
        )
        for field in ('valid_from', 'valid_until'):
            for text in ('20260101', '2026-02-30', 7):
                self.assertEqual(
                    f'taxes[0].{field}: is not a date as 2026-01-31',
                    told(days, **{field: text}),
                )
        self.assertEqual(
            'taxes[0].valid_until: is not after valid_from',
            told(days, valid_from='2026-01-01', valid_until='2026-01-01'),
        )
