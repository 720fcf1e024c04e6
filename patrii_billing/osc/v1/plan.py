# SPDX-License-Identifier: Apache-2.0
"""`openstack billing plan`: price lists."""

import argparse
from collections.abc import Iterable
from typing import Any

from patrii_billing.osc import columns
from patrii_billing.osc import commands
from patrii_billing.osc import pairs

_C = columns.Column


def _prices(item: columns.Item, field: str) -> Any:
    return columns.lines(item[field], _price)


def _price(price: columns.Item) -> str:
    """One line, such as 'flavor s1: 10.00 from 2026-02-01'."""
    of = f'{price["kind"]} {price["resource"]}'.strip()
    return f'{of}: ' + columns.valid(_asked(price), price)


def _asked(price: columns.Item) -> str:
    tiers = '; '.join(
        f'{tier["unit_price"]} up to {tier["up_to"]}'
        if tier['up_to'] is not None
        else f'{tier["unit_price"]} beyond'
        for tier in price['tiers']
    )
    unit = f' per {price["unit"]}' if price['unit'] else ''
    free = price['included']
    included = f', {free} included' if free.strip('0.') else ''
    return f'{tiers or price["unit_price"]}{unit}{included}'


def _tiers(item: columns.Item, field: str) -> Any:
    return columns.lines(
        item[field],
        lambda tier: f'{tier["unit_price"]} up to {tier["up_to"] or "any"}',
    )


_LIST = (
    _C('ID', 'id'),
    _C('Name', 'name'),
    _C('Currency', 'currency'),
    _C('Cycle', 'cycle'),
    _C('Prices', 'prices', _prices),
    _C('Trial Days', 'trial_days', long=True),
    _C('Unit', 'unit', long=True),
    _C('Same Day', 'same_day', long=True),
    _C('Tax Inclusive', 'tax_inclusive', long=True),
    _C('Policy', 'policy', columns.pairs, long=True),
    _C('Created', 'created_at', columns.instant, long=True),
)
_PRICE = (
    _C('ID', 'id'),
    _C('Kind', 'kind'),
    _C('Resource', 'resource'),
    _C('Unit Price', 'unit_price'),
    _C('Valid From', 'valid_from', columns.words),
    _C('Valid Until', 'valid_until', columns.words),
    _C('Included', 'included', long=True),
    _C('Tiers', 'tiers', _tiers, long=True),
    _C('Tiering', 'tiering', long=True),
    _C('Per', 'per', long=True),
    _C('Unit', 'unit', columns.words, long=True),
    _C('At Once', 'at_once', long=True),
)


class ListPlan(commands.Lister):
    """List plans, by name."""

    shows = _LIST

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--name', metavar='<name>', help='Of this name')
        add('--currency', metavar='<currency>', help='In this currency')

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        return self.api.items(
            'plans', parsed_args.limit, name=parsed_args.name,
            currency=parsed_args.currency,
        )  # fmt: skip


