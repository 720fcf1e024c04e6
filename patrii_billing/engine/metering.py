# SPDX-License-Identifier: Apache-2.0
"""What was metered, added up day by day, and the lines that bill it.

Usage is billed in arrears: once a period is over, its whole volume is priced,
and what earlier invoices said of it is taken off.
"""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import pricing


def lines(
    conn: sa.Connection,
    sub: sa.Row[Any],
    prices: Sequence[pricing.Price],
    period: calendar.Period,
    currency: str,
) -> Iterator[dict[str, Any]]:
    """The lines that make what is posted for a period equal its usage.

    `period` is in local days of the account, also where the plan counts
    seconds; of `prices` those of meters count that are valid at its start.
    Each line has the columns of store.schema.lines up to `amount`, with
    `reason` and `corrects`; discount, net and taxes are the caller's. Their
    resources begin with METER, so that no other line is taken for one.
    """
    yield from ()


# What the resource of a metered line begins with.
METER = 'meter:'
