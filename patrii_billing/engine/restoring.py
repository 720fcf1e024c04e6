# SPDX-License-Identifier: Apache-2.0
"""Give a server back exactly as it was before our first touch."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain import server as servers
from patrii_billing.domain.server import Move
from patrii_billing.engine import impatience
from patrii_billing.engine import moves
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import actions
from patrii_billing.store import custody

_MOVES_AT_ONCE = 4
_SENT = 'unshelving'
_FAILED = 'Nova could not unshelve it'
_UNSEEN = 'no lock of ours is seen on it'


def advance(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Move the server as far back as Nova lets it now."""
    if tools.db.read(_still_taken, row.server):
        why = 'another action on it is under way'
        moves.wait(tools, row, why, row.created_at)
        return
    has_called = bool(row.requests)
    for _ in range(_MOVES_AT_ONCE):
        taken = tools.db.read(custody.get, row.server, row.case_id)
        if taken is None or taken.before is None:
            _done(tools, row, taken, 'it was never touched')
            return
        if taken.state == Custody.DELETED:
            # What is kept of it can still be had.
            tools.db.write(moves.conclude, tools, row, None, 'absent')
            return
        server = tools.cloud.servers.get(row.server)
        if server is None or servers.is_gone(server):
            moves.absent(tools, row, taken, Custody.ABSENT, 'absent')
            return
        moves.present(tools, taken)
        if not has_called and _untouched(tools, server, row, taken):
            if row.why == _UNSEEN:
                _done(tools, row, taken, 'it was never touched')
            else:
                # Nova's answer may be older than our lock: seen once more.
                moves.wait(tools, row, _UNSEEN)
            return
        following = servers.towards_restored(
            server,
            row.case_id,
            servers.Remembered(**taken.before),
            taken.relock_due,
        )
        if not _take(tools, row, server, taken, following):
            return
        # Without our lock it is not untouched, but no more locked.
        has_called = True
    moves.wait(tools, row)


def _untouched(
    tools: toolbox.Tools,
    server: servers.Server,
    row: sa.Row[Any],
    taken: sa.Row[Any],
) -> bool:
    """Whether we never came to lock it, which is always our first move.

    That it is not locked proves nothing where Nova has been asked to shelve
    it: this restore may have taken the lock off by an answer that was older
    than the shelving, and have ended before it could say so.
    """
    if (
        taken.state != Custody.TAKEN
        or server.case == row.case_id
        or taken.relock_due
    ):
        return False
    shelving = server.vm_state in servers.SHELVED or server.task_state
    return not shelving or not tools.db.read(
        actions.has_called, row.server, row.case_id
    )


def _still_taken(conn: sa.Connection, server: str) -> bool:
    """Whether a shelve or a delete may still have a call on its way."""
    return any(
        actions.live(conn, kind, server)
        for kind in (ActionType.SHELVE, ActionType.DELETE)
    )


def _take(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    server: servers.Server,
    taken: sa.Row[Any],
    following: servers.Next,
) -> bool:
    """Take the next move; whether to go on with another one at once."""
    match following.move:
        case Move.WAIT:
            _wait(tools, row, server, following.why)
            return False
        case Move.STUCK:
            _stuck(tools, row, following.why)
            return False
        case Move.RESTORED:
            _done(tools, row, taken)
            return False
        case Move.UNSHELVE if row.why == _SENT:
            # It was sent, and Nova is back where it was.
            _stuck(tools, row, _FAILED)
            return False
        case Move.UNLOCK | Move.LOCK_AS_OWNER:
            moves.unlock(tools, row, server, taken)
            return True
    moves.call(
        tools, row, following.move,
        lambda: _call(tools, row.server, following.move),
    )  # fmt: skip
    moves.wait(tools, row, _SENT if following.move is Move.UNSHELVE else '')
    return False


def _wait(
    tools: toolbox.Tools, row: sa.Row[Any], server: servers.Server, why: str
) -> None:
    """Wait for Nova; tell the operator where it may wait for ever.

    Building may take minutes. `unshelving` is before that, and there Nova
    leaves a server when glance or the scheduler failed it.
    """
    now = tools.now()
    since = server.updated_at or row.created_at
    if now - row.created_at > tools.settings.stuck_after:
        moves.alarm(tools, row, 'restore_stuck', why)
    elif server.task_state == _SENT and now - since > impatience.PATIENCE:
        late = f'server {server.id} is {_SENT}, and no host builds it'
        tools.db.write(impatience.complain, now, late)
    moves.wait(tools, row, row.why)


def _call(tools: toolbox.Tools, server: str, move: Move) -> str:
    hands = tools.cloud.servers
    return {
        Move.UNSHELVE: hands.unshelve,
        Move.START: hands.start,
        Move.STOP: hands.stop,
        Move.PAUSE: hands.pause,
        Move.SUSPEND: hands.suspend,
    }[move](server)


def _stuck(tools: toolbox.Tools, row: sa.Row[Any], why: str) -> None:
    """A paying customer waits: try again soon, and tell the operator."""
    moves.alarm(tools, row, 'restore_stuck', why)
    attempts = row.attempts + 1
    next_at = tools.now() + tools.settings.backoff(attempts)
    tools.db.write(actions.again, row, next_at, why, attempts)


def _done(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    taken: sa.Row[Any] | None,
    why: str = '',
) -> None:
    # What was protected for a delete that did not happen is not needed.
    values: dict[str, Any] = {}
    if taken is not None and taken.kept:
        values = {'undo_until': tools.now()}
    tools.db.write(
        moves.conclude, tools, row, Custody.RESTORED, 'done', why, **values
    )