class ShowPlan(commands.ShowOne):
    """Show a plan and its prices."""

    shows = _LIST

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_plan(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.find('plans', parsed_args.plan)


class CreatePlan(commands.Change):
    """Enter a plan with its prices.

    The same again enters nothing, and shows the plan that is there.
    """

    shows = _LIST

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('name', metavar='<name>', help='A name of its own')
        add('--cycle', metavar='<cycle>', default='month',
            help='month, quarter, year or days:N (default: month)')
        add('--currency', metavar='<currency>',
            help='Of its prices (default: [billing] currency)')
        add('--price', action='append', type=_read_price, dest='prices',
            metavar='<kind=flavor,resource=m1.small,unit_price=10.00>',
            help='A price; the kinds are flat, flavor, quota, meter and '
            'setup; also with valid_from, valid_until, included, per, unit, '
            'at_once, tiering; with tiers as JSON (may be repeated)')
        add('--unit', choices=('day', 'second'),
            help='What of a cycle is counted (default: day)')
        add('--same-day', choices=('highest', 'last'),
            help='Which of several changes on one day counts (default: '
            'highest)')
        add('--trial-days', type=int, metavar='<n>',
            help='Bill nothing of so many days of a new contract')
        add('--tax-inclusive', action='store_true', default=None,
            help='The taxes are in the prices')  # fmt: skip
        pairs.add_policy(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', '/v1/plans',
            commands.given(
                parsed_args, 'name', 'cycle', 'currency', 'prices', 'unit',
                'same_day', 'trial_days', 'tax_inclusive', 'policy',
            ),
        )  # fmt: skip


class SetPlan(commands.Change):
    """Change what may change of a plan that somebody has."""

    shows = _LIST

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_plan(parser)
        parser.add_argument(
            '--trial-days', type=int, metavar='<n>',
            help='Bill nothing of so many days of a new contract',
        )  # fmt: skip
        pairs.add_policy(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return _patch(
            self, parsed_args,
            commands.given(parsed_args, 'policy', 'trial_days'),
        )  # fmt: skip


class UnsetPlan(commands.Change):
    """Take terms of the policy from a plan."""

    shows = _LIST

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_plan(parser)
        pairs.add_unset_policy(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        terms = parsed_args.policy
        body = {'policy': pairs.unset_policy(terms)} if terms else {}
        return _patch(self, parsed_args, body)


class DeletePlan(commands.Delete):
    """Delete plans that nobody has, or had."""

    collection = 'plans'
    noun = 'plan'


class ListPrice(commands.Lister):
    """List the prices of a plan."""

    shows = _PRICE

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        _add_plan(parser)

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        prices = self.api.find('plans', parsed_args.plan)['prices']
        return prices[: parsed_args.limit]  # type: ignore[no-any-return]


class CreatePrice(commands.Change):
    """Add a price to a plan.

    Where the resource has a price already, another one must begin after
    today, so that nothing is billed anew.
    """

    shows = _PRICE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_plan(parser)
        parser.add_argument(
            'price', type=_read_price,
            metavar='<kind=flavor,resource=m1.small,unit_price=10.00>',
            help='As of billing plan create --price',
        )  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        plan = self.api.find('plans', parsed_args.plan)
        return self.send(
            parsed_args, 'POST', f'/v1/plans/{plan["id"]}/prices',
            parsed_args.price,
        )  # fmt: skip


class SetPrice(commands.Change):
    """Say from which day on a price is not valid any more."""

    shows = _PRICE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_price(parser)
        parser.add_argument(
            '--valid-until', metavar='<YYYY-MM-DD>', required=True,
            help='The first day on which it is not valid, after today',
        )  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return _end(self, parsed_args, parsed_args.valid_until)


class UnsetPrice(commands.Change):
    """Have a price without an end."""

    shows = _PRICE

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        _add_price(parser)
        parser.add_argument(
            '--valid-until', action='store_true', required=True,
            help='The end that it has, which must be after today',
        )  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return _end(self, parsed_args, None)


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('plan', metavar='<plan>', help='Plan (name or ID)')


def _add_price(parser: argparse.ArgumentParser) -> None:
    _add_plan(parser)
    parser.add_argument(
        'price', metavar='<price>', type=int,
        help='ID of the price, as of billing plan price list',
    )  # fmt: skip


def _read_price(text: str) -> dict[str, Any]:
    return pairs.flagged(pairs.entry(text), 'at_once')


def _patch(
    command: commands.Change,
    parsed_args: argparse.Namespace,
    body: dict[str, Any],
) -> Any:
    commands.check_said(body)
    found = command.api.find('plans', parsed_args.plan)
    return command.send(
        parsed_args, 'PATCH', f'/v1/plans/{found["id"]}', body
    )


def _end(
    command: commands.Change,
    parsed_args: argparse.Namespace,
    day: str | None,
) -> Any:
    plan = command.api.find('plans', parsed_args.plan)
    return command.send(
        parsed_args, 'PATCH',
        f'/v1/plans/{plan["id"]}/prices/{parsed_args.price}',
        {'valid_until': day},
    )  # fmt: skip
