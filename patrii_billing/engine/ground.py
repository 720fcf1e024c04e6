# SPDX-License-Identifier: Apache-2.0
"""What the bills of some subscriptions rest on, read from the books at once.

A few statements read it for a hundred as for one, so that a day on which all
are due costs hardly more than what it writes.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
import itertools
import operator
from typing import Any
import zoneinfo

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import policy as policies
from patrii_billing.domain import steady
from patrii_billing.domain import terms
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import plans
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import terms as contracts

# A fact that comes later than this many cycles is for a person to settle.
CORRECTED_CYCLES = 3
# The newest spans that a look reads, whatever the age of a customer: those of
# the cycles that are corrected, and some that are split.
GLANCED = 6

_Rows = Sequence[sa.Row[Any]]


@dataclass(frozen=True, slots=True)
class Term:
    """A plan, as the law and as the books know it, and an anchor."""

    law: terms.Term
    tariff: steady.Tariff
    plan: sa.Row[Any]
    anchor_day: int

    @property
    def cycles(self) -> tuple[str, int, str]:
        """Where its periods begin and end, and what is counted."""
        return self.plan.cycle, self.anchor_day, self.plan.unit


@dataclass(frozen=True, slots=True)
class Ground:
    """All that the bill of one subscription rests on.

    `levels` are those it pays for, in effective order. `spans` is the chain
    of its time, `lines` what was posted for the cycles that are corrected,
    each with the state of its invoice. `names` are those of the servers.
    """

    sub: sa.Row[Any]
    account: sa.Row[Any]
    zone: zoneinfo.ZoneInfo
    policy: policies.Policy
    terms: tuple[Term, ...]
    levels: _Rows
    spans: _Rows
    names: Mapping[str, str]
    lines: _Rows
    pauses: _Rows
    billed: int  # what all its invoices came to, in minor units
    previous: sa.Row[Any] | None  # the last that billed a period
    # Its rates, where what is billed is as it is posted: it has no lines.
    quiet: Any = None

    def term_on(self, day: dt.date) -> Term:
        """What holds on a day; before the first terms the first."""
        for term in reversed(self.terms):
            if term.law.since <= day:
                return term
        return self.terms[0]

    def cycles_since(self, day: dt.date) -> dt.date:
        """Since when the cycles are those of a day, whatever the plan."""
        term = self.term_on(day)
        since = term.law.since
        for earlier in reversed(self.terms):
            if earlier.law.since < since:
                if earlier.cycles != term.cycles:
                    break
                since = earlier.law.since
        return since


def read(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subs: _Rows,
    *,
    glance: bool = False,
) -> list[Ground]:
    """The grounds of subscriptions whose accounts are locked, in order.

    A glance has no lines, and of each chain what is newest.
    """
    ids = [sub.id for sub in subs]
    customers = {
        row.id: row
        for row in accounts.billed(conn, {sub.account_id for sub in subs})
    }
    agreed = _terms(conn, ids)
    projects = {sub.project for sub in subs}
    levels = _by('project', servers.levels_of(conn, projects))
    own: dict[str, set[str]] = {}
    for project, server in subscriptions.servers_apart(conn, projects):
        own.setdefault(project, set()).add(server)
    newest = GLANCED if glance else None
    spans = _by('subscription_id', invoices.spans_of(conn, ids, newest))
    since = {sub.id: corrected_from(spans.get(sub.id, ())) for sub in subs}
    lines: Mapping[int, _Rows] = {}
    if not glance:
        first = min(filter(None, since.values()), default=None)
        lines = _by('subscription_id', invoices.posted(conn, ids, first))
    names = servers.names(conn, projects)
    totals = invoices.billed_so_far(conn, ids)
    pauses = _by('subscription_id', subscriptions.pauses(conn, ids))

    def one(sub: sa.Row[Any]) -> Ground:
        account = customers[sub.account_id]
        zone = calendar.zone(account.timezone)
        plan = agreed[sub.id][-1].plan
        policy = tools.settings.policy
        for given in (plan.policy, account.policy, sub.policy):
            policy = policy.reading(given)
        return Ground(
            sub,
            account,
            zone,
            policy,
            agreed[sub.id],
            _paid_for(sub, levels.get(sub.project, ()), own),
            spans.get(sub.id, ()),
            names,
            lines.get(sub.id, ()),
            pauses.get(sub.id, ()),
            *totals.get(sub.id, (0, None)),
        )

    return [one(sub) for sub in subs]


def _by(key: str, rows: _Rows) -> Mapping[Any, _Rows]:
    """Rows that come in the order of a column, by it."""
    return {
        value: list(group)
        for value, group in itertools.groupby(rows, operator.attrgetter(key))
    }


def _terms(
    conn: sa.Connection, ids: Sequence[int]
) -> dict[int, tuple[Term, ...]]:
    rows = contracts.of(conn, ids)
    lists = plans.some(conn, {row.plan_id for row in rows})
    prices = _by('plan_id', plans.prices_of(conn, lists.keys()))
    priced = {
        plan_id: steady.Tariff(
            tuple(plans.price(row) for row in prices.get(plan_id, ()))
        )
        for plan_id in lists
    }
    return {
        subscription_id: tuple(
            Term(
                terms.Term(row.since, priced[row.plan_id].prices),
                priced[row.plan_id], lists[row.plan_id], row.anchor_day,
            )
            for row in agreed
        )
        for subscription_id, agreed in _by('subscription_id', rows).items()
    }  # fmt: skip


def corrected_from(spans: _Rows) -> dt.date | None:
    """The first day of the oldest cycle that is corrected still."""
    cycles = sorted({span.cycle_starts for span in spans})
    return cycles[-CORRECTED_CYCLES - 1 :][0] if cycles else None


def _paid_for(
    sub: sa.Row[Any], levels: _Rows, own: Mapping[str, set[str]]
) -> _Rows:
    """The levels that a subscription pays for, not others of its project."""
    if sub.server is not None:
        return [row for row in levels if row.server == sub.server]
    others = own.get(sub.project, set())
    return [row for row in levels if row.server not in others]
