# SPDX-License-Identifier: Apache-2.0
"""The series that documents are numbered in, and the number each has next.

Invoices draw from them, see store.invoices; here they are moved by hand.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from patrii_billing.store import credits
from patrii_billing.store import invoices
from patrii_billing.store import schema

_series = schema.series

# Which there are, also in books where nothing was drawn yet.
NAMES = (invoices.SERIES, credits.SERIES)


def following(conn: sa.Connection) -> Mapping[str, int]:
    """The next number of each series."""
    found = conn.execute(sa.select(_series.c.name, _series.c.next_number))
    known = {name: number for name, number in found}
    return dict.fromkeys(NAMES, 1) | known


def lock(conn: sa.Connection, name: str) -> int:
    """The next number of a series, kept from others until the commit."""
    return invoices.draw_numbers(conn, name, 0)


def move(conn: sa.Connection, name: str, number: int) -> None:
    """Have a series go on with a number. Its lock is held."""
    conn.execute(
        _series.update()
        .where(_series.c.name == name)
        .values(next_number=number)
    )
