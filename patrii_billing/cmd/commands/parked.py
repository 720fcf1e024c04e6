# SPDX-License-Identifier: Apache-2.0
"""`subscription bill`: go on where a bill would have been nonsense."""

from typing import Any

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import effect
from patrii_billing.engine import unparking
from patrii_billing.store import subscriptions


def add_to(actions: Any) -> None:
    action = actions.add_parser(
        'bill',
        help='bill a parked account again',
        description='An account whose bill cannot be right, or cannot be '
        'made, is parked: the operator is told, and nothing of it is '
        'invoiced. Once the reason is gone, say so here.',
    )
    action.add_argument('name', help='a subscription of the account')
    action.add_argument(
        '--accept', action='store_true',
        help='issue what is due now, however far beyond the bounds of '
        '[billing] it is',
    )  # fmt: skip
    action.add_argument('--why', default='', help='for the books')
    effect.add_dry_run(action)
    action.set_defaults(run=_bill)


def _bill(desk: desks.Desk) -> None:
    sub = desk.read(subscriptions.by_name, desk.options.name)
    effect.carry_out(
        desk, sub.account_id, unparking.bill, desk.tools, sub.account_id,
        desk.now, desk.by, desk.options.why, desk.options.accept,
    )  # fmt: skip
