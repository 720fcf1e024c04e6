# SPDX-License-Identifier: Apache-2.0
"""A monitor is answered whatever happens, and costs little."""

from collections.abc import Sequence
from urllib import request

from oslotest import base
from prometheus_client import metrics_core
from prometheus_client import parser

from patrii_billing import errors
from patrii_billing.metrics import exporter
from patrii_billing.metrics import family


class ExporterTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = 100.0
        self.looks = 0
        self.away: Exception | None = None
        self.collector = exporter.Collector(
            self._read, '1.2.3', 10, timer=lambda: self.now
        )

    def _read(self) -> Sequence[metrics_core.Metric]:
        self.looks += 1
        if self.away is not None:
            raise self.away
        return [family.gauge('looks', 'How often it was read.', self.looks)]

    def told(self) -> dict[str, float]:
        """What a monitor is told; the names without the prefix."""
        return {
            sample.name.removeprefix(family.PREFIX): sample.value
            for each in self.collector.collect()
            for sample in each.samples
        }

    def test_who_asks_again_at_once_costs_the_database_nothing(self) -> None:
        self.told()
        self.now += 10
        self.assertEqual(1, self.told()['looks'])

        self.now += 1
        self.assertEqual(2, self.told()['looks'])

    def test_what_cannot_be_read_is_told_and_no_old_figure_shown(self) -> None:
        self.told()
        self.now += 60
        self.away = errors.BillingError('away\nfor long')

        self.assertEqual({'up': 0, 'build_info': 1}, self.told())

    def test_it_goes_on_once_the_database_is_back(self) -> None:
        self.away = OSError('away')
        self.told()
        self.now += 60
        self.away = None

        self.assertEqual(
            {'up': 1, 'looks': 2, 'read_seconds': 0, 'build_info': 1},
            self.told(),
        )

    def test_it_answers_over_http_until_it_is_stopped(self) -> None:
        running = exporter.Exporter(self.collector, '127.0.0.1', 0)
        url = f'http://127.0.0.1:{running.start()}/metrics'
        with request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()
        running.stop()

        names = [
            each.name for each in parser.text_string_to_metric_families(text)
        ]
        self.assertIn('patrii_billing_looks', names)
        self.assertRaises(OSError, request.urlopen, url, timeout=1)
