#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long each page of the window takes over the books of a large cloud.

Needs a private server of MariaDB, whose tables should fit in its memory:

    tools/with_services.py mysql -- python benchmarks/pages.py
    tools/with_services.py mysql -- python benchmarks/pages.py \\
        --customers 10000

    tools/with_services.py postgresql -- \\
        python benchmarks/pages.py --backend postgresql
"""

import contextlib
import functools
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import contest  # noqa: E402
from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from tests import city  # noqa: E402
from tests.database import backends  # noqa: E402
from tests import rounds  # noqa: E402

ABOUT = """\
Each page of the window, over the books of 100,000 customers with a million
invoices, in turns with a page that shows nothing but its frame, and without
a network. What the overview keeps for some minutes, the months that are over
and the invoices to come, is read when it is opened first. Beside the time by
the clock stand that of this process alone (the rest is the database's) and
the statements."""

MEMORY = 4 * 2**30
MILLISECONDS, OWN, STATEMENTS = 'ms', 'own CPU ms', 'statements'
QUICK = 300  # milliseconds that a page may take
SOME = 4200  # a customer who is behind


def main() -> None:
    parser = contest.parser(__doc__, turns=9)
    parser.add_argument('--backend', default='mysql')
    parser.add_argument('--customers', type=int, default=100_000)
    parser.add_argument('--url', help='of books that are filled already')
    asked = parser.parse_args()
    where = f'pages-{asked.backend}'
    match = contest.Contest(
        where, ABOUT, f'tools/with_services.py {asked.backend} -- python'
        f' benchmarks/pages.py --backend {asked.backend}', asked.turns,
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        url = asked.url
        if url is None:
            url = stack.enter_context(backends.Scratch(asked.backend)).url
        books = database.Database(connection=url)
        stack.callback(books.engine.dispose)
        if asked.url is None:
            fill(books, asked.customers)
        window = rounds.Window(books)
        some = min(SOME, asked.customers // 50 * 50)
        pages = [*rounds.pages(some)]
        for page in pages:
            window.open(page)
        match.run(
            {
                page: functools.partial(opened, window, page)
                for page in (*pages, rounds.EMPTY)
            }
        )
    asked.url = None  # it is nobody's but this machine's
    for page in pages:
        match.expect(
            f'{page}, ms', match.median(page, MILLISECONDS), at_most=QUICK
        )
    match.finish(asked)


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


def opened(window: rounds.Window, page: str) -> contest.Figures:
    with window.counted() as said:
        began, own = time.monotonic(), time.process_time()
        window.open(page)
        own = time.process_time() - own
        taken = time.monotonic() - began
    return {
        MILLISECONDS: taken * 1000,
        OWN: own * 1000,
        STATEMENTS: len(said),
    }


if __name__ == '__main__':
    main()
