# SPDX-License-Identifier: Apache-2.0
"""`openstack billing payment`: money that came in, and where it goes."""

import argparse
from collections.abc import Iterable
from collections.abc import Sequence
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
    _C('Reference', 'reference', long=True),
    _C('Key', 'key', long=True),
    _C('Source', 'source', long=True),
    _C('Payer', 'payer', columns.words, long=True),
    _C('Remittance', 'remittance', columns.words, long=True),
    _C('Recorded By', 'by', columns.words, long=True),
)
_STATES = ('pending', 'received', 'failed', 'refunded', 'charged_back')
_KINDS = (
    'payment', 'credit', 'fee', 'refund', 'charge_back', 'withdrawal'
)  # fmt: skip
_ORDERS = ('id', 'received_at')


def _use(item: columns.Item, part: columns.Item) -> str:
    said = f'{part["amount"]} {item["currency"]} on {part["invoice"]}'
    if part['undone_at']:
        said += f', until {part["undone_at"][:10]}'
    return said


def _out(item: columns.Item, out: columns.Item) -> str:
    said = f'{out["amount"]} {item["currency"]} on {out["at"][:10]}'
    return f'{said}: {out["kind"]} {out["id"]} {out["why"]}'.rstrip()


# Where money went.
USES = (
    _C('Pays', 'allocations', columns.told(_use)),
    _C('Went Out', 'went_out', columns.told(_out)),
)
_WHOLE = (
    *_COLUMNS,
    _C('In Transit Until', 'in_transit_until', columns.instant),
    _C('Assigned', 'assigned_at', columns.instant),
    _C('Ended', 'ended_at', columns.instant),
    _C('Takes From', 'takes_from', columns.words),
    *USES,
)


class ListPayment(commands.Lister):
    """List payments and other movements of money, the newest first."""

    shows = _COLUMNS

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--account', metavar='<account>',
            help='Of this account (name or ID)')
        add('--state', choices=_STATES, help='In this state')
        add('--kind', choices=_KINDS, help='Of this kind')
        add('--reference', metavar='<text>', help='With this reference')
        add('--key', metavar='<key>', help='Recorded by this key')
        add('--unmatched', action='store_true', default=None,
            help='What waits for a person to say whose it is')
        add('--received-since', metavar='<time>', type=commands.moment,
            help='Received from a day (UTC) or an instant (ISO 8601) on')
        add('--received-before', metavar='<time>', type=commands.moment,
            help='Received before then')
        add('--sort', metavar='<key>[:asc|:desc]',
            help=f'By {", ".join(_ORDERS)}')  # fmt: skip

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        account_id = None
        if parsed_args.account is not None:
            account_id = self.api.find('accounts', parsed_args.account)['id']
        return self.api.items(
            'payments', parsed_args.limit, account_id=account_id,
            **commands.given(
                parsed_args, 'state', 'kind', 'reference', 'key', 'unmatched',
                'received_since', 'received_before', 'sort',
            ),
        )  # fmt: skip


