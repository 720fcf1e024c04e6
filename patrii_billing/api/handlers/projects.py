# SPDX-License-Identifier: Apache-2.0
"""Which of keystone's projects belong to which account."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import project as schemas
from patrii_billing.domain import cloud
from patrii_billing.engine import projects as engine
from patrii_billing import errors
from patrii_billing.store.views import customers


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    query = customers.projects(
        account_id=call.own_account(call.query.get('account_id')),
        name=call.query.get('name'),
    )
    return paging.page(
        call, conn, 'projects', query, customers.PROJECT_KEYS, shown,
        first='name',
    )  # fmt: skip


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    project_id = call.path['project_id']
    row = _row(conn, project_id)
    if row is None or not call.scope.covers(row.account_id):
        raise errors.NotFound(f'there is no project {project_id}')
    return shown(row)


def look(call: routes.Call) -> cloud.KeystoneProject:
    said = call.body
    return engine.find(call.tools, said.get('id'), said.get('name'))


def create(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    project: cloud.KeystoneProject = call.prepared
    engine.add(conn, project, call.body['account_id'], call.now, call.by)
    row = _row(conn, project.id)
    assert row is not None  # noqa: S101 - it was written just now
    return shown(row)


def delete(call: routes.Call, conn: sa.Connection) -> None:
    engine.remove(conn, call.path['project_id'], call.now, call.by)


def shown(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'name': row.name,
        'account_id': row.account_id,
        'account_name': row.account,
    }


def _row(conn: sa.Connection, project_id: str) -> sa.Row[Any] | None:
    query = customers.projects(project_id=project_id)
    return conn.execute(query).one_or_none()


_ONE = '/v1/projects/{project_id}'
ROUTES = (
    routes.Route(
        method='GET', path='/v1/projects', rule='billing:project:list',
        handler=index, summary='List projects', query=schemas.LIST,
        answer=base.page('projects', schemas.PROJECT),
    ),
    routes.Route(
        method='POST', path='/v1/projects', rule='billing:project:create',
        prepare=look, handler=create, status=201,
        summary='Give a project to an account',
        description='It is looked up in keystone by its id or its name. Given '
        'again it has the name by which keystone knows it then.',
        body=schemas.CREATE, answer=schemas.PROJECT,
    ),
    routes.Route(
        method='GET', path=_ONE, rule='billing:project:show', handler=show,
        summary='Show a project', answer=schemas.PROJECT,
    ),
    routes.Route(
        method='DELETE', path=_ONE, rule='billing:project:delete',
        handler=delete, status=204,
        summary='Take a project from its account',
        description='Only one that never had a subscription. The project in '
        'keystone is not touched.',
        answer={},
    ),
)  # fmt: skip
