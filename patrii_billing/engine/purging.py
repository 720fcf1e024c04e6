# SPDX-License-Identifier: Apache-2.0
"""Remove what was kept of a deleted server once nobody can undo it."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.engine import deleting
from patrii_billing.engine import leasing
from patrii_billing.engine import moves
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import actions
from patrii_billing.store import custody
from patrii_billing.store import subscriptions


def ask(conn: sa.Connection, now: dt.datetime, limit: int) -> int:
    """Ask for the purge of what is past its undo span."""
    due = custody.to_purge(conn, now, limit)
    for taken in due:
        sub = subscriptions.get(conn, taken.subscription_id)
        deletion = actions.committed_deletion(conn, taken.server)
        actions.ask(
            conn, ActionType.PURGE, now,
            subscription_id=sub.id, account_id=sub.account_id,
            project=taken.project, case_id=taken.case_id, server=taken.server,
            # It counts against the caps as the delete did.
            ground=None if deletion is None else deletion.ground,
        )  # fmt: skip
        custody.change(conn, taken.id, undo_until=None)
    return len(due)


def advance(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Purge what is kept; already gone is success."""
    taken = tools.db.read(custody.get, row.server, row.case_id)
    if taken is not None and taken.kept:
        if not moves.permitted(tools, row):
            return
        leasing.renew(tools, row)
        tools.cloud.keeper.purge(deleting.kept_of(taken))
    tools.db.write(
        moves.conclude, tools, row,
        None, 'done', 'the undo span is over',
    )  # fmt: skip
    if taken is not None:
        tools.db.write(custody.change, taken.id, kept=None)
