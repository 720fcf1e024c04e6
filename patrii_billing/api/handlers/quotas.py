# SPDX-License-Identifier: Apache-2.0
"""What a project may use, and its change."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.api.handlers import own
from patrii_billing.api.handlers import subscriptions as subscribed
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import quota as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import money
from patrii_billing.domain import quota as law
from patrii_billing.engine import allowance as engine
from patrii_billing.engine import bill
from patrii_billing import errors


def look(call: routes.Call) -> engine.Shown:
    """Ask nova, about what the caller may see."""
    sub = call.tools.db.read(lambda conn: _whole(call, conn))
    return engine.look(call.tools, sub.project)


def look_at_own(call: routes.Call) -> engine.Shown:
    """The same, for who may change it."""
    sub = call.tools.db.read(lambda conn: _whole(call, conn))
    own.must_be(call, sub.project)
    if call.body.get('force') and not call.scope.everything:
        raise errors.InvalidInput('is not for customers', 'force')
    return engine.look(call.tools, sub.project)


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    sub = _whole(call, conn)
    found = engine.read(conn, call.tools, sub.project, call.prepared)
    return {
        'subscription_id': sub.id,
        'project_id': sub.project,
        'quotas': [
            {
                'resource': one.resource,
                'used': law.plain(one.used),
                'limit': law.plain(one.limit),
                'billed': _plain(one.billed),
            }
            for one in found.items
        ],
        'frozen': found.own is not None,
        'own': _told(found.own),
        'changing': found.changing,
        'drift_policy': found.drift,
        'drift': _told(found.drifted),
    }


def request(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    sub = _whole(call, conn)
    wanted = engine.asked(call.body['quota'].items())
    found, action_id = engine.request(
        conn, call.tools, sub.id, call.prepared, wanted, call.now, call.by,
        call.body.get('force', False), own=not call.scope.everything,
    )  # fmt: skip
    return {
        'subscription_id': sub.id,
        'project_id': sub.project,
        'action_id': action_id,
        'now': _told(found.now),
        'then': _told(found.then),
        'lines': [_line(each) for each in found.entries],
        'total': money.plain(found.total, sub.currency),
        'currency': sub.currency,
        'billed': found.billed,
    }


def _whole(call: routes.Call, conn: sa.Connection) -> sa.Row[Any]:
    """The subscription of the path. Raises Conflict for one of a server."""
    sub = subscribed.mine(call, conn)
    if sub.server is not None:
        raise errors.Conflict(
            f'{sub.name} is of a server, not of a project'
        )
    return sub


def _told(quota: Mapping[str, int] | None) -> dict[str, str] | None:
    if quota is None:
        return None
    return {
        resource: law.plain(quantity)
        for resource, quantity in law.billed(quota).items()
    }


def _plain(quantity: Decimal | None) -> str | None:
    return None if quantity is None else law.plain(quantity)


def _line(entry: bill.Entry) -> dict[str, Any]:
    line = entry.line
    return {
        'kind': line.kind,
        'resource': entry.label or line.resource,
        'start': str(line.start)[:10],
        'end': str(line.end)[:10],
        'quantity': shapes.exact(line.quantity),
        'unit_price': shapes.exact(line.unit_price),
        'ratio': str(line.ratio),
        'amount': money.plain(line.amount, line.currency),
        'reason': line.reason,
    }


_ONE = '/v1/subscriptions/{subscription_id}/quota'
ROUTES = (
    routes.Route(
        method='GET', path=_ONE, rule='billing:quota:show', prepare=look,
        handler=show, summary='Show the quota of a project',
        description='As nova and as the books have it; `ram_gib` is in GiB.',
        answer=schemas.QUOTA,
    ),
    routes.Route(
        method='POST', path=_ONE, rule='billing:quota:update',
        prepare=look_at_own, handler=request, status=202,
        summary='Change the quota of a project',
        description='It is set in nova within seconds, and billed from then '
        'on. A customer changes what his plan has a price of, and has no '
        'more while he owes. What it costs is told before: with '
        '`dry_run=true` nothing else is done.',
        body=schemas.CHANGE, answer=schemas.REQUESTED,
    ),
)  # fmt: skip
