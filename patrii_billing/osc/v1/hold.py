# SPDX-License-Identifier: Apache-2.0
"""`openstack billing hold`: let the ladder of a subscription stand still."""

import argparse
from collections.abc import Iterable
from typing import Any

from osc_lib import exceptions

from patrii_billing.osc import columns
from patrii_billing.osc import commands
from patrii_billing.osc.v1 import subscription

_C = columns.Column
_TYPES = ('promise', 'pause', 'abuse')
_COLUMNS = (
    _C('ID', 'id'),
    _C('Type', 'type'),
    _C('In Force', 'in_force'),
    _C('Since', 'starts_at', columns.instant),
    _C('Until', 'until', columns.instant),
    _C('Ended', 'ended_at', columns.instant, long=True),
    _C('Reason', 'reason', columns.words),
    _C('By', 'by', columns.words, long=True),
)


class ListHold(commands.Lister):
    """List the holds of a subscription, those in force and those that were."""

    shows = _COLUMNS

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        subscription.add_subscription(parser)
        parser.add_argument(
            '--in-force', action='store_true', help='Only those in force'
        )

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        path, most = _path(self, parsed_args), parsed_args.limit
        if not parsed_args.in_force:
            return self.api.items(path, most)
        found = [one for one in self.api.items(path) if one['in_force']]
        return found[:most]


class ShowHold(commands.ShowOne):
    """Show a hold of a subscription."""

    shows = _COLUMNS

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_hold(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return _find(self, parsed_args)[1]


class CreateHold(commands.Change):
    """Place a hold on a subscription.

    promise: invoices go on, until a date. pause: neither the ladder nor
    invoices run. abuse: no payment lifts it. What is left of the next step
    is given back at the end.
    """

    shows = _COLUMNS

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        subscription.add_subscription(parser)
        add = parser.add_argument
        add('--type', choices=_TYPES, required=True, help='Which it is')
        add('--until', metavar='<when>',
            help='A day of the account or an instant; a promise needs one, '
            'the others may last until they are released')
        add('--reason', metavar='<text>', required=True,
            help='For the house; the customer does not see it')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', f'/v1/{_path(self, parsed_args)}',
            commands.given(parsed_args, 'type', 'until', 'reason'),
        )  # fmt: skip


class SetHold(commands.Change):
    """Give a hold that is in force another end, sooner or later."""

    shows = _COLUMNS

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_hold(parser)
        end = parser.add_mutually_exclusive_group(required=True)
        end.add_argument('--until', metavar='<when>',
                         help='A day of the account or an instant')
        end.add_argument('--no-end', action='store_true',
                         help='Until it is released')
        _add_why(parser)  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        path, _ = _find(self, parsed_args)
        body = {'until': parsed_args.until}
        return self.send(
            parsed_args, 'PATCH', path,
            body | commands.given(parsed_args, 'why'),
        )  # fmt: skip


class ReleaseHold(commands.Change):
    """Release a hold before its end: the ladder goes on.

    What was left of the span of the next step is given back from now on.
    """

    shows = _COLUMNS

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_hold(parser)
        _add_why(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        path, _ = _find(self, parsed_args)
        return self.send(
            parsed_args, 'DELETE', path, commands.given(parsed_args, 'why')
        )


def _add_hold(parser: argparse.ArgumentParser) -> None:
    subscription.add_subscription(parser)
    parser.add_argument(
        'hold', metavar='<hold>',
        help='ID of the hold, or the type of the one in force',
    )  # fmt: skip


def _add_why(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--reason', metavar='<text>', dest='why', help='For the timeline'
    )


def _path(
    command: commands.Command, parsed_args: argparse.Namespace
) -> str:
    found = command.api.find('subscriptions', parsed_args.subscription)
    return f'subscriptions/{found["id"]}/holds'


def _find(
    command: commands.Command, parsed_args: argparse.Namespace
) -> tuple[str, Any]:
    """The path of a hold, and the hold. Raises CommandError."""
    path, called = _path(command, parsed_args), parsed_args.hold
    for one in command.api.items(path, sort='id:desc'):
        if called == str(one['id']) or (
            called == one['type'] and one['in_force']
        ):
            return f'/v1/{path}/{one["id"]}', one
    raise exceptions.CommandError(
        f'{parsed_args.subscription} has no hold {called!r}'
    )
