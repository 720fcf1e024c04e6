# SPDX-License-Identifier: Apache-2.0
"""`openstack billing subscription`: contracts, and where they stand."""

import argparse
from collections.abc import Iterable
from typing import Any

from osc_lib import exceptions

from patrii_billing import client
from patrii_billing.osc import columns
from patrii_billing.osc import commands
from patrii_billing.osc import pairs
from patrii_billing.osc import waiting

_C = columns.Column
_STATUSES = (
    'active', 'grace', 'held', 'shelved', 'pending_deletion', 'deleted',
)  # fmt: skip
_CONTRACTS = ('trial', 'live', 'ending', 'ended')
_LIST = (
    _C('ID', 'id', long=True),
    _C('Name', 'name'),
    _C('Account', 'account_name'),
    _C('Status', 'billing_status'),
    _C('Next Step', 'next_step', columns.words),
    _C('Due', 'due_at', columns.instant),
    _C('Owed', 'owed', columns.amount),
    columns.CURRENCY,
    _C('Contract', 'contract', long=True),
    _C('Plan', 'plan_name', long=True),
    _C('Project', 'project_name', long=True),
    _C('Project ID', 'project_id', long=True),
    _C('Server ID', 'server_id', columns.words, long=True),
    _C('Since', 'status_since', columns.instant, long=True),
    _C('Held', 'held', long=True),
    _C('Parked', 'parked', long=True),
)
_SHOW = (
    _C('ID', 'id'),
    _C('Name', 'name'),
    _C('Account', 'account_name'),
    _C('Account ID', 'account_id', raw=True),
    _C('Plan', 'plan_name'),
    _C('Plan ID', 'plan_id', raw=True),
    _C('Project', 'project_name'),
    _C('Project ID', 'project_id'),
    _C('Server ID', 'server_id', columns.words),
    _C('Enforces', 'enforces'),
    _C('Enforced From', 'enforce_from', columns.instant),
    _C('Contract', 'contract'),
    _C('Start', 'start'),
    _C('Anchor Day', 'anchor_day'),
    _C('Billed Until', 'billed_until'),
    _C('Next Invoice', 'next_invoice_at', columns.instant),
    _C('Ends On', 'ends_on', columns.words),
    _C('Ended', 'ended_at', columns.instant),
    _C('Status', 'billing_status'),
    _C('Since', 'status_since', columns.instant),
    _C('Next Step', 'next_step', columns.words),
    _C('Due', 'due_at', columns.instant),
    _C('Waits For', 'waits_for', columns.words),
    _C('Held', 'held'),
    _C('Case', 'case_id', columns.words),
    _C('Owed', 'owed', columns.amount),
    columns.CURRENCY,
    _C('Policy', 'policy', columns.pairs),
    _C('Parked', 'parked'),
    _C('Parked Because', 'parked_why', columns.words),
    _C('Created', 'created_at', columns.instant),
)
_RESTORED = (
    _C('Subscription ID', 'subscription_id'),
    _C('Action IDs', 'action_ids', columns.each),
)


class ListSubscription(commands.Lister):
    """List subscriptions, by name."""

    shows = _LIST

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('--account', metavar='<account>',
            help='Of this account (name or ID)')
        add('--plan', metavar='<plan>', help='For this plan (name or ID)')
        add('--project', metavar='<project>',
            help='Of this project, or of servers of it (name or ID)')
        add('--name', metavar='<name>', help='Of this name')
        add('--status', choices=_STATUSES, help='With this billing status')
        add('--contract', choices=_CONTRACTS,
            help='Whose contract is in this state')
        add('--parked', action='store_true', default=None,
            help='Not billed until a person has looked at it')
        add('--sort', metavar='<key>[:asc|:desc]', default=None,
            help='By id, name, due_at or status_since (default: name); what '
            'has no value of it is not listed')  # fmt: skip

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        found = {
            f'{noun}_id': self.api.find(f'{noun}s', called)['id']
            for noun in ('account', 'plan', 'project')
            if (called := getattr(parsed_args, noun)) is not None
        }
        return self.api.items(
            'subscriptions', parsed_args.limit, name=parsed_args.name,
            billing_status=parsed_args.status, parked=parsed_args.parked,
            contract=parsed_args.contract, sort=parsed_args.sort, **found,
        )  # fmt: skip


class ShowSubscription(commands.ShowOne):
    """Show a subscription: what it is for, and where it stands."""

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_subscription(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.find('subscriptions', parsed_args.subscription)


class CreateSubscription(commands.Change):
    """Enter a subscription of a project, or of one server of it.

    The rules are those of the import. The same again enters nothing, and
    shows the subscription that is there.
    """

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add('name', metavar='<name>', help='A name of its own')
        add('--plan', metavar='<plan>', required=True,
            help='Plan (name or ID)')
        add('--project', metavar='<project>', required=True,
            help='Project (name or ID), whose account pays')
        add('--server', metavar='<server-id>', dest='server_id',
            help='Only this server of the project')
        add('--start', metavar='<YYYY-MM-DD>', required=True,
            help='Its first day; not past, unless --paid-until is given')
        add('--paid-until', metavar='<YYYY-MM-DD>',
            help='The day from which on this service bills')
        add('--anchor-day', metavar='<1-31>', type=int,
            help='The day of the month on which its periods begin (default: '
            'that of its start)')
        add('--no-enforce', action='store_const', const=False,
            dest='enforces', help='It does not cover its servers: another '
            'one does')
        add('--enforce-from', metavar='<when>',
            help='Nobody is dunned before this day or instant')
        pairs.add_policy(parser)  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', '/v1/subscriptions',
            {
                'plan_id': self.api.find('plans', parsed_args.plan)['id'],
                'project_id': self.api.find(
                    'projects', parsed_args.project
                )['id'],
                **commands.given(
                    parsed_args, 'name', 'server_id', 'start', 'paid_until',
                    'anchor_day', 'enforces', 'enforce_from', 'policy',
                ),
            },
        )  # fmt: skip


