# SPDX-License-Identifier: Apache-2.0
"""Events and how far they came, for people to read."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import DeliveryState
from patrii_billing.store import schema

_accounts = schema.accounts
_deliveries = schema.deliveries
_events = schema.events
_subs = schema.subscriptions

# What a list of them may be ordered by.
KEYS = {'id': _events.c.id}


def query(
    *,
    account_id: int | None = None,
    type_: str | None = None,
    state: str | None = None,
    key: str | None = None,
) -> sa.Select[Any]:
    """Events, with `account`, `subscription` and their deliveries by state.

    In a state are those that have a delivery in it. Without the bodies.
    """
    found = _named(*(each for each in _events.c if each.name != 'body'))
    for column, value in (
        (_events.c.account_id, account_id),
        (_events.c.type, type_),
        (_events.c.key, key),
    ):
        if value is not None:
            found = found.where(column == value)
    if state is not None:
        found = found.where(
            _events.c.id.in_(
                sa.select(_deliveries.c.event_id).where(
                    _deliveries.c.state == state
                )
            )
        )
    return found


def one(conn: sa.Connection, event_id: int) -> sa.Row[Any] | None:
    """The event, with its body."""
    return conn.execute(
        _named(*_events.c).where(_events.c.id == event_id)
    ).one_or_none()


def _named(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(
            *columns,
            _accounts.c.name.label('account'),
            _subs.c.name.label('subscription'),
            *(_count(state).label(state) for state in DeliveryState),
        )
        .outerjoin(_accounts, _accounts.c.id == _events.c.account_id)
        .outerjoin(_subs, _subs.c.id == _events.c.subscription_id)
    )


def _count(state: DeliveryState) -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.count())
        .select_from(_deliveries)
        .where(
            _deliveries.c.event_id == _events.c.id,
            _deliveries.c.state == state,
        )
        .scalar_subquery()
    )
