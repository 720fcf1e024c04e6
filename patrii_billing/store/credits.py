# SPDX-License-Identifier: Apache-2.0
"""Credit notes, and what was taken back of issued invoices."""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing import errors
from patrii_billing.store import invoices
from patrii_billing.store import schema

_invoices = schema.invoices
_lines = schema.lines

SERIES = 'CN'
KIND = 'credit_note'


def notes_of(conn: sa.Connection, invoice_id: int) -> Sequence[sa.Row[Any]]:
    """The credit notes on an invoice, the oldest first."""
    return conn.execute(
        _invoices.select()
        .where(_invoices.c.corrects == invoice_id)
        .order_by(_invoices.c.id)
    ).all()


def taken_from(conn: sa.Connection, invoice_id: int) -> Sequence[sa.Row[Any]]:
    """The lines, on whatever document, that correct lines of an invoice."""
    own = sa.select(_lines.c.id).where(_lines.c.invoice_id == invoice_id)
    return conn.execute(
        invoices.standing_lines()
        .where(_lines.c.corrects.in_(own))
        .order_by(_lines.c.id)
    ).all()


def close(
    conn: sa.Connection,
    invoice_id: int,
    state: str,
    why: str,
    now: dt.datetime,
) -> None:
    """Nobody is asked for an invoice any more, for another reason than pay."""
    conn.execute(
        _invoices.update()
        .where(_invoices.c.id == invoice_id)
        .values(state=state, why=why, closed_at=now, paid_at=None)
    )


def by_number(conn: sa.Connection, name: str) -> sa.Row[Any]:
    """The invoice or credit note called so, as INV-000012.

    Raises NotFound.
    """
    series, _, digits = name.rpartition('-')
    found = None
    if digits.isascii() and digits.isdecimal() and len(digits) < 10:
        found = conn.execute(
            _invoices.select().where(
                _invoices.c.series == series,
                _invoices.c.number == int(digits),
            )
        ).one_or_none()
    if found is None:
        raise errors.NotFound(f'no invoice is called {name!r}')
    return found
