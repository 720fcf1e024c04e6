# SPDX-License-Identifier: Apache-2.0
"""The API of a billing service, behind a real web server and keystone."""

from collections.abc import Callable
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
from typing import Any

import requests

from tests.functional import base
from tests.functional import billing

_GUNICORN = pathlib.Path(sys.executable).with_name('gunicorn')
# What an API needs to check tokens, beside the account of [nova].
OPTIONS: billing.Options = {
    'api': {'auth_strategy': 'keystone'},
    'keystone_authtoken': {'auth_section': 'nova'},
}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return int(taken.getsockname()[1])


class Api:
    """gunicorn with our application, and its place in the catalogue."""

    def __init__(
        self,
        service: billing.Service,
        later: Callable[..., Any],
        kind: str = 'billing',
        port: int | None = None,
    ) -> None:
        """:param later: calls what it is given at the end"""
        self.service = service
        self.kind = kind
        self.url = f'http://127.0.0.1:{port or free_port()}'
        self.log = service.folder / 'api.log'
        self.register()
        later(self.unregister)
        self._start(later)

    def _start(self, later: Callable[..., Any]) -> None:
        log = self.log.open('ab')
        later(log.close)
        self._process = subprocess.Popen(
            [
                _GUNICORN, '--bind', self.url.removeprefix('http://'),
                '--workers', '1', '--threads', '4',
                'patrii_billing.wsgi.api:application',
            ],
            env={
                **os.environ,
                'PATRII_BILLING_CONFIG_FILES': str(self.service.config),
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )  # fmt: skip
        later(self._stop)
        base.wait_until(self._answers, 'the API', 180)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(self.log.read_text(errors='replace'))
        try:
            answer = requests.get(f'{self.url}/healthcheck', timeout=5)
        except requests.RequestException:
            return False
        return answer.status_code == 200

    def _stop(self) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(15)

    def register(self) -> None:
        """As an operator does, with the account of [nova]."""
        urls = [
            word
            for interface in ('public', 'internal', 'admin')
            for word in (f'--{interface}-url', self.url)
        ]
        self.service.manage(
            'bootstrap', '--service-type', self.kind, '--update',
            '--wait', '0', *urls,
        )  # fmt: skip

    def unregister(self) -> None:
        """Take it out of the catalogue."""
        keystone = self.service.cloud.operator.service('identity')
        found = keystone.get('/services', params={'type': self.kind})
        for one in found.json()['services']:
            keystone.delete(f'/services/{one["id"]}')
