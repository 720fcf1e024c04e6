# SPDX-License-Identifier: Apache-2.0
"""`openstack billing forecast` and `summary`, for people and for machines."""

import dataclasses
import json

from osc_lib import exceptions
from oslotest import base

from patrii_billing.osc.v1 import forecast
from patrii_billing.osc.v1 import summary
from tests import doors
from tests.unit.osc import shell


class ForecastCommandTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door()
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.door.let_in()

    def test_people_read_what_comes_and_what_it_waits_for(self) -> None:
        told = shell.run(
            self.door, forecast.ListForecast, '--days', '60', '--account',
            'acme',
        )  # fmt: skip

        self.assertIn('| 2026-11-26 12:00 ', told)
        self.assertIn('| from 2026-12-01 12:00 | shelve ', told)
        self.assertIn('28.00 EUR', told)
        self.assertNotIn('rival', told)
        self.assertLessEqual(max(map(len, told.splitlines())), 80)

    def test_of_some_kinds_alone_over_all_pages(self) -> None:
        self.door.door = dataclasses.replace(self.door.door, max_limit=1)
        told = json.loads(
            shell.run(
                self.door, forecast.ListForecast, '--days', '60', '--kind',
                'shelve', '--kind', 'grace', '-f', 'json',
            )
        )  # fmt: skip

        self.assertEqual(
            ['grace', 'grace', 'shelve', 'shelve'],
            sorted(one['Kind'] for one in told),
        )

    def test_machines_read_it_raw(self) -> None:
        told = json.loads(
            shell.run(
                self.door, forecast.ListForecast, '--days', '60', '-f', 'json'
            )
        )

        shelved = [one for one in told if one['Kind'] == 'shelve']
        self.assertEqual(2, len(shelved))
        self.assertEqual('2026-12-01T12:00:01Z', shelved[0]['At'])
        self.assertIs(True, shelved[0]['Not Before'])
        self.assertEqual('28.00', shelved[0]['Amount'])
        self.assertEqual(2, len(shelved[0]['Servers']))

    def test_too_many_days_are_refused_in_a_line(self) -> None:
        error = self.assertRaises(
            exceptions.CommandError,
            shell.run, self.door, forecast.ListForecast, '--days', '999',
        )  # fmt: skip

        self.assertIn('days: ', str(error))

    def test_the_summary_fits_a_terminal(self) -> None:
        told = shell.run(self.door, summary.ShowSummary)

        self.assertIn('active: 2 subscriptions of 2 accounts', told)
        self.assertIn('not due: 46.00 EUR on 2 invoices', told)
        self.assertIn('over 90 days: 0.00 EUR on 0 invoices', told)
        self.assertIn('2026-11: invoiced 46.00, collected 0.00 EUR', told)
        self.assertLessEqual(max(map(len, told.splitlines())), 80)

    def test_the_summary_is_whole_for_machines(self) -> None:
        told = json.loads(
            shell.run(self.door, summary.ShowSummary, '-f', 'json')
        )

        self.assertEqual(2, told['Accounts'])
        self.assertEqual('reminder', told['Due if Unpaid'][0]['kind'])

    def test_a_customer_sees_no_summary(self) -> None:
        self.assertRaises(
            exceptions.CommandError,
            shell.run, self.door, summary.ShowSummary, token='ACME',
        )  # fmt: skip
