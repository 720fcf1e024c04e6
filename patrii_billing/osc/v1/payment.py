# SPDX-License-Identifier: Apache-2.0
"""`openstack billing payment`: money that came in."""

import argparse
from collections.abc import Iterable
from typing import Any

from patrii_billing.osc import columns
from patrii_billing.osc import commands

_C = columns.Column
_COLUMNS = (
    _C('ID', 'id'),
    _C('Received', 'received_at', columns.instant),
    _C('Account', 'account_name', columns.words),
    _C('Amount', 'amount', columns.amount),
    _C('Free', 'free', columns.amount),
    columns.CURRENCY,
    _C('Kind', 'kind', long=True),
    _C('State', 'state'),
    _C('Reference', 'reference'),
    _C('Key', 'key', long=True),
    _C('Source', 'source', long=True),
    _C('Recorded By', 'by', long=True),
)
_STATES = ('pending', 'received', 'failed', 'refunded', 'charged_back')


class ListPayment(commands.Lister):
    """List payments, the newest first."""

    shows = _COLUMNS

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument('--account', metavar='<account>',
                            help='Of this account (name or ID)')  # fmt: skip
        parser.add_argument('--state', choices=_STATES, help='In this state')

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        account_id = None
        if parsed_args.account is not None:
            account_id = self.api.find('accounts', parsed_args.account)['id']
        return self.api.items(
            'payments', parsed_args.limit, account_id=account_id,
            state=parsed_args.state,
        )  # fmt: skip


class ShowPayment(commands.ShowOne):
    """Show a payment."""

    shows = _COLUMNS

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument('payment', metavar='<payment>', type=int,
                            help='ID of the payment')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get(f'/v1/payments/{parsed_args.payment}')


class CreatePayment(commands.Change):
    """Record a payment.

    It pays the oldest invoices, cancels what is pending against the account
    and restores its servers. The same key again records nothing.
    """

    shows = _COLUMNS

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('account', metavar='<account>', help='Account (name or ID)')
        add('amount', metavar='<amount>', help='A decimal number, as 10.00')
        add('--key', metavar='<key>', required=True,
            help='What makes it this payment, as the ID of the bank')
        add('--currency', metavar='<currency>',
            help='To be sure: must be that of the account')
        add('--reference', metavar='<text>', help='What the customer wrote')
        add('--invoice', metavar='<number>', action='append', dest='invoices',
            help='What it pays before the oldest (may be repeated)')
        add('--pending', action='store_true', default=None,
            help='On its way: the ladder stands still for a while; record it '
            'again without this when it arrives')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        account = self.api.find('accounts', parsed_args.account)
        return self.send(
            parsed_args, 'POST', '/v1/payments',
            {
                'account_id': account['id'],
                **commands.given(
                    parsed_args, 'amount', 'key', 'currency', 'reference',
                    'invoices', 'pending',
                ),
            },
        )  # fmt: skip
