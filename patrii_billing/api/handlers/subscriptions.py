# SPDX-License-Identifier: Apache-2.0
"""Contracts, and where they stand."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import subscription as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.engine import agreeing
from patrii_billing.engine import amending
from patrii_billing.engine import contract
from patrii_billing.engine import hastening
from patrii_billing.engine import subscribing as engine
from patrii_billing import errors
from patrii_billing.store.views import contracts

# What the engine changes as it is said.
_SAID = ('name', 'policy', 'enforce_from')


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    query = contracts.query(
        account_id=call.own_account(asked.get('account_id')),
        name=asked.get('name'),
        status=asked.get('billing_status'),
        contract=asked.get('contract'),
        plan_id=asked.get('plan_id'),
        project=asked.get('project_id'),
        server=asked.get('server_id'),
        parked=asked.get('parked'),
    )
    return paging.page(
        call, conn, 'subscriptions', query, contracts.KEYS,
        lambda row: shown(call, row), first='name',
    )  # fmt: skip


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    return shown(call, mine(call, conn))


def look(call: routes.Call) -> agreeing.Quota | None:
    return engine.look(
        call.tools, call.body, call.query.get('dry_run', False)
    )


def create(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    subscription_id = engine.create(
        conn, call.tools, call.body, call.prepared, call.now, call.by
    )
    row = contracts.one(conn, subscription_id)
    assert row is not None  # noqa: S101 - it was written just now
    return shown(call, row)


def change(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    said = dict(call.body)
    row, why = mine(call, conn), said.pop('why', '')
    plan_id, since = said.pop('plan_id', None), said.pop('plan_from', None)
    if since is not None and plan_id is None:
        raise errors.InvalidInput('goes with plan_id', 'plan_from')
    plain = {name: said[name] for name in _SAID if name in said}
    if plain:
        engine.change(
            conn, call.tools, row.id, plain, call.now, call.by, why
        )
    if plan_id is not None:
        plan = engine.plan(conn, plan_id)
        try:
            amending.change_plan(
                conn, call.tools, row.id, plan.id, _day(since), call.now,
                call.by, why,
            )  # fmt: skip
        except errors.InvalidInput as error:
            raise errors.InvalidInput(error.reason, 'plan_from') from None
    if 'anchor_day' in said:
        amending.change_anchor(
            conn, call.tools, row.id, said['anchor_day'], call.now, call.by,
            why,
        )  # fmt: skip
    return show(call, conn)


def cancel(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    contract.cancel(
        conn, call.tools, mine(call, conn).id, _day(call.body.get('on')),
        call.now, call.by, call.body.get('why', ''),
    )  # fmt: skip
    return show(call, conn)


def keep(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    contract.keep(
        conn, call.tools, mine(call, conn).id, call.now, call.by,
        call.body.get('why', ''),
    )  # fmt: skip
    return show(call, conn)


def restore(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = mine(call, conn)
    actions = hastening.restore(
        conn, call.tools, row.id, call.now, call.by, call.body.get('why', '')
    )
    return {
        'subscription_id': row.id,
        'action_ids': [action.id for action in actions],
    }


def mine(call: routes.Call, conn: sa.Connection) -> sa.Row[Any]:
    """The one of the path, as far as the caller may see it.

    Raises NotFound.
    """
    subscription_id = call.path['subscription_id']
    row = contracts.one(conn, subscription_id)
    if row is None or not call.scope.covers(row.account_id):
        raise errors.NotFound(f'there is no subscription {subscription_id}')
    return row


def shown(call: routes.Call, row: sa.Row[Any]) -> dict[str, Any]:
    until = min(row.billed_until, row.ends_on or row.billed_until)
    over = row.billing_status == lifecycle.Status.DELETED
    idle = over or row.step == lifecycle.Step.NONE
    return {
        'id': row.id,
        'name': row.name,
        'account_id': row.account_id,
        'account_name': row.account,
        'plan_id': row.plan_id,
        'plan_name': row.plan,
        'project_id': row.project,
        'project_name': row.project_name,
        'server_id': row.server,
        'enforces': row.enforces is not None,
        'enforce_from': shapes.instant(row.enforce_from),
        'anchor_day': row.anchor_day,
        'start': shapes.day(row.start),
        'billed_until': shapes.day(until),
        'next_invoice_at': shapes.instant(row.charge_at),
        'contract': row.contract,
        'ends_on': shapes.day(row.ends_on),
        'ended_at': shapes.instant(row.ended_at),
        'billing_status': row.billing_status,
        'status_since': shapes.instant(row.status_since),
        'next_step': None if idle else row.step,
        'due_at': None if idle else shapes.instant(row.due_at),
        'waits_for': None if idle else row.awaits,
        'held': row.frozen is not None,
        'case_id': row.case_id,
        'policy': row.policy,
        'currency': row.currency,
        'owed': money.plain(row.owed, row.currency),
        'parked': row.parked_why is not None,
        # It was written for the house.
        'parked_why': row.parked_why if call.scope.everything else None,
        'created_at': shapes.instant(row.created_at),
    }


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


_ONE = '/v1/subscriptions/{subscription_id}'
ROUTES = (
    routes.Route(
        method='GET', path='/v1/subscriptions',
        rule='billing:subscription:list', handler=index,
        summary='List subscriptions', query=schemas.LIST,
        answer=base.page('subscriptions', schemas.SUBSCRIPTION),
    ),
    routes.Route(
        method='POST', path='/v1/subscriptions',
        rule='billing:subscription:create', prepare=look, handler=create,
        summary='Enter a subscription', status=201,
        description='The rules are those of the import. The servers of the '
        'project are asked of nova before, so that its first invoice bills '
        'what is there. The same again enters nothing, and answers the one '
        'that is there.',
        body=schemas.CREATE, answer=schemas.SUBSCRIPTION,
    ),
    routes.Route(
        method='GET', path=_ONE, rule='billing:subscription:show',
        handler=show, summary='Show a subscription',
        answer=schemas.SUBSCRIPTION,
    ),
    routes.Route(
        method='PATCH', path=_ONE, rule='billing:subscription:update',
        handler=change, summary='Change a subscription',
        description='All of it or nothing. What is not named stays; the '
        'policy is merged, and null takes away.',
        body=schemas.CHANGE, answer=schemas.SUBSCRIPTION,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/cancel',
        rule='billing:subscription:cancel', handler=cancel,
        summary='End a subscription on a day',
        description='What was invoiced for later is taken back at once: void '
        'where nothing was paid on it, else credited day by day. Debts stay, '
        'and so does the ladder until they are paid.',
        body=schemas.CANCEL, answer=schemas.SUBSCRIPTION,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/keep', rule='billing:subscription:keep',
        handler=keep, summary='Withdraw a cancellation',
        description='What it took back is invoiced again. What has ended '
        'stays so.',
        body=schemas.WORD, answer=schemas.SUBSCRIPTION,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/restore',
        rule='billing:subscription:restore', handler=restore, status=202,
        summary='Have what is paid for given back now',
        description='A payment has it given back by itself. This tries at '
        'once and anew what waits in vain. What is not paid stays as it is: '
        'the refusal names what is past due.',
        body=schemas.WORD, answer=schemas.RESTORED,
    ),
)  # fmt: skip
