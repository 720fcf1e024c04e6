# SPDX-License-Identifier: Apache-2.0
"""The facts of subscriptions, read from the books for the law."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain import policy as policies
from patrii_billing.domain import standing
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import ladder
from patrii_billing.store import plans
from patrii_billing.store import servers
from patrii_billing.store import subscriptions

_Rows = Sequence[sa.Row[Any]]


def policy(
    conn: sa.Connection, tools: toolbox.Tools, sub: sa.Row[Any]
) -> policies.Policy:
    """The operator's defaults, then the plan's, the account's, its own."""
    account = accounts.get(conn, sub.account_id)
    plan = plans.get(conn, sub.plan_id)
    read = tools.settings.policy
    for given in (plan.policy, account.policy, sub.policy):
        read = read.reading(given)
    return read


def facts(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    now: dt.datetime,
) -> standing.Standing:
    """Where the subscription stands; read under its account's lock."""
    return several(conn, tools, [sub], now)[sub.id]


def several(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subs: Sequence[sa.Row[Any]],
    now: dt.datetime,
) -> dict[int, standing.Standing]:
    """Where each of some subscriptions stands, by its id."""
    ids = [sub.id for sub in subs]
    account_ids = {sub.account_id for sub in subs}
    projects = {sub.project for sub in subs}
    places = {sub.id: subscriptions.position(sub) for sub in subs}
    cases = {place.case for place in places.values() if place.case}
    invoices = _by('subscription_id', ladder.open_invoices(conn, ids))
    followed = {one.id for open_ones in invoices.values() for one in open_ones}
    followed |= {place.invoice for place in places.values() if place.invoice}
    known = _Known(
        accounts={row.id: row for row in accounts.some(conn, account_ids)},
        projects={row.id: row for row in ladder.projects(conn, projects)},
        invoices=invoices,
        written_off=ladder.written_off(conn, ids),
        notices=_by(
            'subscription_id', ladder.notices(conn, ids, cases, followed)
        ),
        custody=_by('subscription_id', ladder.custody(conn, ids, cases)),
        servers=_by('project', ladder.servers(conn, projects)),
        subscribed=_by('project', subscriptions.of_projects(conn, projects)),
        holds=_by('subscription_id', ladder.holds(conn, ids, now)),
        in_transit=ladder.in_transit(conn, account_ids, now),
    )
    return {
        sub.id: _standing(tools, sub, places[sub.id], known) for sub in subs
    }


@dataclass(frozen=True, slots=True)
class _Known:
    """What the books say of some subscriptions, by whose it is."""

    accounts: Mapping[int, sa.Row[Any]]
    projects: Mapping[str, sa.Row[Any]]
    invoices: Mapping[int, _Rows]
    written_off: set[int]
    notices: Mapping[int, _Rows]
    custody: Mapping[int, _Rows]
    servers: Mapping[str, _Rows]
    subscribed: Mapping[str, _Rows]
    holds: Mapping[int, _Rows]
    in_transit: Mapping[int, dt.datetime]


def _by(key: str, rows: _Rows) -> dict[Any, list[sa.Row[Any]]]:
    """Rows by a column, each in the order in which they come."""
    found: dict[Any, list[sa.Row[Any]]] = {}
    for row in rows:
        found.setdefault(getattr(row, key), []).append(row)
    return found


def _standing(
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    place: standing.Position,
    known: _Known,
) -> standing.Standing:
    account = known.accounts[sub.account_id]
    open_ones = known.invoices.get(sub.id, ())
    whole_project = sub.server is None and sub.enforces is not None
    project = known.projects.get(sub.project)
    return standing.Standing(
        status=lifecycle.Status(sub.billing_status),
        position=place,
        zone=calendar.zone(account.timezone),
        new_case=place.case or tools.new_case(),
        invoices=tuple(_open(one) for one in open_ones),
        notices=_told(place, known.notices.get(sub.id, ()), open_ones),
        covered=_covered(sub, place.case, known),
        holds=tuple(
            standing.Hold(lifecycle.HoldType(hold.type), hold.until)
            for hold in known.holds.get(sub.id, ())
        ),
        in_transit_until=known.in_transit.get(account.id),
        enforce_from=sub.enforce_from,
        dry_run=tools.settings.dry_run,
        whole_project=whole_project,
        quota_frozen=bool(
            whole_project and project and project.quota_before is not None
        ),
        written_off=sub.id in known.written_off,
    )


def covered_servers(
    conn: sa.Connection, sub: sa.Row[Any]
) -> Sequence[sa.Row[Any]]:
    """The servers a subscription covers now.

    A project's subscription covers all but those with one of their own,
    whatever the state of those.
    """
    return _covers(
        sub,
        servers.present(conn, sub.project),
        subscriptions.of_project(conn, sub.project),
    )


def _covers(sub: sa.Row[Any], present: _Rows, subscribed: _Rows) -> _Rows:
    if sub.server is not None:
        return [one for one in present if one.id == sub.server]
    if sub.enforces is None:
        return ()
    own = {other.server for other in subscribed if other.server is not None}
    return [one for one in present if one.id not in own]


def _open(row: sa.Row[Any]) -> standing.OpenInvoice:
    return standing.OpenInvoice(row.id, row.due_at, row.owed, row.announce_at)


def _told(
    place: standing.Position, rows: _Rows, open_ones: _Rows
) -> dict[str, standing.Notice]:
    """What was told of the case, and of the invoices that are followed."""
    followed = {one.id for one in open_ones} | {place.invoice}
    return {
        row.key: standing.Notice(
            lifecycle.NoticeState(row.state),
            row.settled_at,
            row.accepted_at,
            frozenset(row.servers),
            row.names,
        )
        for row in rows
        if (place.case and row.case_id == place.case)
        or (row.invoice_id is not None and row.invoice_id in followed)
    }


def _covered(
    sub: sa.Row[Any], case: str | None, known: _Known
) -> tuple[standing.Covered, ...]:
    taken = {
        row.server: lifecycle.Custody(row.state)
        for row in known.custody.get(sub.id, ())
        if row.case_id == case
    }
    covered = _covers(
        sub,
        known.servers.get(sub.project, ()),
        known.subscribed.get(sub.project, ()),
    )
    present = [one.id for one in covered]
    return tuple(
        standing.Covered(server, taken.get(server))
        for server in sorted({*present, *taken})
    )
