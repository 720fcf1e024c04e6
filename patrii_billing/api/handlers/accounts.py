# SPDX-License-Identifier: Apache-2.0
"""Customers."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import account as schemas
from patrii_billing.api.schemas import base
from patrii_billing.api import shapes
from patrii_billing.domain import money
from patrii_billing.engine import customers as engine
from patrii_billing.engine import erasing
from patrii_billing.engine import unparking
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import undeliverable
from patrii_billing.store.views import customers
from patrii_billing.store.views import debts
from patrii_billing.store.views import finding


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    own = call.own_account()
    within = []
    if 'search' in asked:
        within.append(finding.by_text(conn, asked['search'], own))
    if 'plan_id' in asked:
        within.append(finding.by_plan(conn, asked['plan_id'], own))
    order = paging.window(call, 'name').key
    found = customers.listed(
        call.now,
        account_id=own,
        name=asked.get('name'),
        external_ref=asked.get('external_ref'),
        project=asked.get('project_id'),
        status=asked.get('billing_status'),
        parked=asked.get('parked'),
        undeliverable=asked.get('undeliverable'),
        within=within,
        owing=asked.get('owing'),
        overdue_days=asked.get('overdue_days'),
        by_debt=order in debts.ORDERS,
    )
    return paging.page(
        call, conn, 'accounts', found.query, found.keys,
        lambda row: listed(row, call), first='name',
        apart=found.currency if order in debts.AMOUNTS else None,
    )  # fmt: skip


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    account_id = call.path['account_id']
    if not call.scope.covers(account_id):
        raise errors.NotFound(f'there is no account {account_id}')
    return shown(call, conn, account_id)


def create(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    account_id = engine.create(
        conn, call.body, call.door.defaults, call.now, call.by
    )
    return shown(call, conn, account_id)


def change(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    account_id = call.path['account_id']
    engine.change(conn, call.tools, account_id, call.body, call.now, call.by)
    return shown(call, conn, account_id)


def delete(call: routes.Call, conn: sa.Connection) -> None:
    engine.delete(conn, call.path['account_id'], call.now, call.by)


def bill(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    account_id = call.path['account_id']
    unparking.bill(
        conn, call.tools, account_id, call.now, call.by,
        call.body.get('why', ''), call.body.get('accept', False),
    )  # fmt: skip
    return shown(call, conn, account_id)


def export(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = accounts.find(conn, call.path['account_id'])
    return {'held': erasing.export(conn, row.id)}


def erase(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    """Raises NotFound, Conflict, and InvalidInput for another's name."""
    row = accounts.find(conn, call.path['account_id'])
    if row.name != call.body['name']:
        raise errors.InvalidInput(f'account {row.id} has another', 'name')
    kept = erasing.erase(
        conn, row.id, call.tools.settings.keep_documents_years, call.now,
        call.by, call.body['why'],
    )  # fmt: skip
    return {
        'id': row.id,
        'name': erasing.alias(row.id),
        'documents_kept': kept,
    }


def shown(
    call: routes.Call, conn: sa.Connection, account_id: int
) -> dict[str, Any]:
    """An account with what hangs on it. Raises NotFound."""
    found = customers.listed(call.now, account_id=account_id)
    row = conn.execute(found.query).one_or_none()
    if row is None:
        raise errors.NotFound(f'there is no account {account_id}')
    balance = customers.balance(conn, account_id)
    return {
        **listed(row, call),
        'projects': [
            {'id': project.id, 'name': project.name}
            for project in customers.projects_of(conn, [account_id])
        ],
        'undeliverable': [
            {
                'address': one.address,
                'since': shapes.instant(one.since),
                'answer': one.answer,
            }
            for one in undeliverable.of(conn, account_id).values()
        ],
        'balance': money.plain(balance, row.currency),
    }


