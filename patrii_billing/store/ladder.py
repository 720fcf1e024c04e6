# SPDX-License-Identifier: Apache-2.0
"""What the law of dunning looks at, of many subscriptions as of one.

Each is one statement over an index, whose rows come in order.
"""

from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.store import schema

_custody = schema.custody
_holds = schema.holds
_invoices = schema.invoices
_notices = schema.notices
_payments = schema.payments
_projects = schema.projects
_servers = schema.servers
_subs = schema.subscriptions

_Rows = Sequence[sa.Row[Any]]

_BEHIND = (
    lifecycle.Status.GRACE,
    lifecycle.Status.HELD,
    lifecycle.Status.SHELVED,
    lifecycle.Status.PENDING_DELETION,
)


def contracts(conn: sa.Connection) -> int:
    """How many contracts are not at their end."""
    running = [
        one for one in lifecycle.Contract if one != lifecycle.Contract.ENDED
    ]
    return int(
        conn.execute(
            sa.select(sa.func.count())
            .select_from(_subs)
            .where(_subs.c.contract.in_(running))
        ).scalar_one()
    )


def fell_behind(conn: sa.Connection, since: dt.datetime) -> int:
    """How many contracts are behind and were told so since an instant.

    Those that were behind before count again where they are told anew.
    """
    told = sa.exists().where(
        _notices.c.subscription_id == _subs.c.id,
        _notices.c.case_id == _subs.c.case_id,
        _notices.c.template == 'grace',
        _notices.c.created_at >= since,
    )
    return int(
        conn.execute(
            sa.select(sa.func.count())
            .select_from(_subs)
            .where(_subs.c.billing_status.in_(_BEHIND), told)
        ).scalar_one()
    )


@dataclass(frozen=True, slots=True)
class Near:
    """Those whose next step is one of these, or all the others.

    With `invoice` also those who are to be invoiced.
    """

    steps: Collection[lifecycle.Step]
    invoice: bool
    those: bool = True


def due(
    conn: sa.Connection,
    until: dt.datetime,
    limit: int,
    after: tuple[dt.datetime, int] | None = None,
    account_id: int | None = None,
    subscription_id: int | None = None,
    near: Near | None = None,
) -> Sequence[tuple[dt.datetime, int]]:
    """When each subscription is looked at next, and its id, in that order.

    That is to judge it or to invoice it, whichever comes first, before
    `until`. `after` goes on behind one of them.
    """
    wanted: list[sa.ColumnElement[bool]] = []
    if near is not None:
        wanted.append(_stands(near, until))
    if account_id is not None:
        wanted.append(_subs.c.account_id == account_id)
    if subscription_id is not None:
        wanted.append(_subs.c.id == subscription_id)
    check_at, charge_at = _subs.c.check_at, _subs.c.charge_at
    first = (
        (check_at, sa.or_(charge_at.is_(None), charge_at >= check_at)),
        (charge_at, sa.or_(check_at.is_(None), check_at > charge_at)),
    )
    found: list[tuple[dt.datetime, int]] = []
    for at, soonest in first:
        query = sa.select(at, _subs.c.id)
        query = query.where(at < until, soonest, *wanted)
        if after is not None:
            tied = sa.and_(at == after[0], _subs.c.id > after[1])
            query = query.where(sa.or_(at > after[0], tied))
        rows = conn.execute(query.order_by(at, _subs.c.id).limit(limit))
        found += [(row[0], row[1]) for row in rows]
    return sorted(found)[:limit]


