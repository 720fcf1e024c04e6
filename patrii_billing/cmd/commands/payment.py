# SPDX-License-Identifier: Apache-2.0
"""`payment`: money that came in, or did not, and where it went."""

import argparse
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import statement
from patrii_billing.cmd.commands import text
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.engine import payments as engine
from patrii_billing.engine import refunds
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import credits
from patrii_billing.store import invoices
from patrii_billing.store import payments
from patrii_billing.store.views import movements

_STATES = [state.value for state in lifecycle.PaymentState]
# What is told by its kind, and only else by its state.
_SPEAKING = frozenset(lifecycle.PaymentKind) - {lifecycle.PaymentKind.PAYMENT}


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser('payment', help='money that came in, or not')
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    _add_record(actions)
    statement.add_to(actions)
    action = actions.add_parser('list', help='the last of them, a line each')
    action.add_argument('--account', metavar='NAME')
    action.add_argument('--state', choices=_STATES)
    action.add_argument(
        '--unmatched', action='store_true',
        help='only what waits for a person to say whose it is',
    )  # fmt: skip
    action.add_argument(
        '--last', type=int, default=50, metavar='N',
        help='how many, oldest first (default: %(default)s)',
    )  # fmt: skip
    action.set_defaults(run=_list)
    _on_one(actions, 'show', _show, 'one of them, and where it went')
    _on_one(actions, 'fail', _fail, 'a pending payment did not arrive')
    _add_use(actions)
    _add_out(actions)


def _add_record(actions: Any) -> None:
    action = actions.add_parser(
        'record',
        help='record a payment; the same key again records nothing',
        description='Record a payment. It pays the oldest invoices, cancels '
        'what is pending against the account and restores its servers. '
        'Record a pending one again without --pending when it arrives.',
    )
    action.add_argument('--account', required=True, metavar='NAME')
    action.add_argument(
        '--amount', required=True, help='a decimal number, as 10.00'
    )
    action.add_argument(
        '--currency', help='to be sure: must be that of the account'
    )
    action.add_argument(
        '--key', required=True,
        help='what makes it this payment, as the id of the bank',
    )  # fmt: skip
    action.add_argument(
        '--reference', default='', help='what the customer wrote'
    )
    _add_invoices(action)
    action.add_argument(
        '--pending', action='store_true',
        help='the money is on its way: the ladder stands still for a while',
    )  # fmt: skip
    action.set_defaults(run=_record)


def _add_use(actions: Any) -> None:
    action = _on_one(
        actions, 'assign', _assign, 'say whose an unmatched one is',
        'It takes effect as if it came now. What a bank took back is said to '
        'be of a payment instead. One assigned to the wrong account is '
        'refunded there, and recorded for the right one.',
    )  # fmt: skip
    whose = action.add_mutually_exclusive_group(required=True)
    whose.add_argument('--account', metavar='NAME')
    whose.add_argument(
        '--takes-back', type=int, metavar='PAYMENT',
        help='the number of the payment that the bank took back',
    )  # fmt: skip
    _add_invoices(action)
    for name, run, told, more in (
        (
            'allocate', _allocate, 'put what is free of one on an invoice',
            'Also on one that was written off.',
        ),
        (
            'undo-allocation', _undo, 'take one off an invoice',
            'The invoice is owed again, due from now on. The money is free '
            'and pays other invoices, but this one only by allocate.',
        ),
    ):  # fmt: skip
        action = _on_one(actions, name, run, told, more)
        action.add_argument('--invoice', required=True, metavar='NUMBER')
        if name == 'allocate':
            action.add_argument('--amount', help='else as much as it can')


def _add_out(actions: Any) -> None:
    action = _on_one(
        actions, 'charge-back', _charge_back, 'the bank took one back',
        'What it paid is due from now on.',
    )  # fmt: skip
    action.add_argument('--amount', help='a part of it; else what is left')
    action.add_argument(
        '--once', metavar='KEY', help='what makes it this one, of several'
    )
    action = _on_one(
        actions, 'refund', _refund, 'write down that money was paid back',
        'It takes what is free; with --force also what paid invoices, which '
        'are owed again. The money itself is sent by other means.',
    )  # fmt: skip
    action.add_argument('--amount', help='else all that is free')
    action.add_argument(
        '--once', required=True, metavar='KEY',
        help='what makes it this refund: given again, it refunds nothing',
    )  # fmt: skip
    action.add_argument('--why', default='', metavar='TEXT')
    action.add_argument('--force', action='store_true')


