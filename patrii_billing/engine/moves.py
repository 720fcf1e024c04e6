# SPDX-License-Identifier: Apache-2.0
"""What the actions on one server have in common."""

from collections.abc import Callable
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import guards
from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain import server as nova
from patrii_billing.engine import absences
from patrii_billing.engine.bridging import doubt
from patrii_billing.engine import collect
from patrii_billing.engine import leasing
from patrii_billing.engine import permit
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import custody
from patrii_billing.store import servers
from patrii_billing.store import timeline

# A tenth of the time already waited is not long to wait.
_PATIENCE = 10


def permitted(tools: toolbox.Tools, row: sa.Row[Any]) -> bool:
    """Whether a destructive action may go on; if not, it is put away."""
    unknown = _owed_elsewhere(tools, row)
    now = tools.now()
    refusal = unknown or tools.db.write(
        permit.destructive, tools, row, now
    )
    if refusal is None:
        return True
    if refusal.final:
        cancel(tools, row, refusal.why)
        return False
    if row.why != refusal.why:
        tools.db.write(_note_blocked, tools, row, refusal.why, now)
    # Whoever says yes has it looked at at once.
    rare, often = tools.settings.retry_max, tools.settings.blocked
    next_at = now + (rare if refusal.for_person else often)
    tools.db.write(actions.again, row, next_at, refusal.why)
    return False


def _owed_elsewhere(
    tools: toolbox.Tools, row: sa.Row[Any]
) -> guards.Refusal | None:
    """Ask where it is invoiced what is owed now; why that is not known."""
    by_ladder = row.ground is None and row.type != ActionType.PURGE
    if not by_ladder or not tools.bridges:
        return None
    why = doubt.ask(tools, row.subscription_id)
    return guards.Refusal(why) if why else None


def withdrawn(tools: toolbox.Tools, row: sa.Row[Any]) -> bool:
    """Whether what Nova keeps from us is not wanted any more; then it ends.

    A restore waits for its end, and nothing else would tell it of a payment
    that came after it was committed.
    """
    refusal = tools.db.write(permit.unwanted, tools, row, tools.now())
    if refusal is not None:
        cancel(tools, row, refusal.why)
    return refusal is not None


def cancel(tools: toolbox.Tools, row: sa.Row[Any], why: str) -> None:
    """End what is not to be done any more."""
    tools.db.write(
        conclude, tools, row, None, 'cancelled', why,
        state=ActionState.CANCELLED,
    )  # fmt: skip


def call(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    move: nova.Move,
    request: Callable[[], str],
) -> None:
    """Make a call to Nova and remember its request id. Raises LeaseLost.

    The lease is renewed before, so that it outlives the call's time limit
    and nobody else moves the server while the call is on its way.
    """
    leasing.renew(tools, row)
    request_id = request()
    tools.db.write(_note_call, row, move, request_id, tools.now())


def unlock(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    server: nova.Server,
    taken: sa.Row[Any],
) -> None:
    """Take our lock off, if it is there; the owner's is put back."""
    hands = tools.cloud.servers
    before = nova.Remembered(**taken.before)
    ours = server.case == row.case_id
    if ours:
        # Remembered first, so that a crash between the two loses nothing.
        tools.db.write(
            custody.change, taken.id, relock_due=before.owner_locked
        )
        call(tools, row, nova.Move.UNLOCK, lambda: hands.unlock(row.server))
    if before.owner_locked and (ours or taken.relock_due):
        call(
            tools, row, nova.Move.LOCK_AS_OWNER,
            lambda: hands.lock_as_owner(server, before.locked_reason),
        )  # fmt: skip


def wait(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    why: str = '',
    since: dt.datetime | None = None,
) -> None:
    """Look again after Nova had a moment to work.

    What has been waited for since long is asked for less and less often.
    """
    now = tools.now()
    waited = (now - since) / _PATIENCE if since else tools.settings.poll
    next_at = now + max(tools.settings.poll, waited)
    tools.db.write(actions.again, row, next_at, why)


def conclude(
    conn: sa.Connection,
    /,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    outcome: Custody | None,
    result: str,
    why: str = '',
    *,
    state: ActionState = ActionState.DONE,
    **values: Any,
) -> None:
    """Close the action and what it means for the server, and ask the law."""
    now = tools.now()
    accounts.lock(conn, row.account_id)
    actions.finish(conn, row, now, state, result, why)
    taken = custody.get(conn, row.server, row.case_id)
    if taken is not None and outcome is not None:
        custody.change(
            conn, taken.id, state=outcome, why=why, at=now, **values
        )
    timeline.record(
        conn, now, 'action', row.type, why,
        account_id=row.account_id, subscription_id=row.subscription_id,
        server=row.server, result=result, state=str(state), action=row.id,
    )  # fmt: skip
    collect.judge(conn, tools, row.subscription_id, now)


def absent(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    taken: sa.Row[Any],
    outcome: Custody,
    result: str,
    **values: Any,
) -> None:
    """Nova does not know the server: believed only when said twice, apart."""
    now = tools.now()
    if taken.missed_at is None:
        tools.db.write(_miss, row, taken, now)
    elif outcome is Custody.ABSENT and tools.db.read(
        absences.excess, tools.settings
    ):
        # The sweep asks nova for their traces before it mistrusts it.
        next_at = now + tools.settings.blocked
        tools.db.write(actions.again, row, next_at, 'too many are missing')
        return
    elif now - taken.missed_at >= tools.settings.absence_gap:
        tools.db.write(
            conclude, tools, row, outcome, result, 'Nova answers 404', **values
        )
        return
    next_at = now + tools.settings.absence_gap
    tools.db.write(actions.again, row, next_at, 'confirming its absence')


def _miss(
    conn: sa.Connection,
    row: sa.Row[Any],
    taken: sa.Row[Any],
    now: dt.datetime,
) -> None:
    custody.change(conn, taken.id, missed_at=now)
    if row.committed_at is None or row.type != ActionType.DELETE:
        servers.miss(conn, row.server, now)


def present(tools: toolbox.Tools, taken: sa.Row[Any]) -> None:
    """Nova knows the server: what it said before counts no more."""
    if taken.missed_at is not None:
        tools.db.write(custody.change, taken.id, missed_at=None)


def alarm(tools: toolbox.Tools, row: sa.Row[Any], name: str, why: str) -> None:
    """Tell the operator about this action, once per name."""
    tools.db.write(
        tell.operator,
        tools.now(),
        name,
        f'{row.case_id or row.id}:{row.server}:{row.type}:{name}',
        why,
        account_id=row.account_id,
        subscription_id=row.subscription_id,
        server=row.server,
    )


def _note_blocked(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    why: str,
    now: dt.datetime,
) -> None:
    result = 'dry_run' if tools.settings.dry_run else 'blocked'
    timeline.record(
        conn, now, 'action', row.type, why,
        account_id=row.account_id, subscription_id=row.subscription_id,
        server=row.server, result=result, action=row.id,
    )  # fmt: skip
    # What the law itself waits for may have changed its mind meanwhile.
    accounts.lock(conn, row.account_id)
    collect.judge(conn, tools, row.subscription_id, now)


def _note_call(
    conn: sa.Connection,
    row: sa.Row[Any],
    move: nova.Move,
    request_id: str,
    now: dt.datetime,
) -> None:
    actions.add_request(conn, row, request_id)
    timeline.record(
        conn, now, 'call', move, row.type,
        account_id=row.account_id, subscription_id=row.subscription_id,
        server=row.server, request_id=request_id,
    )  # fmt: skip
