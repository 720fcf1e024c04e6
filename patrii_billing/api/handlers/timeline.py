# SPDX-License-Identifier: Apache-2.0
"""What happened, when, why and by whom."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import timeline as schemas
from patrii_billing.api import shapes
from patrii_billing.store.views import history


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    query = history.query(
        conn,
        account_id=call.own_account(asked.get('account_id')),
        subscription_id=asked.get('subscription_id'),
        server=asked.get('server_id'), what=asked.get('what'),
        since=shapes.maybe(asked.get('since')),
        until=shapes.maybe(asked.get('until')),
    )  # fmt: skip
    return paging.page(
        call, conn, 'timeline', query, history.KEYS, _shown, first='id:desc'
    )  # fmt: skip


def _shown(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'at': shapes.instant(row.at),
        'what': row.what,
        'name': row.name,
        'why': row.why,
        'by': row.by,
        'account_id': row.account_id,
        'account_name': row.account,
        'currency': row.currency,
        'subscription_id': row.subscription_id,
        'subscription_name': row.subscription,
        'server_id': row.server,
        'server_name': row.server_name,
        'request_id': row.request_id,
        'detail': row.detail,
    }


ROUTES = (
    routes.Route(
        method='GET', path='/v1/timeline', rule='billing:timeline:list',
        handler=index, summary='Read the timeline',
        description='Everything that was decided and done, the newest first; '
        '`sort=id` reads it from the beginning.',
        query=schemas.LIST, answer=base.page('timeline', schemas.ENTRY),
    ),
)  # fmt: skip
