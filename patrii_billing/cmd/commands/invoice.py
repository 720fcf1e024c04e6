# SPDX-License-Identifier: Apache-2.0
"""`invoice`: what was billed, and what is taken back of it."""

import argparse
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import effect
from patrii_billing.cmd.commands import render
from patrii_billing.cmd.commands import text
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.engine import balance
from patrii_billing.engine import voiding
from patrii_billing.store import accounts
from patrii_billing.store import credits
from patrii_billing.store import invoices
from patrii_billing.store import subscriptions
from patrii_billing.store.views import invoiced

_STATES = [
    state.value
    for state in lifecycle.InvoiceState
    if state is not lifecycle.InvoiceState.DRAFT
]


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'invoice', help='what was billed, and what is taken back of it'
    )
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser('list', help='the newest, a line each')
    action.add_argument('--account', metavar='NAME')
    action.add_argument('--state', choices=_STATES)
    action.add_argument(
        '--limit', type=int, default=50, metavar='N',
        help='how many, newest first (default: %(default)s)',
    )  # fmt: skip
    action.set_defaults(run=_list)
    action = actions.add_parser(
        'show', help='one of them, with its lines and what paid it'
    )
    action.add_argument('number')
    action.set_defaults(run=_show)
    render.add_to(actions)
    _add_takings(actions)


def _add_takings(actions: Any) -> None:
    """What takes something back: all of them alike."""
    action = _taking(
        actions, 'void', _void,
        'take back one on which nothing was paid, as a wrong document',
        'A credit note negates it, and its time is not billed, or anew with '
        '--again. What it corrected of older periods comes again on the next '
        'invoice. To forgive the money of a right one, credit it.',
    )  # fmt: skip
    action.add_argument(
        '--again', action='store_true', help='bill its time anew'
    )
    action = _taking(
        actions, 'credit', _credit,
        'give back a part of one, or all that is left of it',
        'A credit note carries the taxes. It lowers what is owed on the '
        'invoice; what was paid already becomes balance. The time stays '
        'billed.',
    )  # fmt: skip
    action.add_argument(
        '--amount', help='with taxes, as 10.00; else all that is left'
    )
    action.add_argument(
        '--key', help='what makes it this credit: given again, it does nothing'
    )
    _taking(
        actions, 'write-off', _write_off, 'ask for one no more',
        'It becomes uncollectible, and its customer stands as if he owed '
        'nothing of it: servers that are shelved for it come back. Cancel '
        'the subscription before, if they are to stay away.',
    )  # fmt: skip


def _taking(
    actions: Any, name: str, run: Any, told: str, description: str
) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(
        name, help=told, description=description
    )
    action.add_argument('number')
    action.add_argument('--why', required=True, help='for the books')
    effect.add_dry_run(action)
    action.set_defaults(run=run)
    return action


def _void(desk: desks.Desk) -> None:
    row = _known(desk)
    effect.carry_out(
        desk, row.account_id, voiding.void, desk.tools, row.id, desk.now,
        desk.by, desk.options.why, desk.options.again,
    )  # fmt: skip


def _credit(desk: desks.Desk) -> None:
    row = _known(desk)
    amount = None
    if desk.options.amount is not None:
        amount = money.parse(desk.options.amount, row.currency, '--amount')
    effect.carry_out(
        desk, row.account_id, voiding.credit, desk.tools, row.id, amount,
        desk.now, desk.by, desk.options.why, desk.options.key,
    )  # fmt: skip


def _write_off(desk: desks.Desk) -> None:
    row = _known(desk)
    effect.carry_out(
        desk, row.account_id, voiding.write_off, desk.tools, row.id,
        desk.now, desk.by, desk.options.why,
    )  # fmt: skip


def _known(desk: desks.Desk) -> sa.Row[Any]:
    return desk.read(credits.by_number, desk.options.number)


def _list(desk: desks.Desk) -> None:
    options = desk.options
    account_id = None
    if options.account is not None:
        account_id = desk.read(accounts.by_name, options.account).id
    rows = desk.read(invoiced.listed, account_id, options.state, options.limit)
    if not rows:
        print('There is none.')
        return
    shown = [
        (
            balance.number(row),
            row.account,
            row.state,
            text.instant(row.due_at)[:10],
            text.amount(row.total, row.currency),
            text.amount(row.owed, row.currency) if row.owed else '-',
        )
        for row in rows
    ]
    header = ('NUMBER', 'ACCOUNT', 'STATE', 'DUE', 'TOTAL', 'OWED')
    print(*text.table(header, shown), sep='\n')


def _show(desk: desks.Desk) -> None:
    row = _known(desk)
    print(*text.pairs(_facts(desk, row)), sep='\n')
    lines = desk.read(invoices.lines_of, row.id)
    header = ('NET', 'FROM', 'UNTIL', 'FOR')
    print()
    print(*text.table(header, map(_line, [row] * len(lines), lines)), sep='\n')
    money_on_it = desk.read(invoiced.paid_on, row.id)
    if money_on_it:
        header = ('SETTLED', 'ON', 'BY', 'REFERENCE')
        print()
        print(*text.table(header, map(_settled, money_on_it)), sep='\n')


def _facts(desk: desks.Desk, row: sa.Row[Any]) -> Iterator[tuple[str, object]]:
    def said(minor: int) -> str:
        return text.amount(minor, row.currency)

    yield 'invoice', f'{balance.number(row)} ({row.kind})'
    yield 'account', desk.read(accounts.get, row.account_id).name
    if row.subscription_id is not None:
        sub = desk.read(subscriptions.get, row.subscription_id)
        yield 'subscription', sub.name
    if row.corrects is not None:
        yield 'corrects', balance.number(desk.read(invoices.get, row.corrects))
    if row.period_start is not None:
        yield 'period', f'{row.period_start} to {row.period_end}'
    since = row.closed_at or row.paid_at
    yield 'state', row.state + (f' since {text.instant(since)}' * bool(since))
    if row.why:
        yield 'why', row.why
    yield 'issued', text.instant(row.issued_at)
    if row.due_at is not None:
        yield 'due', text.instant(row.due_at)
    yield 'net', said(row.net)
    for tax in row.taxes or ():
        yield (
            f'{tax["name"]} {tax["rate"]} %',
            f'{said(tax["amount"])} of {said(tax["base"])}',
        )
    yield 'total', said(row.total)
    yield 'owed', said(row.owed)
    if row.reference is not None:
        yield 'reference', row.reference
    for note in desk.read(credits.notes_of, row.id):
        yield 'credit note', f'{balance.number(note)}, {said(note.total)}'


def _line(invoice: sa.Row[Any], row: sa.Row[Any]) -> tuple[str, ...]:
    said = f'{row.label or row.resource}: {row.reason}'
    if row.discount:
        said += f', less {text.amount(row.discount, invoice.currency)}'
    return (
        text.amount(row.net, invoice.currency),
        str(row.starts or '-'),
        str(row.ends or '-'),
        said,
    )


def _settled(row: sa.Row[Any]) -> tuple[str, ...]:
    return (
        text.amount(row.used, row.currency),
        text.instant(row.used_at),
        row.kind,
        row.reference or row.key,
    )
