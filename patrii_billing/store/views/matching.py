# SPDX-License-Identifier: Apache-2.0
"""Whose a transfer may be, by what its payer wrote."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

_accounts = schema.accounts
_invoices = schema.invoices
_series = schema.series

_CHUNK = 500


def series(conn: sa.Connection) -> Sequence[str]:
    """The names of all series."""
    return conn.execute(sa.select(_series.c.name)).scalars().all()


def external_refs(conn: sa.Connection) -> dict[str, list[int]]:
    """The accounts of each external reference, which is case-folded."""
    rows = conn.execute(
        sa.select(_accounts.c.id, _accounts.c.external_ref).where(
            _accounts.c.external_ref.is_not(None)
        )
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.external_ref.casefold(), []).append(row.id)
    return found


def by_references(
    conn: sa.Connection, references: Sequence[str]
) -> Sequence[sa.Row[Any]]:
    """The invoices that gave out these references, oldest first."""
    found: list[sa.Row[Any]] = []
    for first in range(0, len(references), _CHUNK):
        part = references[first : first + _CHUNK]
        found += conn.execute(
            _invoices.select()
            .where(_invoices.c.reference.in_(part))
            .order_by(_invoices.c.id)
        )
    return found


def by_number(
    conn: sa.Connection, name: str, number: int
) -> sa.Row[Any] | None:
    """The invoice of a series; not a credit note, which nobody pays."""
    return conn.execute(
        _invoices.select().where(
            _invoices.c.series == name,
            _invoices.c.number == number,
            _invoices.c.kind != 'credit_note',
        )
    ).one_or_none()
