#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long it takes to shelve many at once, and to restore who has paid.

Nova is a stand-in that takes its time; the rest is real:

    tools/with_services.py mysql -- \\
        python benchmarks/enforcement.py --servers 1000

"""

import argparse
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from concurrent import futures
import contextlib
import dataclasses
import datetime as dt
import functools
import json
import pathlib
import random
import sys
import tempfile
import threading
import time
from typing import Any
from urllib import request

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import contest  # noqa: E402
from benchmarks import standin  # noqa: E402
from patrii_billing.conf import opts  # noqa: E402
from patrii_billing.daemon import loop  # noqa: E402
from patrii_billing.daemon import services  # noqa: E402
from patrii_billing.domain import money  # noqa: E402
from patrii_billing.engine import payments  # noqa: E402
from patrii_billing.engine import tick  # noqa: E402
from patrii_billing.engine import tools as toolbox  # noqa: E402
from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import memory  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from patrii_billing.store import schema  # noqa: E402
from patrii_billing.store import watch  # noqa: E402
from patrii_billing import wiring  # noqa: E402
from tests import books  # noqa: E402
from tests import crowd  # noqa: E402
from tests.database import backends  # noqa: E402

ABOUT = """\
All servers of a fleet are to be shelved at the same instant, in a stand-in
for nova that works on eight requests at once and answers a hundred a second,
as a real one would on some eight cores, shelves in 2 s and unshelves in 3 s.
The engine asks its books before each call, locks, shelves and looks until
nova confirms; by the option act_threads it works on so many servers at a
time. Beside it the bare calls, lock, shelve and a look each second until
shelved, by as many threads; and one thread with a tenth of the servers.

