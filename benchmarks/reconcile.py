#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long it takes to compare the books with a whole fleet.

Nova is a stand-in that answers as slowly as the real one:

    tools/with_services.py mysql -- \\
        python benchmarks/reconcile.py --servers 100000
"""

import argparse
import contextlib
import datetime as dt
import functools
import json
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time
from typing import Any
from urllib import request

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import contest  # noqa: E402
from benchmarks import standin  # noqa: E402
from patrii_billing.conf import opts  # noqa: E402
from patrii_billing.engine import reconcile  # noqa: E402
from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from patrii_billing.store import schema  # noqa: E402
from patrii_billing.store import watch  # noqa: E402
from patrii_billing import wiring  # noqa: E402
from tests.database import backends  # noqa: E402

ABOUT = """\
The books know a fleet, and are compared with a stand-in for nova, which
answers as slowly as a real one does: 8 pages of a thousand servers a second.
The floor asks for the same pages, parses them and forgets them. A sweep of
all is taken once an hour, one of the changes every ten minutes, here of one
server in a hundred. A request for each server would take as many as there are.
"""
ALL, CHANGES, FLOOR = 'all servers', 'one changed in 100', 'pages alone'
SECONDS, CPU, MEMORY = 's', 'CPU s', 'MiB at most'
ASKED = 'requests'
_CHANGED = 100


def main() -> None:
    parser = contest.parser(__doc__)
    parser.add_argument('--servers', type=int, default=10_000)
    parser.add_argument('--backend', default='mysql')
    asked = parser.parse_args()
    held = contest.Contest(
        'reconcile', ABOUT, 'tools/with_services.py mysql -- python'
        f' benchmarks/reconcile.py --servers {asked.servers}', asked.turns,
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        few = Fleet(stack, asked, asked.servers // 5)
        many = Fleet(stack, asked, asked.servers)
        held.run(
            {
                FLOOR: functools.partial(many.measure, pages_alone),
                ALL: functools.partial(many.measure, sweep_all),
                CHANGES: functools.partial(many.measure, sweep_changes),
                'all of a fifth': functools.partial(few.measure, sweep_all),
            }
        )
    pages = asked.servers // standin.PAGE + 1
    held.expect('requests to pages', held.median(ALL, ASKED) / pages,
                at_most=1)  # fmt: skip
    held.expect('time to that of pages alone', held.ratio(ALL, FLOOR, SECONDS),
                at_most=1.5)  # fmt: skip
    held.expect('memory to that of a fifth',
                held.ratio(ALL, 'all of a fifth', MEMORY),
                at_most=1.05)  # fmt: skip
    held.finish(asked)


class Fleet:
    """A nova with so many servers, and books that know them all."""

    def __init__(
        self,
        stack: contextlib.ExitStack,
        asked: argparse.Namespace,
        count: int,
    ) -> None:
        self._url = stack.enter_context(
            standin.running(count, count // _CHANGED)
        )
        books = stack.enter_context(backends.Scratch(asked.backend)).url
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        self._config = pathlib.Path(folder) / 'billing.conf'
        self._config.write_text(
            f'[database]\nconnection = {books}\n'
            + standin.CONFIG.format(url=self._url)
        )
        opened = database.Database(connection=books)
        migrate.upgrade(opened.engine)
        for first in range(0, count, 1000):
            opened.write(_know, first, min(count, first + 1000))
        opened.engine.dispose()

    def measure(self, what: Any) -> contest.Figures:
        """In a process of its own, for the sake of its memory."""
        before = self._requests()
        context = multiprocessing.get_context('spawn')
        told = context.Queue()
        process = context.Process(
            target=_measure, args=(what, str(self._config), self._url, told)
        )
        process.start()
        figures: dict[str, float] = told.get(timeout=600)
        process.join()
        return {**figures, ASKED: self._requests() - before}

    def _requests(self) -> int:
        with request.urlopen(f'{self._url}/requests') as answer:  # noqa: S310
            return sum(json.load(answer).values())


def _measure(what: Any, config: str, url: str, told: Any) -> None:
    conf = opts.load(['--config-file', config])
    tools = wiring.tools(conf)
    tools.db.read(watch.get)  # what connecting costs is no part of it
    began, own = time.monotonic(), contest.spent(os.getpid())
    what(tools, url)
    told.put(
        {
            SECONDS: time.monotonic() - began,
            CPU: contest.spent(os.getpid()) - own,
            MEMORY: contest.resident(os.getpid(), peak=True),
        }
    )


def pages_alone(_tools: Any, url: str) -> None:
    marker = ''
    while True:
        asked = f'{url}/servers/detail?limit={standin.PAGE}{marker}'
        with request.urlopen(asked) as answer:  # noqa: S310 - the stand-in
            found = json.load(answer)['servers']
        if not found:
            return
        marker = f'&marker={found[-1]["id"]}'


def sweep_all(tools: Any, _url: str) -> None:
    tools.db.write(watch.change, swept_at=None, sweep_from=None)
    reconcile.run(tools, tools.now())


def sweep_changes(tools: Any, _url: str) -> None:
    now = tools.now()
    ago = now - dt.timedelta(minutes=11)
    tools.db.write(watch.change, swept_at=ago, sweep_from=ago)
    reconcile.run(tools, now)


def _know(conn: sa.Connection, begin: int, end: int) -> None:
    made = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    conn.execute(
        schema.servers.insert(),
        [
            {
                'id': standin.server_id(number),
                'project': standin.project_id(number),
                'name': f'server-{number}', 'flavor': 's1',
                'vm_state': 'active', 'created_at': made, 'told_at': made,
                'seen_at': made,
            }
            for number in range(begin, end)
        ],
    )  # fmt: skip


if __name__ == '__main__':
    main()
