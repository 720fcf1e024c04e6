# SPDX-License-Identifier: Apache-2.0
"""`simulate`: months of a scenario in seconds, by the real engine."""

import json
import pathlib
from typing import Any

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.simulation import reading
from patrii_billing.simulation import run

_HEADER = ('AT', 'KIND', 'NAME', 'RESULT', 'AMOUNT', 'WHO')


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'simulate',
        help='run a scenario on a simulated cloud and a virtual clock',
    )
    parser.add_argument('--scenario', required=True, metavar='FILE')
    parser.add_argument('--format', choices=('json', 'table'), default='table')
    parser.set_defaults(run=_run)


def _run(desk: desks.Desk) -> None:
    name = desk.options.scenario
    content = pathlib.Path(name).read_text(encoding='utf-8')
    happened = run.run(reading.read(content, name))
    if desk.options.format == 'json':
        for each in happened:
            print(json.dumps(each))
        return
    print(*text.table(_HEADER, map(_row, happened)), sep='\n')


def _row(each: dict[str, Any]) -> list[str]:
    """What fits a terminal; who is a subscription, where it is one's."""
    who = (each['subscription'] or each['account'], each['server'])
    return [
        each['at'],
        each['kind'],
        each['name'],
        each['result'] or '-',
        each['amount'] or '-',
        ' '.join(name for name in who if name),
    ]