class ShowPayment(commands.ShowOne):
    """Show a payment, and where it went."""

    shows = _WHOLE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_payment(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get(f'/v1/payments/{parsed_args.payment}')


class CreatePayment(commands.Change):
    """Record a payment.

    It pays the oldest invoices, cancels what is pending against the account
    and restores its servers. The same key again records nothing. Without an
    account it waits until somebody says whose it is.
    """

    shows = _WHOLE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('account', metavar='<account>', nargs='?',
            help='Account (name or ID); none if nobody knows whose it is')
        add('amount', metavar='<amount>', help='A decimal number, as 10.00')
        add('--key', metavar='<key>', required=True,
            help='What makes it this payment, as the ID of the bank')
        add('--currency', metavar='<currency>',
            help='Must be that of the account; is needed without one')
        add('--reference', metavar='<text>', help='What the customer wrote')
        _add_invoices(parser)
        add('--pending', action='store_true', default=None,
            help='On its way: the ladder stands still for a while; record it '
            'again without this when it arrives')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        body = commands.given(
            parsed_args, 'amount', 'key', 'currency', 'reference', 'invoices',
            'pending',
        )  # fmt: skip
        if parsed_args.account is not None:
            account = self.api.find('accounts', parsed_args.account)
            body['account_id'] = account['id']
        return self.send(parsed_args, 'POST', '/v1/payments', body)


class _Verb(commands.Change):
    """What is done with one payment."""

    shows = _WHOLE
    verb = ''
    fields: Sequence[str] = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_payment(parser)

    def body(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        return commands.given(parsed_args, *self.fields)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        payment = parsed_args.payment
        return self.send(
            parsed_args, 'POST', f'/v1/payments/{payment}/{self.verb}',
            self.body(parsed_args), payment=payment,
        )  # fmt: skip


class AssignPayment(_Verb):
    """Say whose a payment is that nobody could be found for.

    It takes effect as if it came now. What a bank took back is said to be of
    a payment instead.
    """

    verb = 'assign'
    fields = ('takes_back', 'invoices')

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument('--account', metavar='<account>',
                           help='Account (name or ID)')
        whose.add_argument('--takes-back', metavar='<payment>', type=int,
                           help='The payment that a bank took back')
        _add_invoices(parser)  # fmt: skip

    def body(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        body = super().body(parsed_args)
        if parsed_args.account is not None:
            account = self.api.find('accounts', parsed_args.account)
            body['account_id'] = account['id']
        return body


class AllocatePayment(_Verb):
    """Put what is free of a payment on an invoice.

    Also on one that was written off.
    """

    verb = 'allocate'
    fields = ('invoice', 'amount')

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        _add_invoice(parser)
        parser.add_argument('--amount', metavar='<amount>',
                            help='(default: as much as it can)')  # fmt: skip


class UndoAllocation(_Verb):
    """Take a payment off an invoice.

    The invoice is owed again, due from now on. The money is free and pays
    other invoices, but this one only by `payment allocate`.
    """

    verb = 'undo-allocation'
    fields = ('invoice',)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        _add_invoice(parser)


class FailPayment(_Verb):
    """Say that a pending payment did not arrive."""

    verb = 'fail'


class ChargeBackPayment(_Verb):
    """Record that a bank took a payment back.

    What it paid is due from now on.
    """

    asks = 'Record that the bank took payment {payment} back?'
    verb = 'charge-back'
    fields = ('amount', 'key', 'why')

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        add = parser.add_argument
        add('--amount', metavar='<amount>',
            help='A part of it (default: what is left of it)')
        add('--key', metavar='<key>',
            help='What makes it this one, of several of a payment')
        add('--why', metavar='<text>', help='For the books')  # fmt: skip


class RefundPayment(_Verb):
    """Write down that money was paid back.

    It takes what is free; with --force also what paid invoices, which are
    owed again. The money itself is sent by other means.
    """

    asks = 'Write down that payment {payment} was paid back?'
    verb = 'refund'
    fields = ('amount', 'key', 'why', 'force')

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        add_refund(parser)
        parser.add_argument('--force', action='store_true', default=None,
                            help='Also what paid invoices')  # fmt: skip


def add_refund(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add('--amount', metavar='<amount>', help='(default: all that is free)')
    add('--key', metavar='<key>', required=True,
        help='What makes it this refund: given again, it refunds nothing')
    add('--why', metavar='<text>', help='For the books')  # fmt: skip


def _add_payment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('payment', metavar='<payment>', type=int,
                        help='ID of the payment')  # fmt: skip


def _add_invoice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('invoice', metavar='<invoice>',
                        help='Its number, as INV-000017')  # fmt: skip


def _add_invoices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--invoice', metavar='<invoice>', action='append', dest='invoices',
        help='What it pays before the oldest (may be repeated)',
    )  # fmt: skip