def _on_one(
    actions: Any, name: str, run: Any, told: str, more: str = ''
) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(
        name, help=told, description=f'{told.capitalize()}. {more}'.strip()
    )
    which = action.add_mutually_exclusive_group(required=True)
    which.add_argument('--key', help='what it was recorded by')
    which.add_argument(
        '--payment', type=int, metavar='N', help='its number in the list'
    )
    action.set_defaults(run=run)
    return action


def _add_invoices(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        '--invoice', action='append', default=[], metavar='NUMBER',
        help='what it pays before the oldest; may be repeated',
    )  # fmt: skip


def _record(desk: desks.Desk) -> None:
    options = desk.options
    account = desk.read(accounts.by_name, options.account)
    if options.currency not in (None, account.currency):
        raise errors.InvalidInput(
            f'{account.name} pays in {account.currency}', '--currency'
        )
    payment_id = desk.write(
        engine.record, desk.tools, account.id,
        money.parse(options.amount, account.currency, '--amount'),
        options.key, desk.now,
        reference=options.reference, by=desk.by, pending=options.pending,
        invoice_ids=_named(desk),
    )  # fmt: skip
    tell(desk, payment_id)


def _list(desk: desks.Desk) -> None:
    options = desk.options
    account_id = None
    if options.account is not None:
        account_id = desk.read(accounts.by_name, options.account).id
    rows = desk.read(
        movements.listed, account_id, options.state, options.unmatched,
        options.last,
    )  # fmt: skip
    if not rows:
        print('There is none.')
        return
    shown = [
        (
            row.id,
            f'{row.received_at:%Y-%m-%d}',
            row.account or '-',
            text.amount(row.amount, row.currency),
            _became(row),
            '; '.join(_said(row)),
        )
        for row in rows
    ]
    header = ('N', 'RECEIVED', 'ACCOUNT', 'AMOUNT', 'STATE', 'WHAT')
    print(*text.table(header, shown), sep='\n')


def _became(row: sa.Row[Any]) -> str:
    if row.kind not in _SPEAKING:
        return str(row.state)
    if row.state == lifecycle.PaymentState.PENDING:
        return f'{row.kind}?'
    return str(row.kind)


def _said(row: sa.Row[Any]) -> Iterator[str]:
    if row.free:
        yield f'{money.plain(row.free, row.currency)} free'
    if row.payer:
        yield row.payer
    yield row.remittance or row.reference or row.key


def _show(desk: desks.Desk) -> None:
    payment = _known(desk)
    name = '-'
    if payment.account_id is not None:
        name = desk.read(accounts.get, payment.account_id).name
    facts = {
        'payment': payment.id,
        'account': name,
        'amount': text.amount(payment.amount, payment.currency),
        'free': text.amount(payment.free, payment.currency),
        'state': _became(payment),
        'received': text.instant(payment.received_at),
        'assigned': text.instant(payment.assigned_at, ''),
        'payer': payment.payer,
        'remittance': payment.remittance,
        'reference': payment.reference,
        'key': payment.key,
        'recorded by': payment.by,
        'takes from': payment.refunds,
    }
    print(*text.pairs(one for one in facts.items() if one[1]), sep='\n')
    went = list(_went(desk, payment))
    if went:
        print()
        print(*text.table(('AT', 'AMOUNT', 'WENT'), went), sep='\n')


def _went(
    desk: desks.Desk, payment: sa.Row[Any]
) -> Iterator[tuple[str, str, str]]:
    for part in desk.read(movements.used, payment.id):
        where = f'to {part.series}-{part.number:06d}'
        if part.undone_at is not None:
            where += f', until {text.instant(part.undone_at)}'
        yield (
            text.instant(part.at),
            text.amount(part.amount, payment.currency),
            where,
        )
    for out in desk.read(movements.went_out, payment.id):
        yield (
            text.instant(out.received_at),
            text.amount(out.amount, payment.currency),
            f'out by number {out.id}: {out.kind} {out.reference}'.strip(),
        )


