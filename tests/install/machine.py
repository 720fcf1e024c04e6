# SPDX-License-Identifier: Apache-2.0
"""A Debian that runs beside us, with systemd as its first process."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
from typing import Any
from urllib import parse

import psutil

from tests.functional import base

_BOOT = pathlib.Path(__file__).with_name('boot.sh')
_NAMESPACES = ('--mount', '--pid', '--uts', '--ipc', '--cgroup')
_CERTIFICATES = 'etc/ssl/certs/ca-certificates.crt'


def pip_settings() -> dict[str, str]:
    """What pip was told here, as the variables that tell it to another."""
    listed = subprocess.run(
        [sys.executable, '-m', 'pip', 'config', 'list'],
        check=False,
        capture_output=True,
        text=True,
    ).stdout
    found = {
        f'PIP_{name.upper().replace("-", "_")}': value.replace(r'\n', ' ')
        for name, value in re.findall(
            r"^global\.([\w-]+)='(.*)'$", listed, re.M
        )
    }
    told = {k: v for k, v in os.environ.items() if k.startswith('PIP_')}
    return {**found, **told}


def folders_of(settings: Mapping[str, str]) -> list[str]:
    """The folders of this machine from which pip was told to take.

    What an index of packages names is kept beside it.
    """
    words = ' '.join(settings.values()).split()
    paths = (parse.urlsplit(word).path.rstrip('/') for word in words)
    return sorted({
        path.removesuffix('/simple') for path in paths if os.path.isdir(path)
    })  # fmt: skip


class Machine:
    def __init__(
        self,
        folder: pathlib.Path,
        shows: Iterable[str],
        later: Callable[..., Any],
    ) -> None:
        """:param folder: where tools/debian.py is making it
        :param shows: folders of this machine to be seen there, read-only
        :param later: calls what it is given at the end
        """
        self.root = folder / 'root'
        self._wait_made(folder)
        certificates = os.environ.get('PIP_CERT') or f'/{_CERTIFICATES}'
        shutil.copy(certificates, self.root / _CERTIFICATES)
        self._process = subprocess.Popen(
            [
                'unshare', *_NAMESPACES, '--fork', '--kill-child', 'bash',
                _BOOT, self.root, *shows,
            ],
            stdin=subprocess.DEVNULL,
            stdout=(folder / 'boot.log').open('wb'),
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        later(self._stop)
        base.wait_until(self._is_up, 'systemd')

    def run(
        self, script: str, environment: Mapping[str, str] | None = None
    ) -> str:
        """What a shell there says to it. Fails where it ends in failure."""
        code, said = self.attempt(script, environment)
        if code:
            raise AssertionError(f'exit code {code}: {said}')
        return said

    def attempt(
        self, script: str, environment: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        done = subprocess.run(
            [
                'nsenter', '--target', str(self._first()), *_NAMESPACES,
                '--root', 'bash', '-s',
            ],
            input=f'cd\n{script}',
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={
                'PATH': '/usr/sbin:/usr/bin:/sbin:/bin',
                'HOME': '/root',
                'LANG': 'C.UTF-8',
                **(environment or {}),
            },
        )  # fmt: skip
        return done.returncode, done.stdout

    def _wait_made(self, folder: pathlib.Path) -> None:
        made = folder / 'made'
        base.wait_until(made.exists, 'Debian to be made', seconds=300)
        if made.read_text().strip() != '0':
            raise AssertionError((folder / 'log').read_text())

    def _first(self) -> int:
        (first,) = psutil.Process(self._process.pid).children()
        return int(first.pid)

    def _is_up(self) -> bool:
        if self._process.poll() is not None:
            log = self.root.with_name('boot.log')
            raise AssertionError(log.read_text(errors='replace'))
        begun = psutil.Process(self._process.pid).children()
        if not begun or begun[0].name() != 'systemd':
            return False
        _, said = self.attempt('systemctl is-system-running')
        return said.strip() in ('running', 'degraded')

    def _stop(self) -> None:
        """All of it ends with its first process."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)
