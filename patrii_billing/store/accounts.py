# SPDX-License-Identifier: Apache-2.0
"""Customers and the projects that belong to them."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing import errors
from patrii_billing.store import database
from patrii_billing.store import rows
from patrii_billing.store import schema
from patrii_billing.store import sought

_accounts = schema.accounts
_projects = schema.projects


def add(
    conn: sa.Connection, /, name: str, now: dt.datetime, **values: Any
) -> int:
    values = {
        'contacts': [], 'locale': 'en', 'timezone': 'UTC', 'policy': {},
        **values,
    }  # fmt: skip
    account_id = database.insert(
        conn,
        _accounts,
        name=name,
        created_at=now,
        version=0,
        **values,
    )
    sought.write(conn, some(conn, [account_id]))
    return account_id


def get(conn: sa.Connection, account_id: int) -> sa.Row[Any]:
    return conn.execute(
        _accounts.select().where(_accounts.c.id == account_id)
    ).one()


def find(conn: sa.Connection, account_id: int) -> sa.Row[Any]:
    """The account of an id that a person gave. Raises NotFound."""
    row = conn.execute(
        _accounts.select().where(_accounts.c.id == account_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'there is no account {account_id}')
    return row


def some(
    conn: sa.Connection, account_ids: Collection[int]
) -> Sequence[sa.Row[Any]]:
    return rows.named(
        conn.execute(_accounts.select().where(_accounts.c.id.in_(account_ids)))
    )


def billed(
    conn: sa.Connection, account_ids: Collection[int]
) -> Sequence[sa.Row[Any]]:
    """What a bill asks of some accounts."""
    columns = (
        _accounts.c.id, _accounts.c.name, _accounts.c.timezone,
        _accounts.c.currency, _accounts.c.policy, _accounts.c.address,
        _accounts.c.taxes, _accounts.c.discounts,
    )  # fmt: skip
    wanted = _accounts.c.id.in_(account_ids)
    return rows.named(conn.execute(sa.select(*columns).where(wanted)))


def by_name(conn: sa.Connection, name: str) -> sa.Row[Any]:
    """The account of that name. Raises NotFound."""
    row = conn.execute(
        _accounts.select().where(_accounts.c.name == name)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'no account is called {name!r}')
    return row


def by_external_ref(
    conn: sa.Connection, external_ref: str
) -> Sequence[sa.Row[Any]]:
    """The accounts that another system knows by this name."""
    return conn.execute(
        _accounts.select()
        .where(_accounts.c.external_ref == external_ref)
        .order_by(_accounts.c.id)
    ).all()


def change(conn: sa.Connection, /, account_id: int, **values: Any) -> None:
    conn.execute(
        _accounts.update().where(_accounts.c.id == account_id).values(**values)
    )
    if not sought.FIELDS.isdisjoint(values):
        sought.write(conn, some(conn, [account_id]))


def hanging_on(conn: sa.Connection, account_id: int) -> Sequence[str]:
    """What there is of an account that must not lose it: kinds of it."""
    return [
        table.name
        for table in (
            _projects, schema.subscriptions, schema.invoices,
            schema.payments, schema.notices,
        )
        if conn.execute(
            sa.select(table.c.id)
            .where(table.c.account_id == account_id)
            .limit(1)
        ).first()
    ]  # fmt: skip


def delete(conn: sa.Connection, account_id: int) -> None:
    """Delete an account; what the timeline tells of it is nobody's then."""
    conn.execute(
        schema.timeline.update()
        .where(schema.timeline.c.account_id == account_id)
        .values(account_id=None)
    )
    sought.forget(conn, account_id)
    conn.execute(_accounts.delete().where(_accounts.c.id == account_id))


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
        raise errors.NotFound(f'there is no account {account_id}')


def lock_all(conn: sa.Connection, account_ids: Collection[int]) -> None:
    """Take the locks of several, in the order in which all take them."""
    ids = sorted(set(account_ids))
    # Where a database updates in another order, the order is that of this.
    conn.execute(
        sa.select(_accounts.c.id)
        .where(_accounts.c.id.in_(ids))
        .order_by(_accounts.c.id)
        .with_for_update()
    ).all()
    conn.execute(
        _accounts.update()
        .where(_accounts.c.id.in_(ids))
        .values(version=_accounts.c.version + 1)
    )


def add_project(
    conn: sa.Connection, project: str, name: str, account_id: int
) -> None:
    conn.execute(
        _projects.insert().values(id=project, name=name, account_id=account_id)
    )


def delete_project(conn: sa.Connection, project_id: str) -> None:
    conn.execute(_projects.delete().where(_projects.c.id == project_id))


def project(conn: sa.Connection, project_id: str) -> sa.Row[Any] | None:
    return conn.execute(
        _projects.select().where(_projects.c.id == project_id)
    ).one_or_none()


def owners(
    conn: sa.Connection, projects: Collection[str]
) -> Mapping[str, int]:
    """The accounts that some projects belong to, by project."""
    rows = conn.execute(
        sa.select(_projects.c.id, _projects.c.account_id).where(
            _projects.c.id.in_(projects)
        )
    )
    return {row.id: row.account_id for row in rows}


def find_project(conn: sa.Connection, called: str) -> sa.Row[Any]:
    """A project by its id or by its name.

    Raises NotFound, and InvalidInput where several have that name.
    """
    row = project(conn, called)
    if row is not None:
        return row
    rows = conn.execute(
        _projects.select()
        .where(_projects.c.name == called)
        .order_by(_projects.c.id)
    ).all()
    if not rows:
        raise errors.NotFound(f'no project is called {called!r}')
    if len(rows) > 1:
        ids = ', '.join(row.id for row in rows)
        raise errors.InvalidInput(
            f'{len(rows)} projects have that name, say which by its id: {ids}',
            called,
        )
    return rows[0]


def quotas_to_check(
    conn: sa.Connection, now: dt.datetime, limit: int
) -> Sequence[sa.Row[Any]]:
    """Projects whose quota is to be compared, those never compared first."""
    at = _projects.c.quota_check_at
    new = _projects.select().where(at.is_(None)).order_by(_projects.c.id)
    rows = conn.execute(new.limit(limit)).all()
    if len(rows) == limit:
        return rows
    due = _projects.select().where(at <= now).order_by(at, _projects.c.id)
    return [*rows, *conn.execute(due.limit(limit - len(rows)))]


def claim_quota_check(
    conn: sa.Connection, project: sa.Row[Any], next_at: dt.datetime
) -> bool:
    """Put its next check off; False where another did so meanwhile."""
    at = _projects.c.quota_check_at
    done = conn.execute(
        _projects.update()
        .where(
            _projects.c.id == project.id,
            at.is_not_distinct_from(project.quota_check_at),
        )
        .values(quota_check_at=next_at)
    )
    return done.rowcount == 1


def change_project(
    conn: sa.Connection, /, project_id: str, **values: Any
) -> None:
    conn.execute(
        _projects.update().where(_projects.c.id == project_id).values(**values)
    )


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
