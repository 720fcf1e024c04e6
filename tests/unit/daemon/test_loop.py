# SPDX-License-Identifier: Apache-2.0
"""A worker's loop goes on whatever happens, until it is told to stop."""

import datetime as dt
import threading

from oslotest import base

from patrii_billing.daemon import loop
from patrii_billing import errors

PAUSE = dt.timedelta(seconds=7)


class Stop(threading.Event):
    """Told at once after so many waits; notes how long each was."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.waits: list[float | None] = []
        self._after = after

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        if len(self.waits) == self._after:
            self.set()
        return self.is_set()


class RepeatTest(base.BaseTestCase):
    def test_with_work_the_next_step_is_taken_at_once(self) -> None:
        work = iter([3, 1, 0])
        stop = Stop(after=1)

        loop.repeat('test', lambda: next(work), PAUSE, stop)

        self.assertEqual([7], stop.waits)
        self.assertEqual([], list(work))

    def test_without_work_it_pauses(self) -> None:
        stop = Stop(after=3)

        loop.repeat('test', lambda: 0, PAUSE, stop)

        self.assertEqual([7, 7, 7], stop.waits)

    def test_a_step_that_fails_is_taken_again_after_a_growing_while(
        self,
    ) -> None:
        outcomes = iter([errors.CloudUnavailable('away')] * 3)
        stop = Stop(after=4)

        def step() -> int:
            for error in outcomes:
                raise error
            return 0

        loop.repeat('test', step, PAUSE, stop)

        self.assertEqual([1, 2, 4, 7], stop.waits)

    def test_a_step_under_way_is_finished_and_no_other_begun(self) -> None:
        stop = threading.Event()
        finished = []

        def step() -> int:
            stop.set()
            finished.append(True)
            return 1

        loop.repeat('test', step, PAUSE, stop)

        self.assertEqual([True], finished)


class OnceTest(base.BaseTestCase):
    def test_it_is_tried_until_it_succeeds(self) -> None:
        left = [errors.CloudUnavailable('away')] * 2

        def step() -> None:
            if left:
                raise left.pop()

        self.assertTrue(loop.once('test', step, Stop(after=5)))

    def test_told_to_stop_it_gives_up(self) -> None:
        def step() -> None:
            raise errors.CloudUnavailable('away')

        self.assertFalse(loop.once('test', step, Stop(after=2)))
