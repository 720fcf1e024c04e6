# SPDX-License-Identifier: Apache-2.0
"""`openstack billing summary`: where the whole cloud stands."""

import argparse
from collections.abc import Callable
from typing import Any

from cliff import columns as cliff_columns

from patrii_billing.osc import columns
from patrii_billing.osc import commands

Say = Callable[[columns.Item], str]


class _Lines(cliff_columns.FormattableColumn[Any]):
    """A list of items, for people a sentence each."""

    def __init__(self, value: Any, say: Say) -> None:
        super().__init__(value)
        self._say = say

    def human_readable(self) -> str:
        said = '\n'.join(self._say(item) for item in self._value)
        return columns.harmless(said)

    def machine_readable(self) -> Any:
        return self._value


def _lines(say: Say) -> Callable[[columns.Item, str], Any]:
    return lambda item, field: _Lines(item[field], say)


def _status(item: columns.Item) -> str:
    return (
        f'{item["status"]}: {item["subscriptions"]} subscriptions '
        f'of {item["accounts"]} accounts'
    )


def _age(item: columns.Item) -> str:
    first, last = item['from_days'], item['to_days']
    if first is None:
        days = 'not due'
    elif last is None:
        days = f'over {first - 1} days'
    else:
        days = f'{first} to {last} days'
    return (
        f'{days}: {item["owed"]} {item["currency"]} on {item["invoices"]} '
        'invoices'
    )


def _month(item: columns.Item) -> str:
    return (
        f'{item["month"][:7]}: invoiced {item["invoiced"]}, '
        f'collected {item["collected"]} {item["currency"]}'
    )


def _due(item: columns.Item) -> str:
    about = 'about ' if item['estimated'] else ''
    return (
        f'{item["day"]} {item["kind"]}: {item["subscriptions"]}, '
        f'{about}{item["amount"]} {item["currency"]}'
    )


def _action(item: columns.Item) -> str:
    return (
        f'{item["type"]}: {item["waiting"]} waiting, {item["stuck"]} stuck, '
        f'{item["failed"]} failed'
    )


def _unmatched(item: columns.Item) -> str:
    return f'{item["payments"]}: {item["amount"]} {item["currency"]}'


def _cap(item: columns.Item) -> str:
    return f'{item["name"]}: {item["used"]} of {item["limit"]}'


_C = columns.Column
_COLUMNS = (
    _C('At', 'at', columns.instant),
    _C('Accounts', 'accounts'),
    _C('Parked Accounts', 'parked_accounts'),
    _C('Subscriptions', 'statuses', _lines(_status)),
    _C('Owed, Past Due', 'open', _lines(_age)),
    _C('Months', 'months', _lines(_month)),
    _C('Due if Unpaid', 'due', _lines(_due)),
    _C('Unmatched Payments', 'unmatched_payments', _lines(_unmatched)),
    _C('Actions', 'actions', _lines(_action)),
    _C('Notices Waiting', 'waiting_notices'),
    _C('Notices Refused', 'refused_notices'),
    _C('Notices Unknown', 'unknown_notices'),
    _C('Messages Parked', 'parked_messages'),
    _C('Message Waits Since', 'message_waiting_since', columns.instant),
    _C('Last Tick', 'ticked_at', columns.instant),
    _C('Last Notification', 'heard_at', columns.instant),
    _C('Last Sweep', 'swept_at', columns.instant),
    _C('Dry Run', 'dry_run'),
    _C('Standing Still', 'standing_still', columns.each),
    _C('Caps', 'caps', _lines(_cap)),
)


class ShowSummary(commands.ShowOne):
    """Show where the whole cloud stands.

    Customers by status, what is owed and since when, what was invoiced and
    collected, what is due in seven days, what is stuck, and the switch.
    """

    shows = _COLUMNS

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            '--timezone', metavar='<timezone>',
            help='Whose days and months they are (default: UTC)',
        )  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get('/v1/summary', timezone=parsed_args.timezone)
