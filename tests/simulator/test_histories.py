# SPDX-License-Identifier: Apache-2.0
"""Whatever goes wrong, wherever, with whom: the promises are kept.

Two classes, for the two processes of the stage.
"""

import os
import time

from oslotest import base

from tests.simulator import history
from tests.simulator import run

# Each class plays this many at the most, and stops after so many seconds.
HISTORIES = int(os.environ.get('SIMULATOR_HISTORIES', '5000')) // 2
SECONDS = float(os.environ.get('SIMULATOR_SECONDS', '120'))
# Fewer than this show too little, however slow the machine is.
LEAST = min(50, HISTORIES)


class Histories(base.BaseTestCase):
    def assert_kept(self, first: int) -> None:
        until = time.monotonic() + SECONDS
        done = 0
        for seed in range(first, first + HISTORIES):
            self.assertEqual(
                (seed, []), run.judged(seed),
                f'python -m tests.simulator --replay {seed}',
            )  # fmt: skip
            done += 1
            if time.monotonic() > until and done >= LEAST:
                break
        print(f'{done} histories from seed {first} on')


class FirstHalfTest(Histories):
    def test_the_promises_are_kept(self) -> None:
        self.assert_kept(0)

    def test_a_seed_replays_the_same_way(self) -> None:
        for seed in range(3):
            plan = history.plan(seed)
            self.assertEqual(list(run.story(plan)), list(run.story(plan)))


class SecondHalfTest(Histories):
    def test_the_promises_are_kept(self) -> None:
        self.assert_kept(1_000_000)
