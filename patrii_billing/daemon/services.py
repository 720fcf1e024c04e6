# SPDX-License-Identifier: Apache-2.0
"""The daemon's services; each worker is a process of its own.

A worker builds all it needs after the fork, in run(), from the configuration
as it is then. Nothing that holds a connection or a lock is inherited.
"""

from collections.abc import Callable
import datetime as dt
import threading

import cotyledon
from cotyledon import types
from oslo_config import cfg

from patrii_billing.daemon import garbage
from patrii_billing.daemon import loop
from patrii_billing import wiring

# How often the reconciler looks whether its time has come.
_LOOK = dt.timedelta(seconds=5)
# What somebody waits for is looked for so many times as often as the rest; a
# look that finds nothing is one read of an index.
_AWAITED = ('cloud', 'processor')
_AS_OFTEN = 5


class _Worker(cotyledon.Service):
    """From run() until it is told to terminate."""

    # Seconds to finish what is under way; cotyledon kills after 60.
    _parting = 50

    def __init__(
        self, worker_id: types.WorkerId, current: Callable[[], cfg.ConfigOpts]
    ) -> None:
        super().__init__(worker_id)
        self._conf = current()
        self._what = f'{self.name} {worker_id}'
        self._stop = threading.Event()
        self._ended = threading.Event()

    def run(self) -> None:
        try:
            if loop.once(self._what, self._prepare, self._stop):
                self._work()
        finally:
            self._ended.set()

    def terminate(self) -> None:
        self._stop.set()
        self._ended.wait(self._parting)

    def _prepare(self) -> None:
        wiring.check_schema(self._conf)
        self._build()

    def _build(self) -> None:
        raise NotImplementedError

    def _work(self) -> None:
        raise NotImplementedError


class Listener(_Worker):
    name = 'listener'
    # Less, since with the broker away there is no end to wait for; what is
    # not acknowledged comes again.
    _parting = 20

    def _build(self) -> None:
        self._ears = wiring.listener(self._conf, self._stop)

    def _work(self) -> None:
        # Does not return before the broker answers; until then there is
        # nothing to finish, and the process may just end.
        self._ended.set()
        self._ears.start()
        self._ended.clear()
        self._stop.wait()
        self._ears.stop()


class MeterListener(Listener):
    """A process of its own: a flood of samples delays nothing of nova's."""

    name = 'meter listener'

    def _build(self) -> None:
        self._ears = wiring.meter_listener(self._conf, self._stop)


class _Looping(_Worker):
    """Takes one step after another."""

    _step: Callable[[], int]
    _pause: dt.timedelta

    def _work(self) -> None:
        loop.repeat(self._what, self._step, self._pause, self._stop)


class Processor(_Looping):
    name = 'processor'

    def _build(self) -> None:
        self._step = wiring.processor(self._conf, self._stop)
        self._pause = pause(self.name, wiring.interval(self._conf))


class Engine(_Worker):
    name = 'engine'

    def _build(self) -> None:
        self._steps = wiring.engine(self._conf, self._stop)
        self._pause = wiring.interval(self._conf)
        garbage.collect_rarely()

    def _work(self) -> None:
        threads = [
            threading.Thread(
                target=loop.repeat,
                args=(
                    f'{self._what} {name}', step, pause(name, self._pause),
                    self._stop,
                ),
            )
            for name, step in self._steps.items()
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()


def pause(name: str, usual: dt.timedelta) -> dt.timedelta:
    """How long what is done under that name waits between two looks."""
    return usual / _AS_OFTEN if name in _AWAITED else usual


class Reconciler(_Looping):
    name = 'reconciler'

    def _build(self) -> None:
        self._step = wiring.reconciler(self._conf)
        self._pause = _LOOK


class Exporter(_Worker):
    """Answers while others are busy, and while the database is away."""

    name = 'exporter'
    _parting = 20

    def _prepare(self) -> None:
        self._exporter = wiring.exporter(self._conf)
        self._exporter.start()

    def _work(self) -> None:
        self._stop.wait()
        self._exporter.stop()


def workers(conf: cfg.ConfigOpts) -> dict[type[_Worker], int]:
    """Which services run here, in how many processes."""
    return {
        Listener: conf.listener.workers,
        MeterListener: conf.ceilometer.enabled * conf.ceilometer.workers,
        Processor: conf.engine.processor_workers,
        Engine: conf.engine.workers,
        Reconciler: conf.engine.reconciler_workers,
        Exporter: int(conf.metrics.listen is not None),
    }
