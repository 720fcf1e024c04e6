# SPDX-License-Identifier: Apache-2.0
"""What reads a queue of notifications and does less than we must.

Each contender is a process of its own, like a worker of the daemon, and
measures itself from the end of its first batch to that of its last.
"""

from collections.abc import Callable
from collections.abc import Sequence
import datetime as dt
import json
import multiprocessing
import os
import threading
import time
from typing import Any

from oslo_config import cfg
import sqlalchemy as sa

from benchmarks import backlog
from benchmarks import contest
from patrii_billing.conf import opts
from patrii_billing.store import schema
from patrii_billing import threads
from tests import services

threads.choose_native()
import oslo_messaging  # noqa: E402

BATCH = 500
RATE, CPU = 'messages/s', 'CPU s per 1,000'
_PATIENCE = 300

_COLUMNS = (
    'source', 'message_id', 'event_type', 'body', 'state', 'received_at',
    'next_at',
)  # fmt: skip
# What each driver makes one statement of, whatever the number of rows.
_IDEMPOTENT = {
    'mysql': 'ON DUPLICATE KEY UPDATE message_id = VALUES(message_id)',
    'postgresql': 'ON CONFLICT (message_id) DO NOTHING RETURNING id',
    'sqlite': 'ON CONFLICT (message_id) DO NOTHING',
}
_MARK = {
    'mysql': 'ON DUPLICATE KEY UPDATE at = VALUES(at)',
    'postgresql': 'ON CONFLICT (id) DO UPDATE SET at = excluded.at',
    'sqlite': 'ON CONFLICT (id) DO UPDATE SET at = excluded.at',
}


class Stopwatch:
    """Counts what is done, and tells rate and CPU of all but the first."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._done = 0
        self._first: tuple[int, float, float] | None = None
        self.ended = threading.Event()
        self.figures: contest.Figures = {}

    def done(self, count: int) -> None:
        self._done += count
        now = (self._done, time.monotonic(), _cpu())
        if self._first is None:
            self._first = now
        if self._done >= self._left and not self.ended.is_set():
            self.figures = figures(self._first, now)
            self.ended.set()


def figures(
    first: tuple[int, float, float], last: tuple[int, float, float]
) -> contest.Figures:
    """From the counts, the clock and the CPU at the start and the end."""
    count = last[0] - first[0]
    return {
        RATE: count / (last[1] - first[1]),
        CPU: (last[2] - first[2]) * 1000 / count,
    }


def _cpu() -> float:
    spent = os.times()
    return spent.user + spent.system


def run(
    contender: Callable[..., None], topic: str, count: int, url: str = ''
) -> contest.Figures:
    """Have a process read what waits; what it measured."""
    context = multiprocessing.get_context('spawn')
    told = context.Queue()
    process = context.Process(
        target=_measure, args=(contender, topic, count, url, told)
    )
    process.start()
    try:
        return told.get(timeout=_PATIENCE)  # type: ignore[no-any-return]
    finally:
        process.kill()
        process.join()


def _measure(
    contender: Callable[..., None], topic: str, count: int, url: str, told: Any
) -> None:
    watch = Stopwatch(count)
    contender(topic, watch, url)
    told.put(watch.figures)
    told.close()
    told.join_thread()


def bare(topic: str, watch: Stopwatch, _url: str) -> None:
    """py-amqp alone, which looks into no message."""
    with backlog.channel() as channel:
        channel.basic_qos(0, 2 * BATCH, False)
        taken = 0

        def take(message: Any) -> None:
            nonlocal taken
            taken += 1
            if taken % BATCH == 0:
                channel.basic_ack(message.delivery_tag, multiple=True)
                watch.done(BATCH)

        channel.basic_consume(backlog.queue(topic), callback=take)
        while not watch.ended.is_set():
            channel.connection.drain_events(timeout=_PATIENCE)


def idle(topic: str, watch: Stopwatch, _url: str) -> None:
    """oslo.messaging's own batches, and nothing done with them."""
    _listen(topic, watch, lambda batch: None, BATCH)