def listed(row: sa.Row[Any], call: routes.Call) -> dict[str, Any]:
    # Why it is parked was written for the house.
    staff = call.scope.everything
    return {
        'id': row.id,
        'name': row.name,
        'external_ref': row.external_ref,
        'currency': row.currency,
        'timezone': row.timezone,
        'locale': row.locale,
        'contacts': row.contacts,
        'policy': row.policy,
        'address': _address(row.address),
        'taxes': [_full(each, 'name', 'rate') for each in row.taxes or ()],
        'discounts': [
            _full(each, 'name', 'percent', 'amount')
            for each in row.discounts or ()
        ],
        'billing_status': customers.status(row.worst),
        'parked': row.parked_why is not None,
        'parked_why': row.parked_why if staff else None,
        'owed': money.plain(int(row.owed or 0), row.currency),
        'overdue': money.plain(int(row.overdue or 0), row.currency),
        'oldest_due_at': shapes.instant(row.oldest_due_at),
        'subscription_count': row.subscriptions,
        'created_at': shapes.instant(row.created_at),
    }


def _address(address: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not address:
        return None
    return {
        'name': address['name'],
        'lines': address.get('lines', []),
        'country': address.get('country'),
        'tax_id': address.get('tax_id'),
    }


def _full(said: Mapping[str, Any], *fields: str) -> dict[str, Any]:
    names = (*fields, 'valid_from', 'valid_until')
    return {name: said.get(name) for name in names}


_ONE = '/v1/accounts/{account_id}'
ROUTES = (
    routes.Route(
        method='GET', path='/v1/accounts', rule='billing:account:list',
        handler=index, summary='List accounts',
        description='In the order of `owed`, `overdue` or `oldest_due_at` '
        'only those who owe; by an amount those of each currency together.',
        query=schemas.LIST,
        answer=base.page('accounts', schemas.ACCOUNT),
    ),
    routes.Route(
        method='POST', path='/v1/accounts', rule='billing:account:create',
        handler=create, summary='Enter an account', status=201,
        description='The same again enters nothing, and answers the account '
        'that is there.',
        body=schemas.CREATE, answer=schemas.SHOWN,
    ),
    routes.Route(
        method='GET', path=_ONE, rule='billing:account:show', handler=show,
        summary='Show an account', answer=schemas.SHOWN,
    ),
    routes.Route(
        method='PATCH', path=_ONE, rule='billing:account:update',
        handler=change, summary='Change an account',
        description='What is not named stays. Policy and address are merged '
        'field by field, lists are replaced, and null takes away. By another '
        'policy its subscriptions are judged anew; a step whose hour was told '
        'keeps it. Taxes and discounts count from the next invoice.',
        body=schemas.CHANGE, answer=schemas.SHOWN,
    ),
    routes.Route(
        method='DELETE', path=_ONE, rule='billing:account:delete',
        handler=delete, summary='Delete an account', status=204,
        description='Only one that has no project, subscription, invoice, '
        'payment or notice. What the timeline tells of it stays.',
        answer={},
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/bill', rule='billing:account:bill',
        handler=bill, summary='Bill a parked account again',
        description='An account whose bill cannot be right, or cannot be '
        'made, is parked, and nothing of it is invoiced. This says that the '
        'reason is gone.',
        body=schemas.BILL, answer=schemas.SHOWN,
    ),
    routes.Route(
        method='GET', path=f'{_ONE}/export', rule='billing:account:export',
        handler=export, summary='Export all that is held of an account',
        description='For the customer himself (Article 15 of the GDPR). Read '
        'it before you hand it out: the names of staff stand in the timeline.',
        answer=schemas.EXPORT,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/erase', rule='billing:account:erase',
        handler=erase, summary='Erase an account',
        description='Takes the names, addresses and words of a customer who '
        'has left out of the books, for good (Article 17 of the GDPR). Sums, '
        'dates and numbers stay; invoices and payments stay whole for '
        '[retention] keep_documents_years. Other systems, mailboxes and '
        'backups are not reached.',
        body=schemas.ERASE, answer=schemas.ERASED,
    ),
)  # fmt: skip
