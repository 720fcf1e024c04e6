# SPDX-License-Identifier: Apache-2.0
"""A Tryton with a company in it, made while other services start.

Its Python environment and its database are kept between runs, one for each
list of requirements and each way of making the company.
"""

from collections.abc import Iterator
import contextlib
import datetime as dt
import hashlib
import os
import pathlib
import subprocess
import sys

_SOURCES = pathlib.Path(__file__).resolve().parent.parent / 'tests/tryton'
_REQUIREMENTS = _SOURCES / 'requirements.txt'
_COMPANY = _SOURCES / 'company.py'
_MODULES = ('account_invoice', 'sale_subscription')
_CONFIGURATION = """
[database]
uri = sqlite:///
path = {folder}
"""


@contextlib.contextmanager
def making() -> Iterator[pathlib.Path]:
    """Begin to make it; its Python is `venv`, its database company.sqlite.

    Whoever uses it waits until `made` holds the exit code; a log is beside
    it.
    """
    folder = _folder()
    making = None
    if not _is_made(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'made').unlink(missing_ok=True)
        making = subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            stdin=subprocess.DEVNULL,
        )
    try:
        yield folder
    finally:
        if making is not None:
            making.terminate()
            making.wait(60)


def make(folder: pathlib.Path) -> None:
    """Raises CalledProcessError."""
    python = folder / 'venv/bin/python'
    _run(folder, sys.executable, '-m', 'venv', '--clear', folder / 'venv')
    pip = (python, '-m', 'pip', 'install', '--quiet')
    _run(folder, *pip, '--requirement', _REQUIREMENTS)
    configuration = folder / 'trytond.conf'
    configuration.write_text(_CONFIGURATION.format(folder=folder))
    database = folder / 'company.sqlite'
    database.write_bytes(b'')
    _run(
        folder,
        folder / 'venv/bin/trytond-admin',
        '--config', configuration, '--database', database.stem,
        '--email', 'admin@example.test',
        '--update', *_MODULES, '--activate-dependencies',
    )  # fmt: skip
    _run(folder, python, _COMPANY, folder)


def _run(folder: pathlib.Path, *command: object) -> None:
    # It asks for the password of its administrator otherwise.
    password = folder / 'password'
    password.write_text('opensesame-to-administrators')
    with (folder / 'log').open('ab') as log:
        subprocess.run(
            [str(word) for word in command],
            check=True,
            env={**os.environ, 'TRYTONPASSFILE': str(password)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _folder() -> pathlib.Path:
    """The company's books are open for this year and those beside it."""
    made_of = hashlib.sha256(str(dt.date.today().year).encode())
    for source in (_REQUIREMENTS, _COMPANY):
        made_of.update(source.read_bytes())
    cache = pathlib.Path.home() / '.cache/patrii-billing'
    return cache / f'tryton-{made_of.hexdigest()[:12]}'


def _is_made(folder: pathlib.Path) -> bool:
    made = folder / 'made'
    return made.exists() and made.read_text() == '0'


if __name__ == '__main__':
    where = pathlib.Path(sys.argv[1])
    code = 1
    try:
        make(where)
        code = 0
    finally:
        (where / 'made').write_text(str(code))
