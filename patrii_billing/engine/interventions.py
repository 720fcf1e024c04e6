# SPDX-License-Identifier: Apache-2.0
"""What a person may do about an action: say yes, try it now, call it off.

None of it makes an action lawful: before each call to the cloud the law, the
caps and the switches are asked as ever.
"""

from collections.abc import Collection
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Ground
from patrii_billing.domain.lifecycle import HoldType
from patrii_billing.engine import holds
from patrii_billing.engine import quota
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import custody
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

# Why these are not called off, whoever asks.
_PUT_BACK = 'what the books say is put back, now or by the next sweep'
_GIVE_BACK = 'it gives back to the customer what is his'
_LASTING = {
    ActionType.RESTORE: _GIVE_BACK,
    'thaw': _GIVE_BACK,
    'revert': _PUT_BACK,
}


def approve(
    conn: sa.Connection,
    tools: toolbox.Tools,
    action_ids: Collection[int],
    by: str,
    now: dt.datetime,
) -> Sequence[sa.Row[Any]]:
    """Say yes to actions that wait for it, to all of them or to none.

    One that has its yes keeps it as it is. Raises NotFound, and Conflict
    for one that is finished or that needs none.
    """
    rows = [actions.by_id(conn, one) for one in sorted(set(action_ids))]
    accounts.lock_all(conn, {row.account_id for row in rows})
    for row in rows:
        current = _open(conn, row.id)
        if row.type not in tools.settings.approval:
            raise errors.Conflict(
                f'action {row.id} needs no approval: it is a {row.type}'
            )
        if current.approved_at is None:
            actions.approve(conn, row.id, by, now)
            _record(conn, row, '', 'approved', by, now)
    return [actions.get(conn, row.id) for row in rows]


def retry(
    conn: sa.Connection, action_id: int, by: str, now: dt.datetime
) -> sa.Row[Any]:
    """Have an action that waits looked at now, as if it had not failed yet.

    Raises NotFound, and Conflict for one that is finished.
    """
    row = _locked(conn, action_id)
    actions.try_now(conn, row.id, now)
    _record(conn, row, row.why, 'retried', by, now)
    return actions.get(conn, row.id)


def cancel(
    conn: sa.Connection,
    tools: toolbox.Tools,
    action_id: int,
    reason: str,
    until: dt.datetime | None,
    by: str,
    now: dt.datetime,
) -> Sequence[sa.Row[Any]]:
    """Call off an action that has not begun; it first, then what went along.

    The ladder would ask for a shelve or a delete again at once. So it is
    held, by a promise until an instant, and with it all that is asked for
    of its subscription; thereafter it goes on where it stands. What a purge
    would remove is kept until then. What nobody asks for again needs no
    instant: a change of the quota, and what a server's owner asked for.

    Raises NotFound, InvalidInput, and Conflict for what is finished, begun,
    or never called off.
    """
    if not reason.strip():
        raise errors.InvalidInput('must say why', 'reason')
    row = _locked(conn, action_id)
    _refuse_cancel(conn, row)
    wish = row.type == ActionType.DELETE and row.ground == Ground.OWNER
    if wish or row.type == ActionType.QUOTA_CHANGE:
        if until is not None:
            raise errors.InvalidInput('nobody asks for it again', 'until')
        return _for_good(conn, row, reason, by, now)
    if until is None:
        raise errors.InvalidInput('must say until when it is off', 'until')
    if until <= now:
        raise errors.InvalidInput('must be in the future', 'until')
    if row.type == ActionType.PURGE:
        return _keep(conn, row, reason, until, by, now)
    return _hold(conn, tools, row, reason, until, by, now)


def _refuse_cancel(conn: sa.Connection, row: sa.Row[Any]) -> None:
    kind = row.args.get('purpose', row.type)
    if kind in _LASTING:
        raise errors.Conflict(
            f'a {kind} is not called off: {_LASTING[kind]}'
        )
    begun = row.committed_at or row.args.get('sent_at')
    if kind == 'freeze':
        project = accounts.project(conn, row.project)
        begun = project is not None and project.quota_before is not None
    if begun:
        raise errors.Conflict(
            f'action {row.id} has begun: the {kind} is seen through'
        )


def _hold(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    reason: str,
    until: dt.datetime,
    by: str,
    now: dt.datetime,
) -> Sequence[sa.Row[Any]]:
    sub = subscriptions.get(conn, row.subscription_id)
    others = [
        one
        for one in actions.not_begun(conn, sub.id, lifecycle.ENFORCEMENT)
        if one.id != row.id
    ]
    off = _withdraw(conn, [row, *others], reason, by, now)
    holds.place(
        conn, tools, sub.id, HoldType.PROMISE, until, reason, by, now
    )  # fmt: skip
    return off


def _keep(
    conn: sa.Connection,
    row: sa.Row[Any],
    reason: str,
    until: dt.datetime,
    by: str,
    now: dt.datetime,
) -> Sequence[sa.Row[Any]]:
    taken = custody.get(conn, row.server, row.case_id)
    if taken is not None:
        custody.change(conn, taken.id, undo_until=until)
    return _withdraw(conn, [row], reason, by, now)


def _for_good(
    conn: sa.Connection,
    row: sa.Row[Any],
    reason: str,
    by: str,
    now: dt.datetime,
) -> Sequence[sa.Row[Any]]:
    if row.args.get('purpose') == 'change':
        # The reason is for the house; he hears that it stays as it was.
        quota.tell_changed(
            conn, f'quota:{row.id}', 'quota_refused', now,
            subscriptions.get(conn, row.subscription_id), {},
            row.args['quota'],
        )  # fmt: skip
    return _withdraw(conn, [row], reason, by, now)


def _withdraw(
    conn: sa.Connection,
    rows: Sequence[sa.Row[Any]],
    reason: str,
    by: str,
    now: dt.datetime,
) -> Sequence[sa.Row[Any]]:
    for row in rows:
        actions.withdraw(conn, row.id, now, reason)
        _record(conn, row, reason, 'cancelled', by, now)
    return [actions.get(conn, row.id) for row in rows]


def _locked(conn: sa.Connection, action_id: int) -> sa.Row[Any]:
    """An action to be done, and nobody else on its account meanwhile."""
    accounts.lock(conn, actions.by_id(conn, action_id).account_id)
    return _open(conn, action_id)


def _open(conn: sa.Connection, action_id: int) -> sa.Row[Any]:
    row = actions.get(conn, action_id)
    if row.state != ActionState.PENDING:
        raise errors.Conflict(f'action {row.id} is {row.state}')
    return row


def _record(
    conn: sa.Connection,
    row: sa.Row[Any],
    why: str,
    result: str,
    by: str,
    now: dt.datetime,
) -> None:
    timeline.record(
        conn, now, 'action', row.type, why,
        account_id=row.account_id, subscription_id=row.subscription_id,
        server=row.server, by=by, result=result, action=row.id,
    )  # fmt: skip
