#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write constraints.txt anew: the versions that pip resolves today.

Run it with the oldest supported Python, then run the tests: the file is
what every tox environment installs.
"""

import pathlib
import subprocess
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = '# The versions tested together; tox -e constraints writes it anew.\n'
# OpenStack 2026.2 ships SQLAlchemy 2.0; tox -e py311-sqlalchemy21 tests 2.1.
SERIES = ['SQLAlchemy<2.1']
TOOLS = [
    'tox>=4.28', 'tox-uv', 'psycopg2', 'atheris', 'axe-playwright-python',
    'html5lib', 'playwright', 'Django>=5.2,<5.3', 'horizon>=27.0.0',
    'mutmut>=3.8',
]  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [f'{folder}/bin/pip', '--disable-pip-version-check']
        requirements = [
            f'--requirement={ROOT / name}'
            for name in (
                'requirements.txt',
                'test-requirements.txt',
                'doc/requirements.txt',
            )
        ]
        subprocess.run(
            [*pip, 'install', '--quiet', *requirements, *SERIES, *TOOLS],
            check=True,
        )
        frozen = subprocess.run(
            [*pip, 'freeze'], check=True, stdout=subprocess.PIPE, text=True
        )
    (ROOT / 'constraints.txt').write_text(HEADER + frozen.stdout)


if __name__ == '__main__':
    main()
