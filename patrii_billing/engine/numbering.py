# SPDX-License-Identifier: Apache-2.0
"""Leave numbers out that were given before, by books that are lost.

What was mailed between a backup and the loss of what came after it has
numbers that these books would give again, to others.
"""

import datetime as dt

import sqlalchemy as sa

from patrii_billing.domain import numbering
from patrii_billing.domain import reference
from patrii_billing import errors
from patrii_billing.store import series
from patrii_billing.store import timeline
from patrii_billing.store.views import numbers


def skip_to(
    conn: sa.Connection,
    name: str,
    number: int,
    why: str,
    by: str,
    now: dt.datetime,
) -> numbering.Run:
    """Have a series go on with a number; which ones that leaves out.

    Raises NotFound for no series, InvalidInput without a reason or for a
    number that cannot be, Conflict for one that was reached already: then
    two documents could have it.
    """
    if not why.strip():
        raise errors.InvalidInput('must say why, for your auditor', 'why')
    known = series.following(conn)
    if name not in known:
        raise errors.NotFound(
            f'no series is called {name!r}; there are {", ".join(known)}'
        )
    try:
        reference.of_invoice(name, number)
    except errors.InvalidInput:
        raise errors.InvalidInput(
            'no document can have it', 'number'
        ) from None
    following = series.lock(conn, name)
    if number <= following:
        raise errors.Conflict(
            f'the next number of {name} is {following}: it can go forward '
            'only, to a greater one'
        )
    left_out = numbering.Run(name, following, number - 1)
    series.move(conn, name, number)
    timeline.record(
        conn, now, numbers.SKIPPED, name, why, by=by, result='skipped',
        first=left_out.first, last=left_out.last,
    )  # fmt: skip
    return left_out
