# SPDX-License-Identifier: Apache-2.0
"""What another system's message says of a payment."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import foreign
from patrii_billing.domain import money
from patrii_billing.engine import payment_map
from patrii_billing import errors
from tests.unit.domain import refusing

STRIPE = payment_map.known('stripe')
OURS = {
    'type': 'payment.received',
    'data': {
        'payment': 'tx-1',
        'amount': '12.00',
        'currency': 'EUR',
        'external_ref': 'C-1001',
        'invoice': 'INV-000017',
    },
}
THEIRS = {
    'id': 'evt_1',
    'type': 'payment_intent.succeeded',
    'data': {
        'object': {
            'id': 'pi_1',
            'amount': 1200,
            'amount_received': 1200,
            'currency': 'eur',
            'metadata': {'account': 'acme'},
        }
    },
}


def read(payload: Any, fields: foreign.Fields = foreign.PATRII) -> Any:
    return foreign.read(fields, json.dumps(payload).encode())


def ours(**data: Any) -> dict[str, Any]:
    return {**OURS, 'data': {**OURS['data'], **data}}


class ReadingTest(base.BaseTestCase):
    def refusal(self, payload: Any, **fields: Any) -> str:
        error = self.assertRaises(errors.InvalidInput, read, payload, **fields)
        return str(error)

    def test_what_is_refused_is_told_in_words(self) -> None:
        long = 'x' * 101
        beyond = 'must be above zero and not beyond all measure'
        for payload, words in (
            (ours(payment=''),
             'data.payment: must be 1 to 100 characters'),
            (ours(payment=long),
             'data.payment: must be 1 to 100 characters'),
            (ours(movement=long),
             'data.movement: must be up to 100 characters'),
            (ours(amount=None), 'data.amount: is missing'),
            (ours(amount='0.00'), f'data.amount: {beyond}'),
            (ours(amount='-0.01'), f'data.amount: {beyond}'),
            (ours(amount='10000000000000.00'), f'data.amount: {beyond}'),
            ([], 'body: is not a JSON object'),
        ):  # fmt: skip
            self.assertEqual(words, self.refusal(payload))
        self.assertEqual(
            'body: is not JSON',
            refusing.told(foreign.read, foreign.PATRII, b'{'),
        )
        theirs = json.loads(json.dumps(THEIRS))
        theirs['data']['object']['amount_received'] = 12.5
        self.assertEqual(
            'data.object.amount_received|data.object.amount: '
            'must be a whole number of minor units',
            self.refusal(theirs, fields=STRIPE),
        )
        bare = foreign.Fields(
            types={'paid': foreign.Tells.RECEIVED}, whose={}, payment='id'
        )
        self.assertEqual(
            'amount: is missing',
            self.refusal({'type': 'paid', 'id': '1'}, fields=bare),
        )

    def test_the_longest_and_the_smallest_are_read(self) -> None:
        told = read(ours(payment='x' * 100, movement='y' * 100,
                         amount='0.01', why='z' * 300))  # fmt: skip

        self.assertEqual(('x' * 100, 'y' * 100), (told.payment, told.movement))
        self.assertEqual((1, 'z' * 255), (told.amount.minor, told.why))
        self.assertEqual('payment.received', told.type)

    def test_what_the_sender_calls_it_is_told_even_where_it_is_odd(
        self,
    ) -> None:
        def called(body: bytes) -> str:
            return foreign.type_of(foreign.PATRII, body)

        self.assertEqual('payment.odd', called(b'{"type": "payment.odd"}'))
        self.assertEqual('', called(b'{'))

    def test_our_own_shape_is_read(self) -> None:
        told = read(OURS)

        self.assertEqual(foreign.Tells.RECEIVED, told.tells)
        self.assertEqual('tx-1', told.payment)
        self.assertEqual(money.Money(1200, 'EUR'), told.amount)
        self.assertEqual(
            (
                (foreign.Names.EXTERNAL_REF, 'C-1001'),
                (foreign.Names.INVOICE, 'INV-000017'),
            ),
            told.whose,
        )

    def test_the_shape_of_stripe_is_read(self) -> None:
        told = read(THEIRS, STRIPE)

        self.assertEqual(foreign.Tells.RECEIVED, told.tells)
        self.assertEqual('pi_1', told.payment)
        self.assertEqual(money.Money(1200, 'EUR'), told.amount)
        self.assertEqual(
            ((foreign.Names.ACCOUNT_NAME, 'acme'),), told.whose
        )

    def test_what_is_not_received_yet_is_told_with_what_is_meant(self) -> None:
        object_ = {**THEIRS['data']['object'], 'amount_received': 0}
        told = read(
            {
                'type': 'payment_intent.processing',
                'data': {'object': object_},
            },
            STRIPE,
        )

        self.assertEqual(foreign.Tells.PENDING, told.tells)
        self.assertEqual(money.Money(1200, 'EUR'), told.amount)

    def test_a_refund_names_its_payment_and_itself(self) -> None:
        object_ = {
            'id': 're_1', 'payment_intent': 'pi_1', 'amount': 200,
            'currency': 'eur', 'reason': 'requested_by_customer',
        }  # fmt: skip
        told = read(
            {'type': 'refund.created', 'data': {'object': object_}},
            STRIPE,
        )

        self.assertEqual(foreign.Tells.REFUNDED, told.tells)
        self.assertEqual(('pi_1', 're_1'), (told.payment, told.movement))
        self.assertEqual('requested_by_customer', told.why)

    def test_a_type_that_says_nothing_of_payments_is_ignored(self) -> None:
        self.assertEqual(
            foreign.Ignored('customer.created'),
            read({'type': 'customer.created'}),
        )

    def test_a_message_without_a_type_is_ignored(self) -> None:
        self.assertEqual(foreign.Ignored(''), read({'type': ['a']}))

    def test_what_is_wrong_is_named_by_its_path(self) -> None:
        for path, payload in (
            ('data.payment', ours(payment=None)),
            ('data.payment', ours(payment='x' * 101)),
            ('data.movement', ours(movement='x' * 101)),
            ('data.amount', ours(amount=None)),
            ('data.amount', ours(amount='12.001')),
            ('data.amount', ours(amount=12)),
            ('data.amount', ours(amount=12.5)),
            ('data.amount', ours(amount='-1.00')),
            ('data.amount', ours(amount='1' + '0' * 15)),
            ('data.currency', ours(currency='EURO')),
            ('data.currency', ours(currency=None)),
        ):
            self.assertIn(path, self.refusal(payload))

    def test_minor_units_are_whole_numbers(self) -> None:
        object_ = {**THEIRS['data']['object'], 'amount_received': '12.00'}

        said = self.refusal(
            {**THEIRS, 'data': {'object': object_}}, fields=STRIPE
        )
        self.assertIn('minor units', said)

    def test_what_is_no_object_of_json_is_refused(self) -> None:
        for body in (b'', b'[]', b'"x"', b'{', b'\xff', b'[' * 100000):
            self.assertRaises(
                errors.InvalidInput, foreign.read, foreign.PATRII, body
            )

    def test_a_failure_need_not_say_how_much(self) -> None:
        told = read({
            'type': 'payment.failed', 'data': {'payment': 'tx-1'}
        })  # fmt: skip

        self.assertIsNone(told.amount)

    def test_a_path_finds_its_way_through_lists(self) -> None:
        fields = foreign.Fields(
            types={'paid': foreign.Tells.RECEIVED}, whose={},
            payment='items.1.id', amount='items.0.sum', currency='cur',
        )  # fmt: skip
        told = read(
            {'type': 'paid', 'items': [{'sum': '1.00'}, {'id': 7}],
             'cur': 'EUR'},
            fields,
        )  # fmt: skip

        self.assertEqual('7', told.payment)

    def test_a_place_that_a_list_has_not_says_nothing(self) -> None:
        fields = foreign.Fields(
            types={'paid': foreign.Tells.RECEIVED}, whose={},
            payment='items.1.id|id', amount='sum', currency='cur',
        )  # fmt: skip
        told = read(
            {'type': 'paid', 'items': [{'id': 'a'}], 'id': 'b',
             'sum': '1.00', 'cur': 'EUR'},
            fields,
        )  # fmt: skip

        self.assertEqual('b', told.payment)

    def test_a_currency_that_no_path_leads_to_is_named(self) -> None:
        fields = foreign.Fields(
            types={'paid': foreign.Tells.RECEIVED}, whose={},
            payment='id', amount='sum',
        )  # fmt: skip
        said = self.refusal(
            {'type': 'paid', 'id': 'a', 'sum': '1.00'}, fields=fields
        )

        self.assertTrue(said.startswith('currency: '), said)

    def test_what_no_database_holds_does_not_come_through(self) -> None:
        told = read(ours(payment='a\0b\ud800'))

        self.assertEqual('ab?', told.payment)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats()
            | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(['type', 'data', 'object', 'id', 'amount']),
                inner, max_size=4,
            ),
            max_leaves=12,
        )
    )  # fmt: skip
    def test_no_json_whatever_is_an_error_of_ours(self, data: Any) -> None:
        for fields, type_ in (
            (foreign.PATRII, 'payment.received'),
            (STRIPE, 'payment_intent.succeeded'),
        ):
            for payload in (data, {'type': type_, 'data': data}):
                try:
                    read(payload, fields)
                except errors.InvalidInput as error:
                    self.assertNotEqual('', str(error))
