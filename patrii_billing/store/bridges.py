# SPDX-License-Identifier: Apache-2.0
"""Other subscription engines: how far each was read, and who is who there."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.store import claims
from patrii_billing.store import database
from patrii_billing.store import schema

CUSTOMER = 'customer'
CONTRACT = 'contract'
BILL = 'bill'
PAYMENT = 'payment'
KINDS = (CUSTOMER, CONTRACT, BILL, PAYMENT)

_bridges = schema.bridges
_links = schema.links

# Wholly or in part: what was not taken over, and that of which something
# else is said there now, which a person is to settle.
WAITS = sa.or_(
    _links.c.state == LinkState.WAITING,
    sa.and_(_links.c.state == LinkState.LINKED, _links.c.why.is_not(None)),
)

_Rows = Sequence[sa.Row[Any]]


def claim(
    conn: sa.Connection, name: str, now: dt.datetime, lease: dt.timedelta
) -> sa.Row[Any] | None:
    """The bridge, for one worker; None while another has it or it rests."""
    database.insert_once(
        conn, _bridges, 'name', name=name, needs=[], failures=0, next_at=now
    )
    mine = _bridges.c.name == name
    rows = claims.claim(conn, _bridges, now, lease, 1, among=mine)
    return rows[0] if rows else None


def is_due(conn: sa.Connection, name: str, now: dt.datetime) -> bool:
    row = get(conn, name)
    if row is None:
        return True
    held = row.lease_until is not None and row.lease_until >= now
    return bool(row.next_at <= now and not held)


def renew(
    conn: sa.Connection,
    held: sa.Row[Any],
    now: dt.datetime,
    until: dt.datetime,
) -> None:
    """Keep it for longer. Raises LeaseLost."""
    claims.renew(conn, _bridges, held, now, until)


def release(
    conn: sa.Connection, /, held: sa.Row[Any], next_at: dt.datetime,
    **values: Any,
) -> None:  # fmt: skip
    """Let it go until an instant. Raises LeaseLost."""
    claims.release(conn, _bridges, held, next_at, **values)


def hasten(
    conn: sa.Connection, name: str, now: dt.datetime, whole: bool = False
) -> bool:
    """Have it read at once, be it all of it; whether it is known."""
    values: dict[str, Any] = {'next_at': now}
    if whole:
        values |= {'read_from': None, 'read_whole_at': None}
    mine = _bridges.c.name == name
    done = conn.execute(_bridges.update().where(mine).values(**values))
    return done.rowcount == 1


def get(conn: sa.Connection, name: str) -> sa.Row[Any] | None:
    return conn.execute(
        _bridges.select().where(_bridges.c.name == name)
    ).one_or_none()


def all_of(conn: sa.Connection) -> _Rows:
    return conn.execute(_bridges.select().order_by(_bridges.c.name)).all()


def link(
    conn: sa.Connection, bridge: str, kind: str, ref: str
) -> sa.Row[Any] | None:
    return conn.execute(
        _links.select().where(
            _links.c.bridge == bridge,
            _links.c.kind == kind,
            _links.c.ref == ref,
        )
    ).one_or_none()


def links_of(
    conn: sa.Connection, bridge: str, kind: str, refs: Collection[str]
) -> Mapping[str, sa.Row[Any]]:
    """Those of some refs that are known, by their ref."""
    rows = conn.execute(
        _links.select().where(
            _links.c.bridge == bridge,
            _links.c.kind == kind,
            _links.c.ref.in_(refs),
        )
    )
    return {row.ref: row for row in rows}


def put(
    conn: sa.Connection,
    /,
    bridge: str,
    kind: str,
    ref: str,
    now: dt.datetime,
    **values: Any,
) -> int:
    """Write what a record is here, new or known; the link's id."""
    known = link(conn, bridge, kind, ref)
    values = {'seen_at': now, 'missed_at': None, **values}
    if known is None:
        return database.insert(
            conn, _links, bridge=bridge, kind=kind, ref=ref, **values
        )
    conn.execute(
        _links.update().where(_links.c.id == known.id).values(**values)
    )
    return int(known.id)