After that customers pay, one at a time and at odd moments; told is how long
it takes from the payment to an active server, and from a bare unshelve call
to one.
"""
PACE = standin.Pace(single=0.08, at_once=8)
SECONDS, CPU, AT_ONCE, ASKED = 's', 'CPU s', 'requests at once', 'requests'
ACTIVE = 's to ACTIVE'
PAID, CALLED = 'a payment', 'a bare unshelve'
_YEAR = dt.timedelta(days=365)
# Less than the shortest span of the ladder.
_STRIDE = dt.timedelta(hours=12)
_PATIENCE = 60


def main() -> None:
    parser = contest.parser(__doc__)
    parser.add_argument('--servers', type=int, default=40)
    parser.add_argument('--threads', type=int, default=8)
    parser.add_argument('--backend', default='mysql')
    asked = parser.parse_args()
    held = contest.Contest(
        'enforcement', ABOUT, 'tools/with_services.py mysql -- python'
        f' benchmarks/enforcement.py --servers {asked.servers}', asked.turns,
    )  # fmt: skip
    ours = f'ours, {asked.threads} threads'
    calls = f'bare calls, {asked.threads} threads'
    tenth = argparse.Namespace(**vars(asked))
    tenth.servers = max(1, asked.servers // 10)
    held.run(
        {
            calls: functools.partial(bare_calls, asked),
            ours: functools.partial(shelve_all, held, asked, asked.threads),
            'ours, 1 thread, a tenth': functools.partial(
                shelve_all, None, tenth, 1
            ),
        }
    )
    held.expect('requests at once to threads',
                held.median(ours, AT_ONCE) / asked.threads,
                at_most=1)  # fmt: skip
    held.expect('time to that of bare calls', held.ratio(ours, calls, SECONDS),
                at_most=3)  # fmt: skip
    held.expect(
        'seconds from a payment to ACTIVE beyond those of a bare unshelve',
        held.median(PAID, ACTIVE) - held.median(CALLED, ACTIVE), at_most=1,
    )  # fmt: skip
    held.finish(asked)


def shelve_all(
    held: contest.Contest | None, asked: argparse.Namespace, threads: int
) -> contest.Figures:
    """Shelve them; where there is somebody to tell, some pay after that."""
    with contextlib.ExitStack() as stack:
        cloud = Cloud(stack, asked)
        tools = debtors(stack, asked, cloud, threads)
        began, own = time.monotonic(), time.process_time()
        while _live(tools):
            if not tick.run(tools, ('act',)):
                time.sleep(0.05)
        figures = {
            SECONDS: time.monotonic() - began,
            CPU: time.process_time() - own,
            AT_ONCE: cloud.ask('at-once'),
            ASKED: sum(cloud.ask('requests').values()),
        }
        if held is not None:
            held.note(PAID, {ACTIVE: payment_to_active(tools, cloud)})
            held.note(CALLED, {ACTIVE: call_to_active(tools, cloud)})
        return figures


def bare_calls(asked: argparse.Namespace) -> contest.Figures:
    with contextlib.ExitStack() as stack:
        cloud = Cloud(stack, asked)
        hands = wiring.tools(cloud.conf('sqlite://')).cloud.servers

        def shelve(number: int) -> None:
            server = standin.server_id(number)
            hands.lock(server, 'a benchmark')
            hands.shelve(server)

        def shelved(number: int) -> bool:
            found = hands.get(standin.server_id(number))
            return found is not None and found.vm_state != 'active'

        began, own = time.monotonic(), time.process_time()
        with futures.ThreadPoolExecutor(asked.threads) as pool:
            left = list(range(1, asked.servers + 1))
            list(pool.map(shelve, left))
            while left:
                time.sleep(1)
                seen = list(pool.map(shelved, left))
                left = [n for n, is_so in zip(left, seen, strict=True)
                        if not is_so]  # fmt: skip
        return {
            SECONDS: time.monotonic() - began,
            CPU: time.process_time() - own,
            AT_ONCE: cloud.ask('at-once'),
            ASKED: sum(cloud.ask('requests').values()),
        }


class Cloud:
    """A stand-in, and the way to it."""

    def __init__(
        self, stack: contextlib.ExitStack, asked: argparse.Namespace
    ) -> None:
        # The crowd is counted from 1.
        self._url = stack.enter_context(
            standin.running(asked.servers + 1, pace=PACE)
        )
        self._folder = stack.enter_context(tempfile.TemporaryDirectory())

    def conf(self, url: str) -> Any:
        config = pathlib.Path(self._folder) / 'billing.conf'
        config.write_text(
            f'[database]\nconnection = {url}\n'
            + standin.CONFIG.format(url=self._url)
        )
        return opts.load(['--config-file', str(config)])

    def ask(self, what: str) -> Any:
        with request.urlopen(f'{self._url}/{what}') as answer:  # noqa: S310
            return json.load(answer)

    def active_since(self, server: str) -> float:
        """Wait until it is; when it became so, by the machine's clock."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            since = self.ask(f'since/{server}')
            if 'active' in since:
                return float(since['active'])
            time.sleep(0.05)
        raise SystemExit(f'{server} does not become active')


class Clock:
    """Goes as the real one does, from where it is set."""

    def __init__(self, at: dt.datetime) -> None:
        self.set(at)

    def set(self, at: dt.datetime) -> None:
        self._at, self._began = at, time.monotonic()

    def now(self) -> dt.datetime:
        return self._at + dt.timedelta(seconds=time.monotonic() - self._began)


def debtors(
    stack: contextlib.ExitStack,
    asked: argparse.Namespace,
    cloud: Cloud,
    threads: int,
) -> toolbox.Tools:
    """Books of customers who must be shelved now, each with a server."""
    now, written = _debts(asked.servers)
    url = stack.enter_context(backends.Scratch(asked.backend)).url
    db = database.Database(connection=url, max_pool_size=2 * threads)
    stack.callback(db.engine.dispose)
    migrate.upgrade(db.engine)
    db.write(_copy, written)
    pool = stack.enter_context(futures.ThreadPoolExecutor(threads))
    return dataclasses.replace(
        _tools(db, asked.servers, Clock(now)),
        cloud=wiring.tools(cloud.conf(url)).cloud,
        each=lambda work, rows: list(pool.map(work, rows)),
    )


