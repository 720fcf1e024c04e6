# SPDX-License-Identifier: Apache-2.0
"""What another service rated is used once, however it is told."""

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

from oslotest import base

from patrii_billing.domain import rated
from patrii_billing.domain import usage
from tests.unit.domain import refusing

NOON = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
ONE = rated.Rated(
    'acme', 'traffic', 'port-1', 'GB', NOON, NOON + HOUR, Decimal('2.50'),
    Decimal('0.10'),
)  # fmt: skip


def other(**values: Any) -> rated.Rated:
    return dataclasses.replace(ONE, **values)


class ReadingTest(base.BaseTestCase):
    def test_it_is_a_delta_at_the_beginning_of_its_span(self) -> None:
        self.assertEqual(
            usage.Reading(
                'acme', 'port-1', None, 'traffic', 'GB',
                usage.Sample(NOON, usage.Type.DELTA, Decimal(1)),
            ),
            ONE.reading(Decimal(1)),
        )  # fmt: skip

    def test_one_after_the_other_each_has_an_instant_of_its_own(self) -> None:
        self.assertEqual(
            NOON + dt.timedelta(microseconds=3),
            ONE.reading(Decimal(1), 3).sample.at,
        )


class MergedTest(base.BaseTestCase):
    def test_parts_of_the_same_thing_and_span_are_one(self) -> None:
        for told in (
            [ONE, other(end=NOON + 2 * HOUR, quantity=Decimal(1))],
            [other(end=NOON + 2 * HOUR, quantity=Decimal(1)), ONE],
        ):
            self.assertEqual(
                [
                    other(
                        end=NOON + 2 * HOUR, quantity=Decimal('3.50'),
                        price=Decimal('0.20'),
                    )
                ],
                rated.merged(told),
            )  # fmt: skip

    def test_what_differs_in_anything_else_stays_apart(self) -> None:
        told = [
            ONE,
            other(project='other'),
            other(meter='cpu'),
            other(resource='port-2'),
            other(begin=NOON + HOUR),
        ]
        self.assertEqual(told, rated.merged(told))


class MissingTest(base.BaseTestCase):
    def test_the_books_lack_what_they_do_not_have(self) -> None:
        for booked, done, lacking in (
            (None, rated.Done.NEW, '2.50'),
            (Decimal(0), rated.Done.CHANGED, '2.50'),
            (Decimal(2), rated.Done.CHANGED, '0.50'),
            (Decimal('2.5'), rated.Done.SAME, '0'),
        ):
            self.assertEqual(
                (done, Decimal(lacking)), rated.missing(ONE, booked)
            )
        nothing = other(quantity=Decimal(0))
        self.assertEqual(
            (rated.Done.NEW, Decimal(0)), rated.missing(nothing, None)
        )

    def test_what_was_used_cannot_become_less(self) -> None:
        self.assertIn(
            'was 20.5 at 2026-02-03 12:00 and is 2.5 now',
            refusing.told(rated.missing, ONE, Decimal('20.50')),
        )
        less = other(quantity=Decimal('-1'))
        for booked in (None, Decimal('-2')):
            self.assertIn(
                '-1 is below zero', refusing.told(rated.missing, less, booked)
            )


class PricesTest(base.BaseTestCase):
    def test_each_project_has_a_sum_of_its_own(self) -> None:
        self.assertEqual({}, rated.prices([]))
        self.assertEqual(
            {'acme': Decimal('0.30'), 'other': Decimal('0.10')},
            rated.prices(
                [ONE, other(project='other'), other(price=Decimal('0.20'))]
            ),
        )
