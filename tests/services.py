# SPDX-License-Identifier: Apache-2.0
"""Where the services are that tools/with_services.py has started."""

import os
import pathlib
import socket
from urllib import parse


class ServiceMissing(Exception):
    """A test needs a service that nobody has started."""


def mysql_url() -> str:
    return _url('PATRII_TEST_MYSQL_URL')


def postgresql_url() -> str:
    return _url('PATRII_TEST_POSTGRESQL_URL')


def transport_url() -> str:
    return _url('PATRII_TEST_TRANSPORT_URL')


def galera_urls() -> list[str]:
    """Ways to the same databases, each by a server of its own."""
    return _url('PATRII_TEST_GALERA_URLS').split()


def disk_of(backend: str) -> pathlib.Path:
    """Where a database server keeps all it has; a test may fill it."""
    return pathlib.Path(_url(f'PATRII_TEST_{backend.upper()}_DISK'))


def broker_port() -> int:
    return int(parse.urlsplit(transport_url()).port or 5672)


def answers(port: int) -> bool:
    """Whether something on this machine takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def mail_folder() -> str:
    return _url('PATRII_TEST_MAIL_FOLDER')


def _url(variable: str) -> str:
    if variable not in os.environ:
        raise ServiceMissing(
            f'{variable} is not set: run these tests by tox, or under '
            'tools/with_services.py'
        )
    return os.environ[variable]
