# SPDX-License-Identifier: Apache-2.0
"""What is to be done to the cloud, and a person who steps in."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import action as schemas
from patrii_billing.api.schemas import base
from patrii_billing.api import shapes
from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.engine import interventions
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store.views import actions as view


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    waiting = asked.get('approval') == 'waiting'
    query = view.query(
        call.tools.settings.approval if waiting else None,
        account_id=call.own_account(asked.get('account_id')),
        subscription_id=asked.get('subscription_id'),
        server=asked.get('server_id'), type=asked.get('type'),
        state=asked.get('state'),
    )  # fmt: skip
    return paging.page(
        call, conn, 'actions', query, view.KEYS,
        lambda row: _shown(call, row), first='id:desc',
    )  # fmt: skip


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    return _shown(call, _known(call, conn, call.path['action_id']))


def approve(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    wanted = call.body['actions']
    for action_id in wanted:
        _known(call, conn, action_id)
    rows = interventions.approve(
        conn, call.tools, wanted, call.by, call.now
    )  # fmt: skip
    return {'actions': [_told(call, conn, row.id) for row in rows]}


def retry(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _known(call, conn, call.path['action_id'])
    interventions.retry(conn, row.id, call.by, call.now)
    return _told(call, conn, row.id)


def cancel(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _known(call, conn, call.path['action_id'])
    until = _instant(conn, row.account_id, call.body.get('until'))
    _, *others = interventions.cancel(
        conn, call.tools, row.id, call.body['reason'], until, call.by,
        call.now,
    )  # fmt: skip
    return {
        **_told(call, conn, row.id),
        'cancelled_too': [other.id for other in others],
        'until': shapes.instant(until),
    }


def _instant(
    conn: sa.Connection, account_id: int, text: str | None
) -> dt.datetime | None:
    """An instant; of a day the first in the account's zone."""
    if text is None:
        return None
    moment = shapes.day_or_moment(text)
    if isinstance(moment, dt.datetime):
        return moment
    zone = calendar.zone(accounts.get(conn, account_id).timezone)
    return calendar.start_of_day(moment, zone)


def _known(
    call: routes.Call, conn: sa.Connection, action_id: int
) -> sa.Row[Any]:
    """Raises NotFound, also for what the caller must not see."""
    row = view.one(conn, action_id)
    if row is None or not call.scope.covers(row.account_id):
        raise errors.NotFound(f'there is no action {action_id}')
    return row


def _told(
    call: routes.Call, conn: sa.Connection, action_id: int
) -> dict[str, Any]:
    return _shown(call, _known(call, conn, action_id))


def _shown(call: routes.Call, row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'type': row.type,
        'state': row.state,
        'result': row.result,
        'why': row.why,
        'ground': _ground(row),
        'account_id': row.account_id,
        'account_name': row.account,
        'subscription_id': row.subscription_id,
        'subscription_name': row.subscription,
        'project_id': row.project,
        'server_id': row.server,
        'server_name': row.server_name,
        'purpose': row.args.get('purpose'),
        'quota': row.args.get('quota'),
        'approval': _approval(call, row),
        'approved_by': row.approved_by,
        'approved_at': shapes.instant(row.approved_at),
        'attempts': row.attempts,
        'next_at': shapes.instant(row.next_at),
        'committed_at': shapes.instant(row.committed_at),
        'request_ids': row.requests,
        'created_at': shapes.instant(row.created_at),
        'finished_at': shapes.instant(row.finished_at),
    }


def _ground(row: sa.Row[Any]) -> str | None:
    if row.type not in lifecycle.ENFORCEMENT:
        return None
    return str(row.ground or lifecycle.Ground.LADDER)


def _approval(call: routes.Call, row: sa.Row[Any]) -> str | None:
    if row.approved_at is not None:
        return 'given'
    waits = (
        row.type in call.tools.settings.approval
        and row.state == lifecycle.ActionState.PENDING
        and row.committed_at is None
    )
    return 'waiting' if waits else None


_ONE = '/v1/actions/{action_id}'
ROUTES = (
    routes.Route(
        method='GET', path='/v1/actions', rule='billing:action:list',
        handler=index, summary='List actions',
        description='What is, was or is to be done to the cloud, the newest '
        'first.',
        query=schemas.LIST, answer=base.page('actions', schemas.ACTION),
    ),
    routes.Route(
        method='GET', path=_ONE, rule='billing:action:show', handler=show,
        summary='Show an action', answer=schemas.ACTION,
    ),
    routes.Route(
        method='POST', path='/v1/actions/approve',
        rule='billing:action:approve', handler=approve,
        summary='Approve actions',
        description='Say yes to actions that [enforcement] approval has wait '
        'for it. Whether they are lawful is asked all the same when they are '
        'carried out.',
        body=schemas.APPROVE, answer=schemas.APPROVED,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/retry', rule='billing:action:retry',
        handler=retry, summary='Try an action now',
        description='Have one that waits looked at now, as if it had not '
        'failed before.',
        body=schemas.RETRY, answer=schemas.ACTION,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/cancel', rule='billing:action:cancel',
        handler=cancel, summary='Call an action off',
        description='One that has not begun. A step of the ladder is asked '
        'for again unless the subscription is held, and so it is, by a '
        'promise, until the given moment. A restore is never called off.',
        body=schemas.CANCEL, answer=schemas.CANCELLED,
    ),
)  # fmt: skip
