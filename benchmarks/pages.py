#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long each page of the window takes over the books of a large cloud.

Needs a private server of MariaDB, whose tables should fit in its memory:

    tools/with_services.py mysql -- python benchmarks/pages.py
    tools/with_services.py mysql -- python benchmarks/pages.py \\
        --customers 10000

Each customer has ten invoices. Every page is opened a number of times, in
turns with a page that shows nothing but its frame, without a network; told
are the medians of both, the time of this process alone (the rest is the
database's), and the statements.
"""

import argparse
import contextlib
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from tests import city  # noqa: E402
from tests.database import backends  # noqa: E402
from tests import rounds  # noqa: E402

MEMORY = 4 * 2**30
QUICK = 0.3  # seconds that a page may take
SOME = 4200  # a customer who is behind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--backend', default='mysql')
    parser.add_argument('--customers', type=int, default=100_000)
    parser.add_argument('--times', type=int, default=9)
    parser.add_argument('--url', help='of books that are filled already')
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        url = arguments.url
        if url is None:
            url = stack.enter_context(backends.Scratch(arguments.backend)).url
        books = database.Database(connection=url)
        stack.callback(books.engine.dispose)
        if arguments.url is None:
            fill(books, arguments.customers)
        window = rounds.Window(books)
        some = min(SOME, arguments.customers // 50 * 50)
        slow = [
            page
            for page in rounds.pages(some)
            if measure(window, page, arguments.times) > QUICK
        ]
    if slow:
        raise SystemExit(f'slower than {QUICK} s: {", ".join(slow)}')


def fill(books: database.Database, customers: int) -> None:
    migrate.upgrade(books.engine)
    began = time.monotonic()
    mysql = books.engine.dialect.name == 'mysql'
    with books.engine.connect() as conn:
        if mysql:
            conn.exec_driver_sql(
                f'SET GLOBAL innodb_buffer_pool_size = {MEMORY}'
            )
    city.build(books, customers)
    with books.engine.begin() as conn:
        for name in city.LARGE:
            word = 'ANALYZE TABLE' if mysql else 'ANALYZE'
            conn.exec_driver_sql(f'{word} {name}')
    taken = time.monotonic() - began
    print(f'{customers} customers, filled in {taken:.0f} s')


def measure(window: rounds.Window, page: str, times: int) -> float:
    """Tell what a page costs; its median in seconds."""
    with window.counted() as said:
        first, _ = opened(window, page)
    costs = []
    empty = []
    for _ in range(times):
        costs.append(opened(window, page))
        empty.append(opened(window, rounds.EMPTY))
    median = statistics.median(taken for taken, _ in costs)
    own = statistics.median(own for _, own in costs)
    nothing = statistics.median(taken for taken, _ in empty)
    print(
        f'{page:48} {median * 1000:6.0f} ms (first {first * 1000:5.0f},'
        f' own {own * 1000:4.0f}, an empty one {nothing * 1000:4.0f}),'
        f' {len(said):3} statements',
        flush=True,
    )
    return median


def opened(window: rounds.Window, page: str) -> tuple[float, float]:
    """Seconds by the clock, and of this process."""
    began, own = time.monotonic(), time.process_time()
    window.open(page)
    return time.monotonic() - began, time.process_time() - own


if __name__ == '__main__':
    main()
