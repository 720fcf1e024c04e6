#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Build the sdist and from it the wheel, install that, and look inside.

A wheel without its version, dependencies, templates or migrations installs
without a word, and fails in the operator's hands.
"""

from collections.abc import Iterator
import contextlib
from importlib import metadata
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = 'patrii_billing'
EXTRAS = {
    'api', 'cli', 'facturx', 'horizon', 'mysql', 'pdf', 'postgresql',
}  # fmt: skip
LOAD_ALL = """
from importlib import metadata
for point in metadata.distribution('patrii-billing').entry_points:
    # The commands of `openstack` are of the extra cli, see client_faults().
    if not point.group.startswith('openstack.'):
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
# What stands on an operator's own machine: nothing of the server's.
CLIENT = ('osc-lib', 'python-openstackclient')
SERVERS = ('sqlalchemy', 'oslo_db', 'oslo_messaging', 'flask', 'novaclient')
# Each command as the shell itself runs it, in one process, since a start of
# the shell takes most of a second.
HELP = """
from importlib import metadata
import contextlib, importlib.util, io, sys
for name in sys.argv[1:]:
    assert importlib.util.find_spec(name) is None, f'{name} is here, too'
sys.argv[0] = 'openstack'
from openstackclient import shell
points = metadata.entry_points(group='openstack.billing.v1')
assert points, 'there are no commands'
for point in points:
    words = point.name.replace('_', ' ').split()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            code = shell.main([*words, '--help'])
        except SystemExit as end:
            code = end.code
    text = said.getvalue()
    assert not code and text.startswith('usage: openstack billing '), text
print(len(points), 'commands answer --help')
"""
PATIENCE = 20  # seconds that the API may take to begin
SERVE = """
from wsgiref import simple_server
from patrii_billing.wsgi import api
server = simple_server.make_server('127.0.0.1', 0, api.application)
print(server.server_port, flush=True)
server.serve_forever()
"""
CONFIGURATION = """
[database]
connection = sqlite:///{folder}/books.db
[api]
auth_strategy = noauth
[nova]
auth_type = none
[DEFAULT]
transport_url = rabbit://127.0.0.1/
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
            *client_faults(wheel, folder, python),
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
    python = environment(folder / 'venv')
    pip_install(python, wheel)
    return python


def environment(folder: pathlib.Path) -> pathlib.Path:
    venv.create(folder, with_pip=True)
    return folder / 'bin' / 'python'


def pip_install(python: pathlib.Path, *what: str | pathlib.Path) -> None:
    constraints = ROOT / 'constraints.txt'
    subprocess.run(
        [python, '-m', 'pip', 'install', '-q', '-c', constraints, *what],
        check=True,
    )


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
    for path in git('ls-files', PACKAGE, 'etc', 'kolla'):
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
        yield from run_faults(command, python.parent)


def client_faults(
    wheel: pathlib.Path, folder: pathlib.Path, server: pathlib.Path
) -> Iterator[str]:
    """The commands need nothing of the server's, and reach its API."""
    python = environment(folder / 'client')
    pip_install(python, *CLIENT)
    pip_install(python, '--no-deps', wheel)
    yield from run_faults([str(python), '-c', HELP, *SERVERS], folder)
    openstack = str(python.with_name('openstack'))
    with api(folder, server) as port:
        account = {
            **os.environ,
            'OS_AUTH_TYPE': 'admin_token',
            'OS_ENDPOINT': f'http://127.0.0.1:{port}',
            'OS_TOKEN': 'ada:office:billing_admin,reader',
        }
        words = [openstack, 'billing', 'payment', 'list', '-f', 'json']
        yield from run_faults(words, folder, account, '[]')


@contextlib.contextmanager
def api(folder: pathlib.Path, python: pathlib.Path) -> Iterator[int]:
    """The installed server's API, on a database of its own; its port."""
    file = folder / 'billing.conf'
    file.write_text(CONFIGURATION.format(folder=folder))
    manage = python.with_name('patrii-billing-manage')
    subprocess.run(
        [manage, '--config-file', file, 'db', 'upgrade'],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    log = folder / 'api.log'
    with log.open('w') as output:
        server = subprocess.Popen(
            [python, '-u', '-c', SERVE],
            env={**os.environ, 'PATRII_BILLING_CONFIG_FILES': str(file)},
            cwd=folder,
            stdout=output,
            stderr=output,
        )
    try:
        yield port_in(log)
    finally:
        server.kill()
        server.wait()


def port_in(log: pathlib.Path) -> int:
    """Wait for the line of an API that has begun; 0 if it does not come."""
    for _ in range(PATIENCE):
        for line in log.read_text().splitlines():
            if line.isdigit():
                return int(line)
        time.sleep(1)
    print(log.read_text())
    return 0


def run_faults(
    command: list[str],
    folder: pathlib.Path,
    environment: dict[str, str] | None = None,
    answer: str | None = None,
) -> Iterator[str]:
    """It ends well, and says what it is to say, where that is given."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode or answer not in (None, done.stdout.strip()):
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
