# SPDX-License-Identifier: Apache-2.0
"""What is away is waited for, with a line in the log and no more."""

import logging
import threading

import fixtures
from oslo_db import exception
from oslotest import base

from patrii_billing import errors
from patrii_billing.intake import patience


class ImpatientStop(threading.Event):
    """An event that notes how long it was waited for, and does not wait."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def wait(self, timeout=None):
        self.waits.append(timeout)
        return self.is_set()


class TestPatience(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(
            fixtures.FakeLogger(patience.__name__, level=logging.INFO)
        )
        self.stop = ImpatientStop()
        self.patience = patience.Patience('Storing', self.stop)

    def fail(self, error=None):
        def step():
            raise error or errors.CloudUnavailable('nova is away')

        self.assertFalse(self.patience.attempt(step))

    def succeed(self):
        self.assertTrue(self.patience.attempt(lambda: None))

    def test_each_failure_in_a_row_is_waited_for_longer(self):
        for _ in range(8):
            self.fail()

        self.assertEqual([1, 2, 4, 8, 16, 32, 60, 60], self.stop.waits)

    def test_after_a_success_the_waits_begin_anew(self):
        self.fail()
        self.fail()
        self.succeed()
        self.fail()

        self.assertEqual([1, 2, 1], self.stop.waits)

    def test_each_failure_is_one_line_and_so_is_the_end_of_it(self):
        self.fail()
        self.fail()
        self.succeed()
        self.succeed()

        self.assertEqual(
            [
                'Storing: nova is away. Trying again in 1 s',
                'Storing: nova is away. Trying again in 2 s',
                'Storing: it works again',
            ],
            self.log.output.splitlines(),
        )

    def test_a_database_that_is_away_is_said_without_its_statement(self):
        self.fail(
            exception.DBConnectionError(Exception('no route\n[SQL: SELECT 1]'))
        )

        self.assertIn('database does not answer', self.log.output)
        self.assertIn('no route', self.log.output)
        self.assertNotIn('SELECT', self.log.output)

    def test_the_traceback_of_a_surprise_is_logged_once(self):
        for _ in range(3):
            self.fail(ZeroDivisionError('by zero'))

        self.assertEqual(1, self.log.output.count('Traceback'))
        self.assertEqual(3, self.log.output.count('Storing: ZeroDivision'))