def seen(conn: sa.Connection, ids: Collection[int], now: dt.datetime) -> None:
    """They were read again, and are as they were."""
    if ids:
        conn.execute(
            _links.update()
            .where(_links.c.id.in_(ids))
            .values(seen_at=now, missed_at=None)
        )


def change(conn: sa.Connection, /, link_id: int, **values: Any) -> None:
    conn.execute(
        _links.update().where(_links.c.id == link_id).values(**values)
    )


def waiting(
    conn: sa.Connection, bridge: str, kind: str, after: int, limit: int
) -> _Rows:
    """Records that wait, from after an id on."""
    return conn.execute(
        _links.select()
        .where(
            _links.c.bridge == bridge,
            WAITS,
            _links.c.kind == kind,
            _links.c.id > after,
        )
        .order_by(_links.c.id)
        .limit(limit)
    ).all()


def longest_waiting(
    conn: sa.Connection,
    bridge: str,
    kind: str,
    before: dt.datetime,
    limit: int,
) -> _Rows:
    """Records that were not taken over, those tried longest ago first."""
    return conn.execute(
        _links.select()
        .where(
            _links.c.bridge == bridge,
            _links.c.state == LinkState.WAITING,
            _links.c.kind == kind,
            _links.c.seen_at < before,
        )
        .order_by(_links.c.seen_at, _links.c.id)
        .limit(limit)
    ).all()


def counted(conn: sa.Connection, bridge: str) -> dict[tuple[str, str], int]:
    """How many records there are, by kind and state."""
    rows = conn.execute(
        sa.select(_links.c.kind, _links.c.state, sa.func.count())
        .where(_links.c.bridge == bridge)
        .group_by(_links.c.kind, _links.c.state)
    )
    return {(kind, state): int(count) for kind, state, count in rows}


def count_unseen(
    conn: sa.Connection, bridge: str, kind: str, before: dt.datetime
) -> int:
    """How many `unseen` has, which may be all there are."""
    counted = conn.execute(
        sa.select(sa.func.count()).where(*_unseen(bridge, kind, before))
    )
    return int(counted.scalar_one())


def unseen(
    conn: sa.Connection, bridge: str, kind: str, before: dt.datetime
) -> _Rows:
    """Linked records that a reading of all since an instant did not show."""
    return conn.execute(
        _links.select()
        .where(*_unseen(bridge, kind, before))
        .order_by(_links.c.id)
    ).all()


def _unseen(
    bridge: str, kind: str, before: dt.datetime
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _links.c.bridge == bridge,
        _links.c.kind == kind,
        _links.c.state == LinkState.LINKED,
        _links.c.seen_at < before,
    )


def of_subscription(
    conn: sa.Connection, subscription_id: int
) -> sa.Row[Any] | None:
    """The contract that a subscription is in another engine, if it is."""
    return conn.execute(
        _links.select()
        .where(
            _links.c.subscription_id == subscription_id,
            _links.c.kind == CONTRACT,
        )
        .order_by(_links.c.id)
        .limit(1)
    ).one_or_none()


def of_account(
    conn: sa.Connection, bridge: str, account_id: int
) -> sa.Row[Any] | None:
    """The customer that an account is there, if it is."""
    return conn.execute(
        _links.select()
        .where(
            _links.c.account_id == account_id,
            _links.c.bridge == bridge,
            _links.c.kind == CUSTOMER,
        )
        .limit(1)
    ).one_or_none()


def doubtful(conn: sa.Connection, bridge: str, customer: str) -> _Rows:
    """A customer's bills and payments of which not all is known."""
    return conn.execute(
        _links.select()
        .where(
            _links.c.bridge == bridge,
            _links.c.customer == customer,
            _links.c.kind.in_((BILL, PAYMENT)),
            _links.c.state != LinkState.GONE,
            _links.c.why.is_not(None),
        )
        .order_by(_links.c.id)
    ).all()


def open_bills(conn: sa.Connection, bridge: str, customer: str) -> _Rows:
    """The links of a customer's bills that are open in these books."""
    invoices = schema.invoices
    return conn.execute(
        _links.select()
        .join(invoices, invoices.c.id == _links.c.invoice_id)
        .where(
            _links.c.bridge == bridge,
            _links.c.customer == customer,
            _links.c.kind == BILL,
            invoices.c.state == 'open',
        )
    ).all()