def _fail(desk: desks.Desk) -> None:
    payment = _known(desk)
    desk.write(engine.fail, desk.tools, payment.id, desk.now, desk.by)
    tell(desk, payment.id)


def _charge_back(desk: desks.Desk) -> None:
    payment = _known(desk)
    desk.write(
        refunds.charge_back, desk.tools, payment.id, desk.now, desk.by,
        amount=_amount(desk, payment), key=desk.options.once,
    )  # fmt: skip
    tell(desk, payment.id)


def _refund(desk: desks.Desk) -> None:
    payment = _known(desk)
    options = desk.options
    desk.write(
        refunds.refund, desk.tools, payment.id, _amount(desk, payment),
        options.once, desk.now, by=desk.by, why=options.why,
        force=options.force,
    )  # fmt: skip
    tell(desk, payment.id)


def _assign(desk: desks.Desk) -> None:
    payment = _known(desk)
    options = desk.options
    if options.takes_back is not None:
        other = _of_number(desk, options.takes_back)
        desk.write(
            refunds.explain, desk.tools, payment.id, other.id, desk.now,
            desk.by,
        )  # fmt: skip
        tell(desk, other.id)
        return
    account = desk.read(accounts.by_name, options.account)
    desk.write(
        engine.assign, desk.tools, payment.id, account.id, desk.now, desk.by,
        _named(desk),
    )  # fmt: skip
    tell(desk, payment.id)


def _allocate(desk: desks.Desk) -> None:
    payment = _known(desk)
    desk.write(
        refunds.allocate, desk.tools, payment.id, _invoice(desk).id,
        _amount(desk, payment), desk.now, desk.by,
    )  # fmt: skip
    tell(desk, payment.id)


def _undo(desk: desks.Desk) -> None:
    payment = _known(desk)
    desk.write(
        refunds.undo_allocation, desk.tools, payment.id, _invoice(desk).id,
        desk.now, desk.by,
    )  # fmt: skip
    tell(desk, payment.id)


def _invoice(desk: desks.Desk) -> sa.Row[Any]:
    return desk.read(credits.by_number, desk.options.invoice)


def _named(desk: desks.Desk) -> list[int]:
    return [
        desk.read(credits.by_number, name).id for name in desk.options.invoice
    ]


def _amount(desk: desks.Desk, payment: sa.Row[Any]) -> money.Money | None:
    given = desk.options.amount
    if given is None:
        return None
    return money.parse(given, payment.currency, '--amount')


def _known(desk: desks.Desk) -> sa.Row[Any]:
    key = desk.options.key
    if key is None:
        return _of_number(desk, desk.options.payment)
    payment = desk.read(payments.by_key, key)
    if payment is None:
        raise errors.NotFound(f'no payment has the key {key!r}')
    return payment


def _of_number(desk: desks.Desk, number: int) -> sa.Row[Any]:
    payment = desk.read(payments.find, number)
    if payment is None:
        raise errors.NotFound(f'no payment has the number {number}')
    return payment


def tell(desk: desks.Desk, payment_id: int) -> None:
    """The money as it stands, and what its account still owes."""
    payment = desk.read(payments.get, payment_id)
    paid = text.amount(payment.amount, payment.currency)
    if payment.account_id is None:
        print(f'{paid} of nobody known: {_became(payment)}.')
        return
    account = desk.read(accounts.get, payment.account_id)
    owed = sum(
        one.owed
        for one in desk.read(invoices.open_of_account, account.id)
        if one.currency == account.currency
    )
    print(f'{paid} of {account.name}: {_became(payment)}.')
    print(f'Open invoices: {text.amount(owed, account.currency)}.')
    if payment.free:
        print(
            f'Kept as balance: {text.amount(payment.free, payment.currency)}.'
        )
