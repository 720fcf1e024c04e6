# SPDX-License-Identifier: Apache-2.0
"""`openstack billing event`: what other systems are told."""

import argparse
from collections.abc import Iterable
from typing import Any

from osc_lib import exceptions

from patrii_billing.osc import columns
from patrii_billing.osc import commands

_C = columns.Column
_COLUMNS = (
    _C('ID', 'id'),
    _C('At', 'at', columns.instant),
    _C('Type', 'type'),
    _C('Account', 'account_name', columns.words),
    _C('Subscription', 'subscription_name', columns.words, long=True),
    _C('Server', 'server_id', columns.words, long=True),
    _C('About', 'name', long=True),
    _C('Why', 'why', long=True),
    _C('By', 'by', long=True),
    _C('Pending', 'pending'),
    _C('Delivered', 'delivered', long=True),
    _C('Dead', 'dead'),
    _C('Key', 'key', long=True),
)
_STATES = ('pending', 'delivered', 'dead')


def _delivery(item: columns.Item, one: columns.Item) -> str:
    said = f'{one["listener"]}: {one["state"]}, {one["attempts"]} tries'
    if one['next_at']:
        said += f', next {one["next_at"][:19]}Z'
    return f'{said}: {one["answer"]}' if one['answer'] else said


_WHOLE = (
    *_COLUMNS,
    _C('Deliveries', 'deliveries', columns.told(_delivery)),
    _C('Request', 'request_id', columns.words),
    _C('Body', 'body', columns.pairs),
)


class ListEvent(commands.Lister):
    """List what other systems are told, the newest first.

    Nothing is kept where nobody is to be told, and only for some days.
    """

    shows = _COLUMNS

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--account', metavar='<account>',
            help='Of this account (name or ID)')
        add('--type', metavar='<type>',
            help='Of this type, as billing.invoice.paid')
        add('--state', choices=_STATES,
            help='With a delivery in this state; dead: given up')  # fmt: skip

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        account_id = None
        if parsed_args.account is not None:
            account_id = self.api.find('accounts', parsed_args.account)['id']
        return self.api.items(
            'events', parsed_args.limit, account_id=account_id,
            **commands.given(parsed_args, 'type', 'state'),
        )  # fmt: skip


class ShowEvent(commands.ShowOne):
    """Show an event as it is sent, and how far it came with each listener."""

    shows = _WHOLE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_event(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get(_path(self, parsed_args.event))


class RedeliverEvent(commands.Change):
    """Tell an event again.

    To those who did not take it for days, or to those who are named, whether
    they have it or not.
    """

    shows = _WHOLE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_event(parser)
        parser.add_argument(
            '--listener', metavar='<listener>', action='append',
            dest='listeners',
            help='Whom to tell it (may be repeated), as [webhooks] endpoints '
            'names him, or notifications',
        )  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        path = _path(self, parsed_args.event)
        return self.send(
            parsed_args, 'POST', f'{path}/redeliver',
            commands.given(parsed_args, 'listeners'),
        )  # fmt: skip


def _add_event(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'event', metavar='<event>', help='ID or key (webhook-id) of the event'
    )


def _path(command: commands.Command, called: str) -> str:
    """Of an event, by its id or the key by which listeners know it."""
    if not called.isdigit():
        found = list(command.api.items('events', 1, key=called))
        if not found:
            raise exceptions.CommandError(f'no event is called {called}')
        called = str(found[0]['id'])
    return f'/v1/events/{called}'
