# SPDX-License-Identifier: Apache-2.0
"""Servers that are killed and started again, just as they were."""

from collections.abc import Callable
import contextlib
import pathlib
import subprocess
import time

import psutil
import sqlalchemy as sa

from tests import services

# Long enough for a broker on a loaded machine.
PATIENCE = 90


class Server:
    """A running server that tools/with_services.py has started."""

    def __init__(
        self, process: psutil.Process, answers: Callable[[], bool]
    ) -> None:
        self._process = process
        self.answers = answers
        self._command = process.cmdline()
        self._program = process.exe()
        self._environment = process.environ()
        self._folder = process.cwd()
        self._user = process.uids().real
        self._group = process.gids().real

    def kill(self) -> None:
        """kill -9; returns once nothing of it is left."""
        children = self._process.children(recursive=True)
        with contextlib.suppress(psutil.NoSuchProcess):
            self._process.kill()
        until = time.monotonic() + PATIENCE
        while any(map(_lives, [self._process, *children])):
            if time.monotonic() > until:
                raise TimeoutError(f'{self._command[0]} does not end')
            time.sleep(0.05)

    def freeze(self) -> None:
        """As if the network to it were cut."""
        self._process.suspend()

    def thaw(self) -> None:
        self._process.resume()

    def start(self) -> None:
        """Start it again; returns once it answers.

        What ends at once finds something of its forerunner that still lives,
        a client's process that was forked while that was killed.
        """
        self._launch()
        until = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > until:
                raise TimeoutError(f'{self._command[0]} does not answer')
            time.sleep(0.05)
            if not _lives(self._process):
                self._launch()

    def _launch(self) -> None:
        self._process = psutil.Popen(
            self._command,
            executable=self._program,
            env=self._environment,
            cwd=self._folder,
            user=self._user,
            group=self._group,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # What runs under another account has been started by a command
            # of its own, which stops it as well.
            start_new_session=self._user != 0,
        )

    def restart(self) -> None:
        self.kill()
        self.start()


def _lives(process: psutil.Process) -> bool:
    """What its parent has not asked for yet is dead all the same."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def broker() -> Server:
    port = services.broker_port()
    return Server(_listening(port), lambda: services.answers(port))


def of_books(url: str) -> Server:
    """The database server behind an URL of books."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    is_mysql = engine.dialect.name == 'mysql'
    with engine.connect() as conn:
        if is_mysql:
            file, folder = conn.execute(
                sa.text('SELECT @@pid_file, @@datadir')
            ).one()
        else:
            file = 'postmaster.pid'
            folder = conn.scalar(sa.text('SHOW data_directory'))
    text = pathlib.Path(folder, file).read_text()

    def answers() -> bool:
        try:
            with engine.connect():
                return True
        except sa.exc.DBAPIError:
            return False

    return Server(psutil.Process(int(text.split()[0])), answers)


def _listening(port: int) -> psutil.Process:
    for connection in psutil.net_connections('tcp'):
        if (
            connection.status == psutil.CONN_LISTEN
            and connection.laddr.port == port
        ):
            return psutil.Process(connection.pid)
    raise LookupError(f'nothing listens on port {port}')
