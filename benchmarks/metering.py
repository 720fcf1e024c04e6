#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many samples a second are stored, recorded, and added up.

Needs RabbitMQ and MariaDB, such as private ones:

    tools/with_services.py mysql rabbitmq -- python benchmarks/metering.py

A backlog of messages with fifty samples each waits in the broker; one worker
stores it, then one records it, then its days are added up. The same for a
flood of samples that no plan prices. Nova's notifications are stored and read
in the same run, to compare with.
"""

import argparse
from collections.abc import Callable
import contextlib
import datetime as dt
import decimal
import pathlib
import sys
import time

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import bench as benches  # noqa: E402
from patrii_billing.engine import samples  # noqa: E402
from patrii_billing.engine import tools  # noqa: E402
from patrii_billing.store import plans  # noqa: E402
from patrii_billing.store import schema  # noqa: E402
from tests import books  # noqa: E402
from tests.broker import base  # noqa: E402
from tests.broker import test_metering  # noqa: E402
from tests.unit.intake import metering  # noqa: E402

# As many as ceilometer's pollsters put into a message.
SAMPLES = 50
RESOURCES = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--backend', default='mysql')
    parser.add_argument('--messages', type=int, default=400)
    arguments = parser.parse_args()
    count = arguments.messages
    with contextlib.ExitStack() as stack:
        bench = Bench(stack, arguments.backend)
        bench.price('cpu')

        nova = stack.enter_context(base.Publisher(bench.topic))
        for number in range(5 * count):
            nova.send(benches.NEWS, str(number))
        with bench.daemon(listener=1):
            bench.measure('notifications stored', bench.count_of_all,
                          5 * count)  # fmt: skip
        with bench.daemon(processor=1):
            bench.measure('notifications read', bench.count_of_read,
                          5 * count)  # fmt: skip
        bench.empty()

        publisher = stack.enter_context(
            test_metering.Publisher(f'meters_{bench.topic}')
        )
        for number in range(count):
            publisher.send(*polled(number))
        with bench.daemon(listener=1):
            bench.measure(
                'samples stored', bench.count_of_all, count, each=SAMPLES
            )
        with bench.daemon(processor=1):
            bench.measure(
                'samples recorded', bench.count_of_samples, SAMPLES * count
            )
        bench.add_up()

        publisher.send(*polled(count))
        for number in range(count):
            publisher.send(*polled(number, counter_name='memory.usage'))
        publisher.send(*polled(count + 1))
        with bench.daemon(listener=1):
            # All of them lie between the two that are stored.
            bench.measure(
                'samples dropped', bench.count_of_all, 2,
                each=SAMPLES * count,
            )  # fmt: skip


def polled(number: int, **values: object) -> list[dict[str, object]]:
    """What a pollster sends of fifty servers at once."""
    rounds, first = divmod(number * SAMPLES, RESOURCES)
    at = dt.datetime(2026, 1, 1) + dt.timedelta(minutes=5 * rounds)
    now = dt.datetime.now() - dt.timedelta(days=3)
    like = metering.recorded()['payload'][0]
    return [
        metering.signed({
            **like,
            'project_id': 'acme-prod',
            'resource_id': f'server-{first + place}',
            'timestamp': (now + (at - dt.datetime(2026, 1, 1))).isoformat(),
            'counter_volume': 10**9 * (rounds + 1) + place,
            **values,
        })
        for place in range(SAMPLES)
    ]  # fmt: skip


class Bench(benches.Bench):
    def price(self, meter: str) -> None:
        self._books.write(books.subscription)
        self._books.write(
            plans.add_price, 1, 'meter', meter, decimal.Decimal(1)
        )

    def configuration(self, listener: int, processor: int) -> str:
        own = test_metering.CONFIG.format(
            topic=f'meters_{self.topic}', secret=metering.SOURCE.secret
        )
        own = own.replace('batch_size = 5', f'workers = {listener}')
        return super().configuration(listener, processor) + own

    def empty(self) -> None:
        with self._books.engine.begin() as conn:
            conn.execute(schema.inbox.delete())

    def count_of_samples(self) -> int:
        with self._books.engine.connect() as conn:
            query = sa.select(sa.func.count()).select_from(schema.samples)
            return conn.scalar(query) or 0

    def add_up(self) -> None:
        """As the engine does, in this process."""
        clock = Clock(dt.datetime.now(dt.UTC) + dt.timedelta(hours=2))
        built = tools.Tools(self._books, None, None, clock)
        began = time.monotonic()
        days = 0
        while done := samples.run(built, clock.now()):
            days += done
        elapsed = time.monotonic() - began
        print(f'{"days added up":20} {days:6}  {days / elapsed:8.0f} a second')


class Clock:
    def __init__(self, now: dt.datetime) -> None:
        self.now: Callable[[], dt.datetime] = lambda: now


if __name__ == '__main__':
    main()
