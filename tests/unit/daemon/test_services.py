# SPDX-License-Identifier: Apache-2.0
"""The engine's steps, side by side."""

import datetime as dt
import socket
import threading
import time
from urllib import error
from urllib import request

from oslo_config import cfg
from oslotest import base

from patrii_billing.daemon import services
from patrii_billing.engine import tick
from tests.unit.conf import base as configured


class Hanging(services.Engine):
    """One of its steps hangs until the other was taken twice."""

    def _build(self) -> None:
        self.taken = 0
        self.twice = threading.Event()
        self._pause = dt.timedelta(milliseconds=1)
        self._steps = {'mail': self._hang, 'cloud': self._act}

    def _prepare(self) -> None:
        self._build()

    def _hang(self) -> int:
        self.twice.wait(30)
        self._stop.set()
        return 0

    def _act(self) -> int:
        self.taken += 1
        if self.taken == 2:
            self.twice.set()
        return 1


class EngineTest(base.BaseTestCase):
    def test_one_that_hangs_does_not_keep_the_others_waiting(self) -> None:
        engine = Hanging(0, cfg.ConfigOpts)

        engine.run()

        self.assertTrue(engine.twice.is_set())
        self.assertGreaterEqual(engine.taken, 2)

    def test_each_is_taken_by_one_thread(self) -> None:
        taken = [name for each in tick.SIDE_BY_SIDE.values() for name in each]
        self.assertEqual(sorted(tick.STEPS), sorted(taken))

    def test_what_a_payer_waits_for_is_looked_for_most_often(self) -> None:
        second = dt.timedelta(seconds=1)

        pauses = {
            name: services.pause(name, second) for name in tick.SIDE_BY_SIDE
        }

        self.assertEqual(second / 5, pauses.pop('cloud'))
        self.assertEqual({second}, set(pauses.values()))


class ExporterTest(configured.ConfigTestCase):
    def test_it_answers_while_the_database_is_away(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = free.getsockname()[1]
        conf = self.load(f'[metrics]\nlisten = 127.0.0.1\nport = {port}')
        exporter = services.Exporter(0, lambda: conf)
        running = threading.Thread(target=exporter.run)
        running.start()
        self.addCleanup(running.join)
        self.addCleanup(exporter.terminate)

        self.assertIn('patrii_billing_up 0.0', self._ask(port))

    def _ask(self, port: int) -> str:
        url = f'http://127.0.0.1:{port}/metrics'
        for _ in range(100):
            try:
                with request.urlopen(url, timeout=30) as answer:
                    return str(answer.read().decode())
            except error.URLError:
                time.sleep(0.1)
        raise AssertionError('it does not answer')


class WorkersTest(configured.ConfigTestCase):
    def test_figures_are_told_where_that_is_asked_for(self) -> None:
        listening = self.load('[metrics]\nlisten = 127.0.0.1')

        self.assertEqual(0, services.workers(self.load())[services.Exporter])
        self.assertEqual(1, services.workers(listening)[services.Exporter])