@functools.cache
def _debts(count: int) -> tuple[dt.datetime, dict[sa.Table, list[Any]]]:
    """What is in such books and from when, written once for all turns."""
    db = memory.books()
    db.write(books.plan)
    db.write(crowd.gather, 1, count)
    db.write(_rename, count)
    clock = Clock(crowd.DUE)
    tools = _tools(db, count, clock)
    db.write(watch.change, swept_at=clock.now())
    while _live(tools) < count:
        clock.set(clock.now() + _STRIDE)
        while tick.run(tools, ('charge', 'collect', 'notify')):
            pass
    with db.engine.connect() as conn:
        written = {
            table: [row._asdict() for row in conn.execute(_own(table))]
            for table in schema.metadata.sorted_tables
        }
    return clock.now(), {
        table: rows for table, rows in written.items() if rows
    }


def _own(table: sa.Table) -> sa.Select[Any]:
    """A table without what its database makes of the rest."""
    return sa.select(*(each for each in table.c if each.computed is None))


def _copy(
    conn: sa.Connection, written: Mapping[sa.Table, Sequence[Any]]
) -> None:
    """What a new database has of its own is told anew."""
    for table, rows in written.items():
        conn.execute(table.delete())
        conn.execute(table.insert(), rows)
        number = table.autoincrement_column
        if conn.dialect.name == 'postgresql' and number is not None:
            following = sa.func.pg_get_serial_sequence(table.name, number.name)
            conn.execute(
                sa.select(sa.func.setval(following, sa.func.max(number)))
            )


def _tools(db: database.Database, count: int, clock: Clock) -> toolbox.Tools:
    tools = crowd.tools(db, max_shelves_per_hour=count,
                        min_arrears_cap=count, safe_gap=_YEAR,
                        clock_gap=None, sweep_age=_YEAR)  # fmt: skip
    return dataclasses.replace(tools, clock=clock)


def _rename(conn: sa.Connection, count: int) -> None:
    """Nova knows servers by UUIDs."""
    for number in range(1, count + 1):
        old, new = f'server-{number}', standin.server_id(number)
        for table, column in (
            (schema.servers, schema.servers.c.id),
            (schema.levels, schema.levels.c.server),
        ):
            conn.execute(
                table.update().where(column == old).values({column: new})
            )


def _live(tools: toolbox.Tools) -> int:
    """How many actions are not finished."""
    query = sa.select(sa.func.count()).select_from(schema.actions)
    with tools.db.engine.connect() as conn:
        return (
            conn.scalar(query.where(schema.actions.c.live.is_not(None))) or 0
        )


def payment_to_active(tools: toolbox.Tools, cloud: Cloud) -> float:
    """The engine looks as often as by default; a customer pays."""
    with _engine(tools):
        time.sleep(1 + random.random())  # noqa: S311 - no secret
        began = time.monotonic()
        tools.db.write(_pay, tools, 1)
        return cloud.active_since(standin.server_id(1)) - began


def call_to_active(tools: toolbox.Tools, cloud: Cloud) -> float:
    server = standin.server_id(2)
    began = time.monotonic()
    tools.cloud.servers.unshelve(server)
    return cloud.active_since(server) - began


def _pay(conn: sa.Connection, tools: toolbox.Tools, number: int) -> None:
    owed = conn.scalar(
        sa.select(sa.func.sum(schema.invoices.c.total)).where(
            schema.invoices.c.account_id == number
        )
    )
    amount = money.Money(int(owed or 0), 'EUR')
    payments.record(conn, tools, number, amount, 'paid', tools.now())


@contextlib.contextmanager
def _engine(tools: toolbox.Tools) -> Iterator[None]:
    """The loops that a worker of the daemon runs."""
    stop = threading.Event()
    usual = dt.timedelta(seconds=1)
    threads = [
        threading.Thread(
            target=loop.repeat,
            args=(name, step, services.pause(name, usual), stop),
        )
        for name, step in tick.side_by_side(tools).items()
    ]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        stop.set()
        for each in threads:
            each.join()


if __name__ == '__main__':
    main()
