# SPDX-License-Identifier: Apache-2.0
"""What becomes of billed time that is not to be billed after all.

The chain stays whole: what is taken back is left out with its reason, or,
where it is the end of the chain, made free to be billed anew.
"""

from collections.abc import Sequence
import datetime as dt
import itertools
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.store import invoices
from patrii_billing.store import schema

_spans = schema.spans

CANCELLED = 'cancelled'
VOID = 'void'


def of(conn: sa.Connection, subscription_id: int) -> Sequence[sa.Row[Any]]:
    """Every span of a subscription, the oldest first."""
    return conn.execute(
        _spans.select()
        .where(_spans.c.subscription_id == subscription_id)
        .order_by(_spans.c.starts)
    ).all()


def billed_by(conn: sa.Connection, invoice_id: int) -> Sequence[sa.Row[Any]]:
    """The spans that an invoice bills, the newest first."""
    return conn.execute(
        _spans.select()
        .where(_spans.c.invoice_id == invoice_id)
        .order_by(_spans.c.starts.desc())
    ).all()


def cut(conn: sa.Connection, subscription_id: int, day: dt.date) -> bool:
    """Leave what lies past a day unbilled; whether anything did.

    A billed span that the day falls in is parted there. What was not billed
    before keeps its own reason.
    """
    past = [
        row
        for row in of(conn, subscription_id)
        if row.ends > day and (row.starts >= day or _is_billed(row))
    ]
    # Each link holds the one after it.
    for row in reversed(past):
        if row.starts >= day:
            free(conn, row)
        else:
            _change(conn, row.id, ends=day)
    for row in past:
        invoices.bill_span(
            conn, subscription_id, max(day, row.starts), row.ends,
            unbilled_why=CANCELLED if _is_billed(row) else row.unbilled_why,
            cycle=calendar.Period(row.cycle_starts, row.cycle_ends),
        )  # fmt: skip
    return bool(past)


def uncut(conn: sa.Connection, subscription_id: int) -> dt.date | None:
    """Take off what a cancellation left out; from where on, if anything."""
    chain = of(conn, subscription_id)
    left_out = [row for row in chain if row.unbilled_why == CANCELLED]
    if not left_out:
        return None
    since: dt.date = left_out[0].starts
    for row in reversed(chain):
        if row.starts >= since:
            free(conn, row)
    return since


def free(conn: sa.Connection, span: sa.Row[Any]) -> None:
    """Take the last link off, so that its time can be billed anew."""
    conn.execute(_spans.delete().where(_spans.c.id == span.id))


def leave_out(conn: sa.Connection, span: sa.Row[Any], why: str) -> None:
    """Say that no invoice bills a span, and why."""
    _change(conn, span.id, invoice_id=None, unbilled_why=why)


def _is_billed(span: sa.Row[Any]) -> bool:
    return span.unbilled_why in invoices.BILLED


def _change(conn: sa.Connection, span_id: int, **values: Any) -> None:
    conn.execute(
        _spans.update().where(_spans.c.id == span_id).values(**values)
    )


def leave_out_days(
    conn: sa.Connection, subscription_id: int, days: calendar.Period, why: str
) -> None:
    """Part the spans at the bounds of some days, and bill none of those.

    What was not billed before keeps its own reason.
    """
    old = [row for row in of(conn, subscription_id) if row.ends > days.start]
    for row in reversed(old):
        free(conn, row)
    for row in old:
        cuts = {row.starts, row.ends}
        cuts |= {at for at in (days.start, days.end)
                 if row.starts < at < row.ends}  # fmt: skip
        for start, end in itertools.pairwise(sorted(cuts)):
            apart = start in days and row.unbilled_why in invoices.BILLED
            invoices.bill_span(
                conn, subscription_id, start, end,
                None if apart else row.invoice_id,
                why if apart else row.unbilled_why,
                calendar.Period(row.cycle_starts, row.cycle_ends),
            )  # fmt: skip
