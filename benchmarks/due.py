#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What it costs to find what is due, and to work it off.

Needs nothing for SQLite, and for the others private servers of them:

    TMPDIR=/dev/shm tools/with_services.py mysql postgresql -- \\
        python benchmarks/due.py --backends sqlite mysql postgresql

The private servers keep their files in memory, and so does SQLite by this.
"""

import argparse
from collections.abc import Callable
import contextlib
import datetime as dt
import functools
import os
import pathlib
import sys
import time

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import contest  # noqa: E402
from benchmarks import rivals  # noqa: E402
from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from patrii_billing.store import schema  # noqa: E402
from patrii_billing.store import subscriptions  # noqa: E402
from tests import books  # noqa: E402
from tests import crowd  # noqa: E402
from tests.database import backends  # noqa: E402

ABOUT = """\
Of many subscriptions 500 are due to be invoiced, and a worker claims them in
one transaction: as the engine does, which also reads back which of them it
got; by a bare UPDATE .. IN of what was selected (the floor); by SKIP LOCKED,
where there is that; and by an ORM with a column for the version.

Then a day on which many are due is worked off in batches of 500, a claim and
a finish in a transaction each: as the engine does, which reads the rows that
it is to work with; by an UPDATE with a CASE for each row, without reading
them and with (the floor); by executemany, and by the ORM."""

BATCH = 500
OFTEN = 3
MILLISECONDS, RATE, GROWN = 'ms', 'rows/s', 'MiB grown'
LATER = crowd.DUE + dt.timedelta(days=365)
# A claim is due again after its lease, at an instant that no other row has.
LEASED = crowd.DUE + dt.timedelta(minutes=5)
MEMORY = 2 * 2**30
_subs = schema.subscriptions


def main() -> None:
    asked = options()
    match = contest.Contest(
        'due', ABOUT,
        'TMPDIR=/dev/shm tools/with_services.py mysql postgresql -- python'
        ' benchmarks/due.py --backends sqlite mysql postgresql', asked.turns,
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        contenders: dict[str, contest.Turn] = {}
        for backend in asked.backends:
            for count in (asked.few, asked.many):
                crowded = Books(stack, backend, count)
                contenders |= claiming(crowded, f'{backend}, {count:,}')
            drained = Books(stack, backend, asked.drained, due=asked.drained)
            contenders |= draining(drained, f'{backend}, drained')
        match.run(contenders)
    for backend in asked.backends:
        judge(match, backend, asked)
    match.finish(asked)


def options() -> argparse.Namespace:
    parser = contest.parser(__doc__)
    parser.add_argument('--backends', nargs='+', default=['sqlite'])
    parser.add_argument('--few', type=int, default=10_000)
    parser.add_argument('--many', type=int, default=1_000_000)
    parser.add_argument('--drained', type=int, default=20_000)
    return parser.parse_args()


class Books:
    """So many subscriptions, of which some are due, the same each time."""

    def __init__(
        self,
        stack: contextlib.ExitStack,
        backend: str,
        count: int,
        due: int = BATCH,
    ) -> None:
        url = stack.enter_context(backends.Scratch(backend)).url
        self.db = database.Database(connection=url)
        self.engine = self.db.engine
        stack.callback(self.engine.dispose)
        migrate.upgrade(self.engine)
        self._due = due
        with self.engine.connect() as conn:
            if conn.dialect.name == 'mysql':
                conn.exec_driver_sql(
                    f'SET GLOBAL innodb_buffer_pool_size = {MEMORY}'
                )
        self.db.write(books.plan)
        self.db.write(crowd.gather, 1, 1)
        while (have := self._count()) < count:
            self.db.write(_copy, have, min(have, count - have))
        self.reset()
        with self.engine.begin() as conn:
            word = 'TABLE' if conn.dialect.name == 'mysql' else ''
            conn.exec_driver_sql(f'ANALYZE {word} {_subs.name}')
        self.engine.dispose()

    def _count(self) -> int:
        query = sa.select(sa.func.max(_subs.c.id))
        with self.engine.connect() as conn:
            return int(conn.scalar(query) or 0)

    def reset(self) -> None:
        """Have those due again that are, spread over all."""
        step = self._count() // self._due
        due = _subs.c.id % step == 0
        with self.engine.begin() as conn:
            conn.execute(
                _subs.update()
                .where(due, _subs.c.charge_at != crowd.DUE)
                .values(charge_at=crowd.DUE)
            )


def _copy(conn: sa.Connection, have: int, count: int) -> None:
    """Copies of the first rows, which are not due for long."""
    columns = [one for one in _subs.c if one.name != 'enforces']
    changed = {
        'id': _subs.c.id + have,
        'name': sa.literal('s-') + sa.cast(_subs.c.id + have, sa.String(20)),
        'charge_at': sa.literal(LATER, _subs.c.charge_at.type),
    }
    rows = sa.select(*(changed.get(one.name, one) for one in columns))
    rows = rows.where(_subs.c.id <= count)
    conn.execute(_subs.insert().from_select(columns, rows))


def claiming(crowded: Books, name: str) -> dict[str, contest.Turn]:
    """A claim of a batch by each way that the backend has."""
    ways = {
        'engine': lambda: claim(crowded.db),
        'UPDATE .. IN': lambda: rivals.update(crowded.engine, BATCH, LEASED),
        'ORM': lambda: rivals.orm(crowded.engine, BATCH, LEASED),
    }
    if crowded.engine.dialect.name != 'sqlite':
        ways['SKIP LOCKED'] = lambda: rivals.update(
            crowded.engine, BATCH, LEASED, skip=True
        )
    return {
        f'{name}: {way}': functools.partial(quickest, crowded, work)
        for way, work in ways.items()
    }


def quickest(crowded: Books, work: Callable[[], int]) -> contest.Figures:
    """Of a few claims the one that was disturbed least."""
    best = float('inf')
    for _ in range(OFTEN):
        crowded.reset()
        began = time.monotonic()
        found = work()
        best = min(best, time.monotonic() - began)
        if found != BATCH:
            raise SystemExit(f'{found} were claimed, not {BATCH}')
    return {MILLISECONDS: best * 1000}


def claim(db: database.Database) -> int:
    return len(
        db.write(subscriptions.claim_to_charge, crowd.DUE, LEASED, BATCH)
    )


def draining(crowded: Books, name: str) -> dict[str, contest.Turn]:
    """All that is due, batch by batch."""
    update = functools.partial(rivals.drain, crowded.engine, BATCH, LATER)
    ways: dict[str, Callable[[], int]] = {
        'engine': lambda: drain(crowded.db),
        'CASE': lambda: update(rivals.by_case),
        'CASE, rows read': lambda: update(rivals.by_case_of_rows),
        'executemany': lambda: update(rivals.by_many),
        'ORM': lambda: rivals.drain_orm(crowded.engine, BATCH, LATER),
    }
    return {
        f'{name}: {way}': functools.partial(rated, crowded, work)
        for way, work in ways.items()
    }


def rated(crowded: Books, work: Callable[[], int]) -> contest.Figures:
    crowded.reset()
    before = contest.resident(os.getpid())
    began = time.monotonic()
    count = work()
    taken = time.monotonic() - began
    grown = contest.resident(os.getpid()) - before
    return {RATE: count / taken, GROWN: grown}


def drain(db: database.Database) -> int:
    """As charging does, of which only the bills are left out."""
    count = 0
    until = LATER
    while True:
        until += dt.timedelta(microseconds=1)
        claimed = db.write(
            subscriptions.claim_to_charge, crowd.DUE, until, BATCH
        )
        if not claimed:
            return count
        count += len(claimed)
        db.write(_finish, [each for each, _ in claimed], until)


def _finish(conn: sa.Connection, ids: list[int], until: dt.datetime) -> None:
    subscriptions.change_all(
        conn,
        [
            {'subscription_id': sub.id, **rivals.finished(sub.id, LATER)}
            for sub in subscriptions.claimed(conn, ids, until)
        ],
    )


def judge(
    match: contest.Contest, backend: str, asked: argparse.Namespace
) -> None:
    few, many = (
        f'{backend}, {count:,}' for count in (asked.few, asked.many)
    )
    match.expect(
        f'{many}: claim by the floor',
        match.ratio(f'{many}: engine', f'{many}: UPDATE .. IN', MILLISECONDS),
        at_most=1.3,
    )
    match.expect(
        f'{backend}: claim of {asked.many:,} by that of {asked.few:,}',
        match.ratio(f'{many}: engine', f'{few}: engine', MILLISECONDS),
        at_most=1.6 if backend == 'sqlite' else 1.25,
    )
    name = f'{backend}, drained'
    match.expect(
        f'{name} by the floor',
        match.ratio(f'{name}: engine', f'{name}: CASE, rows read', RATE),
        at_least=0.7,
    )
    match.expect(
        f'{name}: memory it grew by, MiB',
        match.median(f'{name}: engine', GROWN), at_most=8,
    )  # fmt: skip


if __name__ == '__main__':
    main()
