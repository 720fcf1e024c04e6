# SPDX-License-Identifier: Apache-2.0
"""The figures of a test's books, as a monitor reads them."""

import datetime as dt

import prometheus_client
from prometheus_client import metrics_core
from prometheus_client import parser

from patrii_billing.engine import tools as toolbox
from patrii_billing.metrics import exporter
from patrii_billing.metrics import figures

_PREFIX = 'patrii_billing_'


def read(tools: toolbox.Tools) -> list[metrics_core.Metric]:
    return tools.db.read(
        figures.read, tools.settings, tools.now(), dt.UTC, tuple(tools.bridges)
    )


def text(tools: toolbox.Tools) -> str:
    """As they go over the wire."""
    collector = exporter.Collector(lambda: read(tools), '1.2.3', 10)
    registry = prometheus_client.CollectorRegistry()
    registry.register(collector)
    return prometheus_client.generate_latest(registry).decode()


def figures_of(tools: toolbox.Tools) -> dict[str, float]:
    """By name without the prefix, with the labels' values in brackets."""
    return {
        _key(sample.name.removeprefix(_PREFIX), *sample.labels.values()):
            sample.value
        for each in parser.text_string_to_metric_families(text(tools))
        for sample in each.samples
    }  # fmt: skip


def _key(name: str, *of: str) -> str:
    return f'{name}[{", ".join(of)}]' if of else name
