# SPDX-License-Identifier: Apache-2.0
"""`openstack billing credit`: money that a customer need not pay."""

import argparse
from collections.abc import Iterable
from typing import Any

from patrii_billing.osc import columns
from patrii_billing.osc import commands
from patrii_billing.osc.v1 import payment

_C = columns.Column
_COLUMNS = (
    _C('ID', 'id'),
    _C('Given', 'received_at', columns.instant),
    _C('Account', 'account_name', columns.words),
    _C('Amount', 'amount', columns.amount),
    _C('Free', 'free', columns.amount),
    columns.CURRENCY,
    _C('State', 'state', long=True),
    _C('Source', 'source', long=True),
    _C('Why', 'why'),
    _C('Key', 'key', long=True),
    _C('Given By', 'by', columns.words, long=True),
)
_WHOLE = (*_COLUMNS, *payment.USES)


class ListCredit(commands.Lister):
    """List credits, the newest first; what is free of them is balance."""

    shows = _COLUMNS

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--account', metavar='<account>',
            help='Of this account (name or ID)')
        add('--key', metavar='<key>', help='Given by this key')  # fmt: skip

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        account_id = None
        if parsed_args.account is not None:
            account_id = self.api.find('accounts', parsed_args.account)['id']
        return self.api.items(
            'credits', parsed_args.limit, account_id=account_id,
            key=parsed_args.key,
        )  # fmt: skip


class ShowCredit(commands.ShowOne):
    """Show a credit, and where it went."""

    shows = _WHOLE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_credit(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get(f'/v1/credits/{parsed_args.credit}')


class CreateCredit(commands.Change):
    """Give an account goodwill: money that it need not pay.

    It pays the oldest invoices, as a payment does. What an invoice billed
    wrongly is given back by `invoice credit` instead, with its taxes.
    """

    shows = _WHOLE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('account', metavar='<account>', help='Account (name or ID)')
        add('amount', metavar='<amount>', help='A decimal number, as 10.00')
        add('--why', metavar='<text>', required=True, help='For what')
        add('--key', metavar='<key>', required=True,
            help='What makes it this credit: given again, it gives nothing')
        add('--currency', metavar='<currency>',
            help='To be sure: must be that of the account')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        account = self.api.find('accounts', parsed_args.account)
        return self.send(
            parsed_args, 'POST', '/v1/credits',
            {
                'account_id': account['id'],
                **commands.given(
                    parsed_args, 'amount', 'why', 'key', 'currency'
                ),
            },
        )  # fmt: skip


class WithdrawCredit(commands.Change):
    """Take a credit back that was a mistake, what is left of it.

    What it paid is owed again, due from now on.
    """

    shows = _WHOLE
    asks = 'Take back credit {credit}?'

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_credit(parser)
        parser.add_argument('--why', metavar='<text>', help='For the books')

    def item(self, parsed_args: argparse.Namespace) -> Any:
        credit = parsed_args.credit
        return self.send(
            parsed_args, 'POST', f'/v1/credits/{credit}/withdraw',
            commands.given(parsed_args, 'why'), credit=credit,
        )  # fmt: skip


class RefundCredit(commands.Change):
    """Write down that what is free of a credit was paid out.

    The money itself is sent by other means.
    """

    shows = _WHOLE
    asks = 'Write down that credit {credit} was paid out?'

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_credit(parser)
        payment.add_refund(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        credit = parsed_args.credit
        return self.send(
            parsed_args, 'POST', f'/v1/credits/{credit}/refund',
            commands.given(parsed_args, 'amount', 'key', 'why'),
            credit=credit,
        )  # fmt: skip


def _add_credit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('credit', metavar='<credit>', type=int,
                        help='ID of the credit')  # fmt: skip
