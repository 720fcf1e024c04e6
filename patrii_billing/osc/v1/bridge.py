# SPDX-License-Identifier: Apache-2.0
"""`openstack billing bridge`: another subscription engine, as it is read."""

import argparse
from collections.abc import Iterable
from typing import Any

from patrii_billing.osc import columns
from patrii_billing.osc import commands

_C = columns.Column
KINDS = ('customer', 'contract', 'bill', 'payment')


def _counted(item: columns.Item, one: columns.Item) -> str:
    return f'{one["kind"]} {one["state"]}: {one["records"]}'


class ShowBridge(commands.ShowOne):
    """Show how another subscription engine is read.

    What was found of it, what it or the cloud lacks, and how far it was
    read. Nobody is enforced for what it says unless it is active.
    """

    shows = (
        _C('Engine', 'name', columns.words),
        _C('State', 'state', columns.words),
        _C('Found', 'what', columns.wrapped(55)),
        _C('Invoices', 'invoices', columns.words),
        _C('Needs', 'needs', columns.paragraphs(55)),
        _C('Read', 'read_at', columns.instant),
        _C('Read Whole', 'read_whole_at', columns.instant),
        _C('Next', 'next_at', columns.instant),
        _C('Failures', 'failures'),
        _C('Why', 'why', columns.wrapped(55)),
        _C('Waiting', 'waiting'),
        _C('Records', 'records', columns.told(_counted)),
    )

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get('/v1/bridge')


class ListWaiting(commands.Lister):
    """List what was read there and could not be taken over, and why."""

    shows = (
        _C('ID', 'id', long=True),
        _C('Record', 'kind'),
        _C('Ref', 'ref'),
        _C('Name', 'name', columns.wrapped(16)),
        _C('Customer', 'customer', columns.words, long=True),
        _C('Why', 'why', columns.wrapped(22)),
        _C('Seen', 'seen_at', columns.instant, long=True),
        _C('Said', 'said', columns.pairs, raw=True),
    )

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument('--kind', choices=KINDS, help='Of this kind')

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        return self.api.items(
            'bridge/waiting', parsed_args.limit,
            **commands.given(parsed_args, 'kind'),
        )  # fmt: skip
