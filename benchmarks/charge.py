#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many subscriptions a second are charged on a day when all are due.

Needs nothing for SQLite, and for another backend a private server of it:

    python benchmarks/charge.py --subscriptions 2000
    tools/with_services.py mysql -- \\
        python benchmarks/charge.py --backend mysql --workers 4

The floor is what the database takes for bare inserts of the same rows, by as
many workers. Each worker is a process of its own; of their memory the peak
and how much it grew after the first batches are shown.
"""

import argparse
from collections.abc import Callable
import contextlib
import multiprocessing
import pathlib
import resource
import sys
import time

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from patrii_billing.engine import charge  # noqa: E402
from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from patrii_billing.store import schema  # noqa: E402
from tests import books  # noqa: E402
from tests import crowd  # noqa: E402
from tests.database import backends  # noqa: E402

# What charging writes a row of for each subscription, beside its span.
WRITTEN = ('invoices', 'lines', 'timeline', 'notices')
WARM = 5  # batches, after which memory should not grow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--backend', default='sqlite')
    parser.add_argument('--subscriptions', type=int, default=2000)
    parser.add_argument('--workers', type=int, default=1)
    parser.add_argument('--batch', type=int, default=100)
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        bench = Bench(stack, arguments)
        charged = bench.measure('charged', work)
        bench.check()
        floor = bench.measure('bare inserts', insert)
        print(f'ratio to the floor {charged / floor:.2f}')


class Bench:
    """Books with a crowd in them, and workers who share it."""

    def __init__(
        self, stack: contextlib.ExitStack, arguments: argparse.Namespace
    ) -> None:
        self._given = arguments
        self._url = stack.enter_context(
            backends.Scratch(arguments.backend)
        ).url
        self._books = database.Database(connection=self._url)
        stack.callback(self._books.engine.dispose)
        migrate.upgrade(self._books.engine)
        self._books.write(books.plan)
        for first in range(1, arguments.subscriptions + 1, 1000):
            count = min(1000, arguments.subscriptions + 1 - first)
            self._books.write(crowd.gather, first, count)
        self._books.engine.dispose()  # lest a worker inherits a connection

    def measure(self, what: str, target: Callable[..., None]) -> float:
        """Let all workers do it; how many subscriptions a second."""
        context = multiprocessing.get_context('spawn')
        start = context.Barrier(self._given.workers + 1)
        told = context.Queue()
        workers = [
            context.Process(
                target=target,
                args=(self._url, self._given, number, start, told),
            )
            for number in range(self._given.workers)
        ]
        for worker in workers:
            worker.start()
        start.wait()
        began = time.monotonic()
        peaks = [told.get() for _ in workers]
        taken = time.monotonic() - began
        for worker in workers:
            worker.join()
        rate = self._given.subscriptions / taken
        peak = max(whole for whole, _ in peaks)
        grown = max(after for _, after in peaks)
        print(
            f'{what:13} {self._given.subscriptions:7} {rate:7.0f} a second,'
            f' peak {peak:.0f} MiB, grown by {grown:.0f} MiB'
        )
        return rate

    def check(self) -> None:
        """Each has one invoice, and no number is left out."""
        with self._books.engine.connect() as conn:
            found = conn.execute(
                sa.select(
                    sa.func.count(),
                    sa.func.count(schema.invoices.c.subscription_id.distinct()),
                    sa.func.min(schema.invoices.c.number),
                    sa.func.max(schema.invoices.c.number),
                )
            ).one()
        count = self._given.subscriptions
        if tuple(found) != (count, count, 1, count):
            raise SystemExit(f'{found} are not {count} invoices in a row')
        self._books.engine.dispose()


def work(url, given, number, start, told) -> None:
    """Charge until nothing is due."""
    tools = crowd.tools(database.Database(connection=url), batch=given.batch)
    start.wait()
    warm, batches = memory(), 0
    while charge.run(tools, tools.now()):
        batches += 1
        if batches == WARM:
            warm = memory()
    told.put((memory(), memory() - warm))


def insert(url, given, number, start, told) -> None:
    """Insert copies of the rows that were written, a batch at a time."""
    opened = database.Database(connection=url)
    tables = [schema.metadata.tables[name] for name in WRITTEN]
    copies = [copy_of(opened, table, number) for table in tables]
    share = given.subscriptions // given.workers
    start.wait()
    warm = memory()
    for first in range(0, share, given.batch):
        rows = range(first, min(first + given.batch, share))
        opened.write(insert_batch, tables, copies, rows)
    told.put((memory(), memory() - warm))


def copy_of(opened, table, number):
    """A row of the table, and what of it must be another in each copy."""
    row = opened.read(lambda conn: conn.execute(table.select()).first())
    values = {k: v for k, v in row._asdict().items() if k != 'id'}
    return lambda n: {
        **values,
        **{
            'invoices': {'series': f'B{number}', 'number': n + 1,
                         'reference': f'B{number}-{n}'},
            'notices': {'key': f'B{number}-{n}'},
        }.get(table.name, {}),
    }  # fmt: skip


def insert_batch(conn, tables, copies, rows) -> None:
    for table, copy in zip(tables, copies, strict=True):
        conn.execute(table.insert(), [copy(n) for n in rows])


def memory() -> float:
    """The most that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == '__main__':
    main()
