# SPDX-License-Identifier: Apache-2.0
"""`hold`: let the ladder of a subscription stand still."""

import argparse

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import moment
from patrii_billing.cmd.commands import text
from patrii_billing.domain import lifecycle
from patrii_billing.engine import holds
from patrii_billing.store import subscriptions

_TYPES = [kind.value for kind in lifecycle.HoldType]


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser('hold', help='let the ladder stand still')
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    place = actions.add_parser(
        'place',
        help='stop the ladder of a subscription',
        description='promise: invoices go on, until a date. pause: neither '
        'ladder nor invoices run. abuse: no payment lifts it. What is left '
        'of the next step is given back at the end.',
    )
    _add_target(place)
    place.add_argument(
        '--until', type=moment.read, metavar='WHEN',
        help='a day of the account or an instant with its offset; else until '
        'it is released',
    )  # fmt: skip
    place.add_argument('--reason', required=True)
    place.set_defaults(run=_place)
    release = actions.add_parser('release', help='end a hold before its time')
    _add_target(release)
    release.set_defaults(run=_release)


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('subscription')
    parser.add_argument('--type', required=True, choices=_TYPES)


def _place(desk: desks.Desk) -> None:
    options = desk.options
    sub = desk.read(subscriptions.by_name, options.subscription)
    hold_id = desk.write(
        holds.place, desk.tools, sub.id, lifecycle.HoldType(options.type),
        options.until, options.reason, desk.by, desk.now,
    )  # fmt: skip
    hold = desk.read(subscriptions.hold, hold_id)
    ends = text.instant(hold.until, 'it is released')
    print(f'{sub.name}: {options.type} hold until {ends}.')


def _release(desk: desks.Desk) -> None:
    options = desk.options
    sub = desk.read(subscriptions.by_name, options.subscription)
    desk.write(
        holds.release, desk.tools, sub.id, lifecycle.HoldType(options.type),
        desk.by, desk.now,
    )  # fmt: skip
    print(f'{sub.name}: {options.type} hold released.')
