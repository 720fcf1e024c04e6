# SPDX-License-Identifier: Apache-2.0
"""Undo a delete: give the customer what was kept of his server."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.engine import deleting
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import custody
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline


def delete(tools: toolbox.Tools, server: str, by: str) -> Sequence[str]:
    """Hand over what was kept; says in words what was done and what not.

    May be asked for again after a failure. Raises NotFound where nothing of
    that server is kept, and Conflict where it is being removed.
    """
    taken = tools.db.read(custody.deleted, server)
    if taken is None:
        raise errors.NotFound(
            f'no server {server} was deleted by this service'
        )
    if not taken.kept:
        raise errors.NotFound(f'nothing is kept of server {server}')
    kept = deleting.kept_of(taken)
    # From here on the purge leaves it alone, whatever happens next.
    tools.db.write(_keep, tools, taken, by)
    done = tools.cloud.keeper.hand_over(kept, taken.project)
    words = [*done, *(f'not saved: {lost}' for lost in kept.lost)]
    tools.db.write(_record, tools, taken.subscription_id, server, by, words)
    return words


def _keep(
    conn: sa.Connection, tools: toolbox.Tools, taken: sa.Row[Any], by: str
) -> None:
    sub = subscriptions.get(conn, taken.subscription_id)
    accounts.lock(conn, sub.account_id)
    custody.change(conn, taken.id, undo_until=None)
    purge = actions.live_id(conn, ActionType.PURGE, taken.server)
    if purge is None:
        return
    now, why = tools.now(), 'what was kept is given back'
    if not actions.withdraw(conn, purge, now, why):
        raise errors.Conflict(
            f'what was kept of server {taken.server} is being removed'
        )
    timeline.record(
        conn, now, 'action', ActionType.PURGE, why,
        account_id=sub.account_id, subscription_id=sub.id,
        server=taken.server, by=by, result='cancelled', action=purge,
    )  # fmt: skip


def _record(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    server: str,
    by: str,
    words: Sequence[str],
) -> None:
    sub = subscriptions.get(conn, subscription_id)
    timeline.record(
        conn, tools.now(), 'undo', 'delete', '; '.join(words),
        account_id=sub.account_id, subscription_id=sub.id,
        server=server, by=by,
    )  # fmt: skip
