# SPDX-License-Identifier: Apache-2.0
"""Notices with the names of whom they are for, for people to read."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

_accounts = schema.accounts
_invoices = schema.invoices
_notices = schema.notices
_subs = schema.subscriptions

KEYS = {'id': _notices.c.id}


def query(
    *,
    account_id: int | None = None,
    subscription_id: int | None = None,
    template: str | None = None,
    state: str | None = None,
    key: str | None = None,
) -> sa.Select[Any]:
    """Notices with `account`, `subscription`, `series` and `number`.

    The operator's have none of these. Without the bodies, which are long.
    """
    short = [each for each in _notices.c if each.name != 'body']
    found = _named(*short)
    for column, value in (
        (_notices.c.account_id, account_id),
        (_notices.c.subscription_id, subscription_id),
        (_notices.c.template, template),
        (_notices.c.state, state),
        (_notices.c.key, key),
    ):
        if value is not None:
            found = found.where(column == value)
    return found


def one(conn: sa.Connection, notice_id: int) -> sa.Row[Any] | None:
    """The notice, with its body."""
    return conn.execute(
        _named(*_notices.c).where(_notices.c.id == notice_id)
    ).one_or_none()


def _named(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(
            *columns,
            _accounts.c.name.label('account'),
            _subs.c.name.label('subscription'),
            _invoices.c.series,
            _invoices.c.number,
        )
        .outerjoin(_accounts, _accounts.c.id == _notices.c.account_id)
        .outerjoin(_subs, _subs.c.id == _notices.c.subscription_id)
        .outerjoin(_invoices, _invoices.c.id == _notices.c.invoice_id)
    )
