#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run a command beside private services, and always stop them after it.

pifpaf's own command line is not enough: PostgreSQL refuses to run as root,
which is what a container is, Debian keeps mysqld off the PATH of plain
users, and fixed ports forbid two runs on one machine.
"""

import argparse
from collections.abc import Iterator
import contextlib
import getpass
import logging
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from typing import Any

import debian
import galera
import mailserver
from pifpaf.drivers import mysql
from pifpaf.drivers import postgresql
from pifpaf.drivers import rabbitmq
import psutil
import sqlalchemy as sa
import tryton

POSTGRES_USER = 'postgres'
# RabbitMQ listens for its peers 20000 above its port, so this stays low.
PORTS = range(20000, 30000)
# Tables made in memory cost a twentieth of those that wait for a disk.
MEMORY = '/dev/shm'  # noqa: S108
MEMORY_NEEDED = 2 * 2**30
# Bytes; room for a database server and little else.
SMALL = 320 * 2**20


class UnprivilegedPostgreSQL(postgresql.PostgreSQLDriver):
    """PostgreSQL under the account that Debian made for it."""

    def _exec(self, command: list[str], **kwargs: Any) -> Any:
        shutil.chown(self.tempdir, POSTGRES_USER)
        prefix = ['runuser', '-u', POSTGRES_USER, '--']
        return super()._exec(prefix + command, **kwargs)


@contextlib.contextmanager
def mysql_url(folder: str | None = None) -> Iterator[dict[str, str]]:
    with mysql.MySQLDriver(tmp_rootdir=folder or roomy()) as server:
        url = (
            'mysql+pymysql://root@localhost/pifpaf'
            f'?unix_socket={server.socket}&charset=utf8mb4'
        )
        yield {'PATRII_TEST_MYSQL_URL': url}


@contextlib.contextmanager
def postgresql_url(folder: str | None = None) -> Iterator[dict[str, str]]:
    if os.geteuid() == 0:
        driver, user = UnprivilegedPostgreSQL, POSTGRES_USER
    else:
        driver, user = postgresql.PostgreSQLDriver, getpass.getuser()
    with driver(tmp_rootdir=folder or roomy()) as server:
        url = (
            f'postgresql+psycopg2://{user}@/postgres'
            f'?host={server.tempdir}&port={server.port}'
        )
        yield {'PATRII_TEST_POSTGRESQL_URL': url}


@contextlib.contextmanager
def small_mysql_url() -> Iterator[dict[str, str]]:
    with small_disk() as folder, mysql_url(folder) as found:
        yield {**found, 'PATRII_TEST_MYSQL_DISK': folder}


@contextlib.contextmanager
def small_postgresql_url() -> Iterator[dict[str, str]]:
    with small_disk() as folder, postgresql_url(folder) as found:
        _keep_what_is_committed(found['PATRII_TEST_POSTGRESQL_URL'])
        yield {**found, 'PATRII_TEST_POSTGRESQL_DISK': folder}


def _keep_what_is_committed(url: str) -> None:
    """Also through a kill -9, as PostgreSQL does unless it is told not to."""
    engine = sa.create_engine(url, isolation_level='AUTOCOMMIT')
    with engine.connect() as connection:
        connection.execute(sa.text('ALTER SYSTEM SET synchronous_commit = on'))
        connection.execute(sa.text('SELECT pg_reload_conf()'))
    engine.dispose()


@contextlib.contextmanager
def small_disk() -> Iterator[str]:
    """A disk that a test can fill; to mount one needs root."""
    with tempfile.TemporaryDirectory(prefix='disk-') as folder:
        options = f'size={SMALL},mode=0777'
        subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', folder],
            check=True,
        )
        try:
            yield folder
        finally:
            subprocess.run(['umount', '--lazy', folder], check=True)


@contextlib.contextmanager
def galera_urls() -> Iterator[dict[str, str]]:
    with galera.running(free_port, roomy()) as sockets:
        urls = (
            f'mysql+pymysql://root@localhost/?unix_socket={socket}'
            '&charset=utf8mb4'
            for socket in sockets
        )
        yield {'PATRII_TEST_GALERA_URLS': ' '.join(urls)}


@contextlib.contextmanager
def rabbitmq_url() -> Iterator[dict[str, str]]:
    node = f'patrii-test-{os.getpid()}'
    with rabbitmq.RabbitMQDriver(port=free_port(), nodename=node) as server:
        url = (
            f'rabbit://{server.username}:{server.password}'
            f'@127.0.0.1:{server.port}//'
        )
        yield {'PATRII_TEST_TRANSPORT_URL': url}


@contextlib.contextmanager
def mail_folder() -> Iterator[dict[str, str]]:
    with mailserver.running(free_port, roomy()) as folder:
        yield {'PATRII_TEST_MAIL_FOLDER': str(folder)}


@contextlib.contextmanager
def minicloud() -> Iterator[dict[str, str]]:
    """A whole OpenStack, in the folder that PATRII_MINICLOUD_DIR names.

    Where PATRII_MINICLOUD_SHARED names another, which is up, it is that one:
    what somebody may have stopped is started, and all is left running.
    """
    program = pathlib.Path(__file__).with_name('minicloud')
    shared = os.environ.get('PATRII_MINICLOUD_SHARED')
    if shared:
        up = [sys.executable, program, '--dir', shared, 'up']
        subprocess.run(up, check=True)
        yield {'PATRII_MINICLOUD_DIR': shared}
        return
    try:
        subprocess.run([sys.executable, program, 'up'], check=True)
        yield {}
    finally:
        subprocess.run([sys.executable, program, 'down'], check=False)


@contextlib.contextmanager
def bare_debian() -> Iterator[dict[str, str]]:
    """Name it first: it is made while the others start."""
    with debian.making() as folder:
        yield {'PATRII_TEST_DEBIAN': str(folder)}


@contextlib.contextmanager
def tryton_folder() -> Iterator[dict[str, str]]:
    """Name it first: it is made while the others start."""
    with tryton.making() as folder:
        yield {'PATRII_TEST_TRYTON': str(folder)}


SERVICES = {
    'debian': bare_debian,
    'galera': galera_urls,
    'mailserver': mail_folder,
    'minicloud': minicloud,
    'mysql': mysql_url,
    'postgresql': postgresql_url,
    'rabbitmq': rabbitmq_url,
    'small-mysql': small_mysql_url,
    'small-postgresql': small_postgresql_url,
    'tryton': tryton_folder,
}


def end(command: subprocess.Popen[bytes]) -> None:
    """Leave nothing of it, nor of daemons in sessions of their own."""
    left: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        left = psutil.Process(command.pid).children(recursive=True)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(command.pid, signal.SIGKILL)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def database_urls() -> str:
    """Return what oslo.db's test fixtures make their databases on."""
    names = ('PATRII_TEST_MYSQL_URL', 'PATRII_TEST_POSTGRESQL_URL')
    started = (os.environ[name] for name in names if name in os.environ)
    return ';'.join(('sqlite://', *started))


