#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Build the sdist and from it the wheel, install that, and look inside.

A wheel without its version, dependencies, templates or migrations installs
without a word, and fails in the operator's hands.
"""

from collections.abc import Iterator
from importlib import metadata
import pathlib
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = 'patrii_billing'
EXTRAS = {'cli', 'facturx', 'mysql', 'pdf', 'postgresql'}
LOAD_ALL = """
from importlib import metadata
for point in metadata.distribution('patrii-billing').entry_points:
    point.load()
"""
# HTML needs no extra; what needs one says which.
RENDER = """
from patrii_billing.document import brand, page, pdf
from patrii_billing.domain import document
from patrii_billing import errors
import datetime
seller = document.Party('Seller')
invoice = document.Invoice(
    number='INV-000001', state='open', currency='EUR', customer=seller,
    issued_at=datetime.datetime.now(datetime.UTC), lines=(), net=0, total=0,
    owed=0, locale='fr',
)
text = page.html(brand.Brand(seller), invoice)
assert 'Facture INV-000001' in text, text
try:
    pdf.pdf(text)
except errors.ExtraMissing as error:
    assert 'patrii-billing[pdf]' in str(error), error
else:
    raise AssertionError('the extra is not missing')
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        wheel = build(folder)
        subprocess.run(
            [sys.executable, '-m', 'zipfile', '-e', wheel, folder / 'inside'],
            check=True,
        )
        (info,) = (folder / 'inside').glob('*.dist-info')
        inside = metadata.Distribution.at(info)
        python = install(wheel, folder)
        faults = [
            *version_faults(inside.version),
            *requirement_faults(inside),
            *file_faults(inside),
            *installed_faults(inside, python),
        ]
    for fault in faults:
        print(f'FAULT: {fault}')
    print(f'{wheel.name}: {len(faults)} faults')
    return 1 if faults else 0


def build(folder: pathlib.Path) -> pathlib.Path:
    subprocess.run(
        [sys.executable, '-m', 'build', '--outdir', folder, ROOT],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (wheel,) = folder.glob('*.whl')
    return wheel


def install(wheel: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Install the wheel by itself and return that environment's python."""
    venv.create(folder / 'venv', with_pip=True)
    python = folder / 'venv' / 'bin' / 'python'
    constraints = ROOT / 'constraints.txt'
    subprocess.run(
        [python, '-m', 'pip', 'install', '-q', '-c', constraints, wheel],
        check=True,
    )
    return python


def version_faults(version: str) -> Iterator[str]:
    """Without its setup.py, pbr would call every commit 0.0.0."""
    tag = git('tag', '--points-at', 'HEAD')
    if tag and version not in tag:
        yield f'the version is {version}, the tag {tag}'
    if not tag and '.dev' not in version:
        yield f'the version is {version}, though no tag is here'


def requirement_faults(inside: metadata.Distribution) -> Iterator[str]:
    lines = (ROOT / 'requirements.txt').read_text().splitlines()
    wanted = {line.partition('#')[0].strip() for line in lines} - {''}
    for missing in sorted(wanted - set(inside.requires or ())):
        yield f'no dependency on {missing}'
    extras = set(inside.metadata.get_all('Provides-Extra') or ())
    if extras != EXTRAS:
        yield f'the extras are {sorted(extras)}'


def file_faults(inside: metadata.Distribution) -> Iterator[str]:
    """Every file of the package, templates and migrations among them."""
    packed = [str(path) for path in inside.files or ()]
    for path in [*git('ls-files', PACKAGE), *git('ls-files', 'etc')]:
        if not any(name.endswith(path) for name in packed):
            yield f'no file {path}'


def installed_faults(
    inside: metadata.Distribution, python: pathlib.Path
) -> Iterator[str]:
    """Everything starts from a folder that is not the source tree."""
    scripts = inside.entry_points.select(group='console_scripts')
    commands = [
        [str(python), '-m', 'pip', 'check'],
        [str(python), '-c', LOAD_ALL],
        [str(python), '-c', RENDER],
        *([f'{python.parent}/{script.name}', '--help'] for script in scripts),
    ]
    if not scripts:
        yield 'no console scripts'
    for command in commands:
        done = subprocess.run(
            command,
            cwd=python.parent,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            shown = ' '.join(command)
            yield f'{shown} exits {done.returncode}:\n{done.stdout}'


def git(*words: str) -> list[str]:
    """Return the lines of a git command's answer."""
    done = subprocess.run(
        ['git', '-C', ROOT, *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.splitlines()


if __name__ == '__main__':
    sys.exit(main())
