# SPDX-License-Identifier: Apache-2.0
"""Which of keystone's projects belong to which customer."""

from collections.abc import Iterable
import datetime as dt
from typing import Any

from oslo_db import exception
import sqlalchemy as sa

from patrii_billing.domain import cloud
from patrii_billing.domain import lifecycle
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline


def find(
    tools: toolbox.Tools, project_id: str | None, name: str | None
) -> cloud.KeystoneProject:
    """Ask keystone for a project by its id, or by its name.

    Raises InvalidInput, CloudUnavailable. Not for within a unit of work.
    """
    if project_id is None:
        if name is None:
            raise errors.InvalidInput('needs an id or a name')
        return called(tools.cloud.projects.all(), name, 'name')
    found = tools.cloud.projects.get(project_id)
    if found is None:
        raise errors.InvalidInput(
            f'keystone has no project {project_id!r}', 'id'
        )
    if name not in (None, found.name):
        raise errors.InvalidInput(
            f'keystone calls this project {found.name!r}', 'name'
        )
    return found


def called(
    projects: Iterable[cloud.KeystoneProject], name: str, where: str = ''
) -> cloud.KeystoneProject:
    """The one of that name. Raises InvalidInput: none, or several."""
    found = [each for each in projects if each.name == name]
    if not found:
        raise errors.InvalidInput(f'keystone has no project {name!r}', where)
    if len(found) > 1:
        ids = ', '.join(sorted(each.id for each in found))
        raise errors.InvalidInput(
            f'keystone has {len(found)} projects {name!r}, say which by its '
            f'id: {ids}',
            where,
        )
    return found[0]


def add(
    conn: sa.Connection,
    project: cloud.KeystoneProject,
    account_id: int,
    now: dt.datetime,
    by: str,
) -> bool:
    """Give a project to an account; whether it is new there.

    Where it is there already its name is keystone's again. Raises
    InvalidInput for no account, Conflict where it is another's.
    """
    try:
        accounts.lock(conn, account_id)
    except errors.NotFound as error:
        raise errors.InvalidInput(str(error), 'account_id') from None
    new = give(conn, project, accounts.get(conn, account_id))
    if new:
        timeline.record(
            conn, now, 'project', 'added', project.name,
            account_id=account_id, by=by, project=project.id,
        )  # fmt: skip
    else:
        accounts.change_project(conn, project.id, name=project.name)
    return new


def give(
    conn: sa.Connection, project: cloud.KeystoneProject, account: sa.Row[Any]
) -> bool:
    """Write whose a project is; False where it was his. Raises Conflict."""
    row = accounts.project(conn, project.id)
    if row is None:
        try:
            with conn.begin_nested():
                accounts.add_project(
                    conn, project.id, project.name, account.id
                )
            return True
        except exception.DBDuplicateEntry:
            # Somebody else gave it away this very moment.
            return give(conn, project, account)
    if row.account_id != account.id:
        owner = accounts.get(conn, row.account_id).name
        raise errors.Conflict(
            f'{project.name} belongs to {owner} in the books'
        )
    return False


def remove(
    conn: sa.Connection, project_id: str, now: dt.datetime, by: str
) -> None:
    """Take a project, of which nothing was ever billed, out of the books.

    Raises NotFound, Conflict.
    """
    row = accounts.project(conn, project_id)
    if row is None:
        raise errors.NotFound(f'there is no project {project_id}')
    accounts.lock(conn, row.account_id)
    for sub in subscriptions.of_project(conn, project_id):
        ended = sub.contract == lifecycle.Contract.ENDED
        raise errors.Conflict(
            f'{sub.name} was for {row.name}: its history stays'
            if ended
            else f'{sub.name} is for {row.name}, and is {sub.contract}'
        )
    accounts.delete_project(conn, project_id)
    timeline.record(
        conn, now, 'project', 'removed', row.name,
        account_id=row.account_id, by=by, project=project_id,
    )  # fmt: skip
