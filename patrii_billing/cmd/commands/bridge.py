# SPDX-License-Identifier: Apache-2.0
"""`bridge`: the subscription engine that customers are in, as it is read."""

from collections.abc import Iterator
import datetime as dt
import json
from typing import Any

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.domain import bridge
from patrii_billing.engine.bridging import sides
from patrii_billing.engine.bridging import standing
from patrii_billing.engine import ports
from patrii_billing import errors
from patrii_billing.store import bridges
from patrii_billing import wiring

_BATCH = 500
_MEANS = {
    standing.State.ACTIVE: 'what it says is followed',
    standing.State.PASSIVE: 'nothing is taken over, nobody is enforced for '
    'what it says',
    standing.State.UNREAD: 'not read lately, nobody is enforced for what it '
    'says',
}


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'bridge', help='another subscription engine, as it is read'
    )
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser(
        'show',
        help='what was found, what it needs, and how far it was read',
        description='Ask the engine what it is and what it lacks, and tell '
        'how far it was read. Changes nothing. The exit code is 1 where it '
        'cannot be worked with.',
    )
    action.set_defaults(run=_show)
    action = actions.add_parser(
        'waiting',
        help='what was read there and could not be taken over, and why',
    )
    action.add_argument('--format', choices=('json', 'table'), default='table')
    action.set_defaults(run=_waiting)
    action = actions.add_parser(
        'read', help='have it read at once, and not when it is time'
    )
    action.add_argument(
        '--whole', action='store_true', help='all of it, not what changed'
    )
    action.set_defaults(run=_read)


def _show(desk: desks.Desk) -> None:
    lacking = False
    for by in _bridges(desk):
        sight = sides.look(by)
        lacking |= bool(sight.needs)
        stands = desk.read(
            standing.look, desk.tools.settings, by.name, desk.now
        )
        print(*text.pairs(_told(by, stands, sight)), sep='\n')
        if stands.records:
            print()
            found = [(*key, n) for key, n in sorted(stands.records.items())]
            print(*text.table(('RECORD', 'STATE', 'COUNT'), found), sep='\n')
    if lacking:
        raise errors.Conflict('nothing is taken over while that is missing')


def _bridges(desk: desks.Desk) -> list[ports.Bridge]:
    found = list(desk.tools.bridges.values())
    if not found:
        print(wiring.described_bridges(desk.conf, desk.tools.bridges))
    return found


def _told(
    by: ports.Bridge, stands: standing.Standing, sight: bridge.Sight
) -> Iterator[tuple[str, object]]:
    row = stands.row
    yield 'engine', by.name
    yield 'state', f'{stands.state}: {_MEANS[stands.state]}'
    yield 'found', sight.what or 'nothing that answers'
    yield 'invoices', f'drawn up by {_who(by)}'
    for need in sight.needs or ('nothing',):
        yield 'needs', need
    if row is None:
        yield 'read', 'never; the daemon does it'
        return
    yield 'read', text.instant(row.read_at, 'never')
    yield 'read whole', text.instant(row.read_whole_at, 'never')
    yield 'next', text.instant(row.next_at)
    if row.why:
        yield 'failed', f'{row.why} ({row.failures} times in a row)'


def _who(by: ports.Bridge) -> str:
    return 'it' if by.engine.invoices == 'theirs' else 'this service'


def _waiting(desk: desks.Desk) -> None:
    rows = [row for by in _bridges(desk) for row in _all(desk, by.name)]
    if desk.options.format == 'json':
        for row in rows:
            print(json.dumps(_plain(row)))
        return
    if not rows:
        print('There are none.')
        return
    shown = [
        (row.kind, row.ref, row.said.get('name') or row.said.get('number'),
         row.why)
        for row in rows
    ]  # fmt: skip
    print(*text.table(('RECORD', 'REF', 'NAME', 'WHY'), shown), sep='\n')


def _all(desk: desks.Desk, name: str) -> Iterator[sa.Row[Any]]:
    for kind in bridges.KINDS:
        after = 0
        while rows := desk.read(bridges.waiting, name, kind, after, _BATCH):
            yield from rows
            after = rows[-1].id


def _plain(row: sa.Row[Any]) -> dict[str, Any]:
    seen_at: dt.datetime = row.seen_at
    return {
        'engine': row.bridge, 'record': row.kind, 'ref': row.ref,
        'customer': row.customer, 'why': row.why, 'said': row.said,
        'seen_at': text.instant(seen_at),
    }  # fmt: skip


def _read(desk: desks.Desk) -> None:
    for by in _bridges(desk):
        known = desk.write(
            bridges.hasten, by.name, desk.now, desk.options.whole
        )
        print(
            f'{by.name} is read within seconds, if the daemon runs.'
            if known
            else f'{by.name} was never read: the daemon does it by itself.'
        )
