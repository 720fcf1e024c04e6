# SPDX-License-Identifier: Apache-2.0
"""`account`: what is held of a customer, and taking him out of the books."""

import json
import sys

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import effect
from patrii_billing.cmd.commands import text
from patrii_billing.engine import erasing
from patrii_billing import errors
from patrii_billing.store import accounts


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'account', help='the personal data of a customer'
    )
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser(
        'export',
        help='write all that is held of a customer, as JSON',
        description='Write all that is held of a customer as JSON, for '
        'himself: in its tables, with instants in UTC.',
    )
    action.add_argument('name')
    action.set_defaults(run=_export)
    action = actions.add_parser(
        'erase',
        help='take a customer who has left out of the books',
        description='Take the names, addresses and words of a customer who '
        'has left out of the books, for good. Sums, dates and numbers stay; '
        'invoices and payments stay whole for [retention] '
        'keep_documents_years. Other systems, mailboxes and backups are '
        'not reached.',
    )
    action.add_argument('name')
    effect.add_dry_run(action)
    action.add_argument('--yes', action='store_true', help='do not ask')
    action.add_argument('--reason', default='', help='for the timeline')
    action.set_defaults(run=_erase)


def _export(desk: desks.Desk) -> None:
    account = desk.read(accounts.by_name, desk.options.name)
    told = desk.read(erasing.export, account.id)
    json.dump(told, sys.stdout, indent=2, ensure_ascii=False)
    print()


def _erase(desk: desks.Desk) -> None:
    account = desk.read(accounts.by_name, desk.options.name)
    if not (desk.options.yes or desk.options.dry_run):
        _ask(account.name)
    effect.carry_out(
        desk, account.id, erasing.erase, account.id,
        desk.tools.settings.keep_documents_years, desk.now, desk.by,
        desk.options.reason,
    )  # fmt: skip
    if not desk.options.dry_run:
        print(f'It is called {erasing.alias(account.id)} from now on.')


def _ask(name: str) -> None:
    """Raises Conflict unless the operator agrees."""
    name = text.plain(name)
    if not sys.stdin.isatty():
        raise errors.Conflict(f'say --yes to erase {name} for good')
    if input(f'Erase {name} for good? [y/N] ').lower() != 'y':
        raise errors.Conflict('left as it is')
