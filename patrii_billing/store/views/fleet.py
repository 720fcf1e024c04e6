# SPDX-License-Identifier: Apache-2.0
"""Servers as people look for them: whose they are, who pays, what we did."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import schema

_accounts = schema.accounts
_actions = schema.actions
_custody = schema.custody
_projects = schema.projects
_servers = schema.servers
_subs = schema.subscriptions

# What a list of them may be ordered by.
KEYS: Mapping[str, sa.ColumnElement[Any]] = {'id': _servers.c.id}

# A server is covered by a subscription of its own, whatever the state of
# that, or by the one that enforces its project (see engine.gather).
_ITS = _subs.alias('its')
_WHOLE = _subs.alias('whole')
_HAS_OWN = (
    sa.exists()
    .where(_subs.c.server == _servers.c.id)
    .correlate(_servers)
)
# What we did to it: the newest case counts, as long as it is open.
_NEWEST = (
    sa.select(sa.func.max(_custody.c.id))
    .where(_custody.c.server == _servers.c.id)
    .correlate(_servers)
    .scalar_subquery()
)
_TAKEN = _custody.alias('taken')
_CASE = _subs.alias('of_case')
_COUNTS = sa.or_(
    sa.and_(
        _CASE.c.case_id == _TAKEN.c.case_id,
        _TAKEN.c.state != lifecycle.Custody.RESTORED,
    ),
    _TAKEN.c.state == lifecycle.Custody.DELETED,
)
_DELETE = _actions.alias('deletion')


def query(
    *,
    account_id: int | None = None,
    project: str | None = None,
    name: str | None = None,
    custody: str | None = None,
    deleted: bool | None = None,
) -> sa.Select[Any]:
    """Servers, with what the books know beside what nova showed.

    A row has `account_id`, `account` and `project_name` (NULL where the
    project is nobody's), `subscription_id` and `subscription` of what covers
    it, `custody` with its `custody_why`, `custody_at`, `case_id`, `before`,
    `kept` and `undo_until`, and `deletion_id` and `deletion_ground` of a
    delete that is to be done.
    """
    found = (
        sa.select(
            _servers,
            _projects.c.name.label('project_name'),
            _projects.c.account_id,
            _accounts.c.name.label('account'),
            _covering('id').label('subscription_id'),
            _covering('name').label('subscription'),
            *(
                sa.case((_COUNTS, column), else_=sa.null()).label(label)
                for column, label in (
                    (_TAKEN.c.state, 'custody'),
                    (_TAKEN.c.why, 'custody_why'),
                    (_TAKEN.c.at, 'custody_at'),
                    (_TAKEN.c.case_id, 'case_id'),
                )
            ),
            _TAKEN.c.kept,
            _TAKEN.c.undo_until,
            _DELETE.c.id.label('deletion_id'),
            _DELETE.c.ground.label('deletion_ground'),
        )
        .outerjoin(_projects, _projects.c.id == _servers.c.project)
        .outerjoin(_accounts, _accounts.c.id == _projects.c.account_id)
        .outerjoin(_ITS, _ITS.c.enforces == _servers.c.id)
        .outerjoin(_WHOLE, _WHOLE.c.enforces == _servers.c.project)
        .outerjoin(
            _TAKEN,
            sa.and_(_TAKEN.c.server == _servers.c.id, _TAKEN.c.id == _NEWEST),
        )
        .outerjoin(_CASE, _CASE.c.id == _TAKEN.c.subscription_id)
        .outerjoin(
            _DELETE,
            _DELETE.c.live
            == sa.literal(f'{lifecycle.ActionType.DELETE}:') + _servers.c.id,
        )
    )
    for wanted, value in (
        (_projects.c.account_id, account_id),
        (_servers.c.project, project),
        (_servers.c.name, name),
    ):
        if value is not None:
            found = found.where(wanted == value)
    # Those of an account, and those in our hands, an index finds first.
    if account_id is not None:
        theirs = sa.select(_projects.c.id).where(
            _projects.c.account_id == account_id
        )
        found = _few(found, _servers.c.project, theirs)
    if custody is not None:
        taken = sa.select(_custody.c.server).where(_custody.c.state == custody)
        found = _few(found, _servers.c.id, taken)
        found = found.where(_TAKEN.c.state == custody, _COUNTS)
    if deleted is not None:
        is_gone = _servers.c.deleted_at.is_not(None)
        found = found.where(is_gone if deleted else ~is_gone)
    return found


def _few(
    query: sa.Select[Any],
    column: sa.ColumnElement[Any],
    among: sa.Select[Any],
) -> sa.Select[Any]:
    return query.where(column.in_(among)).execution_options(few=True)


def _covering(column: str) -> sa.Case[Any]:
    return sa.case(
        (_ITS.c.id.is_not(None), _ITS.c[column]),
        (_HAS_OWN, sa.null()),
        else_=_WHOLE.c[column],
    )


def one(conn: sa.Connection, server_id: str) -> sa.Row[Any] | None:
    return conn.execute(
        query().where(_servers.c.id == server_id)
    ).one_or_none()
