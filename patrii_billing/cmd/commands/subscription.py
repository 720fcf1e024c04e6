# SPDX-License-Identifier: Apache-2.0
"""`subscription`: where the customers stand, and what becomes of them."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from patrii_billing.cmd.commands import contract
from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import parked
from patrii_billing.cmd.commands import text
from patrii_billing.domain import lifecycle
from patrii_billing.engine import gather
from patrii_billing import errors
from patrii_billing.store import invoices
from patrii_billing.store import subscriptions
from patrii_billing.store.views import standing

_STATUSES = [status.value for status in lifecycle.Status]


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'subscription', help='where the customers stand, and their contracts'
    )
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser('list', help='all of them, a line each')
    action.add_argument('--account', metavar='NAME')
    action.add_argument('--status', choices=_STATUSES)
    action.set_defaults(run=_list)
    action = actions.add_parser('show', help='one of them, with its servers')
    action.add_argument('name')
    action.set_defaults(run=_show)
    contract.add_to(actions)
    parked.add_to(actions)


def _list(desk: desks.Desk) -> None:
    rows = desk.read(
        standing.listed, desk.options.account, desk.options.status
    )
    if not rows:
        print('There is none.')
        return
    shown = [
        (
            row.name,
            row.account,
            row.billing_status,
            _step(row),
            text.instant(row.due_at),
            text.amount(row.owed, row.currency) if row.owed else '-',
        )
        for row in rows
    ]
    header = ('NAME', 'ACCOUNT', 'STATUS', 'NEXT', 'DUE', 'OWED')
    print(*text.table(header, shown), sep='\n')


def _step(row: sa.Row[Any]) -> str:
    return '-' if row.step == lifecycle.Step.NONE else str(row.step)


def _show(desk: desks.Desk) -> None:
    name = desk.options.name
    found = desk.read(standing.listed, None, None, name)
    if not found:
        raise errors.NotFound(f'no subscription is called {name!r}')
    [row] = found
    print(*text.pairs(_facts(desk, row)), sep='\n')
    servers = list(_servers(desk, row))
    if servers:
        header = ('SERVER', 'NAME', 'FLAVOR', 'STATE', 'ENFORCED')
        print()
        print(*text.table(header, servers), sep='\n')


def _facts(desk: desks.Desk, row: sa.Row[Any]) -> Iterator[tuple[str, object]]:
    yield 'subscription', row.name
    yield 'account', f'{row.account} ({row.currency}, {row.timezone})'
    yield 'plan', f'{row.plan} ({row.cycle})'
    yield 'project', f'{row.project_name} ({row.project})'
    if row.server is not None:
        yield 'server', row.server
    elif row.enforces is None:
        yield 'enforces', 'nothing'
    yield 'contract', f'{row.contract}, since {row.start}'
    if row.ends_on is not None:
        yield 'ends on', row.ends_on
    until = row.billed_until
    yield 'billed until', min(until, row.ends_on or until)
    yield 'next invoice', text.instant(row.charge_at, 'none')
    if row.parked_why is not None:
        yield 'parked', f'{row.parked_why}; see `subscription bill`'
    since = text.instant(row.status_since)
    yield 'status', f'{row.billing_status} since {since}'
    yield 'next step', _next(row)
    if row.enforce_from is not None:
        yield 'enforced from', text.instant(row.enforce_from)
    if row.case_id is not None:
        yield 'case', row.case_id
    for hold in desk.read(subscriptions.holds, row.id, desk.now):
        until = text.instant(hold.until, 'it is released')
        yield f'{hold.type} hold', f'until {until}: {hold.reason}'
    for one in desk.read(invoices.open_of_subscription, row.id):
        owed = text.amount(one.owed, one.currency)
        number = f'{one.series}-{one.number:06d}'
        yield (
            'open invoice',
            f'{number}, {owed}, due {text.instant(one.due_at)}',
        )


def _next(row: sa.Row[Any]) -> str:
    step = _step(row)
    if step == '-' or row.billing_status == lifecycle.Status.DELETED:
        return 'none'
    if row.frozen is not None:
        return f'{step}, held'
    if row.awaits is not None:
        return f'{step}, once {row.awaits} was sent'
    if row.due_at is None:
        return f'{step}, once what is under way is confirmed'
    return f'{step} at {text.instant(row.due_at)}'


def _servers(
    desk: desks.Desk, row: sa.Row[Any]
) -> Iterator[tuple[str, str, str, str, str]]:
    sub = desk.read(subscriptions.get, row.id)
    taken = desk.read(standing.custody_by_server, row.id, row.case_id)
    for one in desk.read(gather.covered_servers, sub):
        ours = taken.get(one.id)
        said = '-'
        if ours is not None:
            said = f'{ours.state}: {ours.why}' if ours.why else ours.state
        yield one.id, one.name, one.flavor, one.vm_state, said
