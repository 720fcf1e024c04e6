# SPDX-License-Identifier: Apache-2.0
"""Samples as ceilometer told them, and what they add up to by day."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
import decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import pricing
from patrii_billing.domain import usage
from patrii_billing.store import database
from patrii_billing.store import invoices
from patrii_billing.store import schema

_samples = schema.samples
_usage = schema.usage
_NONE = decimal.Decimal(0)
_MOMENT = dt.timedelta(milliseconds=1)
# Written out: see database.insert_or_change.
_ONE = sa.literal_column('1', sa.Integer)
_SERIES = ('project', 'meter', 'resource')


def add_samples(
    conn: sa.Connection,
    readings: Mapping[str, usage.Reading],
    now: dt.datetime,
) -> None:
    """Add samples by their keys; those that are known already stay."""
    rows = [
        {
            'key': key,
            'project': each.project,
            'resource': each.resource,
            'meter': each.meter,
            'type': each.sample.type,
            'unit': each.unit,
            'volume': each.sample.volume,
            'at': each.sample.at,
            'received_at': now,
        }
        for key, each in readings.items()
    ]
    database.insert_missing(conn, _samples, rows, 'key')


def mark_stale(
    conn: sa.Connection,
    days: Mapping[tuple[str, str, str, dt.date], usage.Reading],
    due: dt.datetime,
) -> None:
    """Have days (project, meter, resource, day) added up when that is due.

    A day that is due already stays so; its version tells who is adding it
    up that there is more. Each comes with a reading of it.
    """
    rows = [
        {
            'project': project,
            'meter': meter,
            'resource': resource,
            'day': day,
            'server': days[project, meter, resource, day].server,
            'unit': days[project, meter, resource, day].unit,
            'quantity': _NONE,
            'stale_at': due,
            'version': 1,
        }
        # One order for all, or two who mark the same days would deadlock.
        for project, meter, resource, day in sorted(days)
    ]
    database.insert_or_change(
        conn, _usage, rows, [*_SERIES, 'day'],
        lambda new: {
            'stale_at': sa.func.coalesce(_usage.c.stale_at, new.stale_at),
            'version': _usage.c.version + _ONE,
        },
    )  # fmt: skip


def mark_next_stale(
    conn: sa.Connection, row: sa.Row[Any], due: dt.datetime
) -> None:
    """The same for the next day there is of a row's resource and meter."""
    following = conn.execute(
        sa.select(_usage.c.id)
        .where(*_of_series(_usage, row), _usage.c.day > row.day)
        .order_by(_usage.c.day)
        .limit(1)
    ).scalar_one_or_none()
    conn.execute(
        _usage.update()
        .where(_usage.c.id == following)
        .values(stale_at=due, version=_usage.c.version + 1)
    )


def stale(
    conn: sa.Connection, now: dt.datetime, limit: int
) -> Sequence[sa.Row[Any]]:
    """Days that are to be added up, the longest due first."""
    return conn.execute(
        _usage.select()
        .where(_usage.c.stale_at <= now)
        .order_by(_usage.c.stale_at, _usage.c.id)
        .limit(limit)
    ).all()


def write(conn: sa.Connection, row: sa.Row[Any], day: usage.Day) -> bool:
    """Keep what a day adds up to; False if samples came in the meantime."""
    done = conn.execute(
        _usage.update()
        .where(_usage.c.id == row.id, _usage.c.version == row.version)
        .values(
            quantity=day.quantity,
            opening=day.opening,
            closing=day.closing.volume if day.closing else None,
            closed_at=day.closing.at if day.closing else None,
            stale_at=None,
        )
    )
    return done.rowcount == 1


def samples(
    conn: sa.Connection,
    row: sa.Row[Any],
    start: dt.datetime,
    end: dt.datetime,
) -> list[usage.Sample]:
    """The samples of a row's resource and meter between two instants."""
    found = conn.execute(
        _samples.select().where(
            *_of_series(_samples, row),
            _samples.c.at >= start,
            _samples.c.at < end,
        )
    )
    return [_sample(each) for each in found]


def reading_before(
    conn: sa.Connection, row: sa.Row[Any], start: dt.datetime
) -> usage.Sample | None:
    """The newest reading of a counter before the first instant of a day.

    Once its samples are purged it is the closing one of an earlier day.
    """
    raw = conn.execute(
        _samples.select()
        .where(
            *_of_series(_samples, row),
            _samples.c.type == usage.Type.CUMULATIVE,
            _samples.c.at < start,
        )
        .order_by(_samples.c.at.desc())
        # Some may be of the same instant.
        .limit(10)
    )
    found = usage.newest(_sample(each) for each in raw)
    return found or _closing_before(conn, row)


def _closing_before(
    conn: sa.Connection, row: sa.Row[Any]
) -> usage.Sample | None:
    found = conn.execute(
        _usage.select()
        .where(
            *_of_series(_usage, row),
            _usage.c.day < row.day,
            _usage.c.closing.is_not(None),
        )
        .order_by(_usage.c.day.desc())
        .limit(1)
    ).one_or_none()
    return closing(found) if found else None


