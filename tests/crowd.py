# SPDX-License-Identifier: Apache-2.0
"""Many customers at once, whose next period is due at the same instant."""

import datetime as dt
import decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import standing
from patrii_billing.engine import ports
from patrii_billing.engine import settings
from patrii_billing.engine import tools as toolbox
from patrii_billing.sim import clock as clocks
from patrii_billing.sim import cloud as clouds
from patrii_billing.sim import mailbox
from patrii_billing.store import database
from patrii_billing.store import schema
from tests import books

FEBRUARY = dt.date(2026, 2, 1)
MARCH = dt.date(2026, 3, 1)
# A week before 1 February, when the invoice of February is due.
DUE = dt.datetime(2026, 1, 25, tzinfo=dt.UTC)


def tools(
    db: database.Database, now: dt.datetime = DUE, **pace: Any
) -> toolbox.Tools:
    """What a worker of its own has, over a cloud with nothing in it."""
    clock = clocks.Clock(now)
    nova = clouds.Nova(clock)
    return toolbox.Tools(
        db=db,
        cloud=ports.Cloud(
            nova, clouds.Keeper(nova), clouds.Quotas(nova), clouds.Projects()
        ),
        voice=mailbox.Voice(),
        clock=clock,
        settings=settings.Settings(dry_run=False, silence=None, **pace),
    )


def gather(conn: sa.Connection, first: int, count: int) -> None:
    """Add so many, from a number on, each with a server paid for January.

    The first of all needs a plan, see books.plan.
    """
    numbers = range(first, first + count)
    place = vars_of(standing.Position())
    conn.execute(schema.accounts.insert(), [_account(n) for n in numbers])
    conn.execute(
        schema.projects.insert(),
        [
            {'id': f'project-{n}', 'name': f'project-{n}', 'account_id': n}
            for n in numbers
        ],
    )
    conn.execute(schema.servers.insert(), [_server(n) for n in numbers])
    conn.execute(schema.levels.insert(), [_level(n) for n in numbers])
    conn.execute(
        schema.subscriptions.insert(),
        [{**_subscription(n), **place} for n in numbers],
    )
    conn.execute(
        schema.terms.insert(),
        [
            {
                'subscription_id': n,
                'since': books.NEW_YEAR,
                'plan_id': 1,
                'anchor_day': 1,
            }
            for n in numbers
        ],
    )


def vars_of(place: standing.Position) -> dict[str, Any]:
    return {
        'step': place.step,
        'reminder': place.reminder,
        'round': place.round,
        'late': place.late,
    }


def _account(number: int) -> dict[str, Any]:
    return {
        'id': number,
        'name': f'customer-{number}',
        'contacts': [f'billing@customer-{number}.example'],
        'locale': 'en',
        'timezone': 'Europe/Paris',
        'currency': 'EUR',
        'policy': {},
        'taxes': [{'name': 'VAT', 'rate': '20'}],
        'version': 0,
        'created_at': books.NOW,
    }


def _server(number: int) -> dict[str, Any]:
    return {
        'id': f'server-{number}',
        'project': f'project-{number}',
        'name': f'web-{number}',
        'flavor': 's1',
        'vm_state': 'active',
        'created_at': books.NOW,
        'told_at': books.NOW,
    }


def _level(number: int) -> dict[str, Any]:
    return {
        'project': f'project-{number}',
        'server': f'server-{number}',
        'resource': 's1',
        'quantity': decimal.Decimal(1),
        'at': books.NOW,
        'why': 'created',
        'key': f'level-{number}',
    }


def _subscription(number: int) -> dict[str, Any]:
    return {
        'id': number,
        'name': f'subscription-{number}',
        'account_id': number,
        'plan_id': 1,
        'project': f'project-{number}',
        'anchor_day': 1,
        'start': books.NEW_YEAR,
        'billed_until': FEBRUARY,
        'charge_at': DUE,
        'contract': 'live',
        'billing_status': 'active',
        'status_since': books.NOW,
        'enforces': f'project-{number}',
        'policy': {},
        'created_at': books.NOW,
    }
