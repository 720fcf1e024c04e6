#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many notifications a second are stored, and how many are read.

Needs RabbitMQ and MariaDB, such as private ones:

    tools/with_services.py mysql rabbitmq -- python benchmarks/ingest.py

A backlog waits in the broker; one worker stores it, then one reads it. The
same for a flood of updates, of which nothing is stored.
"""

import argparse
from collections.abc import Callable
import contextlib
import pathlib
import sys
import tempfile
import time
import uuid

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from patrii_billing.store import schema  # noqa: E402
from tests.broker import base  # noqa: E402
from tests.database import backends  # noqa: E402
from tests import services  # noqa: E402
from tests.unit.intake import messages  # noqa: E402

NEWS = messages.versioned('create.end')
FLOOD = messages.versioned('update')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--backend', default='mysql')
    parser.add_argument('--messages', type=int, default=5000)
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        bench = Bench(stack, arguments.backend)
        count = arguments.messages
        publisher = stack.enter_context(base.Publisher(bench.topic))

        for number in range(count):
            publisher.send(NEWS, str(number))
        with bench.daemon(listener=1):
            bench.measure('stored', bench.count_of_all, count)

        with bench.daemon(processor=1):
            bench.measure('read', bench.count_of_read, count)

        publisher.send(NEWS, 'begin')
        for number in range(count):
            publisher.send(FLOOD, f'flood-{number}')
        publisher.send(NEWS, 'end')
        with bench.daemon(listener=1):
            # All of them lie between the two that are stored.
            bench.measure(
                'updates dropped',
                lambda: bench.count_of_all() - count,
                2,
                each=count,
            )


class Bench:
    """Books and a topic of their own, and the clock."""

    def __init__(self, stack: contextlib.ExitStack, backend: str) -> None:
        self.topic = f'bench_{uuid.uuid4().hex}'
        self._url = stack.enter_context(backends.Scratch(backend)).url
        self._books = database.Database(connection=self._url)
        stack.callback(self._books.engine.dispose)
        migrate.upgrade(self._books.engine)
        self._folder = pathlib.Path(
            stack.enter_context(tempfile.TemporaryDirectory())
        )

    @contextlib.contextmanager
    def daemon(self, listener: int = 0, processor: int = 0):
        config = self._folder / 'billing.conf'
        config.write_text(self.configuration(listener, processor))
        running = base.Daemon(config)
        try:
            yield
        finally:
            running.terminate()

    def configuration(self, listener: int, processor: int) -> str:
        return base.CONFIG.format(
            transport=services.transport_url(),
            books=self._url,
            topic=self.topic,
            listener=listener,
            processor=processor,
        )

    def count_of_all(self) -> int:
        return self._count()

    def count_of_read(self) -> int:
        return self._count(schema.inbox.c.state != 'new')

    def measure(
        self, what: str, so_far: Callable[[], int], end: int, each: int = 1
    ) -> None:
        """Time it from the first on to the end; each stands for so many."""
        while (first := so_far()) < 1:
            time.sleep(0.01)
        began = time.monotonic()
        while so_far() < end:
            time.sleep(0.01)
        count = (end - first) * each
        rate = count / (time.monotonic() - began)
        print(f'{what:20} {count:6}  {rate:8.0f} a second')

    def _count(self, *wanted: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(schema.inbox)
        with self._books.engine.connect() as conn:
            return conn.scalar(query.where(*wanted)) or 0


if __name__ == '__main__':
    main()
