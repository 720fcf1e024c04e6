# SPDX-License-Identifier: Apache-2.0
"""Set a project's quota in the cloud, as asked for or as the books say.

The books follow only when nova has shown the new quota. What an action needs
to be repeated after a crash, and to be taken back, stands in its own row.
"""

from collections.abc import Mapping
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain import quota as law
from patrii_billing.engine import freezing
from patrii_billing.engine import leasing
from patrii_billing.engine import quota
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import servers
from patrii_billing.store import subscriptions


def advance(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Carry out a change, a freeze, a thaw or a revert."""
    _PURPOSES[row.args['purpose']](tools, row)


def _change(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Carry out what was asked for; refused, the books stay as they are."""
    try:
        _attempt(tools, row)
    except errors.CloudRefused as error:
        _refuse(tools, row, str(error), 'nova')


def _attempt(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    wanted = row.args['quota']
    forced = row.args.get('force', False)
    hands = tools.cloud.quotas
    present = hands.get(row.project)
    if law.differing(present, wanted):
        below = law.below_usage(wanted, hands.usage(row.project))
        if below and not forced:
            _refuse(tools, row, '; '.join(below), 'usage')
            return
        since = tools.now()
        refusal = tools.db.write(_remember, tools, row, present)
        if refusal:
            _refuse(tools, row, refusal, 'books')
            return
        leasing.check(tools, since)
        hands.set(row.project, wanted, force=forced)
    tools.db.write(_changed, tools, row, present)


def _remember(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    present: Mapping[str, int],
) -> str:
    """Note what it was and when it was sent; why it must not, if so.

    Raises LeaseLost.
    """
    accounts.lock(conn, row.account_id)
    now = tools.now()
    actions.renew(conn, row, now, now + tools.settings.lease)
    project = accounts.project(conn, row.project)
    if project is not None and project.quota_before is not None:
        return 'the quota is frozen until the debt is paid'
    actions.note(
        conn, row,
        before=_before(conn, row) or dict(present), sent_at=now.isoformat(),
    )  # fmt: skip
    return ''


def _before(conn: sa.Connection, row: sa.Row[Any]) -> dict[str, int] | None:
    """The quota before the first try, which may be several tries ago."""
    before: dict[str, int] | None = actions.get(conn, row.id).args.get(
        'before'
    )
    return before


def _changed(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    present: Mapping[str, int],
) -> None:
    """Nova shows it: it counts from when it was sent."""
    accounts.lock(conn, row.account_id)
    now = tools.now()
    args = actions.get(conn, row.id).args
    wanted, before = args['quota'], args.get('before', present)
    at = now
    if 'sent_at' in args:
        at = dt.datetime.fromisoformat(args['sent_at'])
    sub = subscriptions.get(conn, row.subscription_id)
    worth = quota.worth(conn, tools, sub)
    quota.adopt(conn, row.project, wanted, at, 'quota change')
    _tell_changed(
        conn, row, before, wanted, now,
        **quota.difference(worth, quota.worth(conn, tools, sub)),
    )  # fmt: skip
    quota.close(conn, tools, row, ActionState.DONE, 'done', law.told(wanted))


def _tell_changed(
    conn: sa.Connection,
    row: sa.Row[Any],
    before: Mapping[str, int],
    after: Mapping[str, int],
    now: dt.datetime,
    **context: str,
) -> None:
    quota.tell_changed(
        conn, f'quota:{row.id}', 'quota_changed', now,
        subscriptions.get(conn, row.subscription_id), before, after,
        **context,
    )  # fmt: skip


def _put_back(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Set what somebody changed in nova to what the books say it is."""
    blocked = tools.db.read(_blocked_or_outdated, tools, row)
    if blocked is not None:
        tools.db.write(_put_off, tools, row, *blocked)
        return
    wanted = row.args['quota']
    try:
        present = tools.cloud.quotas.get(row.project)
        if law.differing(present, wanted):
            leasing.renew(tools, row)
            tools.cloud.quotas.set(row.project, wanted, force=True)
    except errors.CloudRefused as error:
        _refuse(tools, row, str(error), 'nova')
        return
    tools.db.write(_is_back, tools, row, present)


def _blocked_or_outdated(
    conn: sa.Connection, tools: toolbox.Tools, row: sa.Row[Any]
) -> tuple[str, bool] | None:
    """Why it must not be done, and whether that is for ever."""
    project = accounts.project(conn, row.project)
    if project is not None and project.quota_before is not None:
        return 'the quota was frozen meanwhile', True
    held = law.in_nova(
        {
            resource: level.quantity
            for resource, level in servers.quota_levels(
                conn, row.project
            ).items()
        }
    )
    if law.differing(held, row.args['quota']):
        return 'the books have changed meanwhile', True
    why = quota.blocked(conn, tools)
    return None if why is None else (why, False)


def _put_off(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    why: str,
    final: bool,
) -> None:
    if final:
        quota.close(conn, tools, row, ActionState.CANCELLED, 'cancelled', why)
        return
    actions.again(conn, row, tools.now() + tools.settings.blocked, why)


def _is_back(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    present: Mapping[str, int],
) -> None:
    wanted = row.args['quota']
    why = f'put back to {law.told(wanted)}'
    if law.differing(present, wanted):
        _tell_changed(conn, row, present, wanted, tools.now())
    quota.close(conn, tools, row, ActionState.DONE, 'done', why)


def _refuse(
    tools: toolbox.Tools, row: sa.Row[Any], why: str, who: str
) -> None:
    """Take back what took in part, and say why; the books stay."""
    before = tools.db.read(_before, row)
    if before is not None:
        why += _taken_back(tools, row, before)
    tools.db.write(_refused, tools, row, why, who)


def _taken_back(
    tools: toolbox.Tools, row: sa.Row[Any], before: Mapping[str, int]
) -> str:
    """Nova may have taken one key and not the other; what is left of it."""
    own = {key: before[key] for key in row.args['quota'] if key in before}
    try:
        if law.differing(tools.cloud.quotas.get(row.project), own):
            leasing.renew(tools, row)
            tools.cloud.quotas.set(row.project, own, force=True)
    except errors.CloudRefused as error:
        return f'; nor could it be set to {law.told(own)} again: {error}'
    return ''


def _refused(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    why: str,
    who: str,
) -> None:
    accounts.lock(conn, row.account_id)
    now = tools.now()
    if who == 'nova':
        tell.operator(
            conn, now, 'quota_refused',
            f'quota_refused:{row.project}:{now.date()}', why,
            account_id=row.account_id, subscription_id=row.subscription_id,
        )  # fmt: skip
    if row.args['purpose'] == 'change':
        reason = 'the cloud did not accept it' if who == 'nova' else why
        quota.tell_changed(
            conn, f'quota:{row.id}', 'quota_refused', now,
            subscriptions.get(conn, row.subscription_id), {},
            row.args['quota'], reason=reason,
        )  # fmt: skip
    quota.close(conn, tools, row, ActionState.FAILED, 'refused', why)


_PURPOSES = {
    'change': _change,
    'freeze': freezing.freeze,
    'thaw': freezing.thaw,
    'revert': _put_back,
}
