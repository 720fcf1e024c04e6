# SPDX-License-Identifier: Apache-2.0
"""`shadow`: what would have been done in another engine's place."""

import dataclasses
import datetime as dt
import json
from typing import Any

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import moment
from patrii_billing.cmd.commands import text
from patrii_billing.engine import ports
from patrii_billing import errors
from patrii_billing.shadow import run as shadows
from patrii_billing import wiring

_HEADER = ('WHEN', 'HERE', 'THERE', 'APART', 'WHAT')
_SPAN = dt.timedelta(days=92)
_DAY = len('2026-01-31')


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'shadow',
        help='what would have been done in place of another engine',
        description='Run the whole ladder over what the other engine says, '
        'on simulated books, with the servers and quotas that the cloud has '
        'now, and print what would have been invoiced and done beside what '
        'was invoiced there. Nothing is changed, nobody gets a mail, nothing '
        'is written there. The exit code is 1 where the two differ.',
    )
    parser.add_argument(
        '--since', type=moment.day, metavar='DAY',
        help='the first day (default: 92 days before the end)',
    )  # fmt: skip
    parser.add_argument(
        '--until', type=moment.read, metavar='WHEN',
        help='the end (default: now)',
    )  # fmt: skip
    parser.add_argument('--format', choices=('json', 'table'), default='table')
    parser.set_defaults(run=_run)


def _run(desk: desks.Desk) -> None:
    asked, until = desk.options, desk.now
    if asked.until is not None:
        until = moment.instant(asked.until, dt.UTC)
    since = asked.since or (until - _SPAN).date()
    if moment.instant(since, dt.UTC) >= until:
        raise errors.InvalidInput('is not before --until', '--since')
    found = shadows.run(
        desk.tools, _engine(desk), since, until, wiring.defaults(desk.conf)
    )
    if asked.format == 'json':
        for row in found.rows:
            print(json.dumps(dataclasses.asdict(row)))
        for ref, why in found.left_out.items():
            print(json.dumps({'kind': 'left_out', 'ref': ref, 'why': why}))
    else:
        _show(found)
    if found.differences:
        raise errors.Conflict(f'they differ in {found.differences}')


def _engine(desk: desks.Desk) -> ports.SubscriptionEngine:
    bridges = list(desk.tools.bridges.values())
    if not bridges:
        raise errors.Conflict('there is no other engine; see [bridge] driver')
    return bridges[0].engine


def _show(found: shadows.Shadow) -> None:
    print(*text.table(_HEADER, map(_row, found.rows)), sep='\n')
    for ref, why in found.left_out.items():
        print(f'Not compared: {ref}: {why}')


def _row(row: shadows.Row) -> list[Any]:
    return [
        row.at[:_DAY],
        row.here or '-',
        row.there or '-',
        row.apart or '',
        f'{row.kind} {row.name} {row.contract}',
    ]
