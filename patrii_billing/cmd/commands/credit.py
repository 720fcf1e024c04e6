# SPDX-License-Identifier: Apache-2.0
"""`credit`: goodwill, money that a customer need not pay."""

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import payment as payments
from patrii_billing.domain import money
from patrii_billing.engine import payments as engine
from patrii_billing.engine import refunds
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import payments as rows


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'credit', help='goodwill: money that a customer need not pay'
    )
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser(
        'add',
        help='give it; the same key again gives nothing',
        description='Give an account goodwill. It pays the oldest invoices, '
        'as a payment does. What an invoice billed wrongly is given back by '
        '`invoice credit` instead, with its taxes.',
    )
    action.add_argument('--account', required=True, metavar='NAME')
    action.add_argument(
        '--amount', required=True, help='a decimal number, as 10.00'
    )
    action.add_argument(
        '--key', required=True, help='what makes it this credit'
    )
    action.add_argument('--why', required=True, metavar='TEXT')
    action.set_defaults(run=_add)
    action = actions.add_parser(
        'withdraw',
        help='take one back that was a mistake',
        description='Take back what is left of a credit. What it paid is owed '
        'again, due from now on.',
    )
    action.add_argument('--key', required=True, help='what it was given by')
    action.add_argument('--why', default='', metavar='TEXT')
    action.set_defaults(run=_withdraw)


def _add(desk: desks.Desk) -> None:
    options = desk.options
    account = desk.read(accounts.by_name, options.account)
    credit_id = desk.write(
        engine.credit, desk.tools, account.id,
        money.parse(options.amount, account.currency, '--amount'),
        options.key, desk.now, why=options.why, by=desk.by,
    )  # fmt: skip
    payments.tell(desk, credit_id)


def _withdraw(desk: desks.Desk) -> None:
    options = desk.options
    credit = desk.read(rows.by_key, options.key)
    if credit is None:
        raise errors.NotFound(f'no credit has the key {options.key!r}')
    desk.write(
        refunds.withdraw, desk.tools, credit.id, desk.now,
        by=desk.by, why=options.why,
    )  # fmt: skip
    payments.tell(desk, credit.id)