def _stands(near: Near, until: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether a step is the next one, or an invoice comes by then; or not."""
    is_next: sa.ColumnElement[bool] = _subs.c.step.in_(near.steps)
    if near.invoice:
        billed = sa.func.coalesce(_subs.c.charge_at, until) < until
        is_next = sa.or_(is_next, billed)
    return is_next if near.those else ~is_next


def some(conn: sa.Connection, ids: Collection[int]) -> _Rows:
    return conn.execute(
        _subs.select().where(_subs.c.id.in_(ids)).order_by(_subs.c.id)
    ).all()


def projects(conn: sa.Connection, ids: Collection[str]) -> _Rows:
    return conn.execute(
        _projects.select().where(_projects.c.id.in_(ids))
    ).all()


def open_invoices(conn: sa.Connection, ids: Collection[int]) -> _Rows:
    """The open invoices of subscriptions, oldest due first."""
    return conn.execute(
        sa.select(
            _invoices.c.id, _invoices.c.subscription_id, _invoices.c.due_at,
            _invoices.c.owed, _invoices.c.announce_at,
        )
        .where(
            _invoices.c.subscription_id.in_(ids),
            _invoices.c.state == lifecycle.InvoiceState.OPEN,
        )
        .order_by(_invoices.c.due_at, _invoices.c.id)
    ).all()  # fmt: skip


def written_off(conn: sa.Connection, ids: Collection[int]) -> set[int]:
    """Of which something was given up and not paid since."""
    rows = conn.execute(
        sa.select(_invoices.c.subscription_id).where(
            _invoices.c.subscription_id.in_(ids),
            _invoices.c.state == lifecycle.InvoiceState.UNCOLLECTIBLE,
        )
    )
    return set(rows.scalars())


def notices(
    conn: sa.Connection,
    ids: Collection[int],
    cases: Collection[str],
    invoices: Collection[int],
) -> _Rows:
    """The notices of subscriptions about cases or invoices, oldest first."""
    wanted: list[sa.ColumnElement[bool]] = []
    if invoices:
        wanted.append(_notices.c.invoice_id.in_(invoices))
    if cases:
        wanted.append(_notices.c.case_id.in_(cases))
    if not wanted:
        return ()
    return conn.execute(
        sa.select(
            _notices.c.subscription_id, _notices.c.case_id,
            _notices.c.invoice_id, _notices.c.key, _notices.c.state,
            _notices.c.settled_at, _notices.c.accepted_at,
            _notices.c.servers, _notices.c.names,
        )
        .where(_notices.c.subscription_id.in_(ids), sa.or_(*wanted))
        .order_by(_notices.c.id)
    ).all()  # fmt: skip


def custody(
    conn: sa.Connection, ids: Collection[int], cases: Collection[str]
) -> _Rows:
    """What became of the servers of cases."""
    if not cases:
        return ()
    return conn.execute(
        sa.select(
            _custody.c.subscription_id, _custody.c.case_id,
            _custody.c.server, _custody.c.state,
        )
        .where(
            _custody.c.subscription_id.in_(ids),
            _custody.c.case_id.in_(cases),
        )
        .order_by(_custody.c.id)
    ).all()  # fmt: skip


def servers(conn: sa.Connection, projects: Collection[str]) -> _Rows:
    """The servers of projects that are not known to be gone."""
    return conn.execute(
        sa.select(_servers.c.id, _servers.c.project).where(
            _servers.c.project.in_(projects), _servers.c.deleted_at.is_(None)
        )
    ).all()


def holds(
    conn: sa.Connection, ids: Collection[int], now: dt.datetime
) -> _Rows:
    """The holds in force."""
    return conn.execute(
        sa.select(_holds.c.subscription_id, _holds.c.type, _holds.c.until)
        .where(
            _holds.c.subscription_id.in_(ids),
            _holds.c.ended_at.is_(None),
            sa.or_(_holds.c.until.is_(None), _holds.c.until > now),
        )
        .order_by(_holds.c.id)
    ).all()


def in_transit(
    conn: sa.Connection, accounts: Collection[int], now: dt.datetime
) -> dict[int, dt.datetime]:
    """Until when money on its way stops the ladder, by account."""
    rows = conn.execute(
        sa.select(
            _payments.c.account_id,
            sa.func.max(_payments.c.in_transit_until).label('until'),
        )
        .where(
            _payments.c.account_id.in_(accounts),
            _payments.c.state == lifecycle.PaymentState.PENDING,
            _payments.c.in_transit_until > now,
        )
        .group_by(_payments.c.account_id)
    )
    return {row.account_id: row.until for row in rows}
