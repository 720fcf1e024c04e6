# SPDX-License-Identifier: Apache-2.0
"""Let the ladder of a subscription stand still."""

from collections.abc import Mapping
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.api.handlers import subscriptions as subscribed
from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import hold as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import lifecycle
from patrii_billing.engine import holds as engine
from patrii_billing import errors
from patrii_billing.store import subscriptions
from patrii_billing.store.views import contracts


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    query = contracts.holds(subscribed.mine(call, conn).id)
    return paging.page(
        call, conn, 'holds', query, contracts.HOLD_KEYS,
        lambda row: shown(call, row),
    )  # fmt: skip


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    return shown(call, _mine(call, conn))


def create(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    said = call.body
    hold_id = engine.place(
        conn, call.tools, subscribed.mine(call, conn).id,
        lifecycle.HoldType(said['type']), _end(said),
        said['reason'], call.by, call.now,
    )  # fmt: skip
    return shown(call, subscriptions.hold(conn, hold_id))


def change(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    engine.prolong(
        conn, call.tools, _mine(call, conn).id, _end(call.body),
        call.body.get('why', ''), call.by, call.now,
    )  # fmt: skip
    return show(call, conn)


def release(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    engine.release_one(
        conn, call.tools, _mine(call, conn).id, call.by, call.now,
        call.body.get('why', ''),
    )  # fmt: skip
    return show(call, conn)


def shown(call: routes.Call, row: sa.Row[Any]) -> dict[str, Any]:
    staff = call.scope.everything
    return {
        'id': row.id,
        'subscription_id': row.subscription_id,
        'type': row.type,
        'in_force': not engine.is_over(row, call.now),
        'starts_at': shapes.instant(row.starts_at),
        'until': shapes.instant(row.until),
        'ended_at': shapes.instant(row.ended_at),
        'reason': row.reason if staff else None,
        'by': row.by if staff else None,
    }


def _mine(call: routes.Call, conn: sa.Connection) -> sa.Row[Any]:
    sub, hold_id = subscribed.mine(call, conn), call.path['hold_id']
    hold = subscriptions.hold(conn, hold_id)
    if hold.subscription_id != sub.id:
        raise errors.NotFound(f'there is no hold {hold_id}')
    return hold


def _end(said: Mapping[str, Any]) -> dt.date | None:
    text = said.get('until')
    return None if text is None else shapes.day_or_moment(text)


_ALL = '/v1/subscriptions/{subscription_id}/holds'
_ONE = f'{_ALL}/{{hold_id}}'
ROUTES = (
    routes.Route(
        method='GET', path=_ALL, rule='billing:hold:list', handler=index,
        summary='List the holds of a subscription',
        description='Those in force, and those that were.',
        query=schemas.LIST, answer=base.page('holds', schemas.HOLD),
    ),
    routes.Route(
        method='POST', path=_ALL, rule='billing:hold:create', handler=create,
        summary='Place a hold', status=201,
        description="What is left of the next step's span is frozen, and "
        'given back at its end. One of each type may be in force.',
        body=schemas.CREATE, answer=schemas.HOLD,
    ),
    routes.Route(
        method='GET', path=_ONE, rule='billing:hold:show', handler=show,
        summary='Show a hold', answer=schemas.HOLD,
    ),
    routes.Route(
        method='PATCH', path=_ONE, rule='billing:hold:update', handler=change,
        summary='Give a hold another end',
        description='Only one that is in force.',
        body=schemas.CHANGE, answer=schemas.HOLD,
    ),
    routes.Route(
        method='DELETE', path=_ONE, rule='billing:hold:delete',
        handler=release, summary='Release a hold before its end',
        description='What was left of the span is given back from now on. '
        'It stays in the list.',
        body=schemas.WORD, answer=schemas.HOLD,
    ),
)  # fmt: skip
