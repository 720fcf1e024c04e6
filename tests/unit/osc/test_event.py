# SPDX-License-Identifier: Apache-2.0
"""`openstack billing event`, for people and for machines."""

import json
from typing import Any

from osc_lib import exceptions

from patrii_billing.osc.v1 import event
from tests.unit.api import test_events
from tests.unit.osc import shell


class EventCommandTest(test_events.EventsTestCase):
    def run_(self, command: Any, *arguments: str, token: str = 'ADMIN') -> str:
        return shell.run(self.world, command, *arguments, token=token)

    def test_people_read_a_table_that_fits(self) -> None:
        self.tell()

        told = self.run_(event.ListEvent, '--account', 'acme')

        self.assertIn('billing.invoice.issued', told)
        self.assertNotIn('rival', told)
        self.assertLessEqual(max(map(len, told.splitlines())), 80)

    def test_machines_read_an_event_whole(self) -> None:
        self.tell()
        [first, *_] = self.listed()

        told = json.loads(
            self.run_(event.ShowEvent, str(first['id']), '-f', 'json')
        )

        self.assertEqual(first['key'], told['Body']['id'])
        self.assertEqual('erp', told['Deliveries'][0]['listener'])

    def test_dead_ones_are_found_and_told_again_by_their_key(self) -> None:
        self.erp.away = 'no route'
        self.tell()
        self.tell(days=4)
        dead = json.loads(
            self.run_(event.ListEvent, '--state', 'dead', '--long',
                      '--type', 'billing.invoice.issued', '-f', 'json')
        )  # fmt: skip
        self.assertEqual(2, len(dead))

        told = self.run_(event.RedeliverEvent, dead[0]['Key'])

        self.assertIn('erp: pending', told)
        left = self.listed(state='dead', type='billing.invoice.issued')
        self.assertEqual(1, len(left))

    def test_a_rehearsal_tells_nobody(self) -> None:
        self.tell()
        [first, *_] = self.listed()

        self.run_(
            event.RedeliverEvent, str(first['id']), '--listener', 'erp',
            '--dry-run',
        )  # fmt: skip

        self.assertEqual([], self.listed(state='pending'))

    def test_what_cannot_be_is_one_line(self) -> None:
        for arguments in (('999999999',), ('evt_nobody',)):
            error = self.assertRaises(
                exceptions.CommandError, self.run_, event.ShowEvent,
                *arguments,
            )  # fmt: skip
            self.assertNotIn('\n', str(error))
