# SPDX-License-Identifier: Apache-2.0
"""Accounts and projects as people look for them."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import schema

_accounts = schema.accounts
_invoices = schema.invoices
_marks = schema.undeliverable
_payments = schema.payments
_projects = schema.projects
_subs = schema.subscriptions

# What lists may be ordered by.
ACCOUNT_KEYS: Mapping[str, sa.ColumnElement[Any]] = {
    'id': _accounts.c.id,
    'name': _accounts.c.name,
    'created_at': _accounts.c.created_at,
}
PROJECT_KEYS: Mapping[str, sa.ColumnElement[Any]] = {
    'id': _projects.c.id,
    'name': _projects.c.name,
}

# The later the worse, as they follow each other on the ladder.
_STATUSES = tuple(lifecycle.Status)
_RANK = sa.case(
    {str(status): place for place, status in enumerate(_STATUSES)},
    value=_subs.c.billing_status,
)
# One that has ended and took its course is of the past.
_COUNTS = sa.or_(
    _subs.c.contract != lifecycle.Contract.ENDED,
    _subs.c.billing_status.not_in(
        [lifecycle.Status.ACTIVE, lifecycle.Status.DELETED]
    ),
)
_WORST = (
    sa.select(sa.func.max(_RANK))
    .where(_subs.c.account_id == _accounts.c.id, _COUNTS)
    .correlate(_accounts)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Figures:
    """An account's money in minor units, and how many contracts it has."""

    balance: int  # what is here and pays for nothing yet
    owed: int
    overdue: int  # of that, what is past due
    subscriptions: int


def listed(
    *,
    account_id: int | None = None,
    name: str | None = None,
    external_ref: str | None = None,
    project: str | None = None,
    status: str | None = None,
    parked: bool | None = None,
    undeliverable: bool | None = None,
) -> sa.Select[Any]:
    """Accounts, each with `worst`: the rank of its worst billing status.

    `project` is an id, `status` the worst one that an account has.
    """
    query = sa.select(_accounts, _WORST.label('worst'))
    for column, value in (
        (_accounts.c.id, account_id),
        (_accounts.c.name, name),
        (_accounts.c.external_ref, external_ref),
    ):
        if value is not None:
            query = query.where(column == value)
    if project is not None:
        owner = sa.select(_projects.c.account_id).where(
            _projects.c.id == project
        )
        query = query.where(_accounts.c.id == owner.scalar_subquery())
        query = query.execution_options(few=True)
    if status is not None:
        query = query.where(
            _WORST == _STATUSES.index(lifecycle.Status(status))
        )
        if status != lifecycle.Status.ACTIVE:
            # Few are: an index finds them, and they are sorted.
            query = query.execution_options(few=True)
            having = sa.select(_subs.c.account_id).where(
                _subs.c.billing_status == status
            )
            query = query.where(_accounts.c.id.in_(having))
    if parked is not None:
        is_parked = _accounts.c.parked_why.is_not(None)
        query = query.where(is_parked if parked else ~is_parked)
        if parked:
            query = query.execution_options(few=True)
    if undeliverable is not None:
        is_marked = _accounts.c.id.in_(sa.select(_marks.c.account_id))
        query = query.where(is_marked if undeliverable else ~is_marked)
        if undeliverable:
            query = query.execution_options(few=True)
    return query


def status(worst: int | None) -> str | None:
    """The status of a rank; None for who has no contract."""
    return None if worst is None else str(_STATUSES[worst])


def figures(
    conn: sa.Connection, account_id: int, now: dt.datetime
) -> Figures:
    past_due = sa.case((_invoices.c.due_at < now, _invoices.c.owed), else_=0)
    owed = conn.execute(
        sa.select(
            sa.func.sum(_invoices.c.owed).label('sum'),
            sa.func.sum(past_due).label('overdue'),
        ).where(
            _invoices.c.account_id == account_id,
            _invoices.c.state == lifecycle.InvoiceState.OPEN,
        )
    ).one()
    free = conn.execute(
        sa.select(sa.func.sum(_payments.c.free)).where(
            _payments.c.account_id == account_id,
            _payments.c.state == lifecycle.PaymentState.RECEIVED,
        )
    ).scalar_one()
    count = conn.execute(
        sa.select(sa.func.count()).where(
            _subs.c.account_id == account_id,
            _subs.c.contract != lifecycle.Contract.ENDED,
        )
    ).scalar_one()
    return Figures(
        int(free or 0), int(owed.sum or 0), int(owed.overdue or 0), count
    )


def projects(
    *,
    project_id: str | None = None,
    account_id: int | None = None,
    name: str | None = None,
) -> sa.Select[Any]:
    """Projects, each with the name of its `account`."""
    query = sa.select(
        _projects.c.id,
        _projects.c.name,
        _projects.c.account_id,
        _accounts.c.name.label('account'),
    ).join(_accounts, _accounts.c.id == _projects.c.account_id)
    for column, value in (
        (_projects.c.id, project_id),
        (_projects.c.account_id, account_id),
        (_projects.c.name, name),
    ):
        if value is not None:
            query = query.where(column == value)
    return query


def projects_of(
    conn: sa.Connection, account_ids: Collection[int]
) -> Sequence[sa.Row[Any]]:
    """The projects of some accounts, those of each together, by name."""
    return conn.execute(
        sa.select(_projects.c.id, _projects.c.name, _projects.c.account_id)
        .where(_projects.c.account_id.in_(account_ids))
        .order_by(_projects.c.account_id, _projects.c.name, _projects.c.id)
    ).all()
