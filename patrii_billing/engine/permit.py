# SPDX-License-Identifier: Apache-2.0
"""May this action touch the cloud now? Asked, and committed, in one unit.

The law is asked with facts read under the account's lock, then the switches
that watch over the whole service. What passes is committed: from then on a
delete is not stopped by a payment, and the caps count it.
"""

from collections.abc import Collection
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import guards
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Ground
from patrii_billing.engine import bounces
from patrii_billing.engine.bridging import doubt
from patrii_billing.engine import correct
from patrii_billing.engine import gather
from patrii_billing.engine import relinquishing
from patrii_billing.engine import settings as engine_settings
from patrii_billing.engine import switches
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import inbox
from patrii_billing.store import subscriptions
from patrii_billing.store import watch

_GUARDS = {
    ActionType.SHELVE: guards.refuse_shelve,
    ActionType.DELETE: guards.refuse_delete,
}


def destructive(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    now: dt.datetime,
) -> guards.Refusal | None:
    """Commit a destructive action, or say why not. Raises LeaseLost."""
    accounts.lock(conn, row.account_id)
    # As it is now: a move before this one may have committed the action.
    current = actions.get(conn, row.id)
    refusal = _law(conn, tools, row, current.committed_at is not None, now)
    refusal = refusal or _elsewhere(conn, tools, row, now)
    refusal = refusal or _switches(conn, tools, current, now)
    if refusal is None:
        lease = max(row.lease_until, now + tools.settings.lease)
        actions.renew(conn, row, now, lease)
        actions.commit(conn, row, now)
    return refusal


def unwanted(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    now: dt.datetime,
) -> guards.Refusal | None:
    """Why a destructive action is not to be done at all; commits nothing."""
    accounts.lock(conn, row.account_id)
    begun = actions.get(conn, row.id).committed_at is not None
    refusal = _law(conn, tools, row, begun, now)
    return refusal if refusal is not None and refusal.final else None


def _law(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    begun: bool,
    now: dt.datetime,
) -> guards.Refusal | None:
    if row.type == ActionType.PURGE:
        return None
    if row.ground == Ground.OWNER:
        return relinquishing.refuse(conn, row, begun, now)
    sub = subscriptions.get(conn, row.subscription_id)
    if sub.settle_at is not None and sub.settle_at <= now:
        # What changed since the last judgement may leave nothing owed.
        correct.settle_or_park(conn, tools, sub, now)
        sub = subscriptions.get(conn, sub.id)
    facts = gather.facts(conn, tools, sub, now)
    policy = gather.policy(conn, tools, sub)
    if facts.position.case != row.case_id:
        return guards.Refusal('its case is closed', final=True)
    kind = ActionType(row.type)
    refuse = _GUARDS[kind]
    refusal = refuse(facts, policy, row.server, now)
    if refusal is None and not begun:
        # What was begun is finished, lest a server stay locked and running.
        return guards.outside_window(policy, kind, facts.zone, now)
    return refusal


def _elsewhere(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    now: dt.datetime,
) -> guards.Refusal | None:
    """Whether what is owed in another engine is known."""
    if row.type == ActionType.PURGE or row.ground == Ground.OWNER:
        return None
    why = doubt.why_not(conn, tools, row.subscription_id, now)
    return guards.Refusal(why) if why else None


def _switches(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    now: dt.datetime,
) -> guards.Refusal | None:
    settings = tools.settings
    if settings.dry_run:
        return guards.Refusal('dry run')
    state = watch.lock(conn)
    if state.stopped_why is not None:
        return guards.Refusal(f'enforcement is stopped: {state.stopped_why}')
    if state.safe_why is not None:
        return guards.Refusal(f'safe mode: {state.safe_why}')
    unheard = deaf(conn, settings, state, now)
    if unheard:
        tell.operator(conn, now, 'silence', f'silence:{now.date()}', unheard)
        return guards.Refusal(unheard)
    by_ladder = row.type == ActionType.DELETE and row.ground is None
    if by_ladder and bounces.unread(conn, tools, now):
        # The warning may have come back, and nobody knows.
        return guards.Refusal('the mailbox of bounces was not read lately')
    if row.committed_at is not None:
        return None
    if row.type in settings.approval and row.approved_at is None:
        # Before the caps: what may not go anyway is no reason to stop.
        _tell_waiting(conn, settings.approval, now)
        return guards.Refusal('waits for approval', for_person=True)
    wish = row.ground == Ground.OWNER
    full = switches.reached(
        conn, settings, ActionType(row.type), now, with_owners=wish
    )
    if full and wish:
        # A customer must not be able to stop all enforcement: his wish waits.
        tell.operator(conn, now, 'cap_reached', f'cap:{now.date()}', full)
        return guards.Refusal(full)
    if full:
        # One bad run must not go on a little every hour: a person looks.
        watch.change(conn, stopped_why=full)
        tell.operator(conn, now, 'cap_reached', f'cap:{now}', full)
        return guards.Refusal(full)
    return None


def _tell_waiting(
    conn: sa.Connection, kinds: Collection[str], now: dt.datetime
) -> None:
    """Tell the operator once a day how many wait, and not of each one."""
    key = f'approval:{now.date()}'
    if tell.told(conn, key):
        return
    waiting = actions.pending(conn, actions.unapproved(kinds))
    found = ', '.join(f'{count} {kind}' for kind, count in waiting.items())
    why = f'actions that wait for a person to say yes: {found}'
    tell.operator(conn, now, 'approval_awaited', key, why)


def deaf(
    conn: sa.Connection,
    settings: engine_settings.Settings,
    state: sa.Row[Any],
    now: dt.datetime,
) -> str | None:
    """Why the books may not be what the cloud is; `state` is the watch."""
    if not _lately(state.swept_at, settings.sweep_age, settings, now):
        return 'the books were not compared with Nova lately'
    if settings.silence and not _lately(
        state.heard_at, settings.silence, settings, now
    ):
        return 'no notification was heard lately'
    waiting = inbox.oldest(conn)
    if waiting is not None and now - waiting > settings.inbox_age:
        return 'notifications wait to be read'
    return None


def _lately(
    at: dt.datetime | None,
    span: dt.timedelta,
    settings: engine_settings.Settings,
    now: dt.datetime,
) -> bool:
    """What a clock that was wrong dated ahead proves nothing."""
    return at is not None and -settings.clock_slack <= now - at <= span
