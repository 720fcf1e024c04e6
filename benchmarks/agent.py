# SPDX-License-Identifier: Apache-2.0
"""Ceilometer's notification agent, writing what it hears to a file.

It has a venv of its own, made at the first run and kept.
"""

from collections.abc import Iterator
import contextlib
import os
import pathlib
import subprocess
import tempfile
import time

from benchmarks import backlog
from benchmarks import contest
from benchmarks import floors
from benchmarks import venvs
from tests import services

VERSION = '27.0.0'
_PATIENCE = 300
_LOOK = 0.02

_CONFIG = """
[DEFAULT]
transport_url = {transport}
pipeline_cfg_file = {folder}/pipeline.yaml
event_pipeline_cfg_file = {folder}/event_pipeline.yaml
[notification]
notification_control_exchanges = {exchange}
batch_size = {batch}
{timeout}
[oslo_messaging_notifications]
topics = {topic}
"""
_PIPELINE = """
sources:
  - {{name: all, {what}: ['*'], sinks: [file]}}
sinks:
  - {{name: file, publishers: ['file://{path}']}}
"""


def venv() -> pathlib.Path:
    """The venv with Ceilometer in it, made if it is missing."""
    return venvs.of('ceilometer', VERSION, 'ceilometer-agent-notification')


def run(topic: str, count: int, batch: int = 1) -> contest.Figures:
    """Have the agent read what waits; its rate and CPU."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        events = _configure(folder, topic, batch)
        with _agent(folder) as process:
            seen = _Lines(events)
            while not seen.count():
                time.sleep(_LOOK)
            worker = _worker(process.pid)
            first = (seen.count(), time.monotonic(), contest.spent(worker))
            until = time.monotonic() + _PATIENCE
            while seen.count() < count and time.monotonic() < until:
                time.sleep(_LOOK)
            last = (seen.count(), time.monotonic(), contest.spent(worker))
    return floors.figures(first, last)


def _configure(folder: pathlib.Path, topic: str, batch: int) -> pathlib.Path:
    """Both of its pipelines, as by default; the file of events."""
    events = folder / 'events'
    for name, what, path in (
        ('event_pipeline', 'events', events),
        ('pipeline', 'meters', folder / 'samples'),
    ):
        text = _PIPELINE.format(what=what, path=path)
        (folder / f'{name}.yaml').write_text(text)
    # Without one it would wait for ever for a batch that is not full.
    timeout = 'batch_timeout = 1' if batch > 1 else ''
    (folder / 'ceilometer.conf').write_text(
        _CONFIG.format(
            transport=services.transport_url(), folder=folder, topic=topic,
            exchange=backlog.EXCHANGE, batch=batch, timeout=timeout,
        ) + backlog.DURABLE
    )  # fmt: skip
    return events


@contextlib.contextmanager
def _agent(folder: pathlib.Path) -> Iterator[subprocess.Popen[bytes]]:
    program = venv() / 'bin/ceilometer-agent-notification'
    environment = {**os.environ, 'PYTHONPATH': ''}
    with (folder / 'log').open('wb') as log:
        process = subprocess.Popen(  # noqa: S603
            [program, '--config-file', folder / 'ceilometer.conf'],
            stdout=log, stderr=log, env=environment,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _worker(master: int) -> int:
    """The one process that listens."""
    tasks = pathlib.Path(f'/proc/{master}/task')
    (worker,) = [
        int(child)
        for children in tasks.glob('*/children')
        for child in children.read_text().split()
    ]
    return worker


class _Lines:
    """How many lines a file has that grows."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._read = 0
        self._count = 0

    def count(self) -> int:
        if self._path.exists():
            with self._path.open('rb') as file:
                file.seek(self._read)
                more = file.read()
            self._read += len(more)
            self._count += more.count(b'\n')
        return self._count
