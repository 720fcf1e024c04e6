# SPDX-License-Identifier: Apache-2.0
"""Workers that take turns: one runs at a time, and a seed says which.

Each worker is a greenlet. At a point (between two statements, around a
commit, around a call to the outside) it may have to let others go on, or
meet a fault; nothing else ever switches, so a seed replays the same way.
"""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Sequence
import datetime as dt
import random
from typing import Any

import greenlet

# What may go wrong where; `commit` is met by a unit that has written.
FAULTS = {
    'turn': ('killed', 'stalled', 'host killed'),
    'write': ('stalled',),
    'commit': (
        'killed before', 'killed after', 'race lost', 'answer lost',
    ),
    'committed': ('stalled', 'killed'),
    'ask': ('unavailable', 'stale', 'killed'),
    'call': (
        'killed before', 'killed after', 'timed out, done',
        'timed out, not done', 'stalled after', 'refused',
    ),
    'mail': (
        'killed before', 'killed after', 'unknown, sent',
        'unknown, not sent', 'away', 'deferred', 'stalled after',
    ),
    'ack': ('killed', 'delivered again'),
}  # fmt: skip


class Killed(BaseException):
    """The worker's process is gone, in the middle of what it did."""


class Worker:
    """A thread of the service, or somebody who asks it for something."""

    def __init__(self, name: str, host: str, work: Callable[[], Any]) -> None:
        self.name = name
        self.host = host
        self.unit: Any = None  # its unit of work, if one is open
        self.wakes_at: dt.datetime | None = None
        self.since: dt.datetime | None = None
        self.misled: set[str] = set()  # servers that it saw as they were
        # The last that it asked of the cloud if it was a look, and when.
        self.looked: tuple[str, int] | None = None
        self.untold: Any = None  # the mail sent that it has not booked yet
        # Since when it reads all that nova shows, if it has come to the end.
        self.looked_through: dt.datetime | None = None
        self.hears = False  # it has taken messages from the broker
        self.killed = False
        self.error: Exception | None = None
        self._work = work
        self.green = greenlet.greenlet(self._run)

    @property
    def is_over(self) -> bool:
        return bool(self.green.dead)

    def _run(self) -> None:
        try:
            self._work()
        except Killed:
            self.killed = True
        except Exception as error:
            self.error = error


class Stage:
    """Where the workers are, and the only place that lets them go on."""

    def __init__(
        self,
        clock: Any,
        lease: dt.timedelta,
        told: Callable[..., None] | None = None,
    ) -> None:
        self.random = random.Random(0)
        self.restless = 0.0  # how likely a switch is, at any point
        self.trouble = 0.0  # how likely a fault is, where one can be
        self.kinds: Collection[str] = ()
        self.met: list[str] = []
        self.worker: Worker | None = None
        self.stalled: list[Worker] = []
        self.dying: set[str] = set()  # hosts that lost their power
        self.points = 0
        self._clock = clock
        self._lease = lease
        self._tell = told

    @property
    def traced(self) -> bool:
        return self._tell is not None

    def tell(self, *words: Any) -> None:
        if self._tell is not None:
            who = self.worker.name if self.worker else '-'
            self._tell(self._clock.now(), who, *words)

    def play(self, workers: Sequence[Worker]) -> None:
        """Let them run, in turns, until each is over or stalled."""
        now = self._clock.now()
        ready = [*workers, *(one for one in self.stalled if _awake(one, now))]
        self.stalled = [one for one in self.stalled if one not in ready]
        for one in ready:
            one.wakes_at = None
            one.since = one.since or now
        while ready:
            worker = ready[0]
            if len(ready) > 1:
                worker = ready[int(self.random.random() * len(ready))]
            self.worker = worker
            worker.green.switch()
            self.worker = None
            if worker.is_over:
                ready.remove(worker)
            elif worker.wakes_at is not None:
                ready.remove(worker)
                self.stalled.append(worker)
        self._bury()

    def _bury(self) -> None:
        """With its host goes also who stands still on it."""
        for one in [one for one in self.stalled if one.host in self.dying]:
            self.stalled.remove(one)
            one.green.throw(Killed)
        self.dying.clear()

    def point(self, place: str, *words: Any) -> str | None:
        """A place to switch at; the fault to be met there, if any."""
        worker = self.worker
        if worker is None or worker.green is not greenlet.getcurrent():
            return None
        self.points += 1
        if worker.host in self.dying:
            raise Killed
        fault = self._fault(place)
        if fault is not None:
            self.met.append(f'{place}: {fault}')
            if worker.untold is not None:
                worker.untold.doubted = True
            self.tell('!', place, fault, *words)
        if fault == 'host killed':
            self.dying.add(worker.host)
        if fault in ('killed', 'host killed'):
            raise Killed
        if fault == 'stalled':
            self.stall()
        elif place != 'commit' and self.random.random() < self.restless:
            greenlet.getcurrent().parent.switch()
            self.worker = worker
        return fault

    def stall(self) -> None:
        """Stand still, for less than a lease or for more."""
        worker = self.worker
        assert worker is not None
        now = self._clock.now()
        longer = self.random.random() < 0.7
        span = self._lease + dt.timedelta(seconds=1 if longer else -60)
        worker.wakes_at = now + span
        worker.green.parent.switch()
        self.worker = worker

    def _fault(self, place: str) -> str | None:
        faults = FAULTS.get(place)
        if not faults or not self.trouble or place not in self.kinds:
            return None
        if self.random.random() >= self.trouble:
            return None
        return faults[int(self.random.random() * len(faults))]


def _awake(worker: Worker, now: dt.datetime) -> bool:
    return worker.wakes_at is not None and worker.wakes_at <= now
