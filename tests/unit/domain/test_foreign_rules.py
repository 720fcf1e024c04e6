# SPDX-License-Identifier: Apache-2.0
"""Types of messages that say a thing otherwise than the others do."""

import json
from typing import Any

from oslotest import base

from patrii_billing.domain import foreign
from patrii_billing.domain import money
from tests.unit.domain import refusing

REFUNDED, FAILED = foreign.Tells.REFUNDED, foreign.Tells.FAILED
FIELDS = foreign.Fields(
    types={'paid': foreign.Tells.RECEIVED, 'refund': foreign.Tells.PENDING},
    whose={foreign.Names.ACCOUNT_NAME: 'who'},
    payment='id', movement='move', amount='sum', unit=foreign.Unit.MINOR,
    currency='cur', why='why', id='event',
    rules=(
        foreign.Rule('odd', foreign.Tells.FOR_A_PERSON),
        foreign.Rule(
            'refund', REFUNDED,
            when={'state': frozenset({'done', 'ok'}),
                  'kind': frozenset({'full'})},
            payment='of', movement='id', amount='back', why='reason',
        ),
        foreign.Rule('refund', None, when={'state': frozenset({'begun'})}),
        foreign.Rule('total', REFUNDED, total=True),
        foreign.Rule('maybe', FAILED, payment='of', optional=True),
    ),
    digits={'ISK': 2, 'JPY': 1, 'KWD': 2},
)  # fmt: skip
MESSAGE = {
    'type': 'refund', 'state': 'done', 'kind': 'full', 'id': 'b', 'of': 'a',
    'move': 'm', 'sum': 1200, 'back': 500, 'cur': 'EUR', 'why': 'because',
    'reason': 'he asked', 'who': 'acme', 'event': 'e1',
}  # fmt: skip


def read(**changed: Any) -> Any:
    said = {
        name: value
        for name, value in {**MESSAGE, **changed}.items()
        if value is not None
    }
    return foreign.read(FIELDS, json.dumps(said).encode())


def refusal(**changed: Any) -> str:
    return refusing.told(read, **changed)


class RuleTest(base.BaseTestCase):
    def test_the_first_that_fits_says_where_things_stand(self) -> None:
        for state in ('done', 'ok'):
            self.assertEqual(
                foreign.PaymentTold(
                    REFUNDED, 'refund', 'a', 'b', money.Money(500, 'EUR'),
                    ((foreign.Names.ACCOUNT_NAME, 'acme'),), 'he asked',
                ),
                read(state=state),
            )  # fmt: skip

    def test_one_that_tells_nothing_has_the_message_ignored(self) -> None:
        self.assertEqual(
            foreign.Ignored('refund', 'a type that says nothing of a payment'),
            read(state='begun'),
        )

    def test_where_none_fits_the_type_alone_says_what_it_is(self) -> None:
        for changed in ({'kind': 'part'}, {'state': None}):
            told = read(**changed)
            self.assertEqual(
                (foreign.Tells.PENDING, 'b', 'm', 1200, 'because'),
                (told.tells, told.payment, told.movement, told.amount.minor,
                 told.why),
            )  # fmt: skip

    def test_a_total_is_a_movement_of_its_own_and_needs_its_sum(self) -> None:
        told = read(type='total')
        self.assertEqual(
            (True, 'total:1200', 1200),
            (told.total, told.movement, told.amount.minor),
        )
        self.assertEqual('sum: is missing', refusal(type='total', sum=None))

    def test_an_optional_one_without_a_payment_says_nothing(self) -> None:
        self.assertEqual('a', read(type='maybe').payment)
        self.assertEqual(
            foreign.Ignored(
                'maybe', 'names no payment: other messages tell of it'
            ),
            read(type='maybe', of=None),
        )
        self.assertEqual(
            'id: must be 1 to 100 characters', refusal(type='paid', id=None)
        )


class MinorTest(base.BaseTestCase):
    """A sender may count in other units than ISO 4217 has it."""

    def test_they_become_those_of_the_currency(self) -> None:
        for currency, sent, minor in (
            ('EUR', 1200, 1200),
            ('ISK', 1200, 12),
            ('JPY', 1200, 120),
            ('KWD', 1200, 12000),
        ):
            self.assertEqual(
                money.Money(minor, currency),
                read(type='paid', sum=sent, cur=currency).amount,
            )

    def test_less_than_the_smallest_amount_is_refused(self) -> None:
        for currency, sent in (('ISK', 1250), ('JPY', 125)):
            self.assertEqual(
                f'sum: is less than the smallest amount of {currency}',
                refusal(type='paid', sum=sent, cur=currency),
            )


class WentBackTest(base.BaseTestCase):
    def told(
        self, movement: str, minor: int | None, total: bool = False
    ) -> foreign.PaymentTold:
        amount = None if minor is None else money.Money(minor, 'EUR')
        return foreign.PaymentTold(
            REFUNDED, 'refund', 'a', movement, amount, (), total=total
        )

    def test_parts_are_summed_and_of_totals_the_largest_counts(self) -> None:
        one, other = self.told('r1', 300), self.told('r2', 200)
        less, more = (
            self.told(f'total:{minor}', minor, True) for minor in (300, 600)
        )
        for told, minor in (
            ((), 0),
            ((one,), 300),
            ((one, other, one), 500),
            ((more, less), 600),
            ((one, other, less), 500),
            ((more, one), 600),
            ((self.told('r3', None),), 0),
        ):
            self.assertEqual(minor, foreign.went_back(told))

    def test_what_the_books_have_counts_once(self) -> None:
        one = self.told('r1', 300)
        for booked, minor in (
            (None, 300),
            ({}, 300),
            ({'r1': 300}, 300),
            ({'r1': 300, 'by hand': 50, 'earlier': 7}, 357),
        ):
            self.assertEqual(minor, foreign.went_back([one], booked))


class IdTest(base.BaseTestCase):
    def test_a_message_is_called_what_it_says_if_that_is_of_use(self) -> None:
        for body, name in (
            (b'{"event": "e1"}', 'e1'),
            (b'{"event": "%s"}' % (b'e' * 100), 'e' * 100),
            (b'{"event": "%s"}' % (b'e' * 101), ''),
            (b'{}', ''),
            (b'{', ''),
        ):
            self.assertEqual(name, foreign.id_of(FIELDS, body))
