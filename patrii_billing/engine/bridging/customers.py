# SPDX-License-Identifier: Apache-2.0
"""Customers of another engine, as accounts.

A customer becomes an account with his first contract that can be taken over:
who subscribed nothing of ours is no customer of ours.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.engine.bridging import records
from patrii_billing.engine import customers
from patrii_billing.engine import ports
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import bridges

# What an account may take of a customer, where it is not kept here.
FIELDS = ('name', 'contacts', 'locale', 'timezone', 'address')
_NOT_YET = 'has no contract here yet'


def fold(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    customer: bridge.Customer,
    now: dt.datetime,
) -> None:
    """Keep what is said of him, and follow it where he has an account.

    Raises BillingError for what an account cannot be.
    """
    records.check(customer)
    known = bridges.link(conn, by.name, bridges.CUSTOMER, customer.ref)
    account_id = known.account_id if known is not None else None
    if account_id is not None:
        row = accounts.get(conn, account_id)
        said = _said(by, customer)
        if row.currency != customer.currency:
            raise errors.Conflict(
                f'{row.name} pays in {row.currency} here, and in '
                f'{customer.currency} there'
            )
        customers.change(conn, tools, account_id, said, now, by.name)
    linked = account_id is not None
    bridges.put(
        conn, by.name, bridges.CUSTOMER, customer.ref, now,
        customer=customer.ref, said=records.written(customer),
        state=LinkState.LINKED if linked else LinkState.WAITING,
        why=None if linked else _NOT_YET,
    )  # fmt: skip


def account(
    conn: sa.Connection, by: ports.Bridge, ref: str, now: dt.datetime
) -> int:
    """The account of a customer, entered where there is none yet.

    Raises Conflict where another account has his name: two customers may be
    called the same. It is joined by its external reference.
    """
    known = bridges.link(conn, by.name, bridges.CUSTOMER, ref)
    if known is None:
        raise errors.NotFound(f'its customer {ref} was not read')
    if known.account_id is not None:
        return int(known.account_id)
    customer = records.customer(known.said, now)
    account_id = _join(conn, by, customer)
    if account_id is None:
        body = {
            **by.new_account, 'name': customer.name,
            'currency': customer.currency, 'external_ref': ref,
            **_said(by, customer, new=True),
        }  # fmt: skip
        account_id = customers.create(
            conn, body, customers.Defaults(), now, by.name
        )
    bridges.change(
        conn, known.id, account_id=account_id, state=LinkState.LINKED,
        why=None,
    )  # fmt: skip
    return account_id


def _join(
    conn: sa.Connection, by: ports.Bridge, customer: bridge.Customer
) -> int | None:
    """The account that a person has entered for him before."""
    for row in accounts.by_external_ref(conn, customer.ref):
        taken = bridges.of_account(conn, by.name, row.id)
        if taken is None and row.currency == customer.currency:
            return int(row.id)
    try:
        same = accounts.by_name(conn, customer.name)
    except errors.NotFound:
        return None
    raise errors.Conflict(
        f'another account is called {same.name}: if it is his, give it the '
        f'external reference {customer.ref}'
    )


def _said(
    by: ports.Bridge, customer: bridge.Customer, new: bool = False
) -> dict[str, Any]:
    """What an account follows; of a new one also what it keeps itself."""
    said: dict[str, Any] = {
        'name': customer.name,
        'contacts': None
        if customer.contacts is None
        else list(customer.contacts),
        'locale': customer.locale,
        'timezone': customer.timezone,
        'address': customer.address and dict(customer.address),
    }
    return {
        name: value
        for name, value in said.items()
        if value is not None and (new or name not in by.ours)
    }
