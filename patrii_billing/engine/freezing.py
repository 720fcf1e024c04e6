# SPDX-License-Identifier: Apache-2.0
"""A project's quota while its customer is in arrears: down to what he uses.

It is never billed, for it writes no level; and it is never a drift.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain import quota as law
from patrii_billing.engine import gather
from patrii_billing.engine import leasing
from patrii_billing.engine import quota
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import subscriptions


def freeze(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Down to what is used, so that nothing new can be made."""
    blocked = tools.db.read(quota.blocked, tools)
    if blocked:
        next_at = tools.now() + tools.settings.blocked
        tools.db.write(actions.again, row, next_at, blocked)
        return
    own = dict(tools.cloud.quotas.get(row.project))
    used = tools.cloud.quotas.usage(row.project)
    since = tools.now()
    frozen = tools.db.write(_begin_freeze, tools, row, own, used)
    if frozen is None:
        tools.db.write(
            quota.close, tools, row, ActionState.CANCELLED, 'cancelled',
            'nothing is past due',
        )  # fmt: skip
        return
    leasing.check(tools, since)
    tools.cloud.quotas.set(row.project, frozen, force=True)
    tools.db.write(quota.close, tools, row, ActionState.DONE, 'done', 'frozen')


def _begin_freeze(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    own: Mapping[str, int],
    used: Mapping[str, int],
) -> Mapping[str, int] | None:
    """What to set, or None where a payment came first. Raises LeaseLost.

    The project's own quota is remembered before the first touch, so that a
    crash loses nothing; from then on a payment has it put back.
    """
    accounts.lock(conn, row.account_id)
    now = tools.now()
    actions.renew(conn, row, now, now + tools.settings.lease)
    sub = subscriptions.get(conn, row.subscription_id)
    policy = gather.policy(conn, tools, sub)
    facts = gather.facts(conn, tools, sub, tools.now())
    if sub.case_id != row.case_id or not facts.owes(
        policy.tolerance, tools.now()
    ):
        return None
    project = accounts.project(conn, row.project)
    if project is not None and project.quota_before is not None:
        return dict(project.quota_frozen)
    before = {key: own[key] for key in law.SERVERS if key in own}
    frozen = {key: used.get(key, 0) for key in before}
    accounts.freeze_quota(conn, row.project, before, frozen)
    return frozen


def thaw(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Back to the project's own, unless somebody set it by hand since."""
    if tools.db.read(_being_frozen, row.project):
        next_at = tools.now() + tools.settings.poll
        tools.db.write(actions.again, row, next_at, 'a freeze is under way')
        return
    project = tools.db.read(accounts.project, row.project)
    why = 'it was not frozen'
    if project is not None and project.quota_before is not None:
        present = tools.cloud.quotas.get(row.project)
        ours = all(
            present.get(key) == value
            for key, value in project.quota_frozen.items()
        )
        why = 'set by hand meanwhile, left so'
        if ours:
            leasing.renew(tools, row)
            tools.cloud.quotas.set(
                row.project, project.quota_before, force=True
            )
            why = 'thawed'
        tools.db.write(accounts.freeze_quota, row.project, None, None)
    tools.db.write(quota.close, tools, row, ActionState.DONE, 'done', why)


def _being_frozen(conn: sa.Connection, project: str) -> bool:
    """Whether a call that freezes it may still be on its way."""
    return actions.live(conn, ActionType.QUOTA_CHANGE, f'{project}:freeze')
