# SPDX-License-Identifier: Apache-2.0
"""Money that came in."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import payment as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import money
from patrii_billing.engine import payments as engine
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import credits
from patrii_billing.store.views import movements


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    query = movements.query(
        account_id=call.own_account(call.query.get('account_id')),
        state=call.query.get('state'),
    )
    return paging.page(
        call, conn, 'payments', query, movements.KEYS, shown, first='id:desc'
    )


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    payment_id = call.path['payment_id']
    row = movements.one(conn, payment_id)
    if row is None or not call.scope.covers(row.account_id):
        raise errors.NotFound(f'there is no payment {payment_id}')
    return shown(row)


def create(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    said = call.body
    key = said.get('key') or call.key
    if key is None:
        raise errors.InvalidInput(
            'is missing, and there is no Idempotency-Key', 'key'
        )
    account = accounts.find(conn, said['account_id'])
    currency = account.currency
    if said.get('currency', currency) != currency:
        raise errors.InvalidInput(
            f'{account.name} pays in {currency}', 'currency'
        )
    payment_id = engine.record(
        conn, call.tools, account.id,
        money.parse(said['amount'], currency, 'amount'), key, call.now,
        reference=said.get('reference', ''), by=call.by,
        pending=said.get('pending', False),
        invoice_ids=[
            credits.by_number(conn, number).id
            for number in said.get('invoices', ())
        ],
    )  # fmt: skip
    row = movements.one(conn, payment_id)
    assert row is not None  # noqa: S101 - it was recorded just now
    return shown(row)


def shown(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'account_id': row.account_id,
        'account_name': row.account,
        'kind': row.kind,
        'state': row.state,
        'amount': money.plain(row.amount, row.currency),
        'free': money.plain(row.free, row.currency),
        'currency': row.currency,
        'key': row.key,
        'reference': row.reference,
        'received_at': shapes.instant(row.received_at),
        'in_transit_until': shapes.instant(row.in_transit_until),
        'source': row.source,
        'payer': row.payer,
        'remittance': row.remittance,
        'by': row.by,
    }


ROUTES = (
    routes.Route(
        method='GET', path='/v1/payments', rule='billing:payment:list',
        handler=index, summary='List payments', query=schemas.LIST,
        answer=base.page('payments', schemas.PAYMENT),
    ),
    routes.Route(
        method='POST', path='/v1/payments', rule='billing:payment:create',
        handler=create, summary='Record a payment', status=201,
        description='It pays the oldest invoices, cancels what is pending '
        'against the account and restores its servers. The same key again '
        'records nothing; a pending one is recorded again when it arrives.',
        body=schemas.CREATE, answer=schemas.PAYMENT,
    ),
    routes.Route(
        method='GET', path='/v1/payments/{payment_id}',
        rule='billing:payment:show', handler=show, summary='Show a payment',
        answer=schemas.PAYMENT,
    ),
)  # fmt: skip
