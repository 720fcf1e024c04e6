# SPDX-License-Identifier: Apache-2.0
"""Change a project's quota in the cloud: at its owner's request, or ours.

Our own freeze, down to present usage while an invoice is past due, is never
billed: it writes no level.
"""

from collections.abc import Mapping
import datetime as dt
import decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.engine import collect
from patrii_billing.engine import gather
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import notices
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline
from patrii_billing.store import watch

FROZEN = ('cores', 'instances', 'ram')


def request(
    conn: sa.Connection,
    subscription_id: int,
    quota: Mapping[str, int],
    now: dt.datetime,
) -> None:
    """Ask for a quota change of a subscription's project.

    Raises Conflict where one is under way, or where the quota is frozen.
    """
    sub = subscriptions.get(conn, subscription_id)
    project = accounts.project(conn, sub.project)
    if project is not None and project.quota_before is not None:
        raise errors.Conflict('the quota is frozen until the debt is paid')
    asked = actions.ask(
        conn, ActionType.QUOTA_CHANGE, now,
        subscription_id=sub.id, account_id=sub.account_id,
        project=sub.project, case_id='',
        args={'purpose': 'change', 'quota': dict(quota)},
    )  # fmt: skip
    if not asked:
        raise errors.Conflict('a quota change is under way')


def advance(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Carry out a change, a freeze or a thaw."""
    {'freeze': _freeze, 'thaw': _thaw, 'change': _change}[row.args['purpose']](
        tools, row
    )


def adopt(
    conn: sa.Connection,
    project: str,
    quota: Mapping[str, int],
    at: dt.datetime,
    why: str,
) -> None:
    """Record a project's quota as what it holds, and pays for, from then."""
    for resource, quantity in billed_quota(quota).items():
        servers.add_level(
            conn, f'{project}:{resource}:{quantity}:{at.isoformat()}',
            project, resource, quantity, at, why,
        )  # fmt: skip


def billed_quota(quota: Mapping[str, int]) -> dict[str, decimal.Decimal]:
    """Quota in the units that plans price: RAM counts in GiB."""
    billed = {
        key: decimal.Decimal(value)
        for key, value in quota.items()
        if key != 'ram'
    }
    if 'ram' in quota:
        billed['ram_gib'] = decimal.Decimal(quota['ram']) / 1024
    return billed


def _change(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    wanted = {key: int(value) for key, value in row.args['quota'].items()}
    used = tools.cloud.quotas.usage(row.project)
    for key, value in wanted.items():
        if 0 <= value < used.get(key, 0):
            _refuse(
                tools, row,
                f'{key}: {used[key]} are in use, {value} were asked for',
            )  # fmt: skip
            return
    try:
        tools.cloud.quotas.set(row.project, wanted)
    except errors.CloudRefused as error:
        _refuse(tools, row, str(error))
        return
    tools.db.write(_changed, tools, row, wanted)


def _refuse(tools: toolbox.Tools, row: sa.Row[Any], why: str) -> None:
    tools.db.write(_close, tools, row, ActionState.FAILED, 'refused', why)


def _changed(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    wanted: Mapping[str, int],
) -> None:
    now = tools.now()
    adopt(conn, row.project, wanted, now, 'quota change')
    notices.ask(
        conn, f'quota:{row.id}', 'quota_changed', now,
        account_id=row.account_id, subscription_id=row.subscription_id,
        context={
            'quota': ', '.join(f'{k} {v}' for k, v in sorted(wanted.items()))
        },
    )  # fmt: skip
    _close(conn, tools, row, ActionState.DONE, 'done', '')


def _freeze(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Down to what is used, so that nothing new can be made."""
    blocked = tools.db.read(_blocked, tools)
    if blocked:
        next_at = tools.now() + tools.settings.blocked
        tools.db.write(actions.again, row, next_at, blocked)
        return
    own = dict(tools.cloud.quotas.get(row.project))
    used = tools.cloud.quotas.usage(row.project)
    frozen = tools.db.write(_begin_freeze, tools, row, own, used)
    if frozen is None:
        tools.db.write(
            _close, tools, row, ActionState.CANCELLED, 'cancelled',
            'nothing is past due',
        )  # fmt: skip
        return
    tools.cloud.quotas.set(row.project, frozen)
    tools.db.write(_close, tools, row, ActionState.DONE, 'done', 'frozen')


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
    actions.renew(conn, row, tools.now() + tools.settings.lease)
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
    before = {key: own[key] for key in FROZEN if key in own}
    frozen = {key: used.get(key, 0) for key in before}
    accounts.freeze_quota(conn, row.project, before, frozen)
    return frozen


def _thaw(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
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
            tools.cloud.quotas.set(row.project, project.quota_before)
            why = 'thawed'
        tools.db.write(accounts.freeze_quota, row.project, None, None)
    tools.db.write(_close, tools, row, ActionState.DONE, 'done', why)


def _being_frozen(conn: sa.Connection, project: str) -> bool:
    """Whether a call that freezes it may still be on its way."""
    return actions.live(conn, ActionType.QUOTA_CHANGE, f'{project}:freeze')


def _blocked(conn: sa.Connection, tools: toolbox.Tools) -> str | None:
    if tools.settings.dry_run:
        return 'dry run'
    state = watch.get(conn)
    why: str | None = state.stopped_why or state.safe_why
    return why


def _close(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    state: ActionState,
    result: str,
    why: str,
) -> None:
    now = tools.now()
    accounts.lock(conn, row.account_id)
    actions.finish(conn, row, now, state, result, why)
    timeline.record(
        conn, now, 'action', row.type, why or row.args['purpose'],
        account_id=row.account_id, subscription_id=row.subscription_id,
        result=result,
    )  # fmt: skip
    collect.judge(conn, tools, row.subscription_id, now)