def roomy() -> str | None:
    """Return a folder in memory where one is large enough, else None."""
    try:
        free = shutil.disk_usage(MEMORY).free
    except FileNotFoundError:
        return None
    return MEMORY if free > MEMORY_NEEDED else None


def free_port() -> int:
    """Return a port on which nothing listens now."""
    for port in random.sample(PORTS, 100):  # noqa: S311
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', port)) != 0:
                return port
    raise SystemExit('there is no free port')


def main() -> int:
    arguments = parse_arguments()
    level = logging.DEBUG if arguments.debug else logging.ERROR
    logging.basicConfig(level=level)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    with contextlib.ExitStack() as running:
        for name in arguments.services:
            os.environ.update(running.enter_context(SERVICES[name]()))
        os.environ['OS_TEST_DBAPI_ADMIN_CONNECTION'] = database_urls()
        # In a session of its own, so that it can be ended with its children.
        command = subprocess.Popen(arguments.command, start_new_session=True)
        running.callback(end, command)
        return command.wait()


def leave(number: int, _frame: Any) -> None:
    """Stop the services; a second signal must not break that off."""
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def parse_arguments() -> argparse.Namespace:
    """Split `SERVICE... -- COMMAND...`."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        usage='%(prog)s [--debug] SERVICE... -- COMMAND...',
    )
    parser.add_argument('--debug', action='store_true')
    parser.add_argument('services', nargs='+', choices=sorted(SERVICES))
    own, command = sys.argv[1:], []
    if '--' in own:
        at = own.index('--')
        own, command = own[:at], own[at + 1 :]
    arguments = parser.parse_args(own)
    if not command:
        parser.error('no command after --')
    arguments.command = command
    return arguments


if __name__ == '__main__':
    sys.exit(main())
