# SPDX-License-Identifier: Apache-2.0
"""Customers and the projects that belong to them."""

from collections.abc import Mapping
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing import errors
from patrii_billing.store import database
from patrii_billing.store import schema

_accounts = schema.accounts
_projects = schema.projects


def add(
    conn: sa.Connection, /, name: str, now: dt.datetime, **values: Any
) -> int:
    values = {
        'contacts': [], 'locale': 'en', 'timezone': 'UTC', 'policy': {},
        **values,
    }  # fmt: skip
    return database.insert(
        conn,
        _accounts,
        name=name,
        created_at=now,
        version=0,
        **values,
    )


def get(conn: sa.Connection, account_id: int) -> sa.Row[Any]:
    return conn.execute(
        _accounts.select().where(_accounts.c.id == account_id)
    ).one()


def by_name(conn: sa.Connection, name: str) -> sa.Row[Any]:
    """The account of that name. Raises NotFound."""
    row = conn.execute(
        _accounts.select().where(_accounts.c.name == name)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'no account is called {name!r}')
    return row


def change(conn: sa.Connection, /, account_id: int, **values: Any) -> None:
    conn.execute(
        _accounts.update().where(_accounts.c.id == account_id).values(**values)
    )


def lock(conn: sa.Connection, account_id: int) -> None:
    """Make this unit of work the only one on the account until its commit.

    Whoever judges or changes what an account owes, or commits an action
    against it, takes this lock first and reads only then. So a payment is
    either seen by the judgement or comes after its commit.
    """
    done = conn.execute(
        _accounts.update()
        .where(_accounts.c.id == account_id)
        .values(version=_accounts.c.version + 1)
    )
    if done.rowcount != 1:
        raise errors.NotFound(f'account {account_id}')


def add_project(
    conn: sa.Connection, project: str, name: str, account_id: int
) -> None:
    conn.execute(
        _projects.insert().values(id=project, name=name, account_id=account_id)
    )


def project(conn: sa.Connection, project_id: str) -> sa.Row[Any] | None:
    return conn.execute(
        _projects.select().where(_projects.c.id == project_id)
    ).one_or_none()


def freeze_quota(
    conn: sa.Connection,
    project_id: str,
    before: Mapping[str, int] | None,
    frozen: Mapping[str, int] | None,
) -> None:
    """Remember the project's own quota and ours, or forget both."""
    conn.execute(
        _projects.update()
        .where(_projects.c.id == project_id)
        .values(quota_before=before, quota_frozen=frozen)
    )
