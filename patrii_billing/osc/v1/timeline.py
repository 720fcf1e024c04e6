# SPDX-License-Identifier: Apache-2.0
"""`openstack billing timeline`: what happened, when, why and by whom."""

import argparse
from collections.abc import Iterable
import textwrap
from typing import Any

from cliff import columns as cliff_columns

from patrii_billing.osc import columns
from patrii_billing.osc import commands

# With the instant and the frame of the table it makes 80.
_WIDTH = 57
_INDENT = '  '
_ITSELF = 'patrii-billing'


class _Story(cliff_columns.FormattableColumn[Any]):
    """What, of whom; below it why, to which server, and by whom."""

    def human_readable(self) -> str:
        first, *more = _told(self._value)
        lines = textwrap.wrap(first, _WIDTH, break_on_hyphens=False)
        for each in more:
            lines += textwrap.wrap(
                each, _WIDTH, initial_indent=_INDENT,
                subsequent_indent=_INDENT, break_on_hyphens=False,
            )  # fmt: skip
        return columns.harmless('\n'.join(lines))

    def machine_readable(self) -> Any:
        return self._value


def _told(item: columns.Item) -> Iterable[str]:
    detail = {k: v for k, v in item['detail'].items() if v is not None}
    said = [item['what'], item['name']]
    if 'amount' in detail:
        said += [str(detail.pop('amount')), item['currency'] or '']
    if 'result' in detail:
        said.append(str(detail.pop('result')))
    whose = (item['account_name'], item['subscription_name'])
    of = ', '.join(name for name in whose if name)
    yield ' '.join(said) + (f' ({of})' if of else '')
    if item['why']:
        yield item['why']
    if item['server_id'] is not None:
        yield f'server {item["server_name"] or ""} {item["server_id"]}'
    for name, value in sorted(detail.items()):
        yield f'{name}: {value}'
    if item['by'] != _ITSELF:
        yield f'by {item["by"]}'


_C = columns.Column
_PEOPLE = (
    _C('When', 'at', columns.instant),
    _C('What', '', lambda item, field: _Story(item)),
)
_PROGRAMS = (
    _C('ID', 'id'),
    _C('At', 'at'),
    _C('What', 'what'),
    _C('Name', 'name'),
    _C('Why', 'why'),
    _C('By', 'by'),
    _C('Account', 'account_name'),
    _C('Account ID', 'account_id'),
    _C('Subscription', 'subscription_name'),
    _C('Subscription ID', 'subscription_id'),
    _C('Server', 'server_name'),
    _C('Server ID', 'server_id'),
    _C('Request ID', 'request_id'),
    _C('Currency', 'currency'),
    _C('Detail', 'detail', columns.pairs),
)


class ListTimeline(commands.Lister):
    """List what happened: the last entries, in the order of time."""

    most = 50

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--account', metavar='<account>',
            help='To this account (name or ID)')
        add('--subscription', metavar='<subscription>',
            help='To this subscription (name or ID)')
        add('--server', metavar='<server>',
            help='To this server (name or ID)')
        add('--what', metavar='<kind>',
            help='Of this kind, as status, action, notice, invoice or alarm')
        add('--since', metavar='<time>', type=commands.moment,
            help='From a day (UTC) or an instant (ISO 8601) on')
        add('--until', metavar='<time>', type=commands.moment,
            help='Before then')
        order = parser.add_mutually_exclusive_group()
        order.add_argument('--newest-first', action='store_true',
                           help='The last entry first')
        order.add_argument('--from-beginning', action='store_true',
                           help='The first entries, and not the last')

    def take_action(self, parsed_args: argparse.Namespace) -> commands.Cells:
        people = parsed_args.formatter == 'table'
        self.shows = _PEOPLE if people else _PROGRAMS
        return super().take_action(parsed_args)

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        first = parsed_args.from_beginning
        found: Iterable[Any] = self.api.items(
            'timeline', parsed_args.limit,
            **commands.found(
                self.api, parsed_args, 'account', 'subscription', 'server'
            ),
            what=parsed_args.what,
            since=parsed_args.since, until=parsed_args.until,
            sort='id' if first else 'id:desc',
        )  # fmt: skip
        if first or parsed_args.newest_first:
            return found
        return list(found)[::-1]
