#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many invoices a second are issued on a day when all are due.

Needs nothing for SQLite, and for the others private servers of them:

    tools/with_services.py mysql postgresql -- \\
        python benchmarks/charge.py --backends sqlite mysql postgresql
"""

import argparse
from collections.abc import Callable
import contextlib
import datetime as dt
import functools
import multiprocessing
import os
import pathlib
import sys
import time
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import bare  # noqa: E402
from benchmarks import contest  # noqa: E402
from patrii_billing.daemon import garbage  # noqa: E402
from patrii_billing.domain import lifecycle  # noqa: E402
from patrii_billing.engine import charge  # noqa: E402
from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from patrii_billing.store import schema  # noqa: E402
from tests import books  # noqa: E402
from tests import crowd  # noqa: E402
from tests.database import backends  # noqa: E402

ABOUT = """\
Each of many customers, who has paid what he was sent before, is due an
invoice of three servers: the engine reads
his contract and what he had, prices the lines with their taxes, numbers the
invoice, and writes it with its mail, its event and the timeline. Beside it
stands what the database takes for the rows of the invoices and their lines
alone, over plain connections: by SQLAlchemy Core in batches of 500 (the
floor), by the driver, by an ORM, and in a transaction for each.

The same for many times as many customers, which should take as long for
each, and for two workers that share them. A worker is a process of its own."""

RATE, CPU, GROWN = 'invoices/s', 'CPU s per 1,000', 'MiB grown'
# Of the floor, with all that is done beside.
WANTED = {'mysql': 0.25, 'postgresql': 0.37, 'sqlite': 0.15}
TWICE = 1.6  # for two workers, where rows are locked and not the books
_SERVERS = 3
_WARM = 5  # batches after which memory should not grow
_MONTH = dt.timedelta(days=31)


def main() -> None:
    asked = options()
    match = contest.Contest(
        'charge', ABOUT,
        'tools/with_services.py mysql postgresql -- python'
        ' benchmarks/charge.py --backends sqlite mysql postgresql',
        asked.turns,
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        contenders: dict[str, contest.Turn] = {}
        for backend in asked.backends:
            contenders |= one_backend(stack, backend, asked)
        match.run(contenders)
    for backend in asked.backends:
        judge(match, backend)
    match.finish(asked)


def options() -> argparse.Namespace:
    parser = contest.parser(__doc__)
    parser.add_argument('--backends', nargs='+', default=['sqlite'])
    parser.add_argument('--customers', type=int, default=2000)
    parser.add_argument('--times', type=int, default=5, help='as many')
    parser.add_argument('--batch', type=int, default=500)
    return parser.parse_args()


def one_backend(
    stack: contextlib.ExitStack, backend: str, asked: argparse.Namespace
) -> dict[str, contest.Turn]:
    count, batch = asked.customers, asked.batch
    crowded = Crowd(stack, backend, count, batch)
    shared = Crowd(stack, backend, count, batch)
    larger = Crowd(stack, backend, count * asked.times, batch)
    other = Crowd(stack, backend, count, batch)
    crowded.issue()
    # As anybody has it: nothing of what the house makes of a connection.
    plain = sa.create_engine(other.url)
    stack.callback(plain.dispose)
    floors = bare.Floors(plain, *crowded.an_invoice())
    contenders: dict[str, contest.Turn] = {
        'engine': crowded.issue,
        'engine, two workers': functools.partial(shared.issue, workers=2),
        f'engine, {asked.times} times as many': larger.issue,
    }
    for name, way in (
        ('Core', floors.core), ('driver', floors.driver),
        ('ORM', floors.orm), ('one by one', floors.each),
    ):  # fmt: skip
        contenders[name] = functools.partial(rated, way, count)
    return {f'{backend}: {name}': turn for name, turn in contenders.items()}


def rated(way: Callable[[int], None], count: int) -> contest.Figures:
    began, spent = time.monotonic(), time.process_time()
    way(count)
    spent = time.process_time() - spent
    return {
        RATE: count / (time.monotonic() - began),
        CPU: spent * 1000 / count,
    }


class Crowd:
    """Customers who are all due at once, each month anew."""

    def __init__(
        self, stack: contextlib.ExitStack, backend: str, count: int, batch: int
    ) -> None:
        self.url = stack.enter_context(backends.Scratch(backend)).url
        self.books = database.Database(connection=self.url)
        stack.callback(self.books.engine.dispose)
        migrate.upgrade(self.books.engine)
        self._count, self._batch = count, batch
        self._now, self._issued = crowd.DUE, 0
        self.books.write(books.plan)
        for first in range(1, count + 1, 1000):
            some = min(1000, count + 1 - first)
            self.books.write(crowd.gather, first, some)
            for number in range(2, _SERVERS + 1):
                self.books.write(_another_server, first, some, number)

    def issue(self, workers: int = 1) -> contest.Figures:
        """Let workers charge all who are due, and move on by a month."""
        self.books.engine.dispose()  # lest a worker inherits a connection
        context = multiprocessing.get_context('spawn')
        start, told = context.Barrier(workers + 1), context.Queue()
        args = (self.url, self._batch, self._now, start, told)
        working = [
            context.Process(target=work, args=args) for _ in range(workers)
        ]
        for worker in working:
            worker.start()
        start.wait()
        began = time.monotonic()
        figures = [told.get() for _ in working]
        taken = time.monotonic() - began
        for worker in working:
            worker.join()
        self._now += _MONTH
        self._check()
        self._pay()
        return {
            RATE: self._count / taken,
            CPU: sum(spent for spent, _ in figures) * 1000 / self._count,
            GROWN: max(grown for _, grown in figures),
        }

    def _check(self) -> None:
        """Each has one invoice more, and no number is left out."""
        found = self.books.read(
            lambda conn: conn.execute(
                sa.select(
                    sa.func.count(), sa.func.max(schema.invoices.c.number)
                )
            ).one()
        )
        self._issued += self._count
        if tuple(found) != (self._issued, self._issued):
            raise SystemExit(f'{found} are not {self._issued} in a row')

    def _pay(self) -> None:
        """Nobody owes anything when the next month is due."""
        with self.books.engine.begin() as conn:
            conn.execute(
                schema.invoices.update()
                .where(schema.invoices.c.state == lifecycle.InvoiceState.OPEN)
                .values(state=lifecycle.InvoiceState.PAID, owed=0)
            )

    def an_invoice(self) -> tuple[Any, Any]:
        """The first one, and its lines."""
        with self.books.engine.connect() as conn:
            invoice = conn.execute(
                schema.invoices.select().where(schema.invoices.c.number == 1)
            ).one()
            lines = conn.execute(
                schema.lines.select().where(
                    schema.lines.c.invoice_id == invoice.id
                )
            ).all()
        if len(lines) != _SERVERS:
            raise SystemExit(f'an invoice has {len(lines)} lines')
        return invoice._asdict(), [line._asdict() for line in lines]


def _another_server(
    conn: sa.Connection, first: int, count: int, number: int
) -> None:
    for table, named in (
        (schema.servers, ('id',)), (schema.levels, ('server', 'key')),
    ):  # fmt: skip
        columns = [
            one for one in table.c
            if not one.computed and (one.name != 'id' or 'id' in named)
        ]  # fmt: skip
        rows = sa.select(
            *(
                one + sa.literal(f'-{number}') if one.name in named else one
                for one in columns
            )
        ).where(
            table.c.project.in_(
                [f'project-{n}' for n in range(first, first + count)]
            ),
            sa.not_(table.c[named[0]].like('%-%-%')),
        )
        conn.execute(table.insert().from_select(columns, rows))


def work(
    url: str, batch: int, now: dt.datetime, start: Any, told: Any
) -> None:
    """Charge until nothing is due."""
    db = database.Database(connection=url)
    tools = crowd.tools(db, now, charge_batch=batch)
    tools.db.read(lambda conn: conn.execute(sa.select(1)))
    garbage.collect_rarely()  # as an engine does
    start.wait()
    before, batches = contest.resident(os.getpid()), 0
    spent = time.process_time()
    while charge.run(tools, now):
        batches += 1
        if batches == _WARM:
            before = contest.resident(os.getpid())
    spent = time.process_time() - spent
    told.put((spent, contest.resident(os.getpid()) - before))


def judge(match: contest.Contest, backend: str) -> None:
    own = f'{backend}: engine'
    match.expect(
        f'{own} by Core', match.ratio(own, f'{backend}: Core', RATE),
        at_least=WANTED[backend],
    )  # fmt: skip
    (larger,) = (
        name for name in match.measured
        if name.startswith(own) and name.endswith('times as many')
    )  # fmt: skip
    match.expect(
        f'{larger}, by as many', match.ratio(larger, own, RATE), at_least=0.9
    )
    if backend == 'postgresql':
        match.expect(
            f'{own}: two workers by one',
            match.ratio(f'{own}, two workers', own, RATE), at_least=TWICE,
        )  # fmt: skip


if __name__ == '__main__':
    main()
