# SPDX-License-Identifier: Apache-2.0
"""Books for a test: the real schema in memory, and customers to put in."""

from collections.abc import Sequence
import datetime as dt
import decimal
from typing import Any

import fixtures
from oslotest import base
import sqlalchemy as sa

from patrii_billing.domain import heard
from patrii_billing.domain import lifecycle
from patrii_billing.store import accounts
from patrii_billing.store import database
from patrii_billing.store import memory
from patrii_billing.store import payments
from patrii_billing.store import plans
from patrii_billing.store import servers
from patrii_billing.store import subscriptions

NEW_YEAR = dt.date(2026, 1, 1)
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

# (kind, resource, unit price) of the sample plan.
PRICES = (('flavor', 's1', '10.00'), ('flavor', 's2', '20.00'))


class Books(fixtures.Fixture):
    """An empty in-memory database with every table, for one test."""

    database: database.Database

    def _setUp(self) -> None:
        self.database = memory.books()
        self.addCleanup(self.database.engine.dispose)


class BooksTestCase(base.BaseTestCase):
    """Each test has empty books."""

    def setUp(self) -> None:
        super().setUp()
        self.db = self.useFixture(Books()).database


def account(conn: sa.Connection, /, name: str = 'acme', **values: Any) -> int:
    """Add a customer who pays in euros and lives by UTC; its id."""
    return accounts.add(
        conn,
        name,
        NOW,
        **{
            'currency': 'EUR',
            'contacts': [f'billing@{name}.example'],
            **values,
        },
    )


def project(
    conn: sa.Connection, account_id: int, project_id: str = 'acme-prod'
) -> str:
    """Add a project whose name is its id; the id."""
    accounts.add_project(conn, project_id, project_id, account_id)
    return project_id


def plan(
    conn: sa.Connection,
    /,
    name: str = 'vps',
    cycle: str = 'month',
    prices: Sequence[tuple[str, str, str]] = PRICES,
    **values: Any,
) -> int:
    """Add a plan in euros that has a price for flavors s1 and s2; its id."""
    plan_id = plans.add(
        conn, name, now=NOW, cycle=cycle, **{'currency': 'EUR', **values}
    )
    for kind, resource, price in prices:
        plans.add_price(conn, plan_id, kind, resource, decimal.Decimal(price))
    return plan_id


def subscription(
    conn: sa.Connection, /, name: str = 'acme-1', **values: Any
) -> int:
    """Add a live subscription since New Year, paid until 1 February; its id.

    The account `acme`, the plan `vps` and the project `acme-prod` are added
    for it unless an id is given; the project of an account without one is
    called as the subscription is.
    """
    if 'account_id' not in values:
        values['account_id'] = account(conn)
        values.setdefault('project', 'acme-prod')
    if 'plan_id' not in values:
        values['plan_id'] = plan(conn)
    values.setdefault('project', name)
    if accounts.project(conn, values['project']) is None:
        project(conn, values['account_id'], values['project'])
    defaults = {
        'anchor_day': 1,
        'start': NEW_YEAR,
        'billed_until': dt.date(2026, 2, 1),
        'charge_at': dt.datetime(2026, 1, 25, tzinfo=dt.UTC),
    }
    return subscriptions.add(conn, name, NOW, **{**defaults, **values})


def server(conn: sa.Connection, /, server_id: str, **values: Any) -> None:
    """A server of acme-prod, of flavor s1 since NOW."""
    new = heard.Server(
        server_id, 'acme-prod', server_id, 's1', 'active', NOW, NOW
    )
    servers.add_all(conn, [new])
    if values:
        servers.change(conn, server_id, **values)


def payment(
    conn: sa.Connection,
    /,
    account_id: int = 1,
    amount: int = 1000,
    **values: Any,
) -> int:
    """Add money received at New Year and not allocated (cents); its id."""
    defaults = {
        'state': lifecycle.PaymentState.RECEIVED,
        'free': amount,
        'currency': 'EUR',
        'key': 'transfer-1',
        'body_hash': '',
        'reference': '',
        'received_at': NOW,
        'by': 'bank',
    }
    return payments.add(
        conn, account_id=account_id, amount=amount, **{**defaults, **values}
    )
