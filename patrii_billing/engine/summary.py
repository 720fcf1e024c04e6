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
# A payment that is booked late into a month that is over shows so much later.
PAST_AGE = dt.timedelta(minutes=10)
_NO_TIME = dt.timedelta()
_TICK = dt.timedelta(microseconds=1)

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
    """The parts are told of in store.views.summary; `at` it was read."""

    at: dt.datetime
    accounts: int
    parked: int
    statuses: Sequence[sa.Row[Any]]
    ages: Sequence[summary.Age]
    months: Sequence[summary.Month]
    past_at: dt.datetime  # when those before the running month were read
    due: Sequence[summary.Due]
    actions: Sequence[sa.Row[Any]]
    notices: dict[str, int]
    parked_messages: int
    waiting_since: dt.datetime | None
    unmatched: Sequence[sa.Row[Any]]
    watch: sa.Row[Any]
    standing_still: Sequence[str]
    caps: Sequence[switches.Cap]


class Summaries:
    """The newest summary, for all who look; read anew by one of them.

    It is shown for `age`, and the sums of the months that are over, which
    take most of the time and seldom change, for `past_age`. Without either
    each is read as it is asked.
    """

    def __init__(
        self,
        age: dt.timedelta = _NO_TIME,
        past_age: dt.timedelta = _NO_TIME,
    ) -> None:
        self._whole: _Kept[Summary] = _Kept(age)
        self._past: _Kept[list[summary.Month]] = _Kept(past_age)

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
        first = calendar.local_day(now, zone).replace(day=1)
        before = calendar.start_of_day(first, zone) - _TICK
        past_at, past = self._past.get(
            f'{zone.key} {first}', now,
            lambda: summary.months(conn, before, MONTHS - 1, zone),
        )  # fmt: skip
        running = summary.months(conn, now, 1, zone)
        return _read(conn, tools, now, zone, [*past, *running], past_at)


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


def _read(
    conn: sa.Connection,
    tools: toolbox.Tools,
    now: dt.datetime,
    zone: dt.tzinfo,
    months: Sequence[summary.Month],
    past_at: dt.datetime,
) -> Summary:
    whole, parked = summary.accounts(conn)
    return Summary(
        at=now,
        accounts=whole,
        parked=parked,
        statuses=summary.statuses(conn),
        ages=summary.ages(conn, now),
        months=months,
        past_at=past_at,
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
