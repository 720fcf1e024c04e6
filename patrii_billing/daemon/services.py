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

from patrii_billing.daemon import loop
from patrii_billing import wiring

# How often the reconciler looks whether its time has come.
_LOOK = dt.timedelta(seconds=5)


class _Worker(cotyledon.Service):
    """From run() until it is told to terminate."""

    # Seconds to finish what is under way; cotyledon kills after 60.
    _parting = 50

    def __init__(
        self, worker_id: types.WorkerId, current: Callable[[], cfg.ConfigOpts]
    ) -> None:
        super().__init__(worker_id)
        self._conf = current()
        self._stop = threading.Event()
        self._ended = threading.Event()

    def run(self) -> None:
        try:
            if loop.once(self._what, self._check_books, self._stop):
                self._work()
        finally:
            self._ended.set()

    def terminate(self) -> None:
        self._stop.set()
        self._ended.wait(self._parting)

    @property
    def _what(self) -> str:
        return f'{self.name} {self.worker_id}'

    def _check_books(self) -> None:
        wiring.check_schema(self._conf)

    def _work(self) -> None:
        raise NotImplementedError


class Listener(_Worker):
    name = 'listener'
    # Less, since with the broker away there is no end to wait for; what is
    # not acknowledged comes again.
    _parting = 20

    def _work(self) -> None:
        ears = wiring.listener(self._conf, self._stop)
        # Does not return before the broker answers; until then there is
        # nothing to finish, and the process may just end.
        self._ended.set()
        ears.start()
        self._ended.clear()
        self._stop.wait()
        ears.stop()


class Processor(_Worker):
    name = 'processor'

    def _work(self) -> None:
        step = wiring.processor(self._conf, self._stop)
        pause = wiring.interval(self._conf)
        loop.repeat(self._what, step, pause, self._stop)


class Engine(_Worker):
    name = 'engine'

    def _work(self) -> None:
        step = wiring.engine(self._conf, self._stop)
        pause = wiring.interval(self._conf)
        loop.repeat(self._what, step, pause, self._stop)


class Reconciler(_Worker):
    name = 'reconciler'

    def _work(self) -> None:
        step = wiring.reconciler(self._conf, self._stop)
        loop.repeat(self._what, step, _LOOK, self._stop)


def workers(conf: cfg.ConfigOpts) -> dict[type[_Worker], int]:
    """Which services run here, in how many processes."""
    return {
        Listener: conf.listener.workers,
        Processor: conf.engine.processor_workers,
        Engine: conf.engine.workers,
        Reconciler: conf.engine.reconciler_workers,
    }
