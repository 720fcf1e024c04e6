# SPDX-License-Identifier: Apache-2.0
"""`series`: the numbers of invoices and of credit notes."""

import sys

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import effect
from patrii_billing.cmd.commands import text
from patrii_billing.domain import document
from patrii_billing.domain import numbering
from patrii_billing.engine import numbering as engine
from patrii_billing import errors
from patrii_billing.store import series


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'series', help='the numbers of invoices and of credit notes'
    )
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser('list', help='which number each has next')
    action.set_defaults(run=_list)
    action = actions.add_parser(
        'skip-to',
        help='leave out numbers that were given before a backup was put back',
        description='Have the next document of a series get a number, and '
        'none the numbers before it, which books that are lost have given. '
        'It cannot be undone. `report numbers` shows what was left out, and '
        'why.',
    )
    action.add_argument('name', help='as `series list` shows it')
    action.add_argument('number', type=int, help='the next one')
    action.add_argument(
        '--why', required=True, metavar='TEXT',
        help='for who audits the books',
    )  # fmt: skip
    action.add_argument('--yes', action='store_true', help='do not ask')
    effect.add_dry_run(action)
    action.set_defaults(run=_skip_to)


def _list(desk: desks.Desk) -> None:
    found = desk.read(series.following)
    rows = [
        (name, document.number(name, number))
        for name, number in sorted(found.items())
    ]
    print(*text.table(('SERIES', 'NEXT'), rows), sep='\n')


class _Rehearsed(Exception):  # noqa: N818 - an end of the unit, no error
    """What would be left out is known, and nothing of it is kept."""

    def __init__(self, left_out: numbering.Run) -> None:
        super().__init__()
        self.left_out = left_out


def _skip_to(desk: desks.Desk) -> None:
    options = desk.options
    if options.dry_run or not options.yes:
        try:
            desk.write(_skip, desk, rehearse=True)
        except _Rehearsed as end:
            print(f'To be left out: {_said(end.left_out)}')
    if options.dry_run:
        print('Dry run: nothing was written.')
        return
    if not options.yes:
        _ask()
    print(f'Left out: {_said(desk.write(_skip, desk, rehearse=False))}')
    following = document.number(options.name, options.number)
    print(f'The next is {text.plain(following)}.')


def _skip(
    conn: sa.Connection, desk: desks.Desk, rehearse: bool
) -> numbering.Run:
    options = desk.options
    left_out = engine.skip_to(
        conn, options.name, options.number, options.why, desk.by, desk.now
    )
    if rehearse:
        raise _Rehearsed(left_out)
    return left_out


def _ask() -> None:
    """Raises Conflict unless the operator agrees."""
    if not sys.stdin.isatty():
        raise errors.Conflict('nobody is there to agree; say --yes')
    if input('They can never be given. Go on? [y/N] ').lower() != 'y':
        raise errors.Conflict('left as it is')


def _said(left_out: numbering.Run) -> str:
    first, last = (
        text.plain(document.number(left_out.series, number))
        for number in (left_out.first, left_out.last)
    )
    count = left_out.last - left_out.first + 1
    return f'{first} to {last} ({count})'
