# SPDX-License-Identifier: Apache-2.0
"""The venv that holds OpenStack: made once, kept between miniclouds."""

from collections.abc import Mapping
from collections.abc import Sequence
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
from typing import BinaryIO

from _minicloud import errors
from _minicloud import processes

# One release of OpenStack (2026.2); change them together.
REQUIREMENTS = (
    'PyMySQL',
    'SQLAlchemy<2.1',
    'glance==33.0.0',
    'keystone==30.0.0',
    'neutron==29.0.0',
    'nova==34.0.0',
    'openstack-placement==16.0.0',
    'python-glanceclient',
    'python-novaclient',
    'python-openstackclient',
    'uWSGI',
)
VERSION = hashlib.sha256('\n'.join(REQUIREMENTS).encode()).hexdigest()[:12]
PYTHONS = ((3, 11), (3, 12))
PACKAGES = {
    'rabbitmq-server': 'rabbitmq-server',
    'mariadbd': 'mariadb-server',
    'mariadb': 'mariadb-client',
}
INSTALL_SECONDS = 1200


def default_path() -> pathlib.Path:
    named = os.environ.get('PATRII_MINICLOUD_VENV')
    if named:
        return pathlib.Path(named).absolute()
    return pathlib.Path.home() / '.cache/patrii-billing/minicloud-venv'


def _marker(path: pathlib.Path) -> pathlib.Path:
    return path / 'minicloud-requirements'


def ensure(path: pathlib.Path) -> None:
    """Create the venv, or bring it to this list of requirements.

    One that somebody else is making is waited for.

    :raises MinicloudError: when Python is unsuited or pip fails.
    """
    if _is_current(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix('.lock').open('wb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current(path):
            _make(path)


def _is_current(path: pathlib.Path) -> bool:
    marker = _marker(path)
    return marker.exists() and marker.read_text().strip() == VERSION


def _make(path: pathlib.Path) -> None:
    if sys.version_info[:2] not in PYTHONS:
        raise errors.MinicloudError(
            'OpenStack needs Python 3.11 or 3.12; start minicloud with one '
            'of them'
        )
    log = path.parent / f'{path.name}.log'
    with log.open('wb') as out:
        python = path / 'bin/python'
        if not python.exists():
            _install([sys.executable, '-m', 'venv', str(path)], log, out)
        pip = [str(python), '-m', 'pip', 'install', '--quiet']
        _install([*pip, *REQUIREMENTS], log, out)
    _marker(path).write_text(f'{VERSION}\n')


def ensure_packages(log: pathlib.Path) -> None:
    """Install the Debian packages of broker and database if missing.

    :raises MinicloudError: when they are missing and we are not root.
    """
    search = os.environ.get('PATH', '') + ':/usr/sbin:/usr/bin'
    missing = sorted(
        package
        for program, package in PACKAGES.items()
        if not shutil.which(program, path=search)
    )
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which('apt-get'):
        raise errors.MinicloudError(
            f'please install first: apt-get install {" ".join(missing)}'
        )
    # RUNLEVEL=1 keeps the packages from starting their own services.
    settings = {'DEBIAN_FRONTEND': 'noninteractive', 'RUNLEVEL': '1'}
    apt = ['apt-get', 'install', '-y', '--no-install-recommends']
    with log.open('wb') as out:
        env = {**os.environ, **settings}
        _install(['apt-get', 'update'], log, out, env)
        _install([*apt, *missing], log, out, env)


def _install(
    command: Sequence[str],
    log: pathlib.Path,
    out: BinaryIO,
    env: Mapping[str, str] | None = None,
) -> None:
    try:
        subprocess.run(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
            timeout=INSTALL_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise errors.MinicloudError(
            f'{error}; {log} ends:\n{processes.tail(log)}'
        ) from None
