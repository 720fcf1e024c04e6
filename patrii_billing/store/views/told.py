# SPDX-License-Identifier: Apache-2.0
"""What other systems are to be told, and what was told them."""

from collections.abc import Collection
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import schema

_invoices = schema.invoices
_subs = schema.subscriptions


def overdue(
    conn: sa.Connection, now: dt.datetime, limit: int
) -> Sequence[sa.Row[Any]]:
    """Open invoices past their due instant of which nobody was told so."""
    return conn.execute(
        _invoices.select()
        .where(
            _invoices.c.state == lifecycle.InvoiceState.OPEN,
            _invoices.c.overdue_at.is_(None),
            _invoices.c.due_at <= now,
        )
        .order_by(_invoices.c.due_at)
        .limit(limit)
    ).all()


def note_overdue(
    conn: sa.Connection, invoice_id: int, now: dt.datetime
) -> bool:
    """Remember that it is told; False where another did, or it is paid."""
    done = conn.execute(
        _invoices.update()
        .where(
            _invoices.c.id == invoice_id,
            _invoices.c.state == lifecycle.InvoiceState.OPEN,
            _invoices.c.overdue_at.is_(None),
        )
        .values(overdue_at=now)
    )
    return done.rowcount == 1


def invoices_by_number(
    conn: sa.Connection, named: Collection[tuple[str, int]]
) -> dict[tuple[str, int], sa.Row[Any]]:
    """The invoices there are of these series and numbers."""
    found: dict[tuple[str, int], sa.Row[Any]] = {}
    for series in {series for series, _ in named}:
        numbers = [number for of, number in named if of == series]
        rows = conn.execute(
            _invoices.select().where(
                _invoices.c.series == series, _invoices.c.number.in_(numbers)
            )
        )
        found |= {(series, row.number): row for row in rows}
    return found


def subscriptions(
    conn: sa.Connection, ids: Collection[int]
) -> dict[int, sa.Row[Any]]:
    rows = conn.execute(_subs.select().where(_subs.c.id.in_(ids)))
    return {row.id: row for row in rows}
