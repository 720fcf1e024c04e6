# SPDX-License-Identifier: Apache-2.0
"""What comes in the next days if nobody pays."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import forecast as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import forecast
from patrii_billing.domain import money
from patrii_billing.engine import forecast as engine
from patrii_billing import errors

_DAYS = 7
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Before the marker of those whose next step is asked for.
_NEAR = 'near-'
_TICK = dt.timedelta(microseconds=1)


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked, most = call.query, call.door.max_limit
    page = engine.page(
        conn, call.tools, call.now, asked.get('days', _DAYS),
        min(asked.get('limit', most), most), _after(asked.get('marker')),
        call.own_account(asked.get('account_id')),
        asked.get('subscription_id'),
        [forecast.Kind(kind) for kind in asked.get('kind', ())],
    )  # fmt: skip
    links = []
    if page.after is not None:
        href = paging.next_link(call, _marker(page.after))
        links = [{'rel': 'next', 'href': href}]
    return {
        'forecast': [_shown(one) for one in page.events],
        'forecast_links': links,
    }


def _marker(after: engine.Marker) -> str:
    ticks = (after.at - _EPOCH) // _TICK
    return f'{_NEAR if after.near else ""}{ticks}-{after.subscription_id}'


def _after(marker: str | None) -> engine.Marker | None:
    if marker is None:
        return None
    ticks, _, subscription_id = marker.removeprefix(_NEAR).partition('-')
    try:
        return engine.Marker(
            _EPOCH + int(ticks) * _TICK, int(subscription_id),
            marker.startswith(_NEAR),
        )  # fmt: skip
    except OverflowError:
        raise errors.InvalidInput('is no such marker', 'marker') from None


def _shown(one: engine.Foreseen) -> dict[str, Any]:
    coming = one.coming
    amount = None
    if coming.amount is not None:
        amount = money.plain(coming.amount, one.currency)
    return {
        'at': shapes.instant(coming.at),
        'not_before': coming.not_before,
        'kind': coming.kind,
        'account_id': one.account_id,
        'account_name': one.account,
        'subscription_id': one.subscription_id,
        'subscription_name': one.subscription,
        'project_id': one.project,
        'amount': amount,
        'currency': one.currency,
        'server_ids': list(coming.servers),
        'names': shapes.instant(coming.names),
    }


ROUTES = (
    routes.Route(
        method='GET', path='/v1/forecast', rule='billing:forecast:list',
        handler=index, summary='Look ahead',
        description='What will be invoiced, told, shelved and deleted if '
        'nobody pays: the next steps of the subscriptions that have any, the '
        'soonest first, each page in the order of time. Of some kinds '
        'alone those come first whose next step it is; a page may have '
        'nothing of them and yet not be the last. Mail servers and nova are '
        'taken to answer at once.',
        query=schemas.LIST, answer=base.page('forecast', schemas.EVENT),
    ),
)  # fmt: skip
