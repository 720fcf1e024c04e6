# SPDX-License-Identifier: Apache-2.0
"""The facts of one subscription, read from the books for the law."""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain import policy as policies
from patrii_billing.domain import standing
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import credits
from patrii_billing.store import custody
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import payments
from patrii_billing.store import plans
from patrii_billing.store import servers
from patrii_billing.store import subscriptions


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
    account = accounts.get(conn, sub.account_id)
    project = accounts.project(conn, sub.project)
    place = subscriptions.position(sub)
    open_invoices = invoices.open_of_subscription(conn, sub.id)
    followed = {one.id for one in open_invoices}
    if place.invoice is not None:
        followed.add(place.invoice)
    whole_project = sub.server is None and sub.enforces is not None
    return standing.Standing(
        status=lifecycle.Status(sub.billing_status),
        position=place,
        zone=calendar.zone(account.timezone),
        new_case=place.case or tools.new_case(),
        invoices=tuple(_open(one) for one in open_invoices),
        notices=_told(conn, sub, place, sorted(followed)),
        covered=_covered(conn, sub, place.case),
        holds=tuple(
            standing.Hold(lifecycle.HoldType(hold.type), hold.until)
            for hold in subscriptions.holds(conn, sub.id, now)
        ),
        in_transit_until=payments.in_transit_until(conn, account.id, now),
        enforce_from=sub.enforce_from,
        dry_run=tools.settings.dry_run,
        whole_project=whole_project,
        quota_frozen=bool(
            whole_project and project and project.quota_before is not None
        ),
        written_off=credits.written_off(conn, sub.id),
    )


def covered_servers(
    conn: sa.Connection, sub: sa.Row[Any]
) -> Sequence[sa.Row[Any]]:
    """The servers a subscription covers now.

    A project's subscription covers all but those with one of their own,
    whatever the state of those.
    """
    present = servers.present(conn, sub.project)
    if sub.server is not None:
        return [one for one in present if one.id == sub.server]
    if sub.enforces is None:
        return ()
    own = {
        other.server
        for other in subscriptions.of_project(conn, sub.project)
        if other.server is not None
    }
    return [one for one in present if one.id not in own]


def _open(row: sa.Row[Any]) -> standing.OpenInvoice:
    return standing.OpenInvoice(row.id, row.due_at, row.owed, row.announce_at)


def _told(
    conn: sa.Connection,
    sub: sa.Row[Any],
    place: standing.Position,
    followed: Sequence[int],
) -> dict[str, standing.Notice]:
    return {
        row.key: standing.Notice(
            lifecycle.NoticeState(row.state),
            row.settled_at,
            row.accepted_at,
            frozenset(row.servers),
            row.names,
        )
        for row in notices.of_ladder(conn, sub.id, place.case, followed)
    }


def _covered(
    conn: sa.Connection, sub: sa.Row[Any], case: str | None
) -> tuple[standing.Covered, ...]:
    taken = {
        row.server: lifecycle.Custody(row.state)
        for row in (custody.of_case(conn, sub.id, case) if case else ())
    }
    present = [one.id for one in covered_servers(conn, sub)]
    return tuple(
        standing.Covered(server, taken.get(server))
        for server in sorted({*present, *taken})
    )
