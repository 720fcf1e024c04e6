# SPDX-License-Identifier: Apache-2.0
"""Other ways to claim subscriptions that are due, and to finish them."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm as mapping

from patrii_billing.store import schema
from tests import crowd

_subs = schema.subscriptions
_ZONES = 4  # hours at which a day begins for different customers

Finish = Callable[[sa.Connection, Sequence[int], dt.datetime], None]


class _Subscription:
    """Mapped by hand: the house has no ORM."""


mapping.registry().map_imperatively(
    _Subscription, _subs, version_id_col=_subs.c.round
)


def update(
    engine: sa.Engine, limit: int, until: dt.datetime, skip: bool = False
) -> int:
    """Select, then UPDATE .. IN; with `skip` the rows are locked before."""
    with engine.begin() as conn:
        return len(_claim(conn, limit, until, skip))


def orm(engine: sa.Engine, limit: int, until: dt.datetime) -> int:
    with mapping.Session(engine) as session, session.begin():
        found = _load(session, limit)
        for each in found:
            each.charge_at = until
        return len(found)


def drain(
    engine: sa.Engine, limit: int, until: dt.datetime, finish: Finish
) -> int:
    """Claim and finish until nothing is due."""
    count = 0
    while True:
        with engine.begin() as conn:
            ids = _claim(conn, limit, until)
        if not ids:
            return count
        with engine.begin() as conn:
            finish(conn, ids, until)
        count += len(ids)


def drain_orm(engine: sa.Engine, limit: int, until: dt.datetime) -> int:
    count = 0
    while True:
        with mapping.Session(engine, expire_on_commit=False) as session:
            with session.begin():
                found = _load(session, limit)
                for each in found:
                    each.charge_at = until
            with session.begin():
                for each in found:
                    for name, value in finished(each.id, until).items():
                        setattr(each, name, value)
        if not found:
            return count
        count += len(found)


def finished(number: int, until: dt.datetime) -> Mapping[str, Any]:
    """What is written of one that was invoiced."""
    return {
        'billed_until': crowd.MARCH,
        'charge_at': until + dt.timedelta(hours=1 + number % _ZONES),
        'contract': 'live',
        'ended_at': None,
    }


def by_case(
    conn: sa.Connection, ids: Sequence[int], until: dt.datetime
) -> None:
    """One statement for all of them, by the driver alone."""
    sign = '?' if conn.dialect.name == 'sqlite' else '%s'
    columns = ('billed_until', 'charge_at')
    rows = [(number, finished(number, until)) for number in ids]
    cases = ', '.join(
        f'{name} = CASE id {f"WHEN {sign} THEN {sign} " * len(rows)} END'
        for name in columns
    )
    if conn.dialect.name == 'postgresql':
        cases = cases.replace('THEN %s', 'THEN %s::timestamp')
    values = [
        value
        for name in columns
        for number, row in rows
        for value in (number, _plain(row[name], conn.dialect.name))
    ]
    places = ', '.join([sign] * len(rows))
    conn.exec_driver_sql(
        f"UPDATE {_subs.name} SET {cases}, contract = 'live',"  # noqa: S608
        f' ended_at = NULL WHERE id IN ({places})',
        (*values, *ids),
    )


def by_case_of_rows(
    conn: sa.Connection, ids: Sequence[int], until: dt.datetime
) -> None:
    """The rows are read first: there is no work without them."""
    found = conn.execute(_subs.select().where(_subs.c.id.in_(ids))).all()
    by_case(conn, [row.id for row in found], until)


def by_many(
    conn: sa.Connection, ids: Sequence[int], until: dt.datetime
) -> None:
    """One statement for each, handed to the driver together."""
    place = {name: sa.bindparam(f'to_{name}') for name in finished(0, until)}
    which = _subs.c.id == sa.bindparam('which')
    conn.execute(
        _subs.update().where(which).values(place),
        [
            {
                'which': number,
                **{f'to_{k}': v for k, v in finished(number, until).items()},
            }
            for number in ids
        ],
    )


def _plain(value: dt.date, dialect: str) -> dt.date | str:
    """As the columns have it: UTC without saying so."""
    if isinstance(value, dt.datetime):
        value = value.replace(tzinfo=None)
        if dialect == 'sqlite':
            return value.isoformat(' ', 'microseconds')
    return value.isoformat() if dialect == 'sqlite' else value


def _claim(
    conn: sa.Connection, limit: int, until: dt.datetime, skip: bool = False
) -> Sequence[int]:
    query = (
        sa.select(_subs.c.id)
        .where(_subs.c.charge_at <= crowd.DUE)
        .order_by(_subs.c.charge_at, _subs.c.id)
        .limit(limit)
    )
    if skip:
        query = query.with_for_update(skip_locked=True)
    ids = conn.execute(query).scalars().all()
    if ids:
        conn.execute(
            _subs.update()
            .where(_subs.c.id.in_(ids), _subs.c.charge_at <= crowd.DUE)
            .values(charge_at=until)
        )
    return ids


def _load(session: mapping.Session, limit: int) -> Sequence[Any]:
    return session.scalars(
        sa.select(_Subscription)
        .where(_subs.c.charge_at <= crowd.DUE)
        .order_by(_subs.c.charge_at, _subs.c.id)
        .limit(limit)
    ).all()
