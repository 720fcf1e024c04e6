# SPDX-License-Identifier: Apache-2.0
"""Find quotas that somebody changed in nova, past the books.

Nova tells of no change of a quota and shows no time of it: it counts from
when it is found. Projects are asked about one by one and seldom, a few at a
time, so that thousands of them are no burst.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Contract
from patrii_billing.domain import policy as policies
from patrii_billing.domain import quota as law
from patrii_billing.engine import gather
from patrii_billing.engine import quota
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

LOG = logging.getLogger(__name__)

_SLICE = 10


@dataclass(frozen=True, slots=True)
class _Watched:
    """What a project pays for its quota, as the books have it."""

    sub: int
    priced: frozenset[str]
    levels: Mapping[str, int]  # the id of each resource's newest level
    held: Mapping[str, Decimal]


def run(tools: toolbox.Tools, now: dt.datetime) -> None:
    """Compare the quotas whose time has come, at most a slice of them."""
    for row in tools.db.read(accounts.quotas_to_check, now, _SLICE):
        next_at = now + tools.settings.quota_sweep_every
        if not tools.db.write(accounts.claim_quota_check, row, next_at):
            continue  # another host does it
        try:
            _compare(tools, row.id, now)
        except errors.CloudRefused as error:
            LOG.warning('quota of %s: %s', row.id, error)
        except errors.CloudUnavailable as error:
            # Unknown: nothing is done, and the others need not be asked.
            LOG.warning('quota of %s: %s', row.id, error)
            soon = now + min(
                tools.settings.retry_max, tools.settings.quota_sweep_every
            )
            tools.db.write(
                accounts.change_project, row.id, quota_check_at=soon
            )
            return


def _compare(tools: toolbox.Tools, project: str, now: dt.datetime) -> None:
    watched = tools.db.read(_watched, project)
    if watched is None:
        return
    shown = tools.cloud.quotas.get(project)
    tools.db.write(_settle, tools, project, watched, shown, now)


def _watched(conn: sa.Connection, project: str) -> _Watched | None:
    """None where the quota is not paid for, or is being changed by us."""
    row = accounts.project(conn, project)
    if row is None or row.quota_before is not None:
        return None  # our own freeze is no drift
    if actions.under_way(conn, ActionType.QUOTA_CHANGE, project):
        return None
    levels = servers.quota_levels(conn, project)
    for sub in subscriptions.of_project(conn, project):
        if sub.server is not None or sub.contract == Contract.ENDED:
            continue
        priced = quota.priced(conn, sub)
        if priced:
            return _Watched(
                sub.id, priced,
                {key: level.id for key, level in levels.items()},
                {key: level.quantity for key, level in levels.items()},
            )  # fmt: skip
    return None


def _settle(
    conn: sa.Connection,
    tools: toolbox.Tools,
    project: str,
    watched: _Watched,
    shown: Mapping[str, int],
    now: dt.datetime,
) -> None:
    """Do what the policy says of each quota that is not as in the books."""
    sub = subscriptions.get(conn, watched.sub)
    accounts.lock(conn, sub.account_id)
    if _watched(conn, project) != watched:
        return  # what was shown may be older than the books
    differing = {
        resource: quantity
        for resource, quantity in law.billed(shown).items()
        if resource in watched.priced
        and quantity != watched.held.get(resource)
    }
    unlimited = {key: each for key, each in differing.items() if each < 0}
    new = {
        key: each
        for key, each in differing.items()
        if each >= 0 and key not in watched.held
    }
    drifted = {
        key: each
        for key, each in differing.items()
        if each >= 0 and key in watched.held
    }
    if new:
        quota.adopt(conn, project, law.in_nova(new), now, 'found in nova')
    mode = gather.policy(conn, tools, sub).quota_drift
    known = {key: watched.held[key] for key in drifted}
    if drifted and mode is policies.Drift.BILL:
        _bill(conn, tools, sub, known, drifted, now)
        drifted = {}
    elif drifted and mode is policies.Drift.REVERT:
        quota.revert(conn, sub, law.in_nova(known), now)
    _alarm(conn, sub, watched.held, {**drifted, **unlimited}, mode, now)


def _bill(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    known: Mapping[str, Decimal],
    found: Mapping[str, Decimal],
    now: dt.datetime,
) -> None:
    before, after = law.in_nova(known), law.in_nova(found)
    why = f'{law.told(after)} in nova, {law.told(before)} in the books'
    worth = quota.worth(conn, tools, sub)
    quota.adopt(conn, sub.project, after, now, f'found: {why}')
    timeline.record(
        conn, now, 'fact', 'QuotaChanged', why,
        account_id=sub.account_id, subscription_id=sub.id,
        before=before, after=after,
    )  # fmt: skip
    quota.tell_changed(
        conn, f'quota_drift:{sub.project}:{now.isoformat()}',
        'quota_changed', now, sub, before, after,
        **quota.difference(worth, quota.worth(conn, tools, sub)),
    )  # fmt: skip


def _alarm(
    conn: sa.Connection,
    sub: sa.Row[Any],
    held: Mapping[str, Decimal],
    found: Mapping[str, Decimal],
    mode: policies.Drift,
    now: dt.datetime,
) -> None:
    """Tell the operator of what is left to him, once while it stays so."""
    drift = law.in_nova(found)
    project = accounts.project(conn, sub.project)
    told = None if project is None else project.quota_drift
    if (told or {}) == drift:
        return
    accounts.change_project(conn, sub.project, quota_drift=drift or None)
    if not drift:
        return
    booked = law.in_nova({key: held[key] for key in found if key in held})
    done = 'to be put back' if mode is policies.Drift.REVERT else 'not billed'
    tell.operator(
        conn, now, 'quota_drift',
        f'quota_drift:{sub.project}:{now.isoformat()}',
        f'project {sub.project} has {law.told(drift)} in nova and '
        f'{law.told(booked) or "nothing"} in the books: {done}',
        account_id=sub.account_id, subscription_id=sub.id,
    )  # fmt: skip
