# SPDX-License-Identifier: Apache-2.0
"""Where the rivals live: each in a venv of its own, kept between runs."""

import os
import pathlib
import subprocess
import sys


def of(name: str, version: str, program: str) -> pathlib.Path:
    """The venv with a package in it, made if its program is missing there.

    $PATRII_<NAME>_VENV says where it is kept.
    """
    named = os.environ.get(f'PATRII_{name.upper()}_VENV')
    path = pathlib.Path(
        named or pathlib.Path.home() / f'.cache/patrii-billing/{name}-venv'
    )
    if not (path / 'bin' / program).exists():
        subprocess.run(  # noqa: S603
            [sys.executable, '-m', 'venv', path], check=True
        )
        subprocess.run(  # noqa: S603
            [path / 'bin/pip', 'install', '-q', f'{name}=={version}'],
            check=True,
        )
    return path
