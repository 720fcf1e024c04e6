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
    purpose = row.args['purpose']
    try:
        if purpose == 'freeze':
            _freeze(tools, row)
        elif purpose == 'thaw':
            _thaw(tools, row)
        else:
            _change(tools, row)
    except errors.CloudRefused as error:
        tools.db.write(
            _close, tools, row, ActionState.FAILED, 'refused', str(error)
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
            raise errors.CloudRefused(
                f'{key}: {used[key]} are in use, {value} were asked for', 400
            )
    tools.cloud.quotas.set(row.project, wanted)
    tools.db.write(_changed, tools, row, wanted)


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
    project = tools.db.read(accounts.project, row.project)
    if project is None or project.quota_before is None:
        own = dict(tools.cloud.quotas.get(row.project))
        used = tools.cloud.quotas.usage(row.project)
        frozen = {key: used.get(key, 0) for key in FROZEN}
        # Remembered before the first touch, so that a crash loses nothing.
        tools.db.write(
            accounts.freeze_quota, row.project,
            {key: own[key] for key in FROZEN}, frozen,
        )  # fmt: skip
    else:
        frozen = project.quota_frozen
    tools.cloud.quotas.set(row.project, frozen)
    tools.db.write(_close, tools, row, ActionState.DONE, 'done', 'frozen')


def _thaw(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Back to the project's own, unless somebody set it by hand since."""
    project = tools.db.read(accounts.project, row.project)
    why = 'it was not frozen'
    if project is not None and project.quota_before is not None:
        present = tools.cloud.quotas.get(row.project)
        ours = all(
            present[key] == value
            for key, value in project.quota_frozen.items()
        )
        why = 'set by hand meanwhile, left so'
        if ours:
            tools.cloud.quotas.set(row.project, project.quota_before)
            why = 'thawed'
        tools.db.write(accounts.freeze_quota, row.project, None, None)
    tools.db.write(_close, tools, row, ActionState.DONE, 'done', why)


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
