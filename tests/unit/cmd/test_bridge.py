# SPDX-License-Identifier: Apache-2.0
"""`bridge`: another subscription engine, as it is read."""

import dataclasses
import datetime as dt
import json
from unittest import mock

from patrii_billing.engine.bridging import reading
from patrii_billing.engine import ports
from patrii_billing.sim import engine as engines
from patrii_billing import wiring
from tests.unit.cmd import base


class BridgeTest(base.CommandTestCase):
    """The other engine has a customer whose contract names no project."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.lynx = engines.Engine(self.clock)
        self.lynx.customer('c1', 'Acme')
        self.lynx.contract(
            's1', 'c1', name='S001', start=dt.date(2026, 1, 1)
        )
        self.trouble: list[str] = []
        self.bridges = {
            'lynx': ports.Bridge(
                'lynx', self.lynx, trouble=lambda: self.trouble
            )
        }
        patch = mock.patch.object(wiring, 'bridges', lambda conf: self.bridges)
        patch.start()
        self.addCleanup(patch.stop)

    def read(self) -> None:
        tools = dataclasses.replace(self.tools(), bridges=self.bridges)
        reading.run(tools, 'lynx')

    def test_it_says_what_was_found_and_how_far_it_was_read(self) -> None:
        self.read()

        code, out, _ = self.run_it('bridge', 'show')

        self.assertEqual(0, code)
        self.assertIn('a simulated engine', out)
        self.assertIn('2026-01-01T00:00:00Z', out)
        self.assertIn('active: what it says is followed', out)
        self.assertIn('contract  waiting  1', out)

    def test_what_either_side_lacks_is_said_and_ends_with_one(self) -> None:
        self.lynx.needs = ('the user may not read invoices',)
        self.trouble = ['keystone does not answer']

        code, out, error = self.run_it('bridge', 'show')

        self.assertEqual(1, code)
        self.assertIn('the user may not read invoices', out)
        self.assertIn('keystone does not answer', out)
        self.assertIn('nothing is taken over', error)

    def test_an_engine_that_is_away_is_no_traceback(self) -> None:
        self.lynx.away = 'connection refused'

        code, out, _ = self.run_it('bridge', 'show')

        self.assertEqual(1, code)
        self.assertIn('does not answer as it should: connection', out)
        self.assertIn('passive: nothing is taken over', out)

    def test_what_waits_is_listed_with_its_reason(self) -> None:
        self.read()

        _, out, _ = self.run_it('bridge', 'waiting')
        _, lines, _ = self.run_it('bridge', 'waiting', '--format', 'json')

        self.assertIn('names no project of keystone', out)
        self.assertEqual(
            ['c1', 's1'], [json.loads(one)['ref'] for one in lines.split('\n')
                           if one],
        )  # fmt: skip

    def test_it_is_read_at_once_when_asked(self) -> None:
        self.read()

        _, out, _ = self.run_it('bridge', 'read', '--whole')
        self.lynx.asked.clear()
        self.read()

        self.assertIn('lynx is read within seconds', out)
        self.assertEqual(['look', 'all'], self.lynx.asked)

    def test_without_another_engine_it_says_so(self) -> None:
        self.bridges = {}

        code, out, _ = self.run_it('bridge', 'show')

        self.assertEqual(0, code)
        self.assertIn('customers are entered here', out)
        self.assertIn('[odoo], [tryton]', out)
