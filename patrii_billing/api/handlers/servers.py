# SPDX-License-Identifier: Apache-2.0
"""Servers, and their owner's word to delete what our lock keeps from him."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.api.handlers import own
from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import server as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import lifecycle
from patrii_billing.engine import relinquishing as engine
from patrii_billing import errors
from patrii_billing.store.views import fleet


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    query = fleet.query(
        account_id=call.own_account(asked.get('account_id')),
        project=asked.get('project_id'),
        name=asked.get('name'),
        custody=asked.get('custody'),
        deleted=asked.get('deleted'),
    )
    return paging.page(call, conn, 'servers', query, fleet.KEYS, shown)


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    return shown(_mine(call, conn))


def delete(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    # It is its owner's request, and nobody else's.
    own.must_be(call, row.project, always=True)
    engine.request(
        conn, call.tools, row.id, call.now, call.by, call.body.get('why', '')
    )
    return show(call, conn)


def keep(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    own.must_be(call, row.project)
    engine.withdraw(
        conn, call.tools, row.id, call.now, call.by, call.body.get('why', '')
    )
    return show(call, conn)


def shown(row: sa.Row[Any]) -> dict[str, Any]:
    ground = row.deletion_ground
    if row.deletion_id is not None and ground is None:
        ground = str(lifecycle.Ground.LADDER)
    return {
        'id': row.id,
        'name': row.name,
        'project_id': row.project,
        'project_name': row.project_name,
        'account_id': row.account_id,
        'account_name': row.account,
        'flavor': row.flavor,
        'vm_state': row.vm_state,
        'told_at': shapes.instant(row.told_at),
        'created_at': shapes.instant(row.created_at),
        'deleted_at': shapes.instant(row.deleted_at),
        'subscription_id': row.subscription_id,
        'subscription_name': row.subscription,
        'custody': row.custody,
        'custody_why': row.custody_why,
        'custody_at': shapes.instant(row.custody_at),
        'case_id': row.case_id,
        'kept_until': shapes.instant(row.undo_until),
        'deletion_action_id': row.deletion_id,
        'deletion_ground': ground,
    }


def _mine(call: routes.Call, conn: sa.Connection) -> sa.Row[Any]:
    server_id = call.path['server_id']
    row = fleet.one(conn, server_id)
    if row is None or not call.scope.covers(row.account_id):
        raise errors.NotFound(f'there is no server {server_id}')
    return row


_ONE = '/v1/servers/{server_id}'
ROUTES = (
    routes.Route(
        method='GET', path='/v1/servers', rule='billing:server:list',
        handler=index, summary='List servers',
        description='Those that the books know, with what nova last told of '
        'them beside what we did to them and who pays.',
        query=schemas.LIST, answer=base.page('servers', schemas.SERVER),
    ),
    routes.Route(
        method='GET', path=_ONE, rule='billing:server:show', handler=show,
        summary='Show a server', answer=schemas.SERVER,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/delete', rule='billing:server:delete',
        handler=delete, status=202,
        summary='Have a server deleted that our lock keeps from its owner',
        description='Only a server that we shelved, and only with a token of '
        'its very project. It goes by the caps and the switches of every '
        'delete; what can be kept of it is kept for the undo span, and it is '
        'billed up to that day. Asked for again it is the same request.',
        body=schemas.WORD, answer=schemas.SERVER,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/keep', rule='billing:server:keep',
        handler=keep, summary='Take back the request to delete a server',
        description='As long as it is not carried out.',
        body=schemas.WORD, answer=schemas.SERVER,
    ),
)  # fmt: skip
