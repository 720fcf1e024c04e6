#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How soon the daemon works and a command answers, and in how much memory.

Needs nothing but the installed package:

    python benchmarks/start.py
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from wsgiref import simple_server

import sqlalchemy as sa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import contest  # noqa: E402
from benchmarks import door  # noqa: E402
from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import inbox  # noqa: E402
from patrii_billing.store import memory  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from patrii_billing.store import schema  # noqa: E402
from tests import books  # noqa: E402
from tests.broker import base  # noqa: E402
from tests import crowd  # noqa: E402
from tests import doors  # noqa: E402
from tests.unit.intake import messages  # noqa: E402

ABOUT = """\
The daemon starts with one worker and a message that waits for it, until that
is read: beside it a Python that only imports the libraries which the daemon
is made of. Memory is that of the master and of the worker together, with
what they share counted twice.

`openstack billing account list` asks an API that answers at once for 20
customers, without a keystone: beside it the same program telling its
version."""

SECONDS, CPU, MIB = 's', 'CPU s', 'MiB'
DAEMON, LIBRARIES = 'daemon', 'its libraries'
COMMAND, VERSION = 'billing account list', 'openstack --version'
_OPENSTACK = pathlib.Path(sys.executable).with_name('openstack')
_IMPORTS = (
    'cotyledon', 'flask', 'jinja2', 'keystoneauth1.session',
    'novaclient.client', 'oslo_config.cfg', 'oslo_db.sqlalchemy.enginefacade',
    'oslo_log.log', 'oslo_messaging', 'oslo_policy.policy', 'sqlalchemy',
)  # fmt: skip
_CUSTOMERS = 20
_LOOK = 0.01
_PATIENCE = 120


def main() -> None:
    asked = contest.parser(__doc__).parse_args()
    match = contest.Contest(
        'start', ABOUT, 'python benchmarks/start.py', asked.turns
    )
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(
            stack.enter_context(tempfile.TemporaryDirectory())
        )
        endpoint = stack.enter_context(served())
        imports = '; '.join(f'import {name}' for name in _IMPORTS)
        match.run(
            {
                DAEMON: lambda: daemon(folder),
                LIBRARIES: lambda: program([sys.executable, '-c', imports]),
                COMMAND: lambda: program(
                    [
                        _OPENSTACK, '--os-auth-type', 'admin_token',
                        '--os-endpoint', endpoint,
                        '--os-token', doors.TOKENS['ADMIN'],
                        *COMMAND.split(),
                    ]
                ),
                VERSION: lambda: program([_OPENSTACK, '--version']),
            }
        )  # fmt: skip
    match.expect(
        'daemon by its libraries, CPU',
        match.ratio(DAEMON, LIBRARIES, CPU), at_most=2.5,
    )  # fmt: skip
    match.expect(
        'daemon by its libraries, memory',
        match.ratio(DAEMON, LIBRARIES, MIB), at_most=2.5,
    )  # fmt: skip
    match.expect(
        'command by its version, CPU',
        match.ratio(COMMAND, VERSION, CPU), at_most=2.5,
    )  # fmt: skip
    match.finish(asked)


def daemon(folder: pathlib.Path) -> contest.Figures:
    """From its start until a message that waited is read."""
    path = folder / 'books.db'
    path.unlink(missing_ok=True)
    url = f'sqlite:///{path}'
    opened = database.Database(connection=url)
    migrate.upgrade(opened.engine)
    message = messages.letter(messages.versioned('create.end'))
    opened.write(inbox.store, [message], books.NOW)
    config = folder / 'billing.conf'
    config.write_text(
        base.CONFIG.format(
            transport='fake://', books=url, topic='nothing', listener=0,
            processor=1,
        )
    )  # fmt: skip
    began = time.monotonic()
    running = base.Daemon(config)
    try:
        while not _is_read(opened):
            if time.monotonic() - began > _PATIENCE:
                raise SystemExit(running.said())
            time.sleep(_LOOK)
        taken = time.monotonic() - began
        pids = [running.process.pid, *running.workers()]
        return {
            SECONDS: taken,
            CPU: sum(map(contest.spent, pids)),
            MIB: sum(map(contest.resident, pids)),
        }
    finally:
        running.terminate()
        opened.engine.dispose()


def _is_read(opened: database.Database) -> bool:
    waiting = sa.select(schema.inbox.c.id).where(schema.inbox.c.state == 'new')
    with opened.engine.connect() as conn:
        return conn.execute(waiting).first() is None


def program(words: Sequence[str | pathlib.Path]) -> contest.Figures:
    """Until it ends; its memory at most."""
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603
        words, stdout=subprocess.DEVNULL
    )
    most = 0.0
    while True:
        # What wait4 tells of memory begins with that of this process.
        with contextlib.suppress(OSError, ProcessLookupError):
            most = max(most, contest.resident(process.pid, peak=True))
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        time.sleep(_LOOK)
    taken = time.monotonic() - began
    process.returncode = status
    if status:
        raise SystemExit(f'{words}: {status}')
    return {
        SECONDS: taken,
        CPU: used.ru_utime + used.ru_stime,
        MIB: most,
    }


@contextlib.contextmanager
def served() -> Iterator[str]:
    """An API over a few customers; its address."""
    opened = memory.books()
    opened.write(books.plan)
    opened.write(crowd.gather, 1, _CUSTOMERS)
    server = simple_server.make_server(
        '127.0.0.1', 0, door.application(opened), handler_class=_Quiet
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_port}'
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests are no news."""


if __name__ == '__main__':
    main()
