# SPDX-License-Identifier: Apache-2.0
"""Delete a shelved server, keeping what can be kept: the last resort.

This module makes the only call in the house that deletes a server.
"""

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import cloud
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain import server as servers
from patrii_billing.domain.server import Move
from patrii_billing.engine import gather
from patrii_billing.engine import leasing
from patrii_billing.engine import moves
from patrii_billing.engine import relinquishing
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import actions
from patrii_billing.store import custody
from patrii_billing.store import subscriptions


def advance(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Delete the server, or see that it is gone."""
    taken = tools.db.read(custody.get, row.server, row.case_id)
    server = tools.cloud.servers.get(row.server)
    if taken is None or server is None or servers.is_gone(server):
        _gone(tools, row, taken)
        return
    moves.present(tools, taken)
    refusal = servers.refuse_delete(
        server, row.case_id, row.project, taken.created_at
    )
    if refusal:
        _refused(tools, row, server, refusal)
        return
    if not moves.permitted(tools, row):
        return
    kept = tools.cloud.keeper.keep(server)
    tools.db.write(
        custody.change, taken.id, kept=dataclasses.asdict(kept)
    )  # fmt: skip
    since = tools.now()
    try:
        moves.call(
            tools, row, Move.DELETE,
            lambda: _delete(tools, row, taken, since),
        )  # fmt: skip
    except _ChangedError as change:
        _refused(tools, row, server, str(change))
        return
    moves.wait(tools, row, 'deleting')


class _ChangedError(Exception):
    """Nova does not show any more what it showed at the first look."""


def _delete(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    taken: sa.Row[Any],
    since: dt.datetime,
) -> str:
    """Look for the last time, and delete: Nova does so on no condition.

    An operator may have locked it while its snapshot was protected.
    """
    server = tools.cloud.servers.get(row.server)
    refusal = server and servers.refuse_delete(
        server, row.case_id, row.project, taken.created_at
    )
    if refusal:
        raise _ChangedError(refusal)
    leasing.check(tools, since)
    return tools.cloud.servers.delete(row.server)


def _refused(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    server: servers.Server,
    refusal: str,
) -> None:
    """What Nova shows is in the way: it ends, or is looked at again."""
    if relinquishing.is_hopeless(row, server, tools.now()):
        moves.alarm(tools, row, 'delete_refused', refusal)
        moves.cancel(tools, row, refusal)
        return
    if moves.withdrawn(tools, row):
        return
    moves.alarm(tools, row, 'delete_refused', refusal)
    next_at = tools.now() + tools.settings.blocked
    tools.db.write(actions.again, row, next_at, refusal)


def _gone(
    tools: toolbox.Tools, row: sa.Row[Any], taken: sa.Row[Any] | None
) -> None:
    if taken is None or row.committed_at is None:
        # Its owner was quicker, or it was never ours.
        outcome, result = Custody.ABSENT, 'absent'
    else:
        outcome, result = Custody.DELETED, 'done'
    if taken is None:
        tools.db.write(moves.conclude, tools, row, None, result)
        return
    undo_until = tools.db.read(_undo_until, tools, row)
    moves.absent(tools, row, taken, outcome, result, undo_until=undo_until)


def _undo_until(
    conn: sa.Connection, tools: toolbox.Tools, row: sa.Row[Any]
) -> Any:
    sub = subscriptions.get(conn, row.subscription_id)
    facts = gather.facts(conn, tools, sub, tools.now())
    return gather.policy(conn, tools, sub).undo.after(tools.now(), facts.zone)


def kept_of(taken: sa.Row[Any]) -> cloud.Kept:
    """What was saved of a deleted server."""
    given = taken.kept or {}
    return cloud.Kept(**{key: tuple(value) for key, value in given.items()})
