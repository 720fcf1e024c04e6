# SPDX-License-Identifier: Apache-2.0
"""`openstack billing receipt`: what waits, and what becomes of it."""

import json
from typing import Any

from osc_lib import exceptions

from patrii_billing.osc.v1 import receipt
from tests.unit.api import test_events
from tests.unit.osc import shell


class ReceiptCommandTest(test_events.WebhooksTestCase):
    def run_(self, command: Any, *arguments: str) -> str:
        return shell.run(self.world, command, *arguments)

    def test_what_waits_is_listed_and_dismissed_with_a_reason(self) -> None:
        self.send('much')
        told = self.run_(receipt.ListReceipt, '--state', 'parked')
        self.assertIn('payment.received', told)
        self.assertLessEqual(max(map(len, told.splitlines())), 80)
        [waits] = json.loads(self.run_(receipt.ListReceipt, '-f', 'json'))

        self.assertRaises(
            exceptions.CommandError, self.run_, receipt.DismissReceipt,
            str(waits['ID']), '--why', 'by hand',
        )  # fmt: skip
        told = self.run_(
            receipt.DismissReceipt, str(waits['ID']), '--why', 'by hand',
            '--yes',
        )  # fmt: skip

        self.assertIn('ignored', told)
        self.assertIn('by hand', told)

    def test_it_is_shown_as_it_came_and_tried_again(self) -> None:
        self.send('much')
        [waits] = json.loads(self.run_(receipt.ListReceipt, '-f', 'json'))

        shown = self.run_(receipt.ShowReceipt, str(waits['ID']))
        tried = self.run_(receipt.RetryReceipt, str(waits['ID']))

        self.assertIn('"much"', shown)
        self.assertIn('parked', tried)
