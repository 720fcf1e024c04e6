# SPDX-License-Identifier: Apache-2.0
"""`openstack billing account`: customers."""

import argparse
from collections.abc import Iterable
import json
import textwrap
from typing import Any

from patrii_billing.osc import columns
from patrii_billing.osc import commands
from patrii_billing.osc import pairs

_C = columns.Column
_STATUSES = (
    'active', 'grace', 'held', 'shelved', 'pending_deletion', 'deleted',
)  # fmt: skip
_ORDERS = (
    'id', 'name', 'created_at', 'owed', 'overdue', 'oldest_due_at',
)  # fmt: skip
_LIST = (
    _C('ID', 'id'),
    _C('Name', 'name'),
    _C('External Ref', 'external_ref', columns.words),
    _C('Currency', 'currency', long=True),
    _C('Status', 'billing_status', columns.words),
    _C('Owed', 'owed', columns.amount),
    _C('Overdue', 'overdue', columns.amount, long=True),
    _C('Oldest Due', 'oldest_due_at', columns.instant, long=True),
    _C('Subscriptions', 'subscription_count', long=True),
    _C('Parked', 'parked'),
    _C('Parked Because', 'parked_why', columns.words, long=True),
    _C('Time Zone', 'timezone', long=True),
    _C('Locale', 'locale', long=True),
    _C('Contacts', 'contacts', columns.each, long=True),
    _C('Created', 'created_at', columns.instant, long=True),
)


def _projects(item: columns.Item, field: str) -> Any:
    return columns.lines(
        item[field], lambda each: f'{each["name"]} ({each["id"]})'
    )


def _rates(item: columns.Item, field: str) -> Any:
    """Taxes and discounts, one a line."""
    return columns.lines(item[field], lambda each: _rate(each, item))


def _rate(each: columns.Item, item: columns.Item) -> str:
    percent = each.get('rate') or each.get('percent')
    amount = f'{each.get("amount")} {item["currency"]}'
    return f'{each["name"]}: ' + columns.valid(
        f'{percent} %' if percent else amount, each
    )


def _undeliverable(item: columns.Item, field: str) -> Any:
    """Each address with since when, and what its server said."""
    return columns.lines(
        item[field],
        lambda each: textwrap.fill(
            f'{each["address"]} since {each["since"][:10]}: '
            f'{textwrap.shorten(each["answer"], 110)}',
            55,
        ),
    )


_SHOW = (
    *_LIST,
    _C('Undeliverable', 'undeliverable', _undeliverable),
    _C('Policy', 'policy', columns.pairs),
    _C('Address', 'address', columns.pairs),
    _C('Taxes', 'taxes', _rates),
    _C('Discounts', 'discounts', _rates),
    _C('Projects', 'projects', _projects),
    _C('Balance', 'balance', columns.amount),
)


class ListAccount(commands.Lister):
    """List accounts, by name."""

    shows = _LIST

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--search', metavar='<text>',
            help='With what begins so: a word of the name, the reference, '
            'a mail address or its domain, a project or a server (name or '
            'ID); or with this invoice')
        add('--name', metavar='<name>', help='Of this name')
        add('--external-ref', metavar='<ref>', help='With this reference')
        add('--project', metavar='<project>',
            help='To which this project belongs (name or ID)')
        add('--status', choices=_STATUSES,
            help='Whose worst subscription has this billing status')
        add('--plan', metavar='<plan>',
            help='With a contract for this plan (name or ID) that has not '
            'ended')
        add('--owing', action='store_true', default=None,
            help='With an open invoice')
        add('--overdue-days', metavar='<days>', type=int,
            help='With an invoice that is past due for at least so long')
        add('--parked', action='store_true', default=None,
            help='Not billed until a person has looked at it')
        add('--undeliverable', action='store_true', default=None,
            help='With an address that mails came back from')
        add('--sort', metavar='<key>[:asc|:desc]',
            help=f'By {", ".join(_ORDERS)}; by what is owed only those who '
            'owe, currency by currency')  # fmt: skip

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        ids = {
            f'{noun}_id': self.api.find(f'{noun}s', called)['id']
            for noun in ('project', 'plan')
            if (called := getattr(parsed_args, noun)) is not None
        }
        return self.api.items(
            'accounts', parsed_args.limit, **ids,
            billing_status=parsed_args.status,
            **commands.given(
                parsed_args, 'search', 'name', 'external_ref', 'owing',
                'overdue_days', 'parked', 'undeliverable', 'sort',
            ),
        )  # fmt: skip


