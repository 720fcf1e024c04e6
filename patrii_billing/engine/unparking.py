# SPDX-License-Identifier: Apache-2.0
"""Bill a parked account again, once a person has looked at it."""

import dataclasses
import datetime as dt
from decimal import Decimal

import sqlalchemy as sa

from patrii_billing.domain import bounds
from patrii_billing.engine import charge
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

_ALL = 10**9
# For what a person has seen, and found right.
_NO_LIMITS = bounds.Limits(_ALL, _ALL, _ALL, Decimal(_ALL), _ALL, _ALL)


def bill(
    conn: sa.Connection,
    tools: toolbox.Tools,
    account_id: int,
    now: dt.datetime,
    by: str,
    why: str = '',
    accept: bool = False,
) -> None:
    """Charge a parked account's subscriptions again, from where they stopped.

    With `accept` what is due now is issued beyond all bounds but one: no more
    is given back than was billed. Raises Conflict for one that is not parked.
    """
    accounts.lock(conn, account_id)
    account = accounts.get(conn, account_id)
    if account.parked_why is None:
        raise errors.Conflict(f'{account.name} is not parked')
    accounts.change(conn, account_id, parked_why=None)
    timeline.record(
        conn, now, 'account', 'billed again', why, account_id=account_id,
        by=by, was=account.parked_why,
    )  # fmt: skip
    for sub in subscriptions.of_account(conn, account_id):
        subscriptions.settle(conn, sub.id, now)
        stopped = sub.charge_at is None
        if stopped and sub.billing_status not in charge.SUSPENDED:
            charge.schedule(conn, tools, sub)
    if accept:
        settings = dataclasses.replace(tools.settings, limits=_NO_LIMITS)
        tools = dataclasses.replace(tools, settings=settings)
        charge.charge_account(conn, tools, account_id, now)
