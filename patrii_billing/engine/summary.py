# SPDX-License-Identifier: Apache-2.0
"""Where the whole cloud stands, on one page."""

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
import threading
from typing import Any, Generic, TypeVar
import zoneinfo

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import forecast
from patrii_billing.engine import forecast as foreseeing
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
# A payment that is booked late into a month that is over, and that an invoice
# to come was issued, show so much later.
PAST_AGE = dt.timedelta(minutes=10)
_NO_TIME = dt.timedelta()
_TICK = dt.timedelta(microseconds=1)

# The step of the ladder, as a forecast calls what comes of it.
KINDS = {
    forecast.Kind.INVOICE.value: forecast.Kind.INVOICE,
    **{step.value: kind for kind, step in foreseeing.STEPS.items()},
}


@dataclass(frozen=True, slots=True)
class Summary:
    """The parts are told of in store.views.summary; `at` it was read."""

    at: dt.datetime
    accounts: int
    parked: int
    statuses: Sequence[sa.Row[Any]]
    ages: Sequence[summary.Age]
    months: Sequence[summary.Month]
    past_at: dt.datetime  # when what is shown for past_age was read
    due: Sequence[summary.Due]
    actions: Sequence[sa.Row[Any]]
    notices: dict[str, int]
    parked_messages: int
    waiting_since: dt.datetime | None
    unmatched: Sequence[sa.Row[Any]]
    watch: sa.Row[Any]
    standing_still: Sequence[str]
    caps: Sequence[switches.Cap]


@dataclass(frozen=True, slots=True)
class _Past:
    """What seldom changes: months that are over, and invoices to come."""

    months: Sequence[summary.Month]
    renewals: Sequence[summary.Due]


class Summaries:
    """The newest summary, for all who look; read anew by one of them.

    It is shown for `age`. The sums of the months that are over and of the
    invoices to come take most of the time and seldom change: these are shown
    for `past_age`. Without either each is read as it is asked.
    """

    def __init__(
        self,
        age: dt.timedelta = _NO_TIME,
        past_age: dt.timedelta = _NO_TIME,
    ) -> None:
        self._whole: _Kept[Summary] = _Kept(age)
        self._past: _Kept[_Past] = _Kept(past_age)

    def read(
        self,
        conn: sa.Connection,
        tools: toolbox.Tools,
        now: dt.datetime,
        zone: zoneinfo.ZoneInfo,
    ) -> Summary:
        """All of it; months and days are those of a zone."""
        _, found = self._whole.get(
            zone.key, now, lambda: self._read(conn, tools, now, zone)
        )
        return found

    def _read(
        self,
        conn: sa.Connection,
        tools: toolbox.Tools,
        now: dt.datetime,
        zone: zoneinfo.ZoneInfo,
    ) -> Summary:
        today = calendar.local_day(now, zone)
        past_at, past = self._past.get(
            f'{zone.key} {today}', now, lambda: _past(conn, now, zone)
        )
        return _read(conn, tools, now, zone, past_at, past)


T = TypeVar('T')


class _Kept(Generic[T]):
    """What is young enough; one at a time reads what is not."""

    def __init__(self, age: dt.timedelta) -> None:
        self._age = age
        self._lock = threading.Lock()
        self._found: dict[str, tuple[dt.datetime, T]] = {}

    def get(
        self, key: str, now: dt.datetime, read: Callable[[], T]
    ) -> tuple[dt.datetime, T]:
        """With the instant when it was read. A clock may have gone back."""
        with self._lock:
            self._found = {
                known: found
                for known, found in self._found.items()
                if _NO_TIME <= now - found[0] < self._age
            }
            if key not in self._found:
                self._found[key] = now, read()
            return self._found[key]


def _past(
    conn: sa.Connection, now: dt.datetime, zone: dt.tzinfo
) -> _Past:
    first = calendar.local_day(now, zone).replace(day=1)
    before = calendar.start_of_day(first, zone) - _TICK
    return _Past(
        summary.months(conn, before, MONTHS - 1, zone),
        summary.renewals(conn, now, DAYS, zone),
    )


def _read(
    conn: sa.Connection,
    tools: toolbox.Tools,
    now: dt.datetime,
    zone: dt.tzinfo,
    past_at: dt.datetime,
    past: _Past,
) -> Summary:
    whole, parked = summary.accounts(conn)
    due = [*summary.steps(conn, now, DAYS, zone), *past.renewals]
    return Summary(
        at=now,
        accounts=whole,
        parked=parked,
        statuses=summary.statuses(conn),
        ages=summary.ages(conn, now),
        months=[*past.months, *summary.months(conn, now, 1, zone)],
        past_at=past_at,
        due=sorted(due, key=lambda one: (one.day, one.what, one.currency)),
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
