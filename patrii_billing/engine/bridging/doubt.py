# SPDX-License-Identifier: Apache-2.0
"""Whether a debt that another engine told of may have been paid since.

Before a server is shelved or deleted for it the engine is asked once more;
one that does not answer, or was not read lately, keeps the server.
"""

from collections.abc import Sequence
import datetime as dt

import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.engine.bridging import bills
from patrii_billing.engine.bridging import standing
from patrii_billing.engine import ports
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import bridges


def ask(tools: toolbox.Tools, subscription_id: int) -> str | None:
    """Ask the engine what is owed now, and bring the books to it.

    Why that is not known, or None. Not for within a unit of work.
    """
    known = tools.db.read(bridges.of_subscription, subscription_id)
    if known is None or known.bridge not in tools.bridges:
        return None  # `why_not` says what follows from that
    by = tools.bridges[known.bridge]
    try:
        unpaid = by.engine.bills(known.customer)
        return tools.db.write(
            _fold, tools, by, known.customer, unpaid, tools.now()
        )
    except errors.BillingError as error:
        return f'{by.name} does not say what is owed: {error}'


def _fold(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    customer: str,
    unpaid: Sequence[bridge.Bill],
    now: dt.datetime,
) -> str | None:
    """What is open here and unpaid there no more was settled somehow.

    How is for the next reading to say, which is asked for at once.
    """
    for bill in unpaid:
        bills.fold(conn, tools, by, bill, now)
    listed = {bill.ref for bill in unpaid}
    settled = [
        row.said['number']
        for row in bridges.open_bills(conn, by.name, customer)
        if row.ref not in listed
    ]
    if not settled:
        return None
    bridges.hasten(conn, by.name, now)
    return f'{by.name} does not list {", ".join(settled)} as unpaid any more'


def why_not(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    now: dt.datetime,
) -> str | None:
    """Why nothing may be done for what is owed in another engine."""
    known = bridges.of_subscription(conn, subscription_id)
    if known is None:
        return None
    name = known.bridge
    if known.state == LinkState.GONE:
        return f'{name} does not have the contract any more'
    if name not in tools.bridges:
        return f'{name}, where it is invoiced, is not connected'
    if not standing.is_fresh(bridges.get(conn, name), tools.settings, now):
        return f'{name} was not read lately'
    unknown = bridges.doubtful(conn, name, known.customer)
    if unknown is not None:
        return f'{name}: {unknown.ref} is not understood: {unknown.why}'
    return None
