# SPDX-License-Identifier: Apache-2.0
"""`payment`: money that came in, or did not."""

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.domain import money
from patrii_billing.engine import payments as engine
from patrii_billing.engine import refunds
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import payments


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser('payment', help='money that came in, or not')
    actions = parser.add_subparsers(required=True, metavar='ACTION')
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
    action.add_argument(
        '--pending', action='store_true',
        help='the money is on its way: the ladder stands still for a while',
    )  # fmt: skip
    action.set_defaults(run=_record)
    for name, run, told in (
        ('fail', _fail, 'a pending payment did not arrive'),
        ('charge-back', _charge_back, 'the bank took a payment back'),
    ):
        action = actions.add_parser(name, help=told)
        action.add_argument('--key', required=True)
        action.set_defaults(run=run)


def _record(desk: desks.Desk) -> None:
    options = desk.options
    account = desk.read(accounts.by_name, options.account)
    if options.currency not in (None, account.currency):
        raise errors.InvalidInput(
            f'{account.name} pays in {account.currency}', '--currency'
        )
    desk.write(
        engine.record, desk.tools, account.id,
        money.parse(options.amount, account.currency, '--amount'),
        options.key, desk.now,
        reference=options.reference, by=desk.by, pending=options.pending,
    )  # fmt: skip
    _show(desk)


def _fail(desk: desks.Desk) -> None:
    desk.write(engine.fail, desk.tools, _known(desk).id, desk.now, desk.by)
    _show(desk)


def _charge_back(desk: desks.Desk) -> None:
    desk.write(
        refunds.charge_back, desk.tools, _known(desk).id, desk.now, desk.by
    )
    _show(desk)


def _known(desk: desks.Desk) -> sa.Row[tuple[object, ...]]:
    key = desk.options.key
    payment = desk.read(payments.by_key, key)
    if payment is None:
        raise errors.NotFound(f'no payment has the key {key!r}')
    return payment


def _show(desk: desks.Desk) -> None:
    """The payment as it stands, and what its account still owes."""
    payment = desk.read(payments.by_key, desk.options.key)
    if payment is None:
        raise errors.NotFound('the payment is gone')
    account = desk.read(accounts.get, payment.account_id)
    owed = sum(
        one.owed
        for one in desk.read(invoices.open_of_account, account.id)
        if one.currency == account.currency
    )
    paid = text.amount(payment.amount, payment.currency)
    print(f'{paid} of {account.name}: {payment.state}.')
    print(f'Open invoices: {text.amount(owed, account.currency)}.')
    if payment.free:
        print(
            f'Kept as balance: {text.amount(payment.free, account.currency)}.'
        )
