# SPDX-License-Identifier: Apache-2.0
"""The times in which no sweep asked nova, kept on the timeline.

They are seldom, and explain what is billed late: no table need be of them.
"""

from collections.abc import Sequence
import datetime as dt

import sqlalchemy as sa

from patrii_billing.store import schema
from patrii_billing.store import timeline

_timeline = schema.timeline
_KIND = 'outage'
# What waited at the broker for longer than so many is of no hurry.
_LAST = 5


def recent(conn: sa.Connection) -> Sequence[tuple[dt.datetime, dt.datetime]]:
    """The last ones, each from and until when, the newest first."""
    details = conn.execute(
        sa.select(_timeline.c.detail)
        .where(_timeline.c.what == _KIND)
        .order_by(_timeline.c.id.desc())
        .limit(_LAST)
    ).scalars()
    return [
        (
            dt.datetime.fromisoformat(detail['since']),
            dt.datetime.fromisoformat(detail['until']),
        )
        for detail in details
    ]


def record(
    conn: sa.Connection, since: dt.datetime, until: dt.datetime
) -> None:
    why = (
        f'nova was not asked for its servers from {since:%Y-%m-%d %H:%M} to '
        f'{until:%Y-%m-%d %H:%M} UTC'
    )
    timeline.record(
        conn, until, _KIND, 'nova', why,
        since=since.isoformat(), until=until.isoformat(),
    )  # fmt: skip
