# SPDX-License-Identifier: Apache-2.0
"""`openstack billing server`: who pays for a server, and what we did to it."""

import argparse
from collections.abc import Iterable
from typing import Any

from patrii_billing.osc import columns
from patrii_billing.osc import commands
from patrii_billing.osc import waiting

_C = columns.Column
_CUSTODY = ('taken', 'shelved', 'stopped', 'exempt', 'absent', 'deleted')


def _state(item: columns.Item, field: str) -> Any:
    """For people without where nova keeps it."""
    return columns.lines(
        [item[field]], lambda value: value.removesuffix('_offloaded')
    )


_LIST = (
    _C('ID', 'id'),
    _C('Name', 'name'),
    _C('State', 'vm_state', _state),
    _C('Custody', 'custody', columns.words),
    _C('Subscription', 'subscription_name', columns.words, long=True),
    _C('Account', 'account_name', columns.words, long=True),
    _C('Project', 'project_name', columns.words, long=True),
    _C('Project ID', 'project_id', long=True),
    _C('Flavor', 'flavor', long=True),
    _C('Case', 'case_id', columns.words, long=True),
    _C('Deletion', 'deletion_ground', columns.words, long=True),
    _C('Kept Until', 'kept_until', columns.instant, long=True),
    _C('Deleted', 'deleted_at', columns.instant, long=True),
)
_SHOW = (
    *_LIST,
    _C('Custody Since', 'custody_at', columns.instant),
    _C('Custody Because', 'custody_why', columns.words),
    _C('Deletion Action ID', 'deletion_action_id', columns.words),
    _C('Created', 'created_at', columns.instant),
    _C('Told', 'told_at', columns.instant),
)


class ListServer(commands.Lister):
    """List the servers that the books know, deleted ones only if asked for."""

    shows = _LIST

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--account', metavar='<account>',
            help='Of this account (name or ID)')
        add('--project', metavar='<project>',
            help='Of this project (name or ID)')
        add('--name', metavar='<name>', help='Of this name')
        add('--custody', choices=_CUSTODY, help='To which we did this')
        add('--deleted', action='store_true', help='Those that are gone')

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        found = {
            f'{noun}_id': self.api.find(f'{noun}s', called)['id']
            for noun in ('account', 'project')
            if (called := getattr(parsed_args, noun)) is not None
        }
        return self.api.items(
            'servers', parsed_args.limit, name=parsed_args.name,
            custody=parsed_args.custody, deleted=_gone(parsed_args), **found,
        )  # fmt: skip


class ShowServer(commands.ShowOne):
    """Show a server as nova last told of it, and as the books have it."""

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_server(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.find('servers', parsed_args.server)


class DeleteServer(commands.Change):
    """Have a server deleted that our lock keeps from you.

    Only one that was shelved for a debt, and only with a token of its own
    project. What can be kept of it is kept for some days, and it is billed
    up to that day.
    """

    shows = _SHOW
    asks = 'Delete the server {name} ({server})?'

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_server(parser)
        _add_reason(parser)
        waiting.add_option(parser, 'it is gone')

    def item(self, parsed_args: argparse.Namespace) -> Any:
        answer = _post(self, parsed_args, 'delete')
        if answer is not None and parsed_args.wait is not None:
            answer = waiting.until(
                lambda: self.api.get(f'/v1/servers/{answer["id"]}'),
                lambda found: found['deletion_action_id'] is None,
                parsed_args.wait,
            )
        return answer


class KeepServer(commands.Change):
    """Take back the request to delete a server, if it is not carried out."""

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_server(parser)
        _add_reason(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return _post(self, parsed_args, 'keep')


def _gone(parsed_args: argparse.Namespace) -> bool | None:
    """What is gone is shown where it is asked for."""
    if parsed_args.custody in ('absent', 'deleted'):
        return None
    return bool(parsed_args.deleted)


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'server', metavar='<server>', help='Server (name or ID)'
    )


def _add_reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--reason', metavar='<text>', dest='why', help='For the timeline'
    )


def _post(
    command: commands.Change, parsed_args: argparse.Namespace, verb: str
) -> Any:
    found = command.api.find('servers', parsed_args.server)
    return command.send(
        parsed_args, 'POST', f'/v1/servers/{found["id"]}/{verb}',
        commands.given(parsed_args, 'why'),
        name=found['name'], server=found['id'],
    )  # fmt: skip
