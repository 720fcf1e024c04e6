#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How notices that are all due at once go out: order, rate and memory.

They go over real SMTP to a server in another process:

    python benchmarks/notices.py --notices 10000
    python benchmarks/notices.py --notices 300 --per-minute 100
"""

import argparse
import dataclasses
import itertools
import multiprocessing
import pathlib
import resource
import socketserver
import sys
import tempfile
import time
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from patrii_billing.engine import notify  # noqa: E402
from patrii_billing.engine import tools as toolbox  # noqa: E402
from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from patrii_billing.store import notices  # noqa: E402
from patrii_billing.store import schema  # noqa: E402
from patrii_billing import wiring  # noqa: E402
from tests import books  # noqa: E402
from tests.unit.engine import mailing  # noqa: E402

KINDS = ('payment_received', 'invoice', 'shelved', 'operator')


class _Sink(socketserver.StreamRequestHandler):
    """Takes every mail, and forgets it."""

    def handle(self) -> None:
        self.wfile.write(b'220 sink\r\n')
        for line in self.rfile:
            command = line[:4].upper()
            if command == b'DATA':
                self.wfile.write(b'354 go on\r\n')
                while self.rfile.readline() not in (b'.\r\n', b''):
                    pass
            self.wfile.write(b'250 ok\r\n')
            if command == b'QUIT':
                return


def _serve(port: Any) -> None:
    with socketserver.ThreadingTCPServer(('127.0.0.1', 0), _Sink) as server:
        port.value = server.server_address[1]
        server.serve_forever()


class _Counted(mailing.Voice):
    """Remembers the kinds of what was sent, in their order."""

    sent: list[str] = []

    def send(self, mail: Any) -> Any:
        self.sent.append(mail.subject)
        return super().send(mail)


def _ask(conn: sa.Connection, count: int) -> None:
    books.subscription(conn)
    account_id = conn.execute(sa.select(schema.accounts.c.id)).scalar_one()
    for n, kind in zip(range(count), itertools.cycle(KINDS), strict=False):
        alarm = kind == 'operator'
        notices.ask(
            conn, f'{kind}:{n}', kind, wiring.SystemClock().now(),
            account_id=None if alarm else account_id,
            context={'name': 'silence', 'why': 'x'} if alarm else None,
        )  # fmt: skip


def _tools(url: str, port: int, per_minute: int) -> toolbox.Tools:
    given = mailing.tools(url, port, books.NOW)
    voice = _Counted(
        given.voice.brand, given.voice.mailer, ('ops@cloud.example',)
    )
    return dataclasses.replace(
        given, voice=voice, clock=wiring.SystemClock(),
        settings=dataclasses.replace(
            given.settings, mail_per_minute=per_minute
        ),
    )  # fmt: skip


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _send(tools: toolbox.Tools, count: int) -> list[tuple[float, int]]:
    """Seconds and MiB after each step, until all are sent."""
    began, seen = time.monotonic(), []
    while len(_Counted.sent) < count:
        if not notify.run(tools, tools.now()):
            time.sleep(1)
        seen.append((time.monotonic() - began, _peak()))
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--notices', type=int, default=10_000)
    parser.add_argument('--per-minute', type=int, default=0)
    asked = parser.parse_args()
    port = multiprocessing.Value('i', 0)
    sink = multiprocessing.Process(target=_serve, args=(port,), daemon=True)
    sink.start()
    while not port.value:
        time.sleep(0.01)
    with tempfile.TemporaryDirectory() as folder:
        url = f'sqlite:///{folder}/books.db'
        db = database.Database(connection=url)
        migrate.upgrade(db.engine)
        db.write(_ask, asked.notices)
        seen = _send(
            _tools(url, port.value, asked.per_minute), asked.notices
        )
    sink.terminate()
    took = seen[-1][0]
    order = [kind for kind, _ in itertools.groupby(_Counted.sent)]
    print(f'order: {", ".join(order)}')
    rate = asked.notices / took
    print(f'{asked.notices} in {took:.1f} s: {rate:.0f} a second')
    quarter = seen[len(seen) // 4][1]
    print(f'memory: {quarter} MiB after a quarter, {seen[-1][1]} at the end')


if __name__ == '__main__':
    main()
