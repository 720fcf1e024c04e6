# SPDX-License-Identifier: Apache-2.0
"""Samples into the books, and the days that they change added up.

What a sample may change is only marked when it comes; it is added up a while
later, once for all that came until then.
"""

from collections.abc import Iterable
import datetime as dt
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import usage as law
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import database
from patrii_billing.store import usage

LOG = logging.getLogger(__name__)

# Samples are kept longer than they may be late, so that those of a whole day
# and of the gap before it are still there when one comes.
_LONGER = dt.timedelta(days=2)
# Many come with each day that is added up.
_PURGED_PER_DAY = 50
_DAY = dt.timedelta(days=1)


def priced_meters(conn: sa.Connection) -> frozenset[str]:
    """The meters that any plan has a price of."""
    return usage.priced_meters(conn)


def record(
    conn: sa.Connection,
    tools: toolbox.Tools,
    readings: Iterable[law.Reading],
    now: dt.datetime,
) -> None:
    """Keep samples, and have the days added up that they may change.

    Those of projects that nobody's books know are left out.
    """
    readings = list(readings)
    projects = {each.project for each in readings}
    zones = {
        project: calendar.zone(name)
        for project, name in usage.timezones(conn, projects).items()
    }
    known = {
        each.key: each for each in readings if each.project in zones
    }
    if not known:
        return
    gap = tools.settings.gauge_gap
    usage.add_samples(conn, known, now)
    usage.mark_stale(
        conn,
        {
            (each.project, each.meter, each.resource, day): each
            for each in known.values()
            for day in each.days(zones[each.project], gap)
        },
        now + tools.settings.add_up_after,
    )


def run(tools: toolbox.Tools, now: dt.datetime) -> int:
    """Add up the days that are due; how many there were."""
    limit = tools.settings.batch
    due = tools.db.read(usage.stale, now, limit)
    for row in due:
        try:
            tools.db.write(_add_up, tools, row, now)
        except Exception as error:
            if database.is_of_server(error):
                raise
            # One bad row must not keep the others.
            LOG.exception('usage %s is not added up', row.id)
            later = now + tools.settings.retry_max
            tools.db.write(usage.put_off, row, later)
    if len(due) < limit:
        oldest = now - tools.settings.sample_age - _LONGER
        tools.db.write(usage.purge_samples, oldest, _PURGED_PER_DAY * limit)
    return len(due)


def _add_up(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    now: dt.datetime,
) -> None:
    zone = usage.timezones(conn, {row.project}).get(row.project, 'UTC')
    start, end = _instants(row.day, calendar.zone(zone))
    gap = tools.settings.gauge_gap
    counted = law.add_up(
        usage.samples(conn, row, start - gap, end),
        calendar.Period(start, end),
        gap,
        usage.reading_before(conn, row, start),
    )
    if not usage.write(conn, row, counted):
        return  # more came meanwhile: once more, at once
    if counted.closing != usage.closing(row):
        usage.mark_next_stale(conn, row, now)


def _instants(
    day: dt.date, zone: dt.tzinfo
) -> tuple[dt.datetime, dt.datetime]:
    """The first instant of a local day, and that of the next."""
    return (
        calendar.start_of_day(day, zone),
        calendar.start_of_day(day + _DAY, zone),
    )
