# SPDX-License-Identifier: Apache-2.0
"""What other systems are told."""

import json
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import event as schemas
from patrii_billing.api import shapes
from patrii_billing.engine import events as engine
from patrii_billing import errors
from patrii_billing.store import deliveries
from patrii_billing.store.views import happenings


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    query = happenings.query(
        account_id=call.own_account(asked.get('account_id')),
        type_=asked.get('type'), state=asked.get('state'),
        key=asked.get('key'),
    )  # fmt: skip
    return paging.page(
        call, conn, 'events', query, happenings.KEYS, _shown, first='id:desc'
    )


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    return _whole(conn, _known(call, conn))


def redeliver(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _known(call, conn)
    engine.redeliver(
        conn, row.id, call.now, call.by, call.body.get('listeners', ())
    )
    return _whole(conn, _known(call, conn))


def _known(call: routes.Call, conn: sa.Connection) -> sa.Row[Any]:
    event_id = call.path['event_id']
    row = happenings.one(conn, event_id)
    if row is None or not call.scope.covers(row.account_id):
        raise errors.NotFound(f'there is no event {event_id}')
    return row


def _whole(conn: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
    return {
        **_shown(row),
        'deliveries': [
            {
                'listener': one.listener,
                'state': one.state,
                'attempts': one.attempts,
                'answer': one.answer,
                'since': shapes.instant(one.since),
                'next_at': shapes.instant(one.next_at),
                'settled_at': shapes.instant(one.settled_at),
            }
            for one in deliveries.of_events(conn, [row.id])
        ],
        'body': None if row.body is None else json.loads(row.body),
    }


def _shown(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'key': row.key,
        'type': row.type,
        'at': shapes.instant(row.at),
        'account_id': row.account_id,
        'account_name': row.account,
        'subscription_id': row.subscription_id,
        'subscription_name': row.subscription,
        'server_id': row.server,
        'name': row.name,
        'why': row.why,
        'by': row.by,
        'request_id': row.request_id,
        'pending': row.pending,
        'delivered': row.delivered,
        'dead': row.dead,
    }


_ONE = '/v1/events/{event_id}'
ROUTES = (
    routes.Route(
        method='GET', path='/v1/events', rule='billing:event:list',
        handler=index, summary='List events',
        description='What other systems are told by webhooks and '
        'notifications, the newest first. Nothing is kept where nobody is to '
        'be told, and only for some days.',
        query=schemas.LIST, answer=base.page('events', schemas.EVENT),
    ),
    routes.Route(
        method='GET', path=_ONE, rule='billing:event:show', handler=show,
        summary='Show an event',
        description='As it is sent, and how far it came with each listener.',
        answer=schemas.WHOLE,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/redeliver',
        rule='billing:event:redeliver', handler=redeliver,
        summary='Tell an event again',
        description='To those who did not take it for days, or to those who '
        'are named, whether they have it or not.',
        body=schemas.REDELIVER, answer=schemas.WHOLE,
    ),
)  # fmt: skip
