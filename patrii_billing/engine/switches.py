# SPDX-License-Identifier: Apache-2.0
"""The kill switch, the caps, and the operator's word to go on."""

from collections.abc import Container
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.engine import settings as engine_settings
from patrii_billing.engine import tell
from patrii_billing import errors
from patrii_billing.store import actions
from patrii_billing.store import ladder
from patrii_billing.store import notices
from patrii_billing.store import servers
from patrii_billing.store import timeline
from patrii_billing.store import watch

_HOUR = dt.timedelta(hours=1)
_MONTH = dt.timedelta(days=30)
EVER = dt.datetime.min.replace(tzinfo=dt.UTC)


def stop(
    conn: sa.Connection, reason: str, by: str, now: dt.datetime
) -> str | None:
    """Stop all enforcement; why it was stopped already, if it was."""
    if not reason.strip():
        raise errors.InvalidInput('must say why', 'reason')
    state = watch.lock(conn)
    if state.stopped_why is not None:
        return str(state.stopped_why)
    watch.change(conn, stopped_why=reason)
    timeline.record(conn, now, 'switch', 'stopped', reason, by=by)
    return None


def reasons(conn: sa.Connection) -> Sequence[str]:
    """Why enforcement stands still, in words; empty where it does not."""
    state = watch.get(conn)
    found = []
    if state.stopped_why is not None:
        found.append(f'stopped: {state.stopped_why}')
    if state.safe_why is not None:
        found.append(f'safe mode: {state.safe_why}')
    return found


def resume(conn: sa.Connection, by: str, now: dt.datetime) -> Sequence[str]:
    """Go on, with the caps counted from now; what that ended, in words."""
    watch.lock(conn)
    ended = reasons(conn)
    watch.resume(conn, now)
    notices.go_on(conn, now)
    timeline.record(
        conn, now, 'switch', 'resumed', '; '.join(ended), by=by
    )  # fmt: skip
    return ended


@dataclass(frozen=True, slots=True)
class Cap:
    """How much of a cap is used; at the limit all enforcement stops."""

    kind: ActionType
    name: str
    used: int
    limit: int


def reached(
    conn: sa.Connection,
    settings: engine_settings.Settings,
    kind: ActionType,
    now: dt.datetime,
    *,
    with_owners: bool = False,
) -> str | None:
    """Which cap allows no more of this kind, in words.

    Asked under the lock of the watch row, so that no two pass at once.
    """
    for cap in _caps(conn, settings, now, (kind,), with_owners):
        if cap.used >= cap.limit:
            return f'{cap.used} {cap.name}'
    return None


def caps(
    conn: sa.Connection, settings: engine_settings.Settings, now: dt.datetime
) -> Sequence[Cap]:
    """The caps as they stand, counted since an operator last resumed."""
    taken = _caps(conn, settings, now, [*ActionType], with_owners=False)
    return [*taken, _behind(conn, settings, now)]


def mind_arrears(
    conn: sa.Connection, settings: engine_settings.Settings, now: dt.datetime
) -> None:
    """Stop before a server is touched where a mass of contracts fell behind.

    It is rather a mistake of ours than of all of them.
    """
    cap = _behind(conn, settings, now)
    if settings.dry_run or cap.used <= cap.limit:
        return
    if watch.lock(conn).stopped_why is None:
        why = f'{cap.used} {cap.name}, of {cap.limit} that may'
        watch.change(conn, stopped_why=why)
        tell.operator(conn, now, 'many_in_arrears', f'arrears:{now}', why)


def _behind(
    conn: sa.Connection, settings: engine_settings.Settings, now: dt.datetime
) -> Cap:
    """So many may fall behind; one more stops enforcement."""
    since = max(watch.get(conn).counted_from or EVER, now - _MONTH)
    share = ladder.contracts(conn) * settings.max_arrears_share // 100
    return Cap(
        ActionType.SHELVE, 'contracts fell behind within 30 days',
        ladder.fell_behind(conn, since),
        max(settings.min_arrears_cap, share),
    )  # fmt: skip


def _caps(
    conn: sa.Connection,
    settings: engine_settings.Settings,
    now: dt.datetime,
    kinds: Container[ActionType],
    with_owners: bool,
) -> Iterator[Cap]:
    """Those of what is done to servers, of some kinds.

    What owners asked for of their own counts only against their own wishes:
    else a customer could use up a cap, and the ladder's next step, at it,
    would stop all enforcement. The fleet is counted for deletes alone.
    """
    since = watch.get(conn).counted_from or EVER

    def done(kind: ActionType, span: dt.timedelta) -> int:
        return actions.committed_since(
            conn, kind, max(since, now - span), with_owners=with_owners
        )

    shelve, delete = ActionType.SHELVE, ActionType.DELETE
    hourly = {
        shelve: settings.max_shelves_per_hour,
        delete: settings.max_deletes_per_hour,
        # What was kept of a server goes at the pace of deletes.
        ActionType.PURGE: settings.max_deletes_per_hour,
    }
    for kind, top in hourly.items():
        if kind in kinds:
            used = done(kind, _HOUR)
            yield Cap(kind, f'{kind} actions within an hour', used, top)
    if delete in kinds:
        share = servers.count(conn) * settings.max_delete_share // 100
        yield Cap(
            delete, 'delete actions within 30 days', done(delete, _MONTH),
            max(settings.min_delete_cap, share),
        )  # fmt: skip
