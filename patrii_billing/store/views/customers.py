# SPDX-License-Identifier: Apache-2.0
"""Accounts and projects as people look for them."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import schema
from patrii_billing.store.views import debts
from patrii_billing.store.views import finding

_accounts = schema.accounts
_marks = schema.undeliverable
_payments = schema.payments
_projects = schema.projects
_subs = schema.subscriptions

# What lists may be ordered by.
PROJECT_KEYS: Mapping[str, sa.ColumnElement[Any]] = {
    'id': _projects.c.id,
    'name': _projects.c.name,
}

# The later the worse, as they follow each other on the ladder.
_STATUSES = tuple(lifecycle.Status)
# One that has ended is of the past; that its servers were deleted is said
# where nothing else is left to say.
_PAST = -1
_ENDED = _subs.c.contract == lifecycle.Contract.ENDED
_RANK = sa.case(
    (_ENDED & (_subs.c.billing_status == lifecycle.Status.DELETED), _PAST),
    *(
        (_subs.c.billing_status == status, place)
        for place, status in enumerate(_STATUSES)
    ),
)
_COUNTS = ~_ENDED | (_subs.c.billing_status != lifecycle.Status.ACTIVE)
_WORST = (
    sa.select(sa.func.max(_RANK))
    .where(_subs.c.account_id == _accounts.c.id, _COUNTS)
    .correlate(_accounts)
    .scalar_subquery()
)
_SUBSCRIPTIONS = (
    sa.select(sa.func.count())
    .where(
        _subs.c.account_id == _accounts.c.id,
        _subs.c.contract != lifecycle.Contract.ENDED,
    )
    .correlate(_accounts)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Listed:
    """Accounts that are asked for, and what they may be ordered by.

    Amounts compare within one `currency` alone.
    """

    query: sa.Select[Any]
    keys: Mapping[str, sa.ColumnElement[Any]]
    currency: sa.ColumnElement[str] = _accounts.c.currency


def listed(
    now: dt.datetime,
    *,
    account_id: int | None = None,
    name: str | None = None,
    external_ref: str | None = None,
    project: str | None = None,
    status: str | None = None,
    parked: bool | None = None,
    undeliverable: bool | None = None,
    within: Iterable[finding.Found] = (),
    owing: bool | None = None,
    overdue_days: int | None = None,
    by_debt: bool = False,
) -> Listed:
    """Accounts, each with `worst`: the rank of its worst billing status.

    And with what it owes (see debts) and the number of its `subscriptions`
    that have not ended. `project` is an id, `status` the worst one that an
    account has; of `overdue_days` something is past due at least so long.
    With `by_debt` only those who owe something, ordered by it.
    """
    query = sa.select(
        _accounts,
        _WORST.label('worst'),
        _SUBSCRIPTIONS.label('subscriptions'),
        *debts.of_each(now),
    )
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
        query = _among(query, _accounts.c.id == owner.scalar_subquery())
    if status is not None:
        query = _of_status(query, lifecycle.Status(status))
    if parked is not None:
        is_parked = _accounts.c.parked_why.is_not(None)
        query = _narrowed(query, is_parked, parked)
    if undeliverable is not None:
        is_marked = _accounts.c.id.in_(sa.select(_marks.c.account_id))
        query = _narrowed(query, is_marked, undeliverable)
    for found in within:
        query = query.where(found.condition)
        if found.few:
            query = query.execution_options(few=True)
    if owing is False:
        query = query.where(~debts.owes())
    return _by_debt(query, now, owing, overdue_days, by_debt)


def _by_debt(
    query: sa.Select[Any],
    now: dt.datetime,
    owing: bool | None,
    overdue_days: int | None,
    by_debt: bool,
) -> Listed:
    keys: dict[str, sa.ColumnElement[Any]] = {
        'id': _accounts.c.id,
        'name': _accounts.c.name,
        'created_at': _accounts.c.created_at,
    }
    if owing or overdue_days is not None or by_debt:
        debt = debts.of_all(now)
        query = _among(query, debt.c.account_id == _accounts.c.id)
        keys |= {key: debt.c[key] for key in debts.ORDERS}
        if overdue_days is not None:
            since = now - dt.timedelta(days=overdue_days)
            query = query.where(debt.c.oldest_due_at < since)
    return Listed(query, keys)


def _of_status(
    query: sa.Select[Any], status: lifecycle.Status
) -> sa.Select[Any]:
    ranks = [_STATUSES.index(status)]
    if status == lifecycle.Status.DELETED:
        ranks.append(_PAST)
    query = query.where(_WORST.in_(ranks))
    if status == lifecycle.Status.ACTIVE:
        return query
    having = sa.select(_subs.c.account_id).where(
        _subs.c.billing_status == status
    )
    return _among(query, _accounts.c.id.in_(having))


def _narrowed(
    query: sa.Select[Any], condition: sa.ColumnElement[bool], wanted: bool
) -> sa.Select[Any]:
    """By what is true of few."""
    if wanted:
        return _among(query, condition)
    return query.where(~condition)


def _among(
    query: sa.Select[Any], few: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    """Of few: an index finds them, and they are sorted."""
    return query.where(few).execution_options(few=True)


def status(worst: int | None) -> str | None:
    """The status of a rank; None for who has no contract."""
    if worst == _PAST:
        return str(lifecycle.Status.DELETED)
    return None if worst is None else str(_STATUSES[worst])


def balance(conn: sa.Connection, account_id: int) -> int:
    """What is here of an account and pays for nothing yet, minor units."""
    free = conn.execute(
        sa.select(sa.func.sum(_payments.c.free)).where(
            _payments.c.account_id == account_id,
            _payments.c.state == lifecycle.PaymentState.RECEIVED,
        )
    ).scalar_one()
    return int(free or 0)


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