class SetSubscription(commands.Change):
    """Change a subscription; what is not named stays.

    A plan counts from the next period on, or from a day of the running one:
    what is billed already is corrected, day by day. A new anchor counts from
    the end of what is billed, and next bills a stub.
    """

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_subscription(parser)
        add = parser.add_argument
        add('--name', metavar='<name>', help='A new name')
        add('--plan', metavar='<plan>', help='Another plan (name or ID)')
        add('--from', metavar='<YYYY-MM-DD>', dest='plan_from',
            help='The first day of that plan (default: the next period)')
        add('--anchor-day', metavar='<1-31>', type=int,
            help='The day of the month on which its periods begin')
        add('--enforce-from', metavar='<when>',
            help='Nobody is dunned before this day or instant')
        pairs.add_policy(parser)
        _add_reason(parser)  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        body = commands.given(
            parsed_args, 'name', 'plan_from', 'anchor_day', 'enforce_from',
            'policy',
        )  # fmt: skip
        if parsed_args.plan is not None:
            plan = self.api.find('plans', parsed_args.plan)
            body['plan_id'] = plan['id']
        return _patch(self, parsed_args, body)


class UnsetSubscription(commands.Change):
    """Take from a subscription what it can be without."""

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_subscription(parser)
        pairs.add_unset_policy(parser)
        parser.add_argument(
            '--enforce-from', action='store_true',
            help='The day before which nobody is dunned',
        )  # fmt: skip
        _add_reason(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        body: dict[str, Any] = {}
        if parsed_args.enforce_from:
            body['enforce_from'] = None
        if parsed_args.policy:
            body['policy'] = pairs.unset_policy(parsed_args.policy)
        return _patch(self, parsed_args, body)


class CancelSubscription(commands.Change):
    """End a subscription on a day.

    What was invoiced for later is taken back at once: void where nothing was
    paid on it, else credited day by day. Debts stay, and so does the ladder
    until they are paid.
    """

    shows = _SHOW
    asks = 'End the subscription {name}?'

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_subscription(parser)
        parser.add_argument(
            '--on', metavar='<YYYY-MM-DD>',
            help='The first day that is not billed (default: the end of what '
            'is paid, in a trial today)',
        )  # fmt: skip
        _add_reason(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return _post(
            self, parsed_args, 'cancel', commands.given(
                parsed_args, 'on', 'why'
            ),
        )  # fmt: skip


class KeepSubscription(commands.Change):
    """Withdraw the cancellation of a subscription.

    What it took back is invoiced again. What has ended stays so.
    """

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_subscription(parser)
        _add_reason(parser)

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return _post(
            self, parsed_args, 'keep', commands.given(parsed_args, 'why')
        )


class RestoreSubscription(commands.Change):
    """Have what is paid for given back now.

    A payment has it given back by itself. This tries at once and anew what
    waits in vain. What is not paid stays as it is.
    """

    shows = _RESTORED

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_subscription(parser)
        _add_reason(parser)
        waiting.add_option(parser, 'it is active again')

    def item(self, parsed_args: argparse.Namespace) -> Any:
        answer = _post(
            self, parsed_args, 'restore', commands.given(parsed_args, 'why')
        )
        if answer is not None and parsed_args.wait is not None:
            path = f'/v1/subscriptions/{answer["subscription_id"]}'
            waiting.until(
                lambda: self.api.get(path),
                lambda found: found['billing_status'] == 'active',
                parsed_args.wait,
            )
        return answer


def add_subscription(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'subscription', metavar='<subscription>',
        help='Subscription (name or ID)',
    )  # fmt: skip


def of_project(api: client.Client, called: str) -> Any:
    """The subscription of a whole project, or the one of that name.

    Raises CommandError where there is none.
    """
    try:
        project = api.find('projects', called)
    except client.Refused as error:
        if error.status != 404:
            raise
        return _named(api, called)
    found = [
        one
        for one in api.items('subscriptions', project_id=project['id'])
        if one['server_id'] is None and one['contract'] != 'ended'
    ]
    if not found:
        raise exceptions.CommandError(
            f'no subscription is of project {project["name"]}'
        )
    return sorted(found, key=lambda one: not one['enforces'])[0]


def _named(api: client.Client, called: str) -> Any:
    try:
        return api.find('subscriptions', called)
    except client.Refused as error:
        if error.status != 404:
            raise
        raise exceptions.CommandError(
            f'no project and no subscription is called {called!r}'
        ) from None


def _add_reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--reason', metavar='<text>', dest='why', help='For the timeline'
    )


def _post(
    command: commands.Change,
    parsed_args: argparse.Namespace,
    verb: str,
    body: dict[str, Any],
) -> Any:
    found = command.api.find('subscriptions', parsed_args.subscription)
    return command.send(
        parsed_args, 'POST', f'/v1/subscriptions/{found["id"]}/{verb}', body,
        name=found['name'],
    )  # fmt: skip


def _patch(
    command: commands.Change,
    parsed_args: argparse.Namespace,
    body: dict[str, Any],
) -> Any:
    commands.check_said(body)
    found = command.api.find('subscriptions', parsed_args.subscription)
    return command.send(
        parsed_args, 'PATCH', f'/v1/subscriptions/{found["id"]}',
        body | commands.given(parsed_args, 'why'),
    )  # fmt: skip
