# SPDX-License-Identifier: Apache-2.0
"""`bridge`: the subscription engine that customers are in, as it is read."""

from collections.abc import Iterator
import datetime as dt
import json
from typing import Any

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.engine import ports
from patrii_billing import errors
from patrii_billing.store import bridges

_BATCH = 500
_NONE = (
    'No other engine is configured: customers are entered here. '
    'See [bridge] driver.'
)


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
        needs = _needs(by)
        lacking |= bool(needs)
        row = desk.read(bridges.get, by.name)
        print(*text.pairs(_told(by, row, needs)), sep='\n')
        counted = desk.read(bridges.counted, by.name)
        if counted:
            print()
            found = [(*key, count) for key, count in sorted(counted.items())]
            print(*text.table(('RECORD', 'STATE', 'COUNT'), found), sep='\n')
    if lacking:
        raise errors.Conflict('nothing is taken over while that is missing')


def _bridges(desk: desks.Desk) -> list[ports.Bridge]:
    found = list(desk.tools.bridges.values())
    if not found:
        print(_NONE)
    return found


def _needs(by: ports.Bridge) -> list[str]:
    """What either side lacks, in sentences."""
    try:
        needs = list(by.engine.look().needs)
    except errors.EngineError as error:
        needs = [f'an answer of {by.name}: {error}']
    trouble = by.trouble()
    return [*needs, *([trouble] if trouble else [])]


def _told(
    by: ports.Bridge, row: sa.Row[Any] | None, needs: list[str]
) -> Iterator[tuple[str, object]]:
    yield 'engine', by.name
    yield 'invoices', f'drawn up by {_who(by)}'
    yield 'needs', '; '.join(needs) or 'nothing'
    if row is None:
        yield 'read', 'never; the daemon does it'
        return
    yield 'is', row.what or '-'
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
    for kind in (bridges.CUSTOMER, bridges.CONTRACT, bridges.BILL):
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
