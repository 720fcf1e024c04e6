# SPDX-License-Identifier: Apache-2.0
"""`openstack billing invoice`: what was billed, and what is taken back."""

import argparse
from collections.abc import Iterable
from collections.abc import Sequence
import pathlib
import sys
import textwrap
from typing import Any

from osc_lib.cli import parseractions
from osc_lib.command import command

from patrii_billing.osc import columns
from patrii_billing.osc import commands

_C = columns.Column
_STATES = ('open', 'paid', 'void', 'uncollectible', 'external')
_KINDS = (
    'first', 'renewal', 'extra', 'opening', 'credit_note', 'foreign',
    'record', 'handover',
)  # fmt: skip
_ORDERS = ('id', 'issued_at', 'due_at')
# What is written down, and how its file ends.
_FORMATS = {'pdf': '.pdf', 'html': '.html', 'facturx': '.pdf'}
_STDOUT = '-'
# With the fields and the frame of the table it makes 80.
_WIDTH = 61


def _line(item: columns.Item, line: columns.Item) -> str:
    """A line as `8.00 EUR cores, 2026-11-22 to 2026-12-22: why`, wrapped."""
    said = f'{line["net"]} {item["currency"]} {line["label"]}'
    if line['starts']:
        said += f', {line["starts"]} to {line["ends"]}'
    said += f': {line["reason"]}'
    if line['corrects_invoice']:
        said += f' (of {line["corrects_invoice"]})'
    return _fill(said)


def _tax(item: columns.Item, tax: columns.Item) -> str:
    sums = f'{tax["amount"]} of {tax["base"]} {item["currency"]}'
    return f'{tax["name"]} {tax["rate"]} %: {sums}'


def _payment(item: columns.Item, paid: columns.Item) -> str:
    said = f'{paid["amount"]} {item["currency"]} on {paid["at"][:10]}'
    return f'{said}, {paid["kind"]} {paid["payment_id"]}'


def _note(item: columns.Item, note: columns.Item) -> str:
    return f'{note["number"]}: {note["total"]} {item["currency"]}'


def _notice(item: columns.Item, notice: columns.Item) -> str:
    to = ', '.join(notice['recipients'])
    said = f'{notice["template"]}: {notice["state"]}'
    return _fill(f'{said}, {to}' if to else said)


def _fill(text: str) -> str:
    return textwrap.fill(
        text, _WIDTH, subsequent_indent='  ', break_on_hyphens=False
    )


_COLUMNS = (
    _C('Number', 'number'),
    _C('Account', 'account_name'),
    _C('Subscription', 'subscription_name', columns.words, long=True),
    _C('Kind', 'kind', long=True),
    _C('State', 'state'),
    _C('Overdue', 'overdue', long=True),
    _C('Issued', 'issued_at', columns.instant, long=True),
    _C('Due', 'due_at', columns.instant),
    _C('Total', 'total', columns.amount),
    _C('Owed', 'owed', columns.amount),
    columns.CURRENCY,
    _C('Reference', 'reference', columns.words, long=True),
    _C('Corrects', 'corrects', columns.words, long=True),
)
_WHOLE = (
    *_COLUMNS[:5],
    _C('Why', 'why', columns.wrapped(_WIDTH)),
    *_COLUMNS[5:8],
    _C('Paid', 'paid_at', columns.instant),
    _C('Closed', 'closed_at', columns.instant),
    _C('Period Start', 'period_start', columns.words),
    _C('Period End', 'period_end', columns.words),
    _C('Net', 'net', columns.amount),
    _C('Taxes', 'taxes', columns.told(_tax)),
    *_COLUMNS[8:],
    _C('Lines', 'lines', columns.told(_line)),
    _C('Payments', 'payments', columns.told(_payment)),
    _C('Credit Notes', 'credit_notes', columns.told(_note)),
    _C('Mails', 'notices', columns.told(_notice)),
)


class ListInvoice(commands.Lister):
    """List invoices and credit notes, the newest first."""

    shows = _COLUMNS

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--account', metavar='<account>',
            help='Of this account (name or ID)')
        add('--subscription', metavar='<subscription>',
            help='That this subscription answers for (name or ID)')
        add('--number', metavar='<number>', help='Of this number')
        add('--state', choices=_STATES, help='In this state')
        add('--kind', choices=_KINDS, help='Of this kind')
        add('--overdue', action='store_true', default=None,
            help='Open and past due, the oldest first')
        add('--due-before', metavar='<time>', type=commands.moment,
            help='Due before a day (UTC) or an instant (ISO 8601)')
        add('--issued-since', metavar='<time>', type=commands.moment,
            help='Issued from then on')
        add('--issued-before', metavar='<time>', type=commands.moment,
            help='Issued before then')
        add('--sort', metavar='<key>[:asc|:desc]',
            help=f'By {", ".join(_ORDERS)}')  # fmt: skip

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        ids = {
            f'{noun}_id': self.api.find(f'{noun}s', called)['id']
            for noun in ('account', 'subscription')
            if (called := getattr(parsed_args, noun)) is not None
        }
        return self.api.items(
            'invoices', parsed_args.limit, **ids,
            **commands.given(
                parsed_args, 'number', 'state', 'kind', 'overdue',
                'due_before', 'issued_since', 'issued_before', 'sort',
            ),
        )  # fmt: skip


