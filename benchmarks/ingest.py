#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast waiting notifications are stored, and read into the books.

Needs RabbitMQ, MariaDB and PostgreSQL, such as private ones:

    tools/with_services.py mysql postgresql rabbitmq -- \\
        python benchmarks/ingest.py

Beside us, in the same run, the floors and Ceilometer's agent, which is
installed into a venv of its own.
"""

import argparse
from collections.abc import Callable
import contextlib
import functools
import pathlib
import sys
import time
import uuid

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import agent  # noqa: E402
from benchmarks import backlog  # noqa: E402
from benchmarks import bench as benches  # noqa: E402
from benchmarks import contest  # noqa: E402
from benchmarks import floors  # noqa: E402
from patrii_billing.store import schema  # noqa: E402
from tests import books  # noqa: E402

ABOUT = """\
Notifications of nova wait in a durable queue of RabbitMQ, and one process
reads them. A rate counts from the end of the first batch to that of the
last; CPU is that of the reading process alone. The floors do less than we
must: py-amqp takes messages and looks into none; oslo.messaging takes batches
of 500 and does nothing; the store floors insert them, idempotently, into our
table by one statement of the driver for each batch, whose texts it quotes.

"Into the books" is a listener and a processor at once, until each message is
parsed, observed, and its subscription marked to be settled. Ceilometer's
agent writes events to a file; it reads the older form of the same
notifications, which is the one it knows, and is 40 per cent shorter.
"""
OURS = 'ours, MariaDB'
OURS_PG = 'ours, PostgreSQL'
BOOKS = 'ours, into the books, MariaDB'
FLOOR = 'store floor, MariaDB'
DEFAULT = f'Ceilometer {agent.VERSION}'
BATCHED = f'Ceilometer {agent.VERSION}, batches of 100'


def main() -> None:
    parser = contest.parser(__doc__)
    parser.add_argument('--messages', type=int, default=4000)
    parser.add_argument(
        '--slow', type=int, default=4,
        help='the slow contenders read one message of so many',
    )  # fmt: skip
    parser.add_argument('--only', nargs='*', help='parts of their names')
    asked = parser.parse_args()
    agent.venv()
    held = contest.Contest(
        'ingest', ABOUT, 'tools/with_services.py mysql postgresql rabbitmq --'
        f' python benchmarks/ingest.py --messages {asked.messages}',
        asked.turns,
    )  # fmt: skip
    chosen = {
        name: turn
        for name, turn in contenders(asked).items()
        if not asked.only or any(part in name for part in asked.only)
    }
    held.run(chosen)
    if not asked.only:
        judge(held)
    held.finish(asked)


def contenders(asked: argparse.Namespace) -> dict[str, contest.Turn]:
    count, few = asked.messages, asked.messages // asked.slow
    floor = functools.partial(from_floor, count)
    ours = functools.partial(from_us, count)
    return {
        'py-amqp alone': functools.partial(floor, floors.bare),
        'oslo.messaging alone': functools.partial(floor, floors.idle),
        FLOOR: functools.partial(floor, floors.store, 'mysql'),
        'store floor, PostgreSQL': functools.partial(
            floor, floors.store, 'postgresql'
        ),
        'store floor, SQLite': functools.partial(
            floor, floors.store, 'sqlite'
        ),
        'a commit for each, MariaDB': functools.partial(
            from_floor, few, floors.commit_each, 'mysql'
        ),
        DEFAULT: functools.partial(from_agent, few),
        BATCHED: functools.partial(from_agent, few, 100),
        OURS: functools.partial(ours, 'mysql'),
        OURS_PG: functools.partial(ours, 'postgresql'),
        'ours, SQLite': functools.partial(ours, 'sqlite'),
        BOOKS: functools.partial(into_books, count),
    }


def judge(held: contest.Contest) -> None:
    rate = functools.partial(held.ratio, what=floors.RATE)
    cpu = functools.partial(held.ratio, what=floors.CPU)
    held.expect('our rate to the store floor', rate(OURS, FLOOR),
                at_least=0.9)  # fmt: skip
    held.expect('our rate to Ceilometer', rate(OURS, DEFAULT), at_least=3.8)
    held.expect('our rate to Ceilometer in batches', rate(OURS, BATCHED),
                at_least=3.2)  # fmt: skip
    held.expect('our CPU to Ceilometer', cpu(OURS, DEFAULT), at_most=0.25)
    held.expect('our CPU to Ceilometer in batches', cpu(OURS, BATCHED),
                at_most=0.33)  # fmt: skip
    held.expect('our rate on PostgreSQL to MariaDB', rate(OURS_PG, OURS),
                at_least=0.85)  # fmt: skip
    held.expect('our rate into the books to Ceilometer', rate(BOOKS, DEFAULT),
                at_least=2)  # fmt: skip


def from_floor(
    count: int, contender: Callable[..., None], backend: str | None = None
) -> contest.Figures:
    with contextlib.ExitStack() as stack:
        if backend is None:
            topic, url = f'bench_{uuid.uuid4().hex}', ''
        else:
            bench = Bench(stack, backend)
            topic, url = bench.topic, bench.url
        backlog.fill(topic, count)
        return floors.run(contender, topic, count, url)


def from_agent(count: int, batch: int = 1) -> contest.Figures:
    topic = f'bench_{uuid.uuid4().hex}'
    backlog.fill(topic, count, legacy=True)
    return agent.run(topic, count, batch)


def from_us(count: int, backend: str) -> contest.Figures:
    with contextlib.ExitStack() as stack:
        bench = Bench(stack, backend)
        backlog.fill(bench.topic, count)
        daemon = stack.enter_context(bench.daemon(listener=1))
        return bench.watch(daemon.workers, bench.newest, count)


def into_books(count: int) -> contest.Figures:
    with contextlib.ExitStack() as stack:
        bench = Bench(stack, 'mysql')
        bench.sell()
        backlog.fill(bench.topic, count)
        daemon = stack.enter_context(bench.daemon(listener=1, processor=1))
        return bench.watch(daemon.workers, bench.count_of_read, count)


class Bench(benches.Bench):
    def configuration(self, listener: int, processor: int) -> str:
        own = super().configuration(listener, processor)
        return own.replace(
            '[listener]', f'[listener]\nexchange = {backlog.EXCHANGE}'
        ) + backlog.DURABLE  # fmt: skip

    def sell(self) -> None:
        """Have all that the notifications tell of paid for."""
        self._books.write(self._sell)

    def _sell(self, conn: sa.Connection) -> None:
        prices = (('flavor', 'small', '10.00'), ('flavor', 'large', '40.00'))
        plan = books.plan(conn, prices=prices)
        for number in range(backlog.PROJECTS):
            name = f'customer-{number}'
            books.subscription(
                conn, name, account_id=books.account(conn, name),
                plan_id=plan, project=backlog.project_id(number),
            )  # fmt: skip

    def newest(self) -> int:
        """As many as were stored: each costs a look at one row."""
        query = sa.select(sa.func.max(schema.inbox.c.id))
        with self._books.engine.connect() as conn:
            return conn.scalar(query) or 0

    def watch(
        self,
        workers: Callable[[], list[int]],
        so_far: Callable[[], int],
        count: int,
    ) -> contest.Figures:
        """Follow the daemon from its first batch to its last."""
        while not so_far():
            time.sleep(benches.LOOK)
        pids = workers()
        first = (so_far(), time.monotonic(), self._spent(pids))
        while so_far() < count:
            time.sleep(benches.LOOK)
        last = (so_far(), time.monotonic(), self._spent(pids))
        return floors.figures(first, last)

    def _spent(self, pids: list[int]) -> float:
        return sum(contest.spent(pid) for pid in pids)


if __name__ == '__main__':
    main()
