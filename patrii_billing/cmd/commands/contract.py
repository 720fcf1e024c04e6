# SPDX-License-Identifier: Apache-2.0
"""`subscription cancel`, `keep` and `set`: the life of a contract."""

import argparse
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import effect
from patrii_billing.engine import amending
from patrii_billing.engine import contract
from patrii_billing import errors
from patrii_billing.store import plans
from patrii_billing.store import subscriptions


def add_to(actions: Any) -> None:
    action = _action(
        actions, 'cancel', _cancel, 'end a contract on a day',
        'What was invoiced for later is taken back at once: void where '
        'nothing was paid on it, else credited day by day. Debts stay, and '
        'so does the ladder until they are paid.',
    )  # fmt: skip
    action.add_argument(
        '--on', type=_day, metavar='DAY',
        help='the first day that is not billed, of the account; by default '
        'the end of what is paid, in a trial today',
    )  # fmt: skip
    _action(
        actions, 'keep', _keep, 'withdraw a cancellation',
        'What it took back is invoiced again. What has ended stays so.',
    )  # fmt: skip
    action = _action(
        actions, 'set', _set, 'change its plan, or where its periods begin',
        'A plan counts from the next period on, or from a day of the running '
        'one: what is billed already is corrected, day by day. A new anchor '
        'counts from the end of what is billed, and next bills a stub.',
    )  # fmt: skip
    action.add_argument(
        '--anchor-day', type=int, metavar='N',
        help='the day of the month on which its periods begin, 1 to 31',
    )  # fmt: skip
    action.add_argument('--plan', metavar='NAME')
    action.add_argument(
        '--from', type=_day, dest='since', metavar='DAY',
        help='the first day of the plan; by default the next period',
    )  # fmt: skip


def _action(
    actions: Any, name: str, run: Any, told: str, description: str
) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(
        name, help=told, description=description
    )
    action.add_argument('name')
    action.add_argument('--why', default='', help='for the books')
    effect.add_dry_run(action)
    action.set_defaults(run=run)
    return action


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no day such as 2026-01-31'
        ) from None


def _cancel(desk: desks.Desk) -> None:
    sub = desk.read(subscriptions.by_name, desk.options.name)
    effect.carry_out(
        desk, sub.account_id, contract.cancel, desk.tools, sub.id,
        desk.options.on, desk.now, desk.by, desk.options.why,
    )  # fmt: skip


def _keep(desk: desks.Desk) -> None:
    sub = desk.read(subscriptions.by_name, desk.options.name)
    effect.carry_out(
        desk, sub.account_id, contract.keep, desk.tools, sub.id, desk.now,
        desk.by, desk.options.why,
    )  # fmt: skip


def _set(desk: desks.Desk) -> None:
    options = desk.options
    if options.since is not None and options.plan is None:
        raise errors.InvalidInput('goes with --plan', '--from')
    if options.plan is None and options.anchor_day is None:
        raise errors.InvalidInput('give --plan or --anchor-day')
    sub = desk.read(subscriptions.by_name, options.name)
    effect.carry_out(desk, sub.account_id, _change, desk, sub)


def _change(conn: sa.Connection, desk: desks.Desk, sub: sa.Row[Any]) -> None:
    """Both in one transaction."""
    options, now = desk.options, desk.now
    if options.plan is not None:
        plan = plans.by_name(conn, options.plan)
        amending.change_plan(
            conn, desk.tools, sub.id, plan.id, options.since, now, desk.by,
            options.why,
        )  # fmt: skip
    if options.anchor_day is not None:
        amending.change_anchor(
            conn, desk.tools, sub.id, options.anchor_day, now, desk.by,
            options.why,
        )  # fmt: skip
