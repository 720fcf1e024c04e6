# SPDX-License-Identifier: Apache-2.0
"""`openstack billing bridge`, and what the API tells it."""

import datetime as dt
import json
from typing import Any

from oslotest import base

from patrii_billing.osc.v1 import bridge
from patrii_billing.sim import engine as engines
from patrii_billing.store import bridges
from tests import doors
from tests.unit.osc import shell

_NO_PROJECT = 'names no project of keystone'


class BridgeCommandTest(base.BaseTestCase):
    """The other engine has a customer whose contract names no project."""

    def setUp(self) -> None:
        super().setUp()
        self.world = doors.Door()
        self.addCleanup(self.world.tools.db.engine.dispose)
        self.lynx = engines.Engine(self.world.world.clock)
        self.lynx.customer('party.party,7', 'Initech and sons')
        self.lynx.contract(
            'sale.subscription,12', 'party.party,7', name='S012',
            start=dt.date(2026, 1, 1),
        )  # fmt: skip

    def run_(self, command: Any, *arguments: str, token: str = 'ADMIN') -> str:
        told = shell.run(self.world, command, *arguments, token=token)
        self.assertLessEqual(max(map(len, told.splitlines())), 80)
        return told

    def test_it_is_shown_as_it_was_read(self) -> None:
        self.world.join('lynx', self.lynx)

        told = json.loads(
            shell.run(self.world, bridge.ShowBridge, '-f', 'json')
        )

        self.assertEqual(
            ('lynx', 'active', 'a simulated engine', 'theirs', 2),
            (told['Engine'], told['State'], told['Found'], told['Invoices'],
             told['Waiting']),
        )  # fmt: skip
        self.assertIn(
            {'kind': 'contract', 'state': 'waiting', 'records': 1},
            told['Records'],
        )

    def test_what_it_lacks_stands_in_a_table_that_fits(self) -> None:
        self.lynx.needs = (
            'its module sale_subscription is not activated, which is needed',
            'its user may not read all of it: no access to account.invoice',
        )
        self.world.join('lynx', self.lynx)

        told = self.run_(bridge.ShowBridge)

        self.assertIn('passive', told)
        self.assertIn('its module sale_subscription', told)
        self.assertIn('its user may not read all of it', told)

    def test_what_waits_is_listed_with_its_reason(self) -> None:
        self.world.join('lynx', self.lynx)

        self.run_(bridge.ListWaiting)
        told = self.run_(bridge.ListWaiting, '--kind', 'contract')
        everything = json.loads(
            shell.run(self.world, bridge.ListWaiting, '-f', 'json')
        )

        self.assertIn('S012', told)
        self.assertNotIn('Initech', told)
        self.assertEqual(
            ['Initech and sons', 'S012'], [one['Name'] for one in everything]
        )
        self.assertEqual(_NO_PROJECT, everything[1]['Why'])
        self.assertEqual('2026-01-01', everything[1]['Said']['start'])

    def test_all_kinds_of_records_can_be_chosen(self) -> None:
        self.assertEqual(bridges.KINDS, bridge.KINDS)

    def test_without_another_engine_all_is_empty(self) -> None:
        told = self.run_(bridge.ShowBridge, token='SUPPORT')

        self.assertNotIn('passive', told)
        self.assertEqual(
            [],
            json.loads(
                shell.run(self.world, bridge.ListWaiting, '-f', 'json')
            ),
        )
