# SPDX-License-Identifier: Apache-2.0
"""`openstack billing quota`: what a project may use, and what it costs."""

import argparse
from collections.abc import Iterable
from typing import Any

from osc_lib import exceptions

from patrii_billing.osc import columns
from patrii_billing.osc import commands
from patrii_billing.osc.v1 import subscription
from patrii_billing.osc import waiting

_C = columns.Column
_UNLIMITED = '-1'


def _limit(item: columns.Item, field: str) -> Any:
    """In words where there is none."""
    return columns.lines(
        [item[field]],
        lambda value: 'no limit' if value == _UNLIMITED else value,
    )


_QUOTAS = (
    _C('Resource', 'resource'),
    _C('In Use', 'used'),
    _C('In Nova', 'limit', _limit),
    _C('Billed', 'billed', columns.words),
)


def _line(each: columns.Item) -> str:
    return (
        f'{each["amount"]}  {each["resource"]}  {each["start"]} to '
        f'{each["end"]}  {each["ratio"]}'
    )


def _lines(item: columns.Item, field: str) -> Any:
    return columns.lines(item[field], _line)


_REQUESTED = (
    _C('Subscription ID', 'subscription_id', raw=True),
    _C('Project ID', 'project_id'),
    _C('Now', 'now', columns.pairs),
    _C('Then', 'then', columns.pairs),
    _C('Lines', 'lines', _lines),
    _C('Total', 'total', columns.amount),
    columns.CURRENCY,
    _C('Billed', 'billed'),
    _C('Action ID', 'action_id', columns.words),
)


class ShowQuota(commands.Lister):
    """Show what a project uses, what nova allows it, and what is billed."""

    shows = _QUOTAS

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        _add_project(parser)

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        found = subscription.of_project(self.api, parsed_args.project)
        shown = self.api.get(f'/v1/subscriptions/{found["id"]}/quota')
        if shown['changing']:
            self.say('A change of the quota is under way.')
        if shown['frozen']:
            own = _told(shown['own'])
            self.say(f'It is frozen until the debt is paid; its own: {own}')
        if shown['drift']:
            self.say(f'Changed past us: {_told(shown["drift"])}')
        quotas: list[Any] = shown['quotas']
        return quotas[: parsed_args.limit]


class SetQuota(commands.Change):
    """Change the quota of a project, which is billed.

    What it costs is shown before, for what is billed already and without
    discounts and taxes. The service does it in nova within seconds.
    """

    shows = _REQUESTED
    asks = 'Change the quota of {name}: {change}, for {total}?'

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_project(parser)
        add = parser.add_argument
        add('quota', nargs='+', metavar='<key>=<number>',
            help='As cores=12 ram_gib=32; -1 is without limit')
        add('--force', action='store_true', default=None,
            help='Even below what is in use; not for customers')
        waiting.add_option(parser, 'nova has it')  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        found = subscription.of_project(self.api, parsed_args.project)
        path = f'/v1/subscriptions/{found["id"]}/quota'
        body = {
            'quota': dict(_pair(each) for each in parsed_args.quota),
            **commands.given(parsed_args, 'force'),
        }
        names = {}
        if not (parsed_args.yes or parsed_args.dry_run):
            names = self._foretold(path, body)
            names['name'] = found['project_name'] or found['project_id']
        answer = self.send(
            parsed_args, 'POST', path, body, preview=True, **names
        )
        if parsed_args.wait is not None and not parsed_args.dry_run:
            self._wait(path, answer['then'], parsed_args.wait)
        return answer

    def _foretold(self, path: str, body: dict[str, Any]) -> dict[str, str]:
        """What the question says of a change."""
        told = self.api.write('POST', path, body, dry_run=True)['answer']
        return {
            'change': f'{_told(told["now"])} -> {_told(told["then"])}',
            'total': f'{told["total"]} {told["currency"]}',
        }

    def _wait(self, path: str, wanted: Any, seconds: int) -> None:
        """Raises CommandError where it is not done in time, or refused."""
        found = waiting.until(
            lambda: self.api.get(path),
            lambda shown: not shown['changing'],
            seconds,
        )
        limits = {one['resource']: one['limit'] for one in found['quotas']}
        if any(limits.get(key) != wanted[key] for key in wanted):
            raise exceptions.CommandError(
                'nova did not take it: see the actions of the subscription'
            )


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'project', metavar='<project>',
        help='Project (name or ID), or its subscription',
    )  # fmt: skip


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition('=')
    if not (name and sign and value):
        raise exceptions.CommandError(f'{text!r} is not KEY=NUMBER')
    return name, value


def _told(quota: columns.Item) -> str:
    return ', '.join(f'{key} {value}' for key, value in sorted(quota.items()))