class ShowInvoice(commands.ShowOne):
    """Show an invoice, each of its lines explained, and what paid it."""

    shows = _WHOLE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_number(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get(f'/v1/invoices/{parsed_args.number}')


class CreateInvoice(commands.Change):
    """Write an invoice by hand.

    It is numbered, announced by mail and dunned as any other. With --dry-run
    it is shown as it would be, and not issued.
    """

    shows = _WHOLE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('account', metavar='<account>', help='Account (name or ID)')
        add('--line', required=True, dest='lines',
            action=parseractions.MultiKeyValueCommaAction,
            required_keys=['label', 'unit_price'],
            optional_keys=['quantity', 'unit', 'starts', 'ends'],
            metavar='label=<text>,unit_price=<price>[,quantity=<n>]'
            '[,unit=<unit>][,starts=<day>,ends=<day>]',
            help='What is billed (may be repeated); the period ends before '
            'the day that is said')
        add('--why', metavar='<text>', required=True, help='For the books')
        add('--subscription', metavar='<subscription>',
            help='Which one answers for it on the ladder (name or ID; '
            'default: the oldest that enforces a project)')
        add('--currency', metavar='<currency>',
            help='To be sure: must be that of the account')
        add('--due-on', metavar='<day>',
            help='Past due from the start of that day (default: after the '
            'usual net days)')
        add('--tax-inclusive', action='store_true', default=None,
            help='The prices hold their taxes')
        add('--force', action='store_true', default=None,
            help='Though it is many times the invoices before it')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        account = self.api.find('accounts', parsed_args.account)
        body = {
            'account_id': account['id'],
            **commands.given(
                parsed_args, 'lines', 'why', 'currency', 'due_on',
                'tax_inclusive', 'force',
            ),
        }  # fmt: skip
        if parsed_args.subscription is not None:
            sub = self.api.find('subscriptions', parsed_args.subscription)
            body['subscription_id'] = sub['id']
        return self.send(
            parsed_args, 'POST', '/v1/invoices', body, preview=True
        )


class IssueInvoice(commands.Command, command.Lister):
    """Invoice now what waits for the next invoice of a subscription.

    That are the corrections of what is billed, and the usage of it so far.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add = parser.add_argument
        add('subscription', metavar='<subscription>',
            help='Subscription (name or ID)')
        add('--why', metavar='<text>', required=True, help='For the books')
        add('--dry-run', action='store_true',
            help='Show what would follow, and write nothing')  # fmt: skip
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> commands.Cells:
        sub = self.api.find('subscriptions', parsed_args.subscription)
        answer = self.api.write(
            'POST', f'/v1/subscriptions/{sub["id"]}/invoice',
            {'why': parsed_args.why}, dry_run=parsed_args.dry_run,
        )  # fmt: skip
        if parsed_args.dry_run:
            for line in commands.rehearsed(answer):
                self.say(line)
            answer = answer['answer']
        headings = 'Number', 'Line', 'Net', 'Currency'
        return headings, [
            (
                invoice['number'],
                f'{line["label"]}: {line["reason"]}',
                line['net'],
                invoice['currency'],
            )
            for invoice in answer['invoices']
            for line in invoice['lines']
        ]


class SaveInvoice(commands.Command):
    """Write an invoice into a file, as its customer reads it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add = parser.add_argument
        _add_number(parser)
        add('--format', choices=_FORMATS, default='pdf',
            help='pdf, html, or facturx: an e-invoice of EN 16931 in a PDF '
            '(default: %(default)s)')
        add('--file', metavar='<file>',
            help='Where to, - for the standard output (default: a file here '
            'that is called as the invoice is)')
        add('--locale', metavar='<locale>',
            help="As fr or fr_CA, instead of the customer's")  # fmt: skip
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        number, wanted = parsed_args.number, parsed_args.format
        written = self.api.raw(
            f'/v1/invoices/{number}/{wanted}', locale=parsed_args.locale
        )
        if parsed_args.file == _STDOUT:
            sys.stdout.buffer.write(written)
            return
        path = pathlib.Path(parsed_args.file or number + _FORMATS[wanted])
        path.write_bytes(written)
        self.say(f'{number} is in {path}.')


class _Taking(commands.Change):
    """What takes something back of an invoice."""

    shows = _WHOLE
    verb = ''
    fields: Sequence[str] = ('why',)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_number(parser)
        parser.add_argument('--why', metavar='<text>', required=True,
                            help='For the books')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        number = parsed_args.number
        return self.send(
            parsed_args, 'POST', f'/v1/invoices/{number}/{self.verb}',
            commands.given(parsed_args, *self.fields), number=number,
        )  # fmt: skip


class VoidInvoice(_Taking):
    """Take back a wrong invoice on which nothing was paid.

    A credit note negates it, and its time is not billed, or anew with
    --again. To forgive the money of a right one, credit it.
    """

    asks = 'Void {number}?'
    verb = 'void'
    fields = ('why', 'again')

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument('--again', action='store_true', default=None,
                            help='Bill its time anew')  # fmt: skip


class CreditInvoice(_Taking):
    """Give back a part of an invoice, or all that is left of it.

    A credit note carries the taxes. It lowers what is owed; what was paid
    already becomes balance. The time stays billed.
    """

    asks = 'Give back money of {number}?'
    verb = 'credit'
    fields = ('why', 'amount')

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            '--amount', metavar='<amount>',
            help='With taxes, as 10.00 (default: all that is left)',
        )  # fmt: skip


class WriteOffInvoice(_Taking):
    """Ask for an invoice no more.

    It becomes uncollectible, and servers that are shelved for it come back.
    """

    asks = 'Ask for {number} no more?'
    verb = 'write-off'


def _add_number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('number', metavar='<invoice>',
                        help='Its number, as INV-000017')  # fmt: skip
