#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a listener's memory does at a backlog, and how soon it records.

Needs RabbitMQ and MariaDB, such as private ones:

    tools/with_services.py mysql rabbitmq -- \\
        python benchmarks/listening.py --backlog 50000
"""

import argparse
from collections.abc import Callable
import contextlib
import functools
import pathlib
import random
import sys
import time
import uuid

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import backlog  # noqa: E402
from benchmarks import contest  # noqa: E402
from benchmarks import ingest  # noqa: E402
from patrii_billing.intake import listener  # noqa: E402
from patrii_billing.store import schema  # noqa: E402

ABOUT = """\
A listener stores a backlog of notifications, and another one of a fifth; told
is the most memory that its process had. Prefetch bounds it, not what waits.

A listener that has nothing to do hears one message at a time, at odd
moments; told is how long it takes from publishing it until it can be read in
the inbox. What is there when a batch's time is up is stored, however little.
"""
MEMORY, LATENCY = 'MiB at most', 's to record'
_LOOK = 0.002
_OFTEN = 7  # messages of one turn


def main() -> None:
    parser = contest.parser(__doc__)
    parser.add_argument('--backlog', type=int, default=10_000)
    parser.add_argument('--backend', default='mysql')
    asked = parser.parse_args()
    held = contest.Contest(
        'listening', ABOUT, 'tools/with_services.py mysql rabbitmq -- python'
        f' benchmarks/listening.py --backlog {asked.backlog}', asked.turns,
    )  # fmt: skip
    many, few = asked.backlog, asked.backlog // 5
    large, small = f'a backlog of {many:,}', f'a backlog of {few:,}'
    held.run(
        {
            large: functools.partial(store, asked, many),
            small: functools.partial(store, asked, few),
            'one message': functools.partial(hear, asked),
        }
    )
    held.expect('memory at the one to that at the other',
                held.ratio(large, small, MEMORY), at_most=1.05)  # fmt: skip
    held.expect('seconds to record beyond the time of a batch',
                held.median('one message', LATENCY) - listener.BATCH_TIMEOUT,
                at_most=0.05)  # fmt: skip
    held.finish(asked)


def store(asked: argparse.Namespace, count: int) -> contest.Figures:
    with contextlib.ExitStack() as stack:
        bench = ingest.Bench(stack, asked.backend)
        backlog.fill(bench.topic, count)
        daemon = stack.enter_context(bench.daemon(listener=1))
        while bench.newest() < count:
            time.sleep(0.1)
        (worker,) = daemon.workers()
        return {MEMORY: contest.resident(worker, peak=True)}


def hear(asked: argparse.Namespace) -> contest.Figures:
    """The slowest of some: the bound is one for each."""
    with contextlib.ExitStack() as stack:
        bench = ingest.Bench(stack, asked.backend)
        backlog.fill(bench.topic, 1)
        stack.enter_context(bench.daemon(listener=1))
        while not bench.newest():
            time.sleep(0.1)
        publish = stack.enter_context(backlog.publisher(bench.topic))
        taken = []
        for _ in range(_OFTEN):
            time.sleep(random.random())  # noqa: S311 - no secret
            taken.append(_recorded(bench, publish))
        return {LATENCY: max(taken)}


def _recorded(bench: ingest.Bench, publish: Callable[[str], None]) -> float:
    name = str(uuid.uuid4())
    query = sa.select(schema.inbox.c.id).where(
        schema.inbox.c.message_id == name
    )
    with bench.engine.connect() as conn:
        began = time.monotonic()
        publish(name)
        while conn.execute(query).first() is None:
            conn.rollback()
            time.sleep(_LOOK)
        return time.monotonic() - began


if __name__ == '__main__':
    main()
