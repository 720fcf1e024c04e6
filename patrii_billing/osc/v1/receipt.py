# SPDX-License-Identifier: Apache-2.0
"""`openstack billing receipt`: what other systems told by webhook."""

import argparse
from collections.abc import Iterable
from typing import Any

from patrii_billing.osc import columns
from patrii_billing.osc import commands

_C = columns.Column
_COLUMNS = (
    _C('ID', 'id'),
    _C('Received', 'received_at', columns.instant),
    _C('Source', 'source'),
    _C('Type', 'type'),
    _C('State', 'state'),
    _C('Payment', 'payment_id', columns.words),
    _C('Why', 'why', long=True),
    _C('Key', 'key', columns.words, long=True),
    _C('Message', 'message_id', long=True),
)
_WHOLE = (*_COLUMNS, _C('Body', 'body'))
_STATES = ('done', 'unmatched', 'ignored', 'parked')


class ListReceipt(commands.Lister):
    """List what webhooks told, the newest first.

    What is parked waits for a person.
    """

    shows = _COLUMNS

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--state', choices=_STATES, help='In this state')
        add('--key', metavar='<key>', help='Of the payment of this key')

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        return self.api.items(
            'receipts', parsed_args.limit,
            **commands.given(parsed_args, 'state', 'key'),
        )  # fmt: skip


class ShowReceipt(commands.ShowOne):
    """Show what a webhook told, as it came."""

    shows = _WHOLE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_receipt(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get(f'/v1/receipts/{parsed_args.receipt}')


class RetryReceipt(commands.Change):
    """Try again what could not be done.

    Once the mapping or the books are as they should be.
    """

    shows = _WHOLE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_receipt(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', f'/v1/receipts/{parsed_args.receipt}/retry',
            {},
        )  # fmt: skip


class DismissReceipt(commands.Change):
    """Let go of what cannot be done, as settled by hand."""

    shows = _WHOLE
    asks = 'Let go of {receipt} for good?'

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_receipt(parser)
        parser.add_argument(
            '--why', metavar='<reason>', required=True,
            help='How it was settled, or why it is of no account',
        )  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST',
            f'/v1/receipts/{parsed_args.receipt}/dismiss',
            {'why': parsed_args.why}, receipt=parsed_args.receipt,
        )  # fmt: skip


def _add_receipt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'receipt', metavar='<receipt>', type=int, help='ID of the receipt'
    )
