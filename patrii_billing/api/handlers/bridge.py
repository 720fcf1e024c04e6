# SPDX-License-Identifier: Apache-2.0
"""Another subscription engine, as the books have it; it is not asked."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import bridge as schemas
from patrii_billing.api import shapes
from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.engine.bridging import standing
from patrii_billing.store.views import waiting


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    for by in call.tools.bridges.values():
        stands = standing.look(conn, call.tools.settings, by.name, call.now)
        return {
            'name': by.name,
            'state': stands.state,
            'invoices': by.engine.invoices,
            **_read(stands.row),
            **_counted(stands),
        }
    nothing = dict.fromkeys(schemas.BRIDGE['properties'])
    return {**nothing, 'needs': [], 'failures': 0, 'waiting': 0, 'records': []}


def _read(row: sa.Row[Any] | None) -> dict[str, Any]:
    """How far it was read."""
    if row is None:
        told = dict.fromkeys(
            ('what', 'why', 'read_at', 'read_whole_at', 'next_at')
        )
        return {**told, 'needs': [], 'failures': 0}
    return {
        'what': row.what,
        'needs': row.needs,
        'why': row.why,
        'failures': row.failures,
        'read_at': shapes.instant(row.read_at),
        'read_whole_at': shapes.instant(row.read_whole_at),
        'next_at': shapes.instant(row.next_at),
    }


def _counted(stands: standing.Standing) -> dict[str, Any]:
    found = sorted(stands.records.items())
    return {
        'waiting': sum(
            count for (_, state), count in found if state == LinkState.WAITING
        ),
        'records': [
            {'kind': kind, 'state': state, 'records': count}
            for (kind, state), count in found
        ],
    }


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    name = next(iter(call.tools.bridges), '')
    query = waiting.query(name, kind=call.query.get('kind'))
    return paging.page(call, conn, 'waiting', query, waiting.KEYS, _waiting)


def _waiting(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'kind': row.kind,
        'ref': row.ref,
        'name': row.said.get('name') or row.said.get('number'),
        'customer': row.customer,
        'why': row.why,
        'said': row.said,
        'seen_at': shapes.instant(row.seen_at),
    }


_PATH = '/v1/bridge'
ROUTES = (
    routes.Route(
        method='GET', path=_PATH, rule='billing:bridge:show', handler=show,
        summary='Show how another engine is read',
        description='The subscription engine that customers are in, where it '
        'is not this service: whether it is followed, what was found of it, '
        'and what it or the cloud lacks. As of the last time it was read; '
        'it is not asked.',
        answer=schemas.BRIDGE,
    ),
    routes.Route(
        method='GET', path=f'{_PATH}/waiting', rule='billing:bridge:waiting',
        handler=index, summary='List what could not be taken over',
        description='Each with its reason. It is tried again at each '
        'reading: what is put right there, or here, ends it.',
        query=schemas.LIST, answer=base.page('waiting', schemas.WAITING),
    ),
)  # fmt: skip
