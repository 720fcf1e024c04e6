# SPDX-License-Identifier: Apache-2.0
"""What one minicloud remembers between commands, in its own directory."""

from collections.abc import Iterator
import contextlib
import fcntl
import json
import os
import pathlib
import secrets
import shutil
import socket
import threading
from typing import Any

from _minicloud import errors

REGION = 'RegionOne'
HOST = '127.0.0.1'
# Below Linux's ephemeral ports, so that no client takes one of ours while
# its service is down.
PORTS = range(20000, 32000)
PORT_NAMES = (
    'mariadb',
    'rabbitmq',
    'rabbitmq-peers',
    'rabbitmq-epmd',
    'keystone',
    'placement',
    'glance',
    'neutron',
    'nova-api',
)
# A Unix socket's path may have 107 characters.
LONGEST_PATH = 90


def port_is_free(port: int) -> bool:
    """Tell whether a listener could bind this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


class Cloud:
    """A state directory and the facts in its minicloud.json."""

    def __init__(self, path: pathlib.Path, venv: pathlib.Path) -> None:
        self.path = path
        self.venv = venv
        self._guard = threading.Lock()
        self.facts: dict[str, Any] = {}
        if self._file.exists():
            self.facts = json.loads(self._file.read_text())

    @property
    def _file(self) -> pathlib.Path:
        return self.path / 'minicloud.json'

    @property
    def exists(self) -> bool:
        return bool(self.facts)

    def create(self) -> None:
        """Make the folders, choose ports; later calls change nothing."""
        if len(str(self.path)) > LONGEST_PATH:
            raise errors.MinicloudError(
                f'{self.path} is longer than {LONGEST_PATH} characters, too '
                'long for the database socket; choose another --dir'
            )
        for name in ('etc', 'log', 'data'):
            (self.path / name).mkdir(exist_ok=True)
        if not self.exists:
            free = [p for p in self._candidates() if port_is_free(p)]
            self.record(
                dir=str(self.path),
                ports=dict(zip(PORT_NAMES, free, strict=False)),
                passwords={},
                pids={},
                done={},
            )
        self.record(venv=str(self.venv))

    def _candidates(self) -> list[int]:
        chosen: set[int] = set()
        while len(chosen) < 4 * len(PORT_NAMES):
            chosen.add(secrets.choice(PORTS))
        return list(chosen)

    def record(self, **facts: Any) -> None:
        """Write these facts down at once; a reader never sees half a file."""
        with self._guard:
            self.facts.update(facts)
            self._save()

    def _save(self) -> None:
        draft = self._file.with_suffix('.tmp')
        descriptor = os.open(
            draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
        )
        with os.fdopen(descriptor, 'w') as out:
            json.dump(self.facts, out, indent=2, sort_keys=True)
            out.write('\n')
        draft.replace(self._file)

    def port(self, name: str) -> int:
        return int(self.facts['ports'][name])

    def url(self, name: str, path: str = '') -> str:
        return f'http://{HOST}:{self.port(name)}{path}'

    def password(self, name: str) -> str:
        """The secret of this name, made up when first asked for."""
        with self._guard:
            passwords: dict[str, str] = self.facts['passwords']
            if name not in passwords:
                passwords[name] = secrets.token_hex(12)
                self._save()
            return passwords[name]

    def pid(self, service: str) -> int | None:
        found: int | None = self.facts.get('pids', {}).get(service)
        return found

    def set_pid(self, service: str, pid: int | None) -> None:
        with self._guard:
            self.facts['pids'][service] = pid
            self._save()

    def is_done(self, stage: str, version: str) -> bool:
        return bool(self.facts['done'].get(stage) == version)

    def set_done(self, stage: str, version: str) -> None:
        with self._guard:
            self.facts['done'][stage] = version
            self._save()

    def log(self, name: str) -> pathlib.Path:
        return self.path / 'log' / f'{name}.log'

    def etc(self, *parts: str) -> pathlib.Path:
        return self.path.joinpath('etc', *parts)

    def data(self, *parts: str) -> pathlib.Path:
        return self.path.joinpath('data', *parts)

    def binary(self, name: str) -> str:
        return str(self.venv / 'bin' / name)

    def wipe(self) -> None:
        """Remove everything but the venv, which may be shared."""
        shutil.rmtree(self.path)
        self.facts = {}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold off other commands that change this minicloud.

        :raises MinicloudError: when another command is at work.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise errors.MinicloudError(
                f'another minicloud command is at work in {self.path}'
            ) from None
        finally:
            os.close(handle)
