# SPDX-License-Identifier: Apache-2.0
"""Maps of what payment sources tell, as an operator writes them."""

import json
from typing import Any

from oslotest import base

from patrii_billing.domain import foreign
from patrii_billing.engine import payment_map
from patrii_billing import errors

OWN = """
type: kind
payment: ref
amount: sum
currency: cur
whose: {account_name: who}
events:
  - {type: paid, tells: received}
  - {type: returned, tells: refunded, total: true, amount: back}
  - {type: news, tells: nothing}
"""


def told(fields: foreign.Fields, **message: Any) -> Any:
    return foreign.read(fields, json.dumps(message).encode())


class MapTest(base.BaseTestCase):
    def refusal(self, text: str) -> str:
        error = self.assertRaises(
            errors.BillingError, payment_map.read, text, 'own.yaml'
        )
        return str(error)

    def test_a_map_of_ones_own_says_all_of_it(self) -> None:
        fields = payment_map.read(OWN, 'own.yaml')

        paid = told(fields, kind='paid', ref='1', sum='2.00', cur='EUR',
                    who='acme')  # fmt: skip
        back = told(fields, kind='returned', ref='1', back='0.50', cur='EUR')
        self.assertEqual(
            (foreign.Tells.RECEIVED, 200), (paid.tells, paid.amount.minor)
        )
        self.assertEqual(
            ((foreign.Names.ACCOUNT_NAME, 'acme'),), paid.whose
        )
        self.assertTrue(back.total)
        for kind in ('news', 'other'):
            self.assertIsInstance(told(fields, kind=kind), foreign.Ignored)

    def test_one_that_extends_another_is_tried_first(self) -> None:
        fields = payment_map.read(
            """
            extends: stripe
            whose: {account_name: data.object.metadata.shop}
            digits: {HUF: 0}
            events:
              - {type: payment_intent.processing, tells: nothing}
              - type: payment_intent.succeeded
                when: {data.object.metadata.shop: [a, b]}
                tells: for_a_person
            """,
            'own.yaml',
        )
        intent = {'id': 'pi_1', 'amount': 5, 'currency': 'huf'}

        def says(type_: str, shop: str) -> Any:
            data = {'object': {**intent, 'metadata': {'shop': shop}}}
            return told(fields, type=type_, data=data)

        self.assertIsInstance(
            says('payment_intent.processing', 'a'), foreign.Ignored
        )
        tells = [says('payment_intent.succeeded', shop) for shop in 'abc']
        self.assertEqual(
            ['for_a_person', 'for_a_person', 'received'],
            [each.tells for each in tells],
        )
        self.assertEqual(500, tells[2].amount.minor)
        self.assertEqual(
            (foreign.Names.ACCOUNT_NAME, 'c'), tells[2].whose[0]
        )

    def test_a_mistake_is_named_by_its_line(self) -> None:
        for line, words in (
            ('extends: paypal', "'paypal' is none of patrii, stripe"),
            ('unit: cents', 'must be one of decimal, minor'),
            ('whose: {acount: x}', 'unknown key'),
            ('digits: {EUR: 9}', 'must be from 0 to 4'),
            ('digits: {EURO: 2}', 'not an active currency'),
            ('evnts: []', 'unknown key, did you mean events?'),
            ('events: [{type: a, tells: paid}]', 'must be one of pending'),
            ('events: [{tells: received}]', 'type is missing'),
            ('events: [{type: a, tells: received, total: true}]',
             'is of what is refunded alone'),
        ):  # fmt: skip
            said = self.refusal(f'payment: id\n{line}\n')

            self.assertIn('own.yaml:2: ', said)
            self.assertIn(words, said)

    def test_a_map_that_says_too_little_is_refused(self) -> None:
        self.assertIn('names no events', self.refusal('type: kind'))

    def test_the_maps_of_the_package_can_be_read(self) -> None:
        self.assertEqual(['stripe'], payment_map.shipped())
        for name in (*payment_map.shipped(), 'patrii'):
            self.assertTrue(payment_map.known(name).payment)


class WentBackTest(base.BaseTestCase):
    """Parts and totals of what was refunded, told in any order."""

    def part(self, movement: str, minor: int, total: bool = False) -> Any:
        fields = payment_map.known('stripe')
        object_ = {
            'id': movement, 'payment_intent': 'pi_1', 'currency': 'eur',
            'amount': minor, 'amount_refunded': minor,
        }  # fmt: skip
        name = 'charge.refunded' if total else 'refund.created'
        return told(fields, type=name, data={'object': object_})

    def test_it_is_the_sum_of_the_parts_or_the_largest_total(self) -> None:
        parts = [self.part('re_1', 200), self.part('re_2', 300)]
        total = self.part('ch_1', 500, total=True)

        for events, back in (
            (parts, 500), ([total], 500), ([*parts, total], 500),
            ([parts[0], parts[0]], 200), ([parts[0], total], 500),
        ):  # fmt: skip
            self.assertEqual(back, foreign.went_back(events))

    def test_what_is_in_the_books_and_told_no_more_is_a_part(self) -> None:
        new = self.part('re_2', 300)

        self.assertEqual(500, foreign.went_back([new], {'re_1': 200}))
        self.assertEqual(300, foreign.went_back([new], {'re_2': 300}))
