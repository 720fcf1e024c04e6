# SPDX-License-Identifier: Apache-2.0
"""A container without its walls: kolla's config.json, carried out here."""

from collections.abc import Callable
import contextlib
import getpass
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
from typing import Any

from tests.kolla import site

_MOUNTED = '/var/lib/kolla/config_files'
_CONF = '/etc/patrii_billing/patrii_billing.conf'


class Container:
    """One of the role's, with folders of its own for /etc and /var/log."""

    def __init__(self, of: site.Site, name: str) -> None:
        self._of = of
        self._name = name
        self.root = of.folder / name
        self.logs = self.root / 'var/log/kolla/patrii-billing'
        self.logs.mkdir(parents=True)
        self._config = json.loads(of.read(f'{name}/config.json'))
        for file in self._config['config_files']:
            source = file['source'].replace(_MOUNTED, name)
            path = self._here(file['dest'])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._moved(of.read(source)))
        self.conf = self._here(_CONF)

    def start(self, later: Callable[..., Any]) -> None:
        """:param later: calls what it is given at the end"""
        output = (self.root / 'output').open('wb')
        later(output.close)
        program, *words = shlex.split(self._moved(self._config['command']))
        self._process = subprocess.Popen(
            [pathlib.Path(sys.prefix) / 'bin' / program, *words],
            # Where the files of a container are nobody has to be told.
            env={**os.environ, 'PATRII_BILLING_CONFIG_FILES': str(self.conf)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        later(self._stop)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def said(self) -> str:
        """All that it wrote to its logs and to its terminal."""
        files = [self.root / 'output', *self.logs.iterdir()]
        return '\n'.join(file.read_text(errors='replace') for file in files)

    def _moved(self, text: str) -> str:
        """With the places of a container as they are here."""
        for folder in ('/var/log/kolla', '/etc/patrii_billing'):
            text = text.replace(folder, str(self._here(folder)))
        return text.replace(
            'uid = patrii-billing\n', f'uid = {getpass.getuser()}\n'
        )

    def _here(self, path: str) -> pathlib.Path:
        return self.root / path.removeprefix('/')

    def _stop(self) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)
