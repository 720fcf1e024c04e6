# SPDX-License-Identifier: Apache-2.0
"""Which calamities fall, how many, how fast; in an order of chance."""

from collections.abc import Callable
from dataclasses import dataclass
import random
import time

from tests.fire import siege

KINDS = ('debtor', 'payer', 'racer', 'prompt')
# Seconds between two lines of progress.
_OFTEN = 10


@dataclass(frozen=True)
class Assault:
    """How often each calamity falls.

    :ivar pace: calamities a second
    :ivar every: seconds between two waves of customers
    :ivar crowd: no wave comes while so many customers are not at their end
    """

    kills: int = 0
    daemon_kills: int = 0
    freezes: int = 0
    brokers: int = 0
    databases: int = 0
    disks: int = 0
    locks: int = 0
    pace: float = 2.0
    every: float = 8.0
    crowd: int = 16

    def fall(
        self,
        city: siege.Siege,
        say: Callable[[str], None] = lambda progress: None,
    ) -> None:
        to_come = self._to_come(city)
        next_wave = said = time.monotonic()
        for number, calamity in enumerate(to_come, 1):
            now = time.monotonic()
            if now >= next_wave and len(city.unfinished()) < self.crowd:
                city.wave(*KINDS)
                next_wave = time.monotonic() + self.every
            city.let_pay()
            until = now + random.expovariate(self.pace)
            time.sleep(max(0, until - time.monotonic()))
            calamity()
            if now - said > _OFTEN:
                say(f'{number}/{len(to_come)}: {city.told()}')
                said = now

    def _to_come(self, city: siege.Siege) -> list[Callable[[], None]]:
        to_come = [
            *[city.kill_one] * self.kills,
            *[city.kill_daemon] * self.daemon_kills,
            *[city.freeze_one] * self.freezes,
            *[city.restart_broker] * self.brokers,
            *[city.restart_database] * self.databases,
            *[city.fill_disk] * self.disks,
            *[city.cross_locks] * self.locks,
        ]
        random.shuffle(to_come)
        return to_come
