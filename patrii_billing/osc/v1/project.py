# SPDX-License-Identifier: Apache-2.0
"""`openstack billing project`: which project belongs to whom."""

import argparse
from collections.abc import Iterable
import re
from typing import Any

from patrii_billing.osc import columns
from patrii_billing.osc import commands

_C = columns.Column
_COLUMNS = (
    _C('ID', 'id'),
    _C('Name', 'name'),
    _C('Account', 'account_name'),
    _C('Account ID', 'account_id', long=True),
)
_UUID = re.compile('[0-9a-f]{32}')


class ListProject(commands.Lister):
    """List the projects that belong to an account, by name."""

    shows = _COLUMNS

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--account', metavar='<account>',
            help='Of this account (name or ID)')
        add('--name', metavar='<name>', help='Of this name')  # fmt: skip

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        account_id = None
        if parsed_args.account is not None:
            account_id = self.api.find('accounts', parsed_args.account)['id']
        return self.api.items(
            'projects', parsed_args.limit, account_id=account_id,
            name=parsed_args.name,
        )  # fmt: skip


class ShowProject(commands.ShowOne):
    """Show whose a project is."""

    shows = _COLUMNS

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument('project', metavar='<project>',
                            help='Project (name or ID)')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.find('projects', parsed_args.project)


class CreateProject(commands.Change):
    """Give a project of keystone to an account.

    Given again it has the name by which keystone knows it then.
    """

    shows = _COLUMNS

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('project', metavar='<project>',
            help='Project in keystone (name or ID)')
        add('--account', metavar='<account>', required=True,
            help='To which it belongs (name or ID)')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        account = self.api.find('accounts', parsed_args.account)
        called = parsed_args.project
        field = 'id' if _UUID.fullmatch(called) else 'name'
        return self.send(
            parsed_args, 'POST', '/v1/projects',
            {'account_id': account['id'], field: called},
        )  # fmt: skip


class DeleteProject(commands.Delete):
    """Take projects that were never billed from their accounts.

    The projects in keystone are not touched.
    """

    collection = 'projects'
    noun = 'project'
