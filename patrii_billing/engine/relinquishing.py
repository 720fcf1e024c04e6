# SPDX-License-Identifier: Apache-2.0
"""What an owner gives up of his own: the delete of a server that we locked.

Our lock keeps him from deleting it himself, so he asks us to. It is carried
out as any delete is, and what can be kept is kept to be undone.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import guards
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain.lifecycle import Ground
from patrii_billing.domain import server as nova
from patrii_billing.domain import standing
from patrii_billing.domain import wishes
from patrii_billing.engine import collect
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import custody
from patrii_billing.store import notices
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline


def request(
    conn: sa.Connection,
    tools: toolbox.Tools,
    server_id: str,
    now: dt.datetime,
    by: str,
    why: str = '',
) -> int:
    """Have a server deleted as its owner asks; the action's id.

    Asked for again it is the same action. The caller has seen to it that it
    is his. Raises NotFound for one that the books don't know, Conflict for
    one that our lock does not keep from him, or that is under way already.
    """
    known = servers.get(conn, server_id)
    if known is None:
        raise errors.NotFound(f'there is no server {server_id}')
    taken = _locked(conn, known)
    sub = subscriptions.get(conn, taken.subscription_id)
    live = _live(conn, server_id)
    if live is not None:
        return int(live.id)
    if actions.live(conn, ActionType.RESTORE, server_id):
        raise errors.Conflict(
            f'{known.name} is being given back: it can be deleted in the '
            'cloud then'
        )
    wish = _wish(conn, sub, taken, by, now, now)
    refusal = wishes.refuse(wish, False, now)
    if refusal is not None:
        raise errors.Conflict(f'{known.name}: {refusal.why}')
    actions.ask(
        conn, ActionType.DELETE, now,
        subscription_id=sub.id, account_id=sub.account_id,
        project=taken.project, case_id=taken.case_id, server=server_id,
        ground=Ground.OWNER, args={'by': by, 'why': why},
    )  # fmt: skip
    asked = _live(conn, server_id)
    assert asked is not None  # noqa: S101 - written in this transaction
    _record(conn, sub, asked, 'request', now, by, why)
    _tell(conn, asked, now)
    return int(asked.id)


def withdraw(
    conn: sa.Connection,
    tools: toolbox.Tools,
    server_id: str,
    now: dt.datetime,
    by: str,
    why: str = '',
) -> int:
    """Take the wish back, as long as it is not carried out; its action.

    Raises NotFound where there is none, Conflict once it is committed.
    """
    action_id = actions.live_id(conn, ActionType.DELETE, server_id)
    row = None if action_id is None else actions.get(conn, action_id)
    if row is None or row.ground != Ground.OWNER:
        raise errors.NotFound(f'nobody asks for the delete of {server_id}')
    accounts.lock(conn, row.account_id)
    if not actions.withdraw(conn, row.id, now, why or 'withdrawn'):
        raise errors.Conflict(f'{server_id} is being deleted')
    sub = subscriptions.get(conn, row.subscription_id)
    _record(conn, sub, row, 'withdrawn', now, by, why)
    collect.judge(conn, tools, sub.id, now)
    return int(row.id)


def refuse(
    conn: sa.Connection, row: sa.Row[Any], begun: bool, now: dt.datetime
) -> guards.Refusal | None:
    """What the law says to a wish now. The account's lock is held."""
    sub = subscriptions.get(conn, row.subscription_id)
    taken = custody.get(conn, row.server, row.case_id)
    by = row.args.get('by', '')
    wish = _wish(conn, sub, taken, by, row.created_at, now)
    return wishes.refuse(wish, begun, now)


def is_hopeless(
    row: sa.Row[Any], server: nova.Server, now: dt.datetime
) -> bool:
    """Whether it is a wish that what Nova shows has put an end to.

    An operator who took our lock off, put his own over it, or unshelved the
    server, has decided: a restore waits for the wish's end. All else is given
    three days. While a task runs on the server, a delete that was sent may be
    under way.
    """
    if row.ground != Ground.OWNER:
        return False
    if row.committed_at is not None and server.task_state:
        return False
    if server.case != row.case_id or server.vm_state in nova.SHELVABLE:
        return True
    return bool(now - row.created_at > wishes.STALE_AFTER)


def _locked(conn: sa.Connection, known: sa.Row[Any]) -> sa.Row[Any]:
    """What we did to it, with its account to ourselves. Raises Conflict."""
    if known.deleted_at is not None:
        raise errors.Conflict(f'{known.name} is gone already')
    taken = custody.held(conn, known.id)
    if taken is not None:
        sub = subscriptions.get(conn, taken.subscription_id)
        accounts.lock(conn, sub.account_id)
        taken = custody.held(conn, known.id)
    if taken is None:
        raise errors.Conflict(
            f'{known.name} is not locked by us: its owner can delete it in '
            'the cloud'
        )
    return taken


def _live(conn: sa.Connection, server_id: str) -> sa.Row[Any] | None:
    """The same wish, if it is open. Raises Conflict for the ladder's."""
    action_id = actions.live_id(conn, ActionType.DELETE, server_id)
    if action_id is None:
        return None
    row = actions.get(conn, action_id)
    if row.ground != Ground.OWNER:
        raise errors.Conflict(f'{server_id} is to be deleted already')
    return row


def _wish(
    conn: sa.Connection,
    sub: sa.Row[Any],
    taken: sa.Row[Any] | None,
    by: str,
    at: dt.datetime,
    now: dt.datetime,
) -> wishes.Wish:
    project = accounts.project(conn, sub.project)
    return wishes.Wish(
        by=by,
        at=at,
        account=sub.account_id,
        owner=None if project is None else project.account_id,
        custody=None if taken is None else Custody(taken.state),
        holds=tuple(
            standing.Hold(lifecycle.HoldType(hold.type), hold.until)
            for hold in subscriptions.holds(conn, sub.id, now)
        ),
    )


def _record(
    conn: sa.Connection,
    sub: sa.Row[Any],
    row: sa.Row[Any],
    what: str,
    now: dt.datetime,
    by: str,
    why: str,
) -> None:
    timeline.record(
        conn, now, what, ActionType.DELETE, why,
        account_id=sub.account_id, subscription_id=sub.id, server=row.server,
        by=by, ground=Ground.OWNER, action=row.id,
    )  # fmt: skip


def _tell(conn: sa.Connection, row: sa.Row[Any], now: dt.datetime) -> None:
    """Whoever asked, the customer hears of it while it can be undone."""
    notices.ask(
        conn, f'deletion_requested:{row.id}', 'deletion_requested', now,
        account_id=row.account_id, subscription_id=row.subscription_id,
        servers=[row.server],
    )  # fmt: skip
