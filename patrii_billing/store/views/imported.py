# SPDX-License-Identifier: Apache-2.0
"""What an import finds of an earlier one, to compare a file with."""

import datetime as dt

import sqlalchemy as sa

from patrii_billing.store import schema

_invoices = schema.invoices
_levels = schema.levels
_projects = schema.projects
_spans = schema.spans
_subs = schema.subscriptions


def opening_debt(conn: sa.Connection, account_id: int) -> int | None:
    """What an account owed when it was imported, in minor units."""
    return conn.execute(
        sa.select(_invoices.c.total).where(
            _invoices.c.account_id == account_id,
            _invoices.c.kind == 'opening',
        )
    ).scalar_one_or_none()


def paid_until(conn: sa.Connection, subscription_id: int) -> dt.date:
    """Where the billing of a subscription began."""
    first = sa.select(_spans.c.starts).where(
        _spans.c.subscription_id == subscription_id, _spans.c.first == 1
    )
    began: dt.date | None = conn.execute(first).scalar_one_or_none()
    if began is not None:
        return began
    same = sa.select(_subs.c.billed_until).where(_subs.c.id == subscription_id)
    unbilled: dt.date = conn.execute(same).scalar_one()
    return unbilled


def subscription_names(conn: sa.Connection) -> set[str]:
    return set(conn.execute(sa.select(_subs.c.name)).scalars())


def project_ids(conn: sa.Connection) -> set[str]:
    """The projects that belong to an account."""
    return set(conn.execute(sa.select(_projects.c.id)).scalars())


def has_quota(conn: sa.Connection, project: str) -> bool:
    """Whether the quota of a project is recorded."""
    found = conn.execute(
        sa.select(_levels.c.id)
        .where(_levels.c.project == project, _levels.c.server.is_(None))
        .limit(1)
    )
    return found.first() is not None


def enforcing(conn: sa.Connection, target: str) -> str | None:
    """The name of the subscription that enforces a project or a server."""
    return conn.execute(
        sa.select(_subs.c.name).where(_subs.c.enforces == target)
    ).scalar_one_or_none()
