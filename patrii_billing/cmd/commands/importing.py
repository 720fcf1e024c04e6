# SPDX-License-Identifier: Apache-2.0
"""`import`: customers, plans and contracts from a file."""

import argparse
import collections
from collections.abc import Sequence
import json
import pathlib
import sys

from patrii_billing.cmd.commands import cloudkitty
from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.cmd.commands import whmcs
from patrii_billing.domain import cloud
from patrii_billing.engine import imports
from patrii_billing import errors
from patrii_billing.store.views import imported
from patrii_billing import wiring

_SKELETON = """\
# {count} of {all} projects that keystone has belong to no account yet.
# Delete what is not a customer's, name the plans, and import the rest.
accounts:
"""
_ACCOUNT = """\
  - name: {name}
    currency: {currency}
    # contacts: []              # else the mails go to the project's users
    # opening_balance: "0.00"   # negative: what is owed
    projects:
      - {{id: {id}, name: {project}}}
    # subscriptions:
    #   - name: {name}
    #     plan:
    #     project: {id}
    #     start: {today}
    #     paid_until: {today}
"""


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'import',
        help='bring the books to what a file says; all of it or nothing',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=(
            'Bring the books to what a YAML file says of plans, accounts,\n'
            'projects and subscriptions; import-example.yaml explains it.\n'
            'Every mistake is told by file, line and field, and nothing is\n'
            'imported then. The same file again changes nothing.\n\n'
            'Nobody is enforced who was not warned by this service: who is\n'
            'in arrears gets an invoice first, and then its reminders and\n'
            'its grace, each at its full span from the import on.'
        ),
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        'file', nargs='?', metavar='FILE|whmcs|cloudkitty',
        help='a YAML file, or - for stdin; or whmcs, for the tables in '
        'FOLDER; or cloudkitty, for what it has rated',
    )  # fmt: skip
    source.add_argument(
        '--discover', action='store_true',
        help='print the keystone projects that no account has, as a file to '
        'edit and import',
    )  # fmt: skip
    parser.add_argument(
        '--dry-run', action='store_true',
        help='show what would be done, and write nothing',
    )  # fmt: skip
    whmcs.add_to(parser)
    cloudkitty.add_to(parser)
    parser.set_defaults(run=_run)


def _run(desk: desks.Desk) -> None:
    if desk.options.discover:
        _discover(desk)
        return
    others = {whmcs.NAME: whmcs.run, cloudkitty.NAME: cloudkitty.run}
    if desk.options.file in others:
        others[desk.options.file](desk)
        return
    if desk.options.folder is not None:
        raise errors.InvalidInput('is of whmcs only', 'FOLDER')
    dry_run = desk.options.dry_run
    changes = imports.run(
        desk.tools, _content(desk.options.file), desk.options.file, desk.by,
        wiring.defaults(desk.conf), dry_run,
    )  # fmt: skip
    _show(changes, dry_run)


def _content(name: str) -> bytes:
    if name == '-':
        return sys.stdin.buffer.read()
    return pathlib.Path(name).read_bytes()


def _show(changes: Sequence[imports.Change], dry_run: bool) -> None:
    shown = [each for each in changes if dry_run or each.done != 'left']
    if shown:
        rows = [(one.done, one.kind, one.name, one.what) for one in shown]
        print(*text.table(('DONE', 'KIND', 'NAME', 'WHAT'), rows), sep='\n')
        print()
    counts = collections.Counter(each.done for each in changes)
    summary = ', '.join(
        f'{counts[done]} {done}' for done in ('added', 'changed', 'left')
    )
    print(f'{summary}.' + ' Dry run: nothing was written.' * dry_run)


def _discover(desk: desks.Desk) -> None:
    known = desk.read(imported.project_ids)
    there = desk.tools.cloud.projects.all()
    free = sorted(
        (one for one in there if one.id not in known),
        key=lambda one: (one.name, one.id),
    )
    if not free:
        print(f'# All {len(there)} projects of keystone belong to an account.')
        return
    print(_SKELETON.format(count=len(free), all=len(there)), end='')
    names = collections.Counter(one.name for one in free)
    for one in free:
        name = one.name
        if names[name] > 1:  # of several domains
            name = f'{one.name}-{one.id[:8]}'
        print(_entry(desk, one, name), end='')


def _entry(desk: desks.Desk, project: cloud.KeystoneProject, name: str) -> str:
    """Quoted as JSON is, which YAML reads in any case."""
    entry = _ACCOUNT.format(
        name=json.dumps(name, ensure_ascii=False),
        currency=desk.conf.billing.currency,
        id=json.dumps(project.id),
        project=json.dumps(project.name, ensure_ascii=False),
        today=desk.now.date(),
    )
    return entry if project.enabled else f'  # Disabled:\n{entry}'
