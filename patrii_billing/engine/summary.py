# SPDX-License-Identifier: Apache-2.0
"""Where the whole cloud stands, on one page."""

from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import forecast
from patrii_billing.domain.lifecycle import Step
from patrii_billing.engine import switches
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import inbox
from patrii_billing.store.views import summary
from patrii_billing.store import watch

MONTHS = 12
DAYS = 7
# What did not arrive longer ago is not news.
_RECENT = dt.timedelta(days=30)
# So many tries that failed are more than an outage of a minute.
TRIES = 3

# The step of the ladder, as a forecast calls what comes of it.
KINDS = {
    forecast.Kind.INVOICE.value: forecast.Kind.INVOICE,
    Step.REMIND.value: forecast.Kind.REMINDER,
    Step.GRACE.value: forecast.Kind.GRACE,
    Step.SHELVE.value: forecast.Kind.SHELVE,
    Step.WARN.value: forecast.Kind.LAST_WARNING,
    Step.DELETE.value: forecast.Kind.DELETE,
}


@dataclass(frozen=True, slots=True)
class Summary:
    """The parts are told of in store.views.summary."""

    accounts: int
    parked: int
    statuses: Sequence[sa.Row[Any]]
    ages: Sequence[summary.Age]
    months: Sequence[summary.Month]
    due: Sequence[summary.Due]
    actions: Sequence[sa.Row[Any]]
    notices: dict[str, int]
    parked_messages: int
    waiting_since: dt.datetime | None
    unmatched: Sequence[sa.Row[Any]]
    watch: sa.Row[Any]
    standing_still: Sequence[str]
    caps: Sequence[switches.Cap]


def read(
    conn: sa.Connection,
    tools: toolbox.Tools,
    now: dt.datetime,
    zone: dt.tzinfo,
) -> Summary:
    """All of it as it is now; months and days are those of a zone."""
    whole, parked = summary.accounts(conn)
    return Summary(
        accounts=whole,
        parked=parked,
        statuses=summary.statuses(conn),
        ages=summary.ages(conn, now),
        months=summary.months(conn, now, MONTHS, zone),
        due=summary.due(conn, now, DAYS, zone),
        actions=summary.actions(conn, TRIES),
        notices={
            row.state: row.notices
            for row in summary.notices(conn, now - _RECENT)
        },
        parked_messages=summary.parked_messages(conn),
        waiting_since=inbox.oldest(conn),
        unmatched=summary.unmatched(conn),
        watch=watch.get(conn),
        standing_still=switches.reasons(conn),
        caps=switches.caps(conn, tools.settings, now),
    )