def closing(row: sa.Row[Any]) -> usage.Sample | None:
    """The last reading of a counter on the day of a row."""
    if row.closing is None:
        return None
    return usage.Sample(row.closed_at, usage.Type.CUMULATIVE, row.closing)


def of_project(
    conn: sa.Connection,
    project: str,
    start: dt.date,
    end: dt.date,
    meters: Collection[str],
) -> Sequence[sa.Row[Any]]:
    """What was used on the days from start to before end."""
    return conn.execute(
        _usage.select()
        .where(
            _usage.c.project == project,
            _usage.c.day >= start,
            _usage.c.day < end,
            _usage.c.meter.in_(meters),
        )
        .order_by(_usage.c.meter, _usage.c.resource, _usage.c.day)
    ).all()


def put_off(
    conn: sa.Connection, row: sa.Row[Any], until: dt.datetime
) -> None:
    conn.execute(
        _usage.update().where(_usage.c.id == row.id).values(stale_at=until)
    )


def deltas(
    conn: sa.Connection,
    wanted: Collection[tuple[str, str, str, dt.datetime]],
) -> dict[tuple[str, str, str, dt.datetime], list[decimal.Decimal]]:
    """What is known of deltas at some instants, to the millisecond.

    By project, meter, resource and instant; what is not known is not there.
    """
    found: dict[
        tuple[str, str, str, dt.datetime], list[decimal.Decimal]
    ] = {}
    if not wanted:
        return found
    instants = [at for *_, at in wanted]
    rows = conn.execute(
        sa.select(
            _samples.c.project, _samples.c.meter, _samples.c.resource,
            _samples.c.at, _samples.c.volume,
        ).where(
            _samples.c.project.in_({project for project, *_ in wanted}),
            _samples.c.meter.in_({meter for _, meter, *_ in wanted}),
            _samples.c.at.between(min(instants), max(instants) + _MOMENT),
            _samples.c.type == usage.Type.DELTA,
        )
    )  # fmt: skip
    for project, meter, resource, at, volume in rows:
        at -= dt.timedelta(microseconds=at.microsecond % 1000)
        found.setdefault((project, meter, resource, at), []).append(volume)
    return found


def priced_meters(conn: sa.Connection) -> frozenset[str]:
    """The meters that any plan has a price of."""
    prices = schema.prices
    return frozenset(
        conn.execute(
            sa.select(prices.c.resource)
            .where(prices.c.kind == pricing.PriceKind.METER)
            .distinct()
        ).scalars()
    )


def timezones(
    conn: sa.Connection, projects: Collection[str]
) -> dict[str, str]:
    """The time zones in which projects' days are counted.

    Projects that are in no books are left out.
    """
    owned = schema.projects
    rows = conn.execute(
        sa.select(owned.c.id, schema.accounts.c.timezone)
        .join(schema.accounts, schema.accounts.c.id == owned.c.account_id)
        .where(owned.c.id.in_(projects))
    )
    return {row.id: row.timezone for row in rows}


def created(
    conn: sa.Connection, servers: Collection[str]
) -> dict[str, dt.datetime]:
    """When servers were made, as far as that is known."""
    table = schema.servers
    rows = conn.execute(
        sa.select(table.c.id, table.c.created_at).where(
            table.c.id.in_(servers), table.c.created_at.is_not(None)
        )
    )
    return {row.id: row.created_at for row in rows}


def posted(
    conn: sa.Connection,
    subscription_id: int,
    start: dt.date,
    end: dt.date,
    prefix: str,
) -> Sequence[sa.Row[Any]]:
    """A subscription's issued lines that begin from start to before end.

    Those of resources with that prefix; of void invoices there are none.
    """
    lines = schema.lines
    return conn.execute(
        invoices.standing_lines()
        .where(
            lines.c.subscription_id == subscription_id,
            lines.c.starts >= start,
            lines.c.starts < end,
            lines.c.resource.startswith(prefix, autoescape=True),
        )
        .order_by(lines.c.id)
    ).all()


def purge_samples(
    conn: sa.Connection, before: dt.datetime, limit: int
) -> int:
    """Forget the oldest samples from before an instant; how many."""
    oldest = (
        conn.execute(
            sa.select(_samples.c.id)
            .where(_samples.c.at < before)
            .order_by(_samples.c.at)
            .limit(limit)
        )
        .scalars()
        .all()
    )
    conn.execute(_samples.delete().where(_samples.c.id.in_(oldest)))
    return len(oldest)


def _of_series(
    table: sa.Table, row: sa.Row[Any]
) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == getattr(row, name) for name in _SERIES]


def _sample(row: sa.Row[Any]) -> usage.Sample:
    return usage.Sample(row.at, usage.Type(row.type), row.volume)
