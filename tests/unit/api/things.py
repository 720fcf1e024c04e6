# SPDX-License-Identifier: Apache-2.0
"""Something of acme's for each name that stands in a path."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.simulation import world as worlds
from patrii_billing.store import database
from patrii_billing.store import schema
from tests import doors


def _event(conn: sa.Connection, account_id: int) -> int:
    """One that nobody listens to."""
    return database.insert(
        conn, schema.events, key='evt-1', type='invoice.issued', name='issued',
        at=doors.START, account_id=account_id, why='', by='', detail={},
    )  # fmt: skip


def _receipt(conn: sa.Connection) -> int:
    """What a gateway told, and a person is to look at."""
    return database.insert(
        conn, schema.receipts, source='gateway', message_id='msg-1',
        body_hash='', body='{}', state='parked', type='', why='',
        received_at=doors.START,
    )  # fmt: skip


def of_acme(world: doors.Door) -> dict[str, str]:
    """As it is written there; what is not there yet is entered."""

    def first(table: sa.Table, **values: Any) -> Any:
        found = sa.select(table).filter_by(**values).order_by(table.c.id)
        return world.tools.db.read(
            lambda conn: conn.execute(found.limit(1)).one()
        )

    admin = world.client()

    def entered(path: str, **body: Any) -> Any:
        answer = admin.post(f'/v1/{path}', json=body)
        assert answer.status_code < 300, answer.data
        return answer.json

    acme = first(schema.accounts, name='acme').id
    sub = first(schema.subscriptions, account_id=acme).id
    invoice = first(schema.invoices, account_id=acme)
    paid = {'account_id': acme, 'amount': '1.00'}
    entered(f'subscriptions/{sub}/quota', quota={'cores': 10})
    found = {
        'account_id': acme,
        'action_id': first(schema.actions, account_id=acme).id,
        'credit_id': entered(
            'credits', why='acme asked', key='acme-1', **paid
        )['id'],
        'event_id': world.tools.db.write(_event, acme),
        'hold_id': entered(
            f'subscriptions/{sub}/holds', type='abuse', reason='acme mines'
        )['id'],
        'notice_id': first(schema.notices, account_id=acme).id,
        'number': f'{invoice.series}-{invoice.number:06d}',
        'payment_id': entered('payments', key='acme-2', **paid)['id'],
        'plan_id': first(schema.plans).id,
        'price_id': first(schema.prices).id,
        'project_id': 'acme-project',
        'receipt_id': world.tools.db.write(_receipt),
        'server_id': worlds.server_id('acme-web'),
        'source': 'bank',
        'subscription_id': sub,
    }
    return {name: str(value) for name, value in found.items()}
