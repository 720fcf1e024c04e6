# SPDX-License-Identifier: Apache-2.0
"""Whether servers may be shelved and deleted now, and what waits for it."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.engine import settings as engine_settings
from patrii_billing.engine import switches
from patrii_billing.store import actions
from patrii_billing.store import inbox
from patrii_billing.store import watch


@dataclass(frozen=True, slots=True)
class Enforcement:
    """The switches, the caps, the signs of life, and the queue.

    `counted_from` is when an operator last resumed: the caps count from
    then. `unread_since` is when the oldest notification came that waits.
    """

    dry_run: bool
    stopped: str | None  # why
    safe_mode: str | None  # why
    approval: Sequence[str]  # types of action that a person says yes to
    caps: Sequence[switches.Cap]
    counted_from: dt.datetime | None
    ticked_at: dt.datetime | None
    heard_at: dt.datetime | None
    swept_at: dt.datetime | None
    unread_since: dt.datetime | None
    bounces_read_at: dt.datetime | None
    pending: Mapping[ActionType, int]
    unapproved: Mapping[ActionType, int]


def look(
    conn: sa.Connection, settings: engine_settings.Settings, now: dt.datetime
) -> Enforcement:
    """How it stands; every type of action is counted, if none waits."""
    state = watch.get(conn)
    pending = actions.pending(conn)
    waiting = actions.pending(conn, actions.unapproved(settings.approval))
    return Enforcement(
        dry_run=settings.dry_run,
        stopped=state.stopped_why,
        safe_mode=state.safe_why,
        approval=tuple(settings.approval),
        caps=switches.caps(conn, settings, now),
        counted_from=state.counted_from,
        ticked_at=state.ticked_at,
        heard_at=state.heard_at,
        swept_at=state.swept_at,
        unread_since=inbox.oldest(conn),
        bounces_read_at=state.bounces_read_at,
        pending={kind: pending.get(kind, 0) for kind in ActionType},
        unapproved={
            kind: waiting.get(kind, 0)
            for kind in ActionType
            if kind in settings.approval
        },
    )
