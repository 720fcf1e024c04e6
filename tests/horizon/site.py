# SPDX-License-Identifier: Apache-2.0
"""A Horizon that runs, without a web server before it."""

from collections.abc import Callable
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
from typing import Any

import requests

from tests.functional import api
from tests.functional import base


class Horizon:
    def __init__(
        self, folder: pathlib.Path, keystone: str, later: Callable[..., Any]
    ) -> None:
        """:param later: calls what it is given at the end"""
        self.url = f'http://127.0.0.1:{api.free_port()}'
        self.log = folder / 'horizon.log'
        log = self.log.open('ab')
        later(log.close)
        self._process = subprocess.Popen(
            [
                sys.executable, '-m', 'django', 'runserver', '--noreload',
                '--insecure', self.url.removeprefix('http://'),
            ],
            env={
                **os.environ,
                'TEST_KEYSTONE': keystone,
                'TEST_STATIC': str(folder / 'static'),
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )  # fmt: skip
        later(self._stop)

    def wait(self) -> None:
        """Until it shows its first page; it makes style sheets for it."""
        base.wait_until(self._answers, 'Horizon', 120)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(self.log.read_text(errors='replace'))
        try:
            answer = requests.get(f'{self.url}/auth/login/', timeout=60)
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