class ShowAccount(commands.ShowOne):
    """Show an account: what it owes, what it has, and how it is billed."""

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_account(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        found = self.api.find('accounts', parsed_args.account)
        return self.api.get(f'/v1/accounts/{found["id"]}')


class CreateAccount(commands.Change):
    """Enter an account.

    The same again enters nothing, and shows the account that is there.
    """

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument('name', metavar='<name>', help='A name of its own')
        parser.add_argument(
            '--currency', metavar='<currency>',
            help='Of all its plans and invoices; it stays (default: '
            '[billing] currency)',
        )  # fmt: skip
        _add_options(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        body = commands.given(parsed_args, 'name', 'currency')
        return self.send(
            parsed_args, 'POST', '/v1/accounts', body | _said(parsed_args)
        )


class SetAccount(commands.Change):
    """Change an account; what is not named stays.

    Contacts, taxes and discounts take the place of those it has.
    """

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_account(parser)
        parser.add_argument('--name', metavar='<name>', help='A new name')
        _add_options(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        body = commands.given(parsed_args, 'name') | _said(parsed_args)
        return _patch(self, parsed_args, body)


class UnsetAccount(commands.Change):
    """Take from an account what it can be without."""

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_account(parser)
        pairs.add_unset_policy(parser)
        for option, help in (
            ('--external-ref', 'Its reference'),
            ('--contacts', 'Its contacts: mails go to the project then'),
            ('--address', 'Its address'),
            ('--taxes', 'All taxes'),
            ('--discounts', 'All discounts'),
        ):
            parser.add_argument(option, action='store_true', help=help)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        names = (
            'external_ref', 'contacts', 'address', 'taxes', 'discounts'
        )  # fmt: skip
        body: dict[str, Any] = {
            name: None for name in names if getattr(parsed_args, name)
        }
        if parsed_args.policy:
            body['policy'] = pairs.unset_policy(parsed_args.policy)
        return _patch(self, parsed_args, body)


class DeleteAccount(commands.Delete):
    """Delete accounts on which nothing hangs."""

    collection = 'accounts'
    noun = 'account'


class BillAccount(commands.Change):
    """Bill a parked account again.

    An account whose bill cannot be right, or cannot be made, is parked, and
    nothing of it is invoiced. Once the reason is gone, say so here.
    """

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_account(parser)
        add = parser.add_argument
        add('--accept', action='store_true', default=None,
            help='Issue what is due now, however far beyond the bounds of '
            '[billing] it is')
        add('--reason', metavar='<text>', dest='why',
            help='For the timeline')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        found = self.api.find('accounts', parsed_args.account)
        return self.send(
            parsed_args, 'POST', f'/v1/accounts/{found["id"]}/bill',
            commands.given(parsed_args, 'why', 'accept'),
        )  # fmt: skip


class ExportAccount(commands.Command):
    """Write all that is held of a customer, as JSON, for himself.

    Read it before you hand it out: the names of staff stand in the timeline.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        _add_account(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        found = self.api.find('accounts', parsed_args.account)
        held = self.api.get(f'/v1/accounts/{found["id"]}/export')['held']
        told = json.dumps(held, indent=2, ensure_ascii=False)
        self.app.stdout.write(f'{columns.harmless(told)}\n')


class EraseAccount(commands.Change):
    """Take a customer who has left out of the books, for good.

    Names, addresses and words go; sums, dates and numbers stay, and invoices
    and payments are whole until the years are over for which the law has
    them kept. Whoever has a contract, owes or is owed something is refused.
    """

    shows = (
        _C('ID', 'id'),
        _C('Name', 'name'),
        _C('Documents Kept', 'documents_kept'),
    )
    asks = 'Erase {name} for good?'

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_account(parser)
        parser.add_argument(
            '--reason', metavar='<text>', required=True, dest='why',
            help='For the timeline; his names in it are replaced',
        )  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        found = self.api.find('accounts', parsed_args.account)
        return self.send(
            parsed_args, 'POST', f'/v1/accounts/{found["id"]}/erase',
            {'name': found['name'], 'why': parsed_args.why},
            name=columns.harmless(found['name']),
        )  # fmt: skip


def _add_account(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'account', metavar='<account>', help='Account (name or ID)'
    )


def _add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add('--external-ref', metavar='<ref>',
        help='What it is called elsewhere, as in a shop')
    add('--contact', action='append', metavar='<address>', dest='contacts',
        help='A mail address for notices and invoices (may be repeated)')
    add('--locale', metavar='<locale>',
        help='Language of mails and invoices, as de or pt_BR')
    add('--timezone', metavar='<zone>',
        help='In which its days are, as Europe/Paris')
    pairs.add_policy(parser)
    add('--address-name', metavar='<name>', help='As it stands on invoices')
    add('--address-line', action='append', metavar='<line>',
        help='A line of its address (may be repeated)')
    add('--country', metavar='<code>', help='Of its address, as FR')
    add('--tax-id', metavar='<id>', help='As it stands on invoices')
    add('--tax', action='append', type=pairs.entry, dest='taxes',
        metavar='<name=VAT,rate=20>',
        help='A tax in per cent; also with valid_from and valid_until (may '
        'be repeated)')
    add('--discount', action='append', type=pairs.entry, dest='discounts',
        metavar='<name=friend,percent=10>',
        help='A discount: a percent, or an amount of each cycle; also with '
        'valid_from and valid_until (may be repeated)')  # fmt: skip


def _said(parsed_args: argparse.Namespace) -> dict[str, Any]:
    said = commands.given(
        parsed_args, 'external_ref', 'contacts', 'locale', 'timezone',
        'policy', 'taxes', 'discounts',
    )  # fmt: skip
    address = {
        field: value
        for field, value in (
            ('name', parsed_args.address_name),
            ('lines', parsed_args.address_line),
            ('country', parsed_args.country),
            ('tax_id', parsed_args.tax_id),
        )
        if value is not None
    }
    return said | ({'address': address} if address else {})


def _patch(
    command: commands.Change,
    parsed_args: argparse.Namespace,
    body: dict[str, Any],
) -> Any:
    commands.check_said(body)
    found = command.api.find('accounts', parsed_args.account)
    return command.send(
        parsed_args, 'PATCH', f'/v1/accounts/{found["id"]}', body
    )
