# SPDX-License-Identifier: Apache-2.0
"""`receipt` at the command line: what was told, and doing it again."""

import json
import pathlib

from patrii_billing.store import accounts
from tests import stripe
from tests.unit.cmd import base


class ReceiptTest(base.CommandTestCase):
    """acme, and Stripe, which may tell of payments."""

    def setUp(self) -> None:
        super().setUp()
        with pathlib.Path(self.config).open('a', encoding='utf-8') as config:
            config.write(
                '[webhooks]\nsources = stripe\n[webhook_source:stripe]\n'
                f'secrets = {stripe.SECRET}\nsignature = stripe\n'
                'mapping = stripe\n'
            )
        self.open_books()
        self.load()

    def replay(self, events: str) -> str:
        return self.manage(
            'receipt', 'replay', '--source', 'stripe', '--file', '-',
            stdin=events.encode(),
        )  # fmt: skip

    def known(self) -> None:
        self.tools().db.write(
            accounts.change, 1, external_ref=stripe.CUSTOMER
        )

    def test_what_was_never_received_is_done_once(self) -> None:
        self.known()
        paid, back = stripe.intent('1', 'succeeded'), stripe.refunded('2', 200)
        listed = json.dumps({'object': 'list', 'data': [back, paid]})

        first = self.replay(listed)
        again = self.replay(f'{json.dumps(paid)}\n\n{json.dumps(back)}\n')

        self.assertEqual(first, again)
        self.assertEqual(2, first.count('done'))
        self.assertIn('10.00', self.manage('payment', 'list'))

    def test_what_was_parked_is_listed_and_done_again(self) -> None:
        self.replay(json.dumps([stripe.refunded('2', 200)]))
        self.assertIn('parked', self.manage('receipt', 'list'))

        self.assertIn('parked', self.manage('receipt', 'replay', '1'))

        listed = self.manage('receipt', 'list', '--state', 'parked')
        self.assertIn('charge.refunded', listed)
        self.assertEqual(
            'There are none.\n',
            self.manage('receipt', 'list', '--state', 'done'),
        )

    def test_what_cannot_be_meant_is_refused(self) -> None:
        file = self.write('events.json', '{"id": 1}\nnonsense')
        for argv, words in (
            (('9',), 'there is no receipt 9'),
            ((), 'say either ids or --file'),
            (('--file', file), '--file and --source go together'),
            (('--file', file, '--source', 'paypal'),
             'paypal is not in [webhooks] sources'),
            (('--file', file, '--source', 'stripe'),
             f'{file}:2: is not JSON'),
            (('--file', self.write('n.json', '[1]'), '--source', 'stripe'),
             'is no JSON object'),
        ):  # fmt: skip
            self.assertIn(words, self.refused('receipt', 'replay', *argv))
