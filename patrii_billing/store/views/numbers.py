# SPDX-License-Identifier: Apache-2.0
"""Whether the numbers of documents are without a gap, and why not."""

from collections.abc import Iterator
from collections.abc import Sequence

import sqlalchemy as sa

from patrii_billing.domain import numbering
from patrii_billing.store import schema
from patrii_billing.store import series

_invoices = schema.invoices
_timeline = schema.timeline

# What a skip is called on the timeline, whose entry is named by the series.
SKIPPED = 'series'


def gaps(conn: sa.Connection) -> Sequence[numbering.Gap]:
    """All of them, by series and number; none is the rule."""
    return list(numbering.explained(_missing(conn), _skips(conn)))


def _missing(conn: sa.Connection) -> Sequence[numbering.Run]:
    """The runs that no document has, up to the next number of a series."""
    found = [*_between(conn), *_after(conn)]
    return sorted(found, key=lambda run: (run.series, run.first))


def _between(conn: sa.Connection) -> Iterator[numbering.Run]:
    """Those that end at a document."""
    # MariaDB's has no default.
    before = sa.func.lag(_invoices.c.number).over(
        partition_by=_invoices.c.series, order_by=_invoices.c.number
    )
    drawn = (
        sa.select(
            _invoices.c.series,
            _invoices.c.number,
            sa.func.coalesce(before, 0).label('before'),
        )
        .where(_invoices.c.number.is_not(None))
        .subquery()
    )
    broken = drawn.c.number != drawn.c.before + 1
    for name, number, known in conn.execute(sa.select(drawn).where(broken)):
        yield numbering.Run(name, known + 1, number - 1)


def _after(conn: sa.Connection) -> Iterator[numbering.Run]:
    """Those after the last document of a series."""
    last = sa.func.max(_invoices.c.number)
    found = conn.execute(
        sa.select(_invoices.c.series, last)
        .where(_invoices.c.number.is_not(None))
        .group_by(_invoices.c.series)
    )
    lasts = {name: number for name, number in found}
    for name, number in series.following(conn).items():
        known = lasts.get(name, 0)
        if known + 1 < number:
            yield numbering.Run(name, known + 1, number - 1)


def _skips(conn: sa.Connection) -> Sequence[numbering.Skip]:
    found = conn.execute(
        _timeline.select()
        .where(_timeline.c.what == SKIPPED)
        .order_by(_timeline.c.id)
    )
    return [
        numbering.Skip(
            numbering.Run(row.name, row.detail['first'], row.detail['last']),
            row.why, row.by, row.at,
        )
        for row in found
    ]  # fmt: skip