def store(topic: str, watch: Stopwatch, url: str) -> None:
    """One idempotent insert and one upsert for each batch, by the driver."""
    engine = sa.create_engine(url)
    with engine.begin() as conn:
        conn.exec_driver_sql(
            'CREATE TABLE IF NOT EXISTS mark'
            ' (id INTEGER PRIMARY KEY, at VARCHAR(40))'
        )
    raw = engine.raw_connection()
    insert, mark = _statements(engine.dialect.name)

    def take(batch: Sequence[dict[str, Any]]) -> None:
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        cursor = raw.cursor()
        _many(cursor, insert, [_row(each, now) for each in batch])
        cursor.execute(mark, (1, now.isoformat()))
        raw.commit()

    _listen(topic, watch, take, BATCH)


def commit_each(topic: str, watch: Stopwatch, url: str) -> None:
    """What is written first: one message, one unit of work."""
    engine = sa.create_engine(url)

    def take(batch: Sequence[dict[str, Any]]) -> None:
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        for each in batch:
            values = dict(zip(_COLUMNS, _row(each, now), strict=True))
            with engine.begin() as conn:
                conn.execute(_INBOX.insert().values(**values))

    _listen(topic, watch, take, 1)


# As _row makes them: the time without a zone, which each driver knows.
_INBOX = sa.table('inbox', *(sa.column(name) for name in _COLUMNS))


def _statements(backend: str) -> tuple[str, str]:
    sign = '?' if backend == 'sqlite' else '%s'
    places = ', '.join([sign] * len(_COLUMNS))
    # psycopg2 has one place for all rows.
    rows = '%s' if backend == 'postgresql' else f'({places})'
    into = f'INTO {schema.inbox.name} ({", ".join(_COLUMNS)})'
    mark = f'INTO mark (id, at) VALUES ({sign}, {sign}) {_MARK[backend]}'
    end = _IDEMPOTENT[backend]
    return (
        f'INSERT {into} VALUES {rows} {end}',  # noqa: S608 - names of ours
        f'INSERT {mark}',
    )


def _many(
    cursor: Any, statement: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    if 'RETURNING' not in statement:
        cursor.executemany(statement, rows)
        return
    from psycopg2 import extras

    extras.execute_values(cursor, statement, rows, page_size=len(rows))


def _row(message: dict[str, Any], now: dt.datetime) -> tuple[Any, ...]:
    told = message['metadata']['message_id']
    event = message['event_type']
    return ('nova', told, event, json.dumps(message), 'new', now, now)


def _listen(
    topic: str,
    watch: Stopwatch,
    take: Callable[[Sequence[dict[str, Any]]], None],
    size: int,
) -> None:
    conf = cfg.ConfigOpts()
    opts.register_opts(conf)
    conf([])
    for name, value in (
        ('rabbit_qos_prefetch_count', 2 * max(size, 100)),
        ('amqp_durable_queues', True),
    ):
        conf.set_override(name, value, group='oslo_messaging_rabbit')
    listener = oslo_messaging.get_batch_notification_listener(
        oslo_messaging.get_notification_transport(
            conf, url=services.transport_url()
        ),
        [oslo_messaging.Target(topic=topic, exchange=backlog.EXCHANGE)],
        [_Endpoint(take, watch)],
        executor='threading',
        batch_size=size,
        batch_timeout=1,
    )
    listener.start(override_pool_size=1)
    watch.ended.wait(_PATIENCE)


class _Endpoint:
    def __init__(
        self,
        take: Callable[[Sequence[dict[str, Any]]], None],
        watch: Stopwatch,
    ) -> None:
        self._take = take
        self._watch = watch

    def info(self, batch: Sequence[dict[str, Any]]) -> None:
        self._take([{**one, 'ctxt': None} for one in batch])
        self._watch.done(len(batch))
