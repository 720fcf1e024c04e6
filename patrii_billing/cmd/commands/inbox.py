# SPDX-License-Identifier: Apache-2.0
"""`inbox`: notifications that could not be read."""

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing import errors
from patrii_billing.store import inbox


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'inbox', help='notifications that could not be read'
    )
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser('parked', help='list them, and why')
    action.add_argument(
        '--limit', type=int, default=100,
        help='how many at most, oldest first (default: %(default)s)',
    )  # fmt: skip
    action.set_defaults(run=_parked)
    action = actions.add_parser('replay', help='have them read again')
    action.add_argument('id', nargs='*', type=int, help='else all')
    action.set_defaults(run=_replay)


def _parked(desk: desks.Desk) -> None:
    rows = desk.read(inbox.parked, desk.options.limit)
    if not rows:
        print('Nothing is parked.')
        return
    shown = [
        (row.id, text.instant(row.received_at), row.event_type, row.why or '')
        for row in rows
    ]
    header = ('ID', 'RECEIVED', 'EVENT', 'WHY')
    print(*text.table(header, shown), sep='\n')


def _replay(desk: desks.Desk) -> None:
    ids = desk.options.id or None
    count = desk.write(inbox.replay, desk.now, ids)
    if ids is not None and count < len(set(ids)):
        raise errors.NotFound(
            f'{count} of {len(set(ids))} are parked and will be read again'
        )
    print(f'To be read again: {count}.')
