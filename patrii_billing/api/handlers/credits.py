# SPDX-License-Identifier: Apache-2.0
"""Money that a customer need not pay: goodwill, and what documents left."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.api.handlers import payments
from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import payment as schemas
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.engine import payments as engine
from patrii_billing.engine import refunds
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store.views import movements

_KIND = lifecycle.PaymentKind.CREDIT
_SERVICE = 'service'


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    wanted = movements.Wanted(
        account_id=call.own_account(call.query.get('account_id')),
        key=call.query.get('key'),
        kind=_KIND,
    )
    return paging.page(
        call, conn, 'credits', movements.query(wanted), movements.KEYS,
        lambda row: payments.for_caller(call, shown(row)),
        first='id:desc', orders=wanted.orders(),
    )  # fmt: skip


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    return payments.for_caller(call, _whole(conn, _mine(call, conn)))


def create(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    said = call.body
    account = accounts.find(conn, said['account_id'])
    currency = said.get('currency', account.currency)
    credit_id = engine.credit(
        conn, call.tools, account.id,
        money.parse(said['amount'], currency, 'amount'),
        payments.key_of(call), call.now, why=said['why'], by=call.by,
    )  # fmt: skip
    return _told(conn, credit_id)


def withdraw(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    refunds.withdraw(
        conn, call.tools, row.id, call.now, by=call.by,
        why=call.body.get('why', ''),
    )  # fmt: skip
    return _told(conn, row.id)


def refund(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    refunds.refund(
        conn, call.tools, row.id, payments.amount_of(call, row),
        payments.key_of(call), call.now, by=call.by,
        why=call.body.get('why', ''),
    )  # fmt: skip
    return _told(conn, row.id)


def _mine(call: routes.Call, conn: sa.Connection) -> sa.Row[Any]:
    credit_id = call.path['credit_id']
    row = movements.one(conn, credit_id)
    mine = row is not None and call.scope.covers(row.account_id)
    if row is None or not mine or row.kind != _KIND:
        raise errors.NotFound(f'there is no credit {credit_id}')
    return row


def _told(conn: sa.Connection, credit_id: int) -> dict[str, Any]:
    row = movements.one(conn, credit_id)
    assert row is not None  # noqa: S101 - it was written just now
    return _whole(conn, row)


def _whole(conn: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
    return shown(row) | payments.uses(conn, row)


def shown(row: sa.Row[Any]) -> dict[str, Any]:
    of_document = row.source == _SERVICE
    return payments.common(row) | {
        'source': 'document' if of_document else 'goodwill',
        'why': row.reference,
    }


ROUTES = (
    routes.Route(
        method='GET', path='/v1/credits', rule='billing:credit:list',
        handler=index, summary='List credits',
        description='What was given, and what documents left, the newest '
        'first; what is free of them is balance.',
        query=schemas.LIST_CREDITS,
        answer=base.page('credits', schemas.CREDIT),
    ),
    routes.Route(
        method='POST', path='/v1/credits', rule='billing:credit:create',
        handler=create, summary='Give a credit', status=201,
        description='Goodwill: it pays the oldest invoices, as a payment '
        'does. What an invoice billed wrongly is given back by a credit of '
        'that invoice instead, with its taxes.',
        body=schemas.CREATE_CREDIT, answer=schemas.WHOLE_CREDIT,
    ),
    routes.Route(
        method='GET', path='/v1/credits/{credit_id}',
        rule='billing:credit:show', handler=show, summary='Show a credit',
        answer=schemas.WHOLE_CREDIT,
    ),
    routes.Route(
        method='POST', path='/v1/credits/{credit_id}/withdraw',
        rule='billing:credit:withdraw', handler=withdraw,
        summary='Take a credit back that was a mistake',
        description='What it paid is owed again, due from now on.',
        body=schemas.WITHDRAW, answer=schemas.WHOLE_CREDIT,
    ),
    routes.Route(
        method='POST', path='/v1/credits/{credit_id}/refund',
        rule='billing:credit:refund', handler=refund,
        summary='Record that what is free of a credit was paid out',
        body=schemas.REFUND_CREDIT, answer=schemas.WHOLE_CREDIT,
    ),
)  # fmt: skip
