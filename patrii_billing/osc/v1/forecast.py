# SPDX-License-Identifier: Apache-2.0
"""`openstack billing forecast`: what comes if nobody pays."""

import argparse
from collections.abc import Iterable
from typing import Any

from cliff import columns as cliff_columns

from patrii_billing.osc import columns
from patrii_billing.osc import commands


class _At(cliff_columns.FormattableColumn[Any]):
    """The instant, or since when it may be."""

    def __init__(self, item: columns.Item, field: str) -> None:
        super().__init__(item[field])
        self._item = item

    def human_readable(self) -> str:
        shown = columns.instant(self._item, 'at').human_readable()
        return f'from {shown}' if self._item['not_before'] else shown

    def machine_readable(self) -> Any:
        return self._value


class _Count(cliff_columns.FormattableColumn[Any]):
    """How many there are, for people."""

    def __init__(self, item: columns.Item, field: str) -> None:
        super().__init__(item[field])

    def human_readable(self) -> str:
        return str(len(self._value) or '')

    def machine_readable(self) -> Any:
        return self._value


_KINDS = (
    'invoice', 'reminder', 'grace', 'last_warning', 'shelve', 'delete',
    'restore', 'quota_change',
)  # fmt: skip
_C = columns.Column
_COLUMNS = (
    _C('At', 'at', _At),
    _C('Not Before', 'not_before', raw=True),
    _C('Kind', 'kind'),
    _C('Account', 'account_name', long=True),
    _C('Subscription', 'subscription_name'),
    _C('Subscription ID', 'subscription_id', long=True),
    _C('Project ID', 'project_id', long=True),
    _C('Amount', 'amount', columns.amount),
    columns.CURRENCY,
    _C('Servers', 'server_ids', _Count),
    _C('Names', 'names', columns.instant, long=True),
)


class ListForecast(commands.Lister):
    """List what comes in the next days if nobody pays.

    What is said to come from an instant on waits for the answer of a mail
    server or of nova and may come later. The first pages are of the
    subscriptions whose next step comes first.
    """

    shows = _COLUMNS

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--days', type=int, default=7, metavar='<n>',
            help='How many days to look ahead (1 to 366; default: 7)')
        add('--account', metavar='<account>',
            help='Of this account (name or ID)')
        add('--subscription', metavar='<subscription>',
            help='Of this subscription (name or ID)')
        add('--kind', choices=_KINDS, action='append',
            help='Of this kind alone; may be given again')  # fmt: skip

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        found = {
            f'{noun}_id': self.api.find(f'{noun}s', called)['id']
            for noun in ('account', 'subscription')
            if (called := getattr(parsed_args, noun)) is not None
        }
        return self.api.items(
            'forecast', parsed_args.limit, days=parsed_args.days,
            kind=parsed_args.kind, **found,
        )  # fmt: skip
