# SPDX-License-Identifier: Apache-2.0
"""`bootstrap`: make what an installation needs, and look it over."""

from collections.abc import Iterator
import socket

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.cmd import failures
from patrii_billing.domain import finding
from patrii_billing import errors
from patrii_billing import inspection

_PORT = 8792
_INTERFACES = ('public', 'internal', 'admin')

_HELP = """
Make what is missing: the tables, the keystone service with its endpoints, our
accounts and the roles of the personas. Then look over the rest and say, a
line for each thing, what to change where. Safe to repeat.

It acts in keystone as the administrator whom the OS_* variables name (as an
openrc sets them), and without them as the account of [nova].
"""


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'bootstrap', help='make what is missing and look all over',
        description=_HELP,
    )  # fmt: skip
    parser.add_argument(
        '--dry-run', action='store_true', help='say it, and change nothing'
    )
    parser.add_argument(
        '--update', action='store_true',
        help='change what keystone has otherwise than asked here',
    )  # fmt: skip
    parser.add_argument(
        '--region', action='append', default=[], metavar='NAME',
        help='a region to register in, may be repeated; all of nova unless '
        'given',
    )  # fmt: skip
    for name in _INTERFACES:
        parser.add_argument(
            f'--{name}-url', metavar='URL',
            help=f'address of the endpoint {name}; a new one is '
            f'http://HOST:{_PORT} unless given',
        )  # fmt: skip
    parser.add_argument(
        '--service-type', default='billing', metavar='TYPE',
        help='its type in the catalogue (default: %(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--service-name', default='patrii-billing', metavar='NAME',
        help='its name there (default: %(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--wait', type=float, default=10, metavar='SECONDS',
        help='how long a notification of nova may take that is provoked by '
        'a key pair of our own, made and deleted; 0 provokes none '
        '(default: %(default)s)',
    )  # fmt: skip
    parser.set_defaults(run=_run)


def _run(desk: desks.Desk) -> None:
    site = inspection.Site(desk.conf, _wanted(desk))
    wrong = 0
    for step in inspection.STEPS:
        for found in _found(step, site):
            print(text.plain(found), flush=True)
            wrong += found.mark is finding.Mark.WRONG
    if wrong:
        raise errors.Conflict(f'not all is well: {wrong} WRONG above')


def _wanted(desk: desks.Desk) -> inspection.Wanted:
    given = desk.options
    return inspection.Wanted(
        service_type=given.service_type,
        service_name=given.service_name,
        regions=tuple(given.region),
        urls={name: getattr(given, f'{name}_url') for name in _INTERFACES},
        default_url=f'http://{socket.getfqdn()}:{_PORT}',
        update=given.update,
        dry_run=given.dry_run,
        wait=given.wait,
    )


def _found(
    step: inspection.Step, site: inspection.Site
) -> Iterator[finding.Finding]:
    """What a step finds; that it breaks is a finding as well."""
    try:
        yield from step(site)
    except Exception as error:
        for line in failures.told(error):
            yield finding.wrong(line)
