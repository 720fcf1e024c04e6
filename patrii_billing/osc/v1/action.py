# SPDX-License-Identifier: Apache-2.0
"""`openstack billing action`: what is to be done to the cloud."""

import argparse
from collections.abc import Iterable
from typing import Any

from osc_lib.command import command

from patrii_billing.osc import columns
from patrii_billing.osc import commands

_TYPES = ('shelve', 'restore', 'delete', 'quota_change', 'purge')
_STATES = ('pending', 'done', 'cancelled', 'failed')


def _target(item: columns.Item, field: str) -> Any:
    """The server by its name, or the project whose quota it is."""
    name = item['server_name'] or item['server_id'] or item['project_id']
    return columns.words({field: name}, field)


_C = columns.Column
_LIST = (
    _C('ID', 'id'),
    _C('Type', 'type'),
    _C('Target', 'target', _target),
    _C('Account', 'account_name'),
    _C('Subscription', 'subscription_name', long=True),
    _C('State', 'state'),
    _C('Approval', 'approval', columns.words, long=True),
    _C('Why', 'why', columns.wrapped(24)),
    _C('Attempts', 'attempts', long=True),
    _C('Next', 'next_at', columns.instant, long=True),
    _C('Created', 'created_at', columns.instant, long=True),
    _C('Project ID', 'project_id', raw=True),
    _C('Server ID', 'server_id', raw=True),
)
_SHOW = (
    _C('ID', 'id'),
    _C('Type', 'type'),
    _C('State', 'state'),
    _C('Result', 'result', columns.words),
    _C('Why', 'why', columns.wrapped(55)),
    _C('Ground', 'ground', columns.words),
    _C('Account', 'account_name'),
    _C('Account ID', 'account_id', raw=True),
    _C('Subscription', 'subscription_name'),
    _C('Subscription ID', 'subscription_id', raw=True),
    _C('Project ID', 'project_id'),
    _C('Server', 'server_name', columns.words),
    _C('Server ID', 'server_id', columns.words),
    _C('Purpose', 'purpose', columns.words),
    _C('Quota', 'quota', columns.pairs),
    _C('Approval', 'approval', columns.words),
    _C('Approved By', 'approved_by', columns.words),
    _C('Approved', 'approved_at', columns.instant),
    _C('Attempts', 'attempts'),
    _C('Next', 'next_at', columns.instant),
    _C('Begun', 'committed_at', columns.instant),
    _C('Created', 'created_at', columns.instant),
    _C('Finished', 'finished_at', columns.instant),
    _C('Request IDs', 'request_ids', columns.each),
)


class ListAction(commands.Lister):
    """List actions, the newest first."""

    shows = _LIST

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--account', metavar='<account>',
            help='Of this account (name or ID)')
        add('--subscription', metavar='<subscription>',
            help='Of this subscription (name or ID)')
        add('--server', metavar='<server>',
            help='On this server (name or ID)')
        add('--type', choices=_TYPES, help='Of this type')
        add('--state', choices=_STATES, help='In this state')
        add('--waiting', choices=['approval'],
            help='That wait for a person to say yes')  # fmt: skip

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        return self.api.items(
            'actions', parsed_args.limit,
            **commands.found(
                self.api, parsed_args, 'account', 'subscription', 'server'
            ),
            type=parsed_args.type, state=parsed_args.state,
            approval='waiting' if parsed_args.waiting else None,
        )  # fmt: skip


class ShowAction(commands.ShowOne):
    """Show an action: what it waits for, and what was done for it."""

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_action(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get(f'/v1/actions/{parsed_args.action}')


class ApproveAction(commands.Command, command.Lister):
    """Say yes to actions that wait for it; all of them, or none.

    Each is named before you are asked. Whether it is lawful is looked at all
    the same when it is carried out: a payment still wins.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add = parser.add_argument
        add('actions', metavar='<action>', type=int, nargs='+',
            help='ID of an action')
        add('--dry-run', action='store_true',
            help='Show what would follow, and write nothing')
        add('--yes', action='store_true', help='Do not ask')  # fmt: skip
        parser.set_defaults(long=False)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> commands.Cells:
        wanted, rehearsal = parsed_args.actions, parsed_args.dry_run
        if not (parsed_args.yes or rehearsal):
            named = [
                _named(self.api.get(f'/v1/actions/{one}')) for one in wanted
            ]
            commands.confirm(f'{", ".join(named)}: say yes?')
        answer = self.api.write(
            'POST', '/v1/actions/approve', {'actions': wanted},
            dry_run=rehearsal,
        )  # fmt: skip
        if rehearsal:
            for line in commands.rehearsed(answer):
                self.say(line)
        shown = columns.chosen(_LIST, parsed_args)
        return tuple(column.heading for column in shown), [
            columns.cells(shown, item, parsed_args)
            for item in ([] if rehearsal else answer['actions'])
        ]


def _named(item: columns.Item) -> str:
    name = item['server_name'] or item['server_id']
    return f'{item["type"]} {name} of {item["account_name"]}'


class RetryAction(commands.Change):
    """Have an action that waits tried now, as if it had not failed before."""

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_action(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', f'/v1/actions/{parsed_args.action}/retry'
        )


class CancelAction(commands.Change):
    """Call off an action that has not begun.

    A shelve or a delete would be asked for again at once: until the given
    day a promise holds the whole subscription, and what else is asked for
    goes with it. Unless it is paid by then, the ladder goes on where it
    stands. What a purge would remove is kept until that day. A change of the
    quota takes no day; a restore is never called off.
    """

    shows = (
        *_SHOW,
        _C('Cancelled Too', 'cancelled_too', columns.each),
        _C('Off Until', 'until', columns.instant),
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_action(parser)
        parser.add_argument(
            '--reason', metavar='<text>', required=True,
            help='Why, for the timeline',
        )  # fmt: skip
        parser.add_argument(
            '--until', metavar='<moment>',
            help="A day of the account's as 2026-01-31, or an instant as "
            '2026-01-31T12:00:00Z',
        )  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', f'/v1/actions/{parsed_args.action}/cancel',
            commands.given(parsed_args, 'reason', 'until'),
        )  # fmt: skip


def _add_action(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'action', metavar='<action>', type=int, help='ID of the action'
    )
