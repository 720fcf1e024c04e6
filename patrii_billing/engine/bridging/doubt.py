# SPDX-License-Identifier: Apache-2.0
"""Whether a debt that another engine told of may have been paid since.

Before a server is shelved or deleted for it the engine is asked once more;
one that does not answer, is passive, or was not read lately, keeps the server.
"""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.engine.bridging import bills
from patrii_billing.engine.bridging import payments
from patrii_billing.engine.bridging import standing
from patrii_billing.engine import gather
from patrii_billing.engine import ports
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import bridges
from patrii_billing.store import invoices
from patrii_billing.store import subscriptions


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
        paid: Sequence[bridge.Payment] = ()
        if by.engine.invoices is bridge.Owner.OURS:
            paid = by.engine.payments(known.customer)
        return tools.db.write(
            _fold, tools, by, known.customer, unpaid, paid, tools.now()
        )
    except errors.BillingError as error:
        return f'{by.name} does not say what is owed: {error}'


def _fold(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    customer: str,
    unpaid: Sequence[bridge.Bill],
    paid: Sequence[bridge.Payment],
    now: dt.datetime,
) -> str | None:
    """What is open here and unpaid there no more was settled somehow.

    How is for the next reading to say, which is asked for at once.
    """
    for bill in unpaid:
        bills.fold(conn, tools, by, bill, now)
    for payment in paid:
        payments.fold(conn, tools, by, payment, now)
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
    sub = subscriptions.get(conn, subscription_id)
    said = known.said.get
    same = said('customer', known.customer) == known.customer
    if not same or said('project') not in (None, sub.project):
        return f'{name} has the contract for another: {known.why}'
    if name not in tools.bridges:
        return f'{name}, where it is invoiced, is not connected'
    amber = standing.amber(conn, tools.settings, name, now)
    if amber is not None:
        return amber
    doubtful = bridges.doubtful(conn, name, known.customer)
    free = 0
    for row in doubtful:
        if not _is_free(row):
            return f'{name}: {row.ref} is not understood: {row.why}'
        free += row.said['free']
    if free and free >= _past_due(conn, tools, sub, now):
        return f'{name}: {doubtful[0].ref} may pay it: {doubtful[0].why}'
    return None


def _is_free(row: sa.Row[Any]) -> bool:
    """Whether it is known how much money it is, but not what it pays.

    Not where something else stands against it.
    """
    said = row.said.get
    return bool(
        row.state == LinkState.LINKED and said('free')
        and row.why == said('why')
    )  # fmt: skip


def _past_due(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    now: dt.datetime,
) -> int:
    """So much (minor units) would end his arrears."""
    due = sum(
        invoice.owed
        for invoice in invoices.open_of_subscription(conn, sub.id)
        if invoice.due_at <= now
    )
    return int(due - gather.policy(conn, tools, sub).tolerance)
