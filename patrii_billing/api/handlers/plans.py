# SPDX-License-Identifier: Apache-2.0
"""Plans and their prices."""

from collections.abc import Iterable
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import plan as schemas
from patrii_billing.api import shapes
from patrii_billing.engine import pricelists as engine
from patrii_billing import errors
from patrii_billing.store import plans
from patrii_billing.store.views import pricelists


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    query = pricelists.listed(
        name=call.query.get('name'), currency=call.query.get('currency')
    )
    page = paging.page(
        call, conn, 'plans', query, pricelists.KEYS, _own, first='name'
    )
    page['plans'] = _priced(conn, page['plans'])
    return page


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    return shown(conn, call.path['plan_id'])


def create(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    plan_id = engine.create(
        conn, call.body, call.door.defaults.currency, call.now, call.by
    )
    return shown(conn, plan_id)


def change(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    plan_id = call.path['plan_id']
    engine.change(conn, plan_id, call.body, call.now, call.by)
    return shown(conn, plan_id)


def delete(call: routes.Call, conn: sa.Connection) -> None:
    engine.delete(conn, call.path['plan_id'], call.now, call.by)


def add_price(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    price_id = engine.add_price(
        conn, call.path['plan_id'], call.body, call.now, call.by
    )
    return _price(plans.one_price(conn, price_id))


def end_price(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    price_id, until = call.path['price_id'], call.body['valid_until']
    engine.end_price(
        conn, call.path['plan_id'], price_id,
        None if until is None else dt.date.fromisoformat(until),
        call.now, call.by,
    )  # fmt: skip
    return _price(plans.one_price(conn, price_id))


def shown(conn: sa.Connection, plan_id: int) -> dict[str, Any]:
    """A plan with its prices. Raises NotFound."""
    query = pricelists.listed(plan_id=plan_id)
    row = conn.execute(query).one_or_none()
    if row is None:
        raise errors.NotFound(f'there is no plan {plan_id}')
    [plan] = _priced(conn, [_own(row)])
    return plan


def _own(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'name': row.name,
        'currency': row.currency,
        'cycle': row.cycle,
        'unit': row.unit,
        'same_day': row.same_day,
        'trial_days': row.trial_days,
        'tax_inclusive': row.tax_inclusive,
        'policy': row.policy,
        'created_at': shapes.instant(row.created_at),
    }


def _priced(
    conn: sa.Connection, found: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Plans with the prices of all of them, which are read at once."""
    priced = {plan['id']: {**plan, 'prices': []} for plan in found}
    for row in plans.prices_of(conn, priced.keys()):
        priced[row.plan_id]['prices'].append(_price(row))
    return list(priced.values())


def _price(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'kind': row.kind,
        'resource': row.resource,
        'unit_price': shapes.exact(row.unit_price),
        'valid_from': shapes.day(row.valid_from),
        'valid_until': shapes.day(row.valid_until),
        'included': shapes.exact(row.included),
        'tiers': row.tiers or [],
        'tiering': row.tiering,
        'at_once': row.at_once,
        'per': shapes.exact(row.per),
        'unit': row.unit,
    }


_ONE = '/v1/plans/{plan_id}'
ROUTES = (
    routes.Route(
        method='GET', path='/v1/plans', rule='billing:plan:list',
        handler=index, summary='List plans', query=schemas.LIST,
        answer=base.page('plans', schemas.PLAN),
    ),
    routes.Route(
        method='POST', path='/v1/plans', rule='billing:plan:create',
        handler=create, summary='Enter a plan', status=201,
        description='With its prices. The same again enters nothing, and '
        'answers the plan that is there.',
        body=schemas.CREATE, answer=schemas.PLAN,
    ),
    routes.Route(
        method='GET', path=_ONE, rule='billing:plan:show', handler=show,
        summary='Show a plan', answer=schemas.PLAN,
    ),
    routes.Route(
        method='PATCH', path=_ONE, rule='billing:plan:update',
        handler=change, summary='Change a plan',
        description='The policy is merged term by term, null takes away; who '
        'has the plan is judged anew by it. Another invoice_lead counts from '
        'the invoice after the next one. Trial days are for new contracts.',
        body=schemas.CHANGE, answer=schemas.PLAN,
    ),
    routes.Route(
        method='DELETE', path=_ONE, rule='billing:plan:delete',
        handler=delete, summary='Delete a plan', status=204,
        description='Only one that no subscription has, had or will have.',
        answer={},
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/prices', rule='billing:plan:add_price',
        handler=add_price, summary='Add a price to a plan', status=201,
        description='Where the resource has a price already another one must '
        'begin after today. The same again adds nothing.',
        body=schemas.ADD_PRICE, answer=schemas.PRICE,
    ),
    routes.Route(
        method='PATCH', path=f'{_ONE}/prices/{{price_id}}',
        rule='billing:plan:end_price', handler=end_price,
        summary='Say until when a price is valid',
        description='A day after today; null, and it has no end.',
        body=schemas.END_PRICE, answer=schemas.PRICE,
    ),
)  # fmt: skip
