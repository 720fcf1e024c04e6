# SPDX-License-Identifier: Apache-2.0
"""Where the documentation's commands are typed.

Acme is in grace, birch is shelved and cobalt has paid; it is noon of 3
February 2026. `openstack` and `curl` find an API, as its administrator;
`patrii-billing-manage` finds the same books in a file of its own.
"""

import contextlib
import datetime as dt
import functools
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from typing import Any
from wsgiref import simple_server

import fixtures

from patrii_billing.api import app
from patrii_billing import frontage
from patrii_billing.simulation import reading
from patrii_billing.simulation import run
from patrii_billing.simulation import world as worlds
from patrii_billing.store import migrate

_HERE = pathlib.Path(__file__).resolve().parent
_CUSTOMERS = _HERE / 'customers.yaml'
_SECOND = dt.timedelta(seconds=1)
_TOKEN = 'ada:office:admin,reader'
# What a shell finds by a program's name: it lends its files to a process that
# is warm already (warm.py), and ends as that does.
_CLIENT = """\
#!{python} -ESs
import json, os, socket, sys
there = socket.socket(socket.AF_UNIX)
there.connect({address!r})
asked = {{
    'argv': [{name!r}, *{before!r}, *sys.argv[1:]],
    'folder': os.getcwd(),
    'environment': dict(os.environ),
}}
socket.send_fds(there, [json.dumps(asked).encode()], [0, 1, 2])
sys.exit(int(there.recv(16) or b'70'))
"""
_PROGRAMS = ('openstack', 'patrii-billing-demo', 'patrii-billing-manage')
_CONFIGURATION = """\
[database]
connection = sqlite:///{folder}/books.db
[enforcement]
dry_run = false
[mail]
driver = folder
folder = {folder}/sent
"""
# Bash has no better way to tell one command's answer from the next one's.
_STEP = """\
exec > {folder}/said.{number} 2>&1
echo {number} > {folder}/reached
{typed}
"""


class _Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """What is answered is judged by who asked."""


class Surroundings(fixtures.Fixture):  # type: ignore[misc]
    """Made anew for each page: what one of them does no other sees."""

    def _setUp(self) -> None:
        self._hidden = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self._running = _at_noon()
        self._books()
        self._write('billing.conf', _CONFIGURATION, 0o600)
        for name in _PROGRAMS:
            self._program(name)
        self._port = self._serve()

    def run(self, typed: list[str]) -> tuple[int, list[str]]:
        """The exit code of the last command that was run, and all answers.

        As in a terminal, what one command sets the next one sees; after one
        that fails nothing is run.
        """
        script = ''.join(
            _STEP.format(number=number, typed=each, folder=self._hidden)
            for number, each in enumerate(typed)
        )
        done = subprocess.run(
            ['bash', '-e', '-u', '-o', 'pipefail', '-c', script],
            cwd=self.folder, env=self._environment(), check=False,
            stdin=subprocess.DEVNULL, timeout=300,
        )  # fmt: skip
        reached = int((self._hidden / 'reached').read_text())
        answers = [
            (self._hidden / f'said.{number}').read_text(encoding='utf-8')
            for number in range(reached + 1)
        ]
        return done.returncode, answers

    def _program(self, name: str) -> None:
        before = ['--config-file', f'{self._hidden}/billing.conf']
        client = _CLIENT.format(
            python=sys.executable, address=_warm(), name=name,
            before=before if name == 'patrii-billing-manage' else [],
        )  # fmt: skip
        path = self._hidden / name
        path.write_text(client)
        path.chmod(0o755)

    def _write(self, name: str, text: str, mode: int) -> None:
        path = self._hidden / name
        path.write_text(text.format(folder=self._hidden))
        path.chmod(mode)

    def _environment(self) -> dict[str, str]:
        address = f'http://127.0.0.1:{self._port}'
        python = pathlib.Path(sys.executable).parent
        return {
            'PATH': f'{self._hidden}:{python}:{os.environ["PATH"]}',
            'HOME': str(self.folder),
            'LANG': 'C.UTF-8',
            'COLUMNS': '200',
            'OS_AUTH_TYPE': 'admin_token',
            'OS_ENDPOINT': address,
            'OS_TOKEN': _TOKEN,
            'TOKEN': _TOKEN,
            'BILLING': address,
        }

    def _books(self) -> None:
        """A copy that commands open, of the release that they are of."""
        engine = self._running.world.tools.db.engine
        newest = [(each,) for each in migrate.newest()]
        source = engine.raw_connection()
        path = self._hidden / 'books.db'
        with contextlib.closing(sqlite3.connect(path)) as target:
            memory: Any = source.driver_connection
            memory.backup(target)
            target.execute('CREATE TABLE alembic_version (version_num TEXT)')
            target.executemany(
                'INSERT INTO alembic_version VALUES (?)', newest
            )
            target.commit()
        source.close()

    def _serve(self) -> int:
        tools = self._running.world.tools
        inner = app.noauth(frontage.demo(tools, 'Docs'))

        def application(environ: dict[str, Any], start_response: Any) -> Any:
            self._running.go_on(_SECOND)
            return inner(environ, start_response)

        server = simple_server.make_server(
            '127.0.0.1', 0, application, handler_class=_Quiet
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return int(server.server_port)


@functools.cache
def _warm() -> str:
    """Where the process listens that forks into the commands."""
    name = f'patrii-docs-{os.getpid()}'
    process = subprocess.Popen(
        [sys.executable, '-m', 'tests.docs.warm', name],
        cwd=_HERE.parents[1],
        # It ends with us, however that happens: this closes then.
        stdin=subprocess.PIPE,
    )
    with socket.socket(socket.AF_UNIX) as caller:
        while caller.connect_ex(f'\0{name}'):
            if process.poll() is not None:
                raise RuntimeError('the commands cannot be started')
            time.sleep(0.05)
    return f'\0{name}'


def _at_noon() -> run.Run:
    text = _CUSTOMERS.read_text(encoding='utf-8')
    scenario = reading.read(text, _CUSTOMERS.name)
    # Nobody here changes a quota past the books.
    world = worlds.World(scenario, quota_sweep_every=dt.timedelta(days=30))
    running = run.Run(world)
    for _ in running.instants():
        pass
    return running
