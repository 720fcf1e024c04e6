# SPDX-License-Identifier: Apache-2.0
"""Shelve an unpaid server so that its owner cannot wake it."""

import dataclasses
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain import server as servers
from patrii_billing.domain.server import Move
from patrii_billing.engine import gather
from patrii_billing.engine import moves
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import custody
from patrii_billing.store import subscriptions

# Lock, then shelve; or lock, a refused shelve, then stop.
_MOVES_AT_ONCE = 4


def advance(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Move the server as far towards shelved as Nova lets it now."""
    locked = False
    for _ in range(_MOVES_AT_ONCE):
        server = tools.cloud.servers.get(row.server)
        locker = _locker(tools, row, server, locked)
        if locker is servers.Locker.ADMIN and not _is_ours(server, row):
            # The locker is of a later instant: our own lock may be it, when
            # a call that timed out was carried out in between.
            server = tools.cloud.servers.get(row.server)
        taken = tools.db.write(_remember, tools, row, server, locker)
        if server is None or servers.is_gone(server):
            moves.absent(tools, row, taken, Custody.ABSENT, 'absent')
            return
        moves.present(tools, taken)
        following = servers.towards_shelved(
            server,
            row.case_id,
            locker,
            taken.shelve_refused or _was_in_error(taken),
        )
        made = _take(tools, row, server, taken, following)
        if made is None:
            return
        locked = locked or made is Move.LOCK
    moves.wait(tools, row)


def _locker(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    server: servers.Server | None,
    locked: bool,
) -> servers.Locker | None:
    """Who holds the lock; `locked` where we have just taken it.

    Nova is asked once more for that, and many are shelved at once. While a
    task runs on what is locked in our name it need not be known.
    """
    if server is None or not server.locked:
        return None
    if server.case == row.case_id and (locked or server.task_state):
        return servers.Locker.ADMIN
    return tools.cloud.servers.locker(server)


def _is_ours(server: servers.Server | None, row: sa.Row[Any]) -> bool:
    return server is not None and server.case == row.case_id


def _was_in_error(taken: sa.Row[Any]) -> bool:
    """Whether it is only stopped: Nova would shelve it once it is.

    But its disk may be what is wrong with it, and a snapshot of that no
    ground for a deletion.
    """
    return bool(taken.before and taken.before['vm_state'] == 'error')


def _take(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    server: servers.Server,
    taken: sa.Row[Any],
    following: servers.Next,
) -> Move | None:
    """Take the next move; it, to go on with another one at once, or None.

    One that was refused is not taken: WAIT.
    """
    match following.move:
        case Move.WAIT:
            _wait(tools, row, server, taken, following.why)
            return None
        case Move.SHELVED | Move.STOPPED:
            outcome = Custody(str(following.move))
            result = 'done' if outcome is Custody.SHELVED else 'stopped'
            tools.db.write(moves.conclude, tools, row, outcome, result)
            return None
        case Move.EXEMPT:
            _exempt(tools, row, server, taken, following.why)
            return None
    if not moves.permitted(tools, row):
        return None
    if taken.unsettled_since is not None:
        tools.db.write(custody.change, taken.id, unsettled_since=None)
    try:
        moves.call(
            tools, row, following.move,
            lambda: _call(tools, row, following.move),
        )  # fmt: skip
    except errors.CloudRefused as error:
        again = _refused(tools, row, server, taken, following.move, error)
        return Move.WAIT if again else None
    if following.move is Move.LOCK:
        return Move.LOCK
    moves.wait(tools, row)
    return None


def _call(tools: toolbox.Tools, row: sa.Row[Any], move: Move) -> str:
    hands = tools.cloud.servers
    if move is Move.LOCK:
        reason = servers.lock_reason(
            row.case_id, 'unpaid invoice; it is restored on payment'
        )
        return hands.lock(row.server, reason)
    return {Move.SHELVE: hands.shelve, Move.STOP: hands.stop}[move](row.server)


def _remember(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    server: servers.Server | None,
    locker: servers.Locker | None,
) -> sa.Row[Any]:
    """Note how the server is, up to the first touch, which is our lock."""
    taken = custody.take(
        conn, row.server, row.case_id, row.subscription_id, row.project,
        tools.now(),
    )  # fmt: skip
    if server is None or server.is_held(row.case_id, locker):
        return taken
    if taken.state != Custody.TAKEN or taken.relock_due:
        return taken
    owner_locked = locker is servers.Locker.OWNER
    before = servers.Remembered(
        server.vm_state,
        owner_locked,
        server.locked_reason if owner_locked else None,
    )
    custody.change(
        conn, taken.id, before=dataclasses.asdict(before),
        created_at=server.created_at,
    )  # fmt: skip
    return custody.take(
        conn, row.server, row.case_id, row.subscription_id, row.project,
        tools.now(),
    )  # fmt: skip


def _wait(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    server: servers.Server,
    taken: sa.Row[Any],
    why: str,
) -> None:
    """Wait for Nova; for somebody else's task only up to a span."""
    now = tools.now()
    ours = server.case == row.case_id and (server.task_state or '').startswith(
        ('shelving', 'powering-off')
    )
    since = taken.unsettled_since
    if since is None:
        since = now
        tools.db.write(custody.change, taken.id, unsettled_since=now)
    if ours:
        if now - since > tools.settings.stuck_after:
            moves.alarm(tools, row, 'shelve_stuck', why)
        moves.wait(tools, row, why, since)
        return
    settle = tools.db.read(_settle_span, tools, row)
    if now - since > settle:
        _exempt(tools, row, server, taken, f'{why}, for too long')
        return
    moves.wait(tools, row, why, since)


def _settle_span(
    conn: sa.Connection, tools: toolbox.Tools, row: sa.Row[Any]
) -> Any:
    sub = subscriptions.get(conn, row.subscription_id)
    return gather.policy(conn, tools, sub).settle.elapsed


def _refused(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    server: servers.Server,
    taken: sa.Row[Any],
    move: Move,
    error: errors.CloudRefused,
) -> bool:
    """Nova said no: see what it shows now, or take the way around."""
    shown = tools.cloud.servers.get(row.server)
    if shown is None or shown.task_state or shown.vm_state != server.vm_state:
        return True
    if move is Move.SHELVE:
        tools.db.write(custody.change, taken.id, shelve_refused=True)
        return True
    _exempt(tools, row, shown, taken, f'Nova refused to {move} it: {error}')
    return False


def _exempt(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    server: servers.Server,
    taken: sa.Row[Any],
    why: str,
) -> None:
    """Leave the server alone, as it was, and tell the operator."""
    moves.unlock(tools, row, server, taken)
    moves.alarm(tools, row, 'server_exempt', why)
    tools.db.write(moves.conclude, tools, row, Custody.EXEMPT, 'exempt', why)
