# SPDX-License-Identifier: Apache-2.0
"""`quota`: what a project may use, what of it is billed, and its change."""

import argparse
from collections.abc import Iterator
import datetime as dt
import sys
import time

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.domain import lifecycle
from patrii_billing.domain import policy as policies
from patrii_billing.domain import quota as law
from patrii_billing.engine import allowance
from patrii_billing.engine import bill
from patrii_billing.engine import gather
from patrii_billing.engine import quota as engine
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import plans

_POLL = 0.5
_Row = sa.Row[tuple[object, ...]]


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'quota', help='what a project may use, and what of it is billed'
    )
    verbs = parser.add_subparsers(required=True, metavar='ACTION')
    action = verbs.add_parser('show', help='what is used, allowed and billed')
    action.add_argument('project', help='its name or id')
    action.set_defaults(run=_show)
    action = verbs.add_parser(
        'set',
        help='change a quota; it is billed once nova has taken it',
        description='Change the quota of a project in the cloud. What it '
        'costs is shown before, for what is billed already, and without '
        'discounts and taxes. The engine does it, within seconds.',
    )
    _add_arguments(action)
    action.set_defaults(run=_set)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('project', help='its name or id')
    parser.add_argument(
        'quota', nargs='+', metavar='KEY=NUMBER',
        help=f'such as cores=12 ram_gib=32; any of ram_gib, '
        f'{", ".join(law.KEYS)}; -1 is without limit',
    )  # fmt: skip
    parser.add_argument(
        '--force', action='store_true', help='even below what is in use'
    )
    parser.add_argument(
        '--yes', action='store_true', help='do not ask whether to go on'
    )
    parser.add_argument(
        '--wait', nargs='?', type=int, const=60, metavar='SECONDS',
        help='until it is done or refused, for at most so long (60)',
    )  # fmt: skip
    parser.add_argument(
        '--dry-run', action='store_true',
        help='show what it would cost, and write nothing',
    )  # fmt: skip


def _show(desk: desks.Desk) -> None:
    project = desk.read(accounts.find_project, desk.options.project)
    print(*text.pairs(_facts(desk, project)), sep='\n')
    shown = allowance.look(desk.tools, project.id)
    if not shown.limits:
        print('The cloud has no quotas.')
        return
    found = desk.read(allowance.read, desk.tools, project.id, shown)
    rows = [
        (
            one.resource, law.plain(one.used),
            'no limit' if one.limit < 0 else law.plain(one.limit),
            '-' if one.billed is None else law.plain(one.billed),
        )
        for one in found.items
    ]  # fmt: skip
    print()
    header = ('QUOTA', 'IN USE', 'IN NOVA', 'BILLED')
    print(*text.table(header, rows), sep='\n')


def _facts(desk: desks.Desk, project: _Row) -> Iterator[tuple[str, object]]:
    account = desk.read(accounts.get, project.account_id)
    yield 'project', f'{project.name} ({project.id})'
    yield 'account', account.name
    for sub in desk.read(engine.paying, project.id):
        plan = desk.read(plans.get, sub.plan_id)
        drift = desk.read(gather.policy, desk.tools, sub).quota_drift
        yield 'subscription', f'{sub.name}, plan {plan.name}'
        yield 'changed past us', f'policy {drift}'
    if project.quota_before is not None:
        yield 'frozen', f'its own is {law.told(project.quota_before)}'
    if project.quota_drift:
        yield 'drift', f'{law.told(project.quota_drift)} in nova'
    kind = lifecycle.ActionType.QUOTA_CHANGE
    if desk.read(actions.under_way, kind, project.id):
        yield 'under way', 'a change of the quota'


def _set(desk: desks.Desk) -> None:
    options = desk.options
    wanted = law.parse(options.quota)
    project = desk.read(accounts.find_project, options.project)
    sub = desk.read(allowance.subscription, project)
    shown = allowance.look(desk.tools, project.id)
    try:
        allowance.check(shown, wanted, options.force)
    except errors.Conflict as error:
        raise errors.Conflict(f'{error}; --force does it anyway') from None
    found = desk.write(
        allowance.preview, desk.tools, sub, shown, wanted, desk.now
    )
    if not found.changes:
        print('It is so already.')
        return
    print(f'Now:   {law.told(found.now)}')
    print(f'Then:  {law.told(wanted)}')
    _foretell(desk, found)
    if options.dry_run:
        print('Dry run: nothing was written.')
        return
    _confirm(desk)
    action = desk.write(
        engine.request, sub.id, wanted, desk.now,
        force=options.force, by=desk.by,
    )  # fmt: skip
    if options.wait is None:
        print('Asked for: the engine does it now.')
        return
    _wait(desk, action)


def _foretell(desk: desks.Desk, found: allowance.Preview) -> None:
    """What would follow on the bills, as far as they are written."""
    if not found.entries:
        print('Nothing that is billed so far changes.')
        return
    currency = found.entries[0].line.currency
    header = ('LINE', 'FROM', 'UNTIL', 'AMOUNT', 'REASON')
    rows = [_line(entry) for entry in found.entries]
    print(*text.table(header, rows), sep='\n')
    when = 'on the next invoice'
    if found.billed is policies.Changes.AT_ONCE:
        when = 'on an invoice at once'
    print(f'Together {text.amount(found.total, currency)}, {when}.')


def _line(entry: bill.Entry) -> tuple[str, ...]:
    line = entry.line
    return (
        f'{line.kind} {entry.label or line.resource}',
        _when(line.start), _when(line.end),
        text.amount(line.amount, line.currency), line.reason,
    )  # fmt: skip


def _when(value: dt.date | dt.datetime) -> str:
    if isinstance(value, dt.datetime):
        return text.instant(value)
    return value.isoformat()


def _confirm(desk: desks.Desk) -> None:
    if desk.options.yes:
        return
    if not sys.stdin.isatty():
        raise errors.InvalidInput('nobody can be asked, so say it', '--yes')
    if input('Change it? [y/N] ').strip().lower() not in ('y', 'yes'):
        raise errors.Conflict('nothing was changed')


def _wait(desk: desks.Desk, action: int) -> None:
    """Until the engine has settled it. Raises Conflict where it is refused."""
    end = time.monotonic() + desk.options.wait
    while True:
        row = desk.read(actions.get, action)
        if row.state == lifecycle.ActionState.DONE:
            print(f'Done: {row.why}')
            return
        if row.state != lifecycle.ActionState.PENDING:
            raise errors.Conflict(f'{row.result}: {row.why}')
        if time.monotonic() >= end:
            break
        time.sleep(_POLL)
    raise errors.Conflict(
        f'not done within {desk.options.wait} s ({row.why or "not begun"}); '
        'the engine goes on with it'
    )
