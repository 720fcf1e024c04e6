# SPDX-License-Identifier: Apache-2.0
"""Servers as last heard of, and what level they were at since when."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
import decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import heard
from patrii_billing.store import database
from patrii_billing.store import rows
from patrii_billing.store import schema
from patrii_billing.store import subscriptions

_servers = schema.servers
_levels = schema.levels
_HELD = (
    _levels.c.project, _levels.c.server, _levels.c.resource,
    _levels.c.quantity, _levels.c.at,
)  # fmt: skip
# What a notification may change.
_TELLABLE = ('name', 'flavor', 'vm_state', 'told_at', 'missed_at')
# Why there is a level, where none but a notification says so.
_TOLD = ('created', 'resized')


def get(conn: sa.Connection, server_id: str) -> sa.Row[Any] | None:
    return conn.execute(
        _servers.select().where(_servers.c.id == server_id)
    ).one_or_none()


def some(
    conn: sa.Connection, ids: Collection[str]
) -> Mapping[str, sa.Row[Any]]:
    """Those of the servers that are known, by their ids."""
    if not ids:
        return {}
    rows = conn.execute(_servers.select().where(_servers.c.id.in_(ids)))
    return {row.id: row for row in rows}


def lock(conn: sa.Connection, server_id: str) -> sa.Row[Any]:
    """A known server as it is now, kept from others until the commit."""
    return conn.execute(
        _servers.select().where(_servers.c.id == server_id).with_for_update()
    ).one()


def lock_some(
    conn: sa.Connection, ids: Collection[str]
) -> Mapping[str, sa.Row[Any]]:
    """Those that are known, by id, kept from others until the commit."""
    if not ids:
        return {}
    rows = conn.execute(
        _servers.select()
        .where(_servers.c.id.in_(ids))
        .order_by(_servers.c.id)
        .with_for_update()
    )
    return {row.id: row for row in rows}


def add_all(conn: sa.Connection, new: Sequence[heard.Server]) -> None:
    """Add servers that were not known.

    Raises RetryRequest where a notification and a sweep tell of one at once.
    """
    if new:
        rows = [_row(server) for server in new]
        database.insert_new(conn, _servers, rows)


def tell_all(conn: sa.Connection, known: Sequence[heard.Server]) -> None:
    """Write what was told of servers that this unit of work has locked."""
    if known:
        rows = [_row(server) for server in known]
        database.insert_or_change(
            conn, _servers, rows, ['id'],
            lambda new: {name: new[name] for name in _TELLABLE},
        )  # fmt: skip


def _row(server: heard.Server) -> dict[str, Any]:
    return {
        'id': server.id,
        'project': server.project,
        'name': server.name,
        'flavor': server.flavor,
        'vm_state': server.vm_state,
        'created_at': server.created_at,
        'told_at': server.told_at,
        'missed_at': server.missed_at,
    }


def change(conn: sa.Connection, /, server_id: str, **values: Any) -> None:
    conn.execute(
        _servers.update().where(_servers.c.id == server_id).values(**values)
    )


def tell(
    conn: sa.Connection, /, server_id: str, at: dt.datetime, **values: Any
) -> None:
    """Keep what was told at an instant, unless newer was told meanwhile."""
    conn.execute(
        _servers.update()
        .where(_servers.c.id == server_id, _servers.c.told_at <= at)
        .values(told_at=at, **values)
    )


def present(conn: sa.Connection, project: str) -> Sequence[sa.Row[Any]]:
    """The servers of a project that are not known to be gone."""
    return conn.execute(
        _servers.select()
        .where(_servers.c.project == project, _servers.c.deleted_at.is_(None))
        .order_by(_servers.c.id)
    ).all()


def mark_seen(
    conn: sa.Connection, ids: Sequence[str], now: dt.datetime
) -> None:
    """A sweep that began then has shown them.

    One that began earlier and ends later takes nothing back of a newer one,
    which would else miss what it has seen itself.
    """
    seen = _servers.c.seen_at
    conn.execute(
        _servers.update()
        .where(_servers.c.id.in_(ids))
        .values(
            seen_at=sa.case((seen > now, seen), else_=now), missed_at=None
        )
    )


def doubt(conn: sa.Connection, since: dt.datetime) -> None:
    """Doubt those that a complete sweep since then did not show."""
    conn.execute(
        _servers.update()
        .where(
            _servers.c.deleted_at.is_(None),
            _servers.c.missed_at.is_(None),
            sa.or_(_servers.c.seen_at.is_(None), _servers.c.seen_at < since),
            _servers.c.told_at < since,
        )
        .values(missed_at=since)
    )


def miss(conn: sa.Connection, server_id: str, now: dt.datetime) -> None:
    """Nova answered that it does not know it."""
    conn.execute(
        _servers.update()
        .where(
            _servers.c.id == server_id,
            _servers.c.deleted_at.is_(None),
            _servers.c.missed_at.is_(None),
        )
        .values(missed_at=now)
    )


def count_missed(conn: sa.Connection, since: dt.datetime) -> int:
    """How many are doubted since then and not believed to be gone."""
    return int(
        conn.execute(
            sa.select(sa.func.count())
            .select_from(_servers)
            .where(
                _servers.c.missed_at >= since, _servers.c.deleted_at.is_(None)
            )
        ).scalar_one()
    )


def missed(
    conn: sa.Connection, before: dt.datetime, limit: int
) -> Sequence[sa.Row[Any]]:
    """Servers that somebody called gone, or a sweep missed, before then."""
    return conn.execute(
        _servers.select()
        .where(_servers.c.missed_at <= before, _servers.c.deleted_at.is_(None))
        .order_by(_servers.c.missed_at, _servers.c.id)
        .limit(limit)
    ).all()


def count(conn: sa.Connection) -> int:
    """The size of the fleet."""
    return int(
        conn.execute(
            sa.select(sa.func.count())
            .select_from(_servers)
            .where(_servers.c.deleted_at.is_(None))
        ).scalar_one()
    )


def add_level(
    conn: sa.Connection,
    key: str,
    project: str,
    resource: str,
    quantity: decimal.Decimal,
    at: dt.datetime,
    why: str,
    server: str | None = None,
) -> bool:
    """As add_levels, for one."""
    row = {
        'key': key, 'project': project, 'server': server,
        'resource': resource, 'quantity': quantity, 'at': at, 'why': why,
    }  # fmt: skip
    return bool(add_levels(conn, [row]))


def level(server: str, project: str, level: heard.Level) -> dict[str, Any]:
    """A row of what a server was, for add_levels."""
    at = level.at.isoformat()
    return {
        'key': f'{server}:{level.flavor}:{level.quantity}:{at}',
        'project': project, 'server': server, 'resource': level.flavor,
        'quantity': level.quantity, 'at': level.at, 'why': level.why,
    }  # fmt: skip


def add_levels(
    conn: sa.Connection, rows: Sequence[Mapping[str, Any]]
) -> Collection[str]:
    """Record what servers or quotas were from an instant on, once per key.

    What the projects' subscriptions were billed is to be looked at again.
    The keys that were new. Raises RetryRequest, see database.insert_new.
    """
    # Of two of one key the first, as if they came one after the other.
    new = {row['key']: row for row in reversed(rows)}
    if not new:
        return ()
    query = sa.select(_levels.c.key).where(_levels.c.key.in_(new))
    for known in conn.execute(query).scalars():
        new.pop(known, None)
    if not new:
        return ()
    added = [row for row in rows if new.get(row['key']) is row]
    database.insert_new(conn, _levels, added)
    since: dict[str, dt.datetime] = {}
    for row in added:
        project, at = row['project'], row['at']
        since[project] = min(at, since.get(project, at))
    subscriptions.settle_projects(conn, since)
    return new.keys()


def levels_of_servers(
    conn: sa.Connection, projects: Collection[str], servers: Collection[str]
) -> Sequence[sa.Row[Any]]:
    """All levels of some servers in effective order."""
    if not servers:
        return ()
    return conn.execute(
        _levels.select()
        .where(_levels.c.project.in_(projects), _levels.c.server.in_(servers))
        .order_by(_levels.c.at, _levels.c.id)
    ).all()


def levels_told(
    conn: sa.Connection, project: str, server_id: str
) -> Sequence[sa.Row[Any]]:
    """What a notification alone has said of a server, in effective order."""
    return conn.execute(
        _levels.select()
        .where(
            _levels.c.project == project,
            _levels.c.server == server_id,
            _levels.c.why.in_(_TOLD),
        )
        .order_by(_levels.c.at, _levels.c.id)
    ).all()


def drop_levels(conn: sa.Connection, rows: Sequence[sa.Row[Any]]) -> None:
    """Forget levels of one project, the earliest first among them.

    What the project's subscriptions were billed is to be looked at again.
    """
    if not rows:
        return
    ids = [row.id for row in rows]
    conn.execute(_levels.delete().where(_levels.c.id.in_(ids)))
    subscriptions.settle_projects(conn, {rows[0].project: rows[0].at})


def level_at(
    conn: sa.Connection, project: str, server_id: str, at: dt.datetime
) -> sa.Row[Any] | None:
    """What a server was at an instant, as far as it is known."""
    return conn.execute(
        _levels.select()
        .where(
            _levels.c.project == project,
            _levels.c.at <= at,
            _levels.c.server == server_id,
        )
        .order_by(_levels.c.at.desc(), _levels.c.id.desc())
        .limit(1)
    ).one_or_none()


def quota_levels(conn: sa.Connection, project: str) -> dict[str, sa.Row[Any]]:
    """The newest level of each quota of a project."""
    rows = conn.execute(
        _levels.select()
        .where(_levels.c.project == project, _levels.c.server.is_(None))
        .order_by(_levels.c.at, _levels.c.id)
    )
    return {row.resource: row for row in rows}


def levels(conn: sa.Connection, project: str) -> Sequence[sa.Row[Any]]:
    """All levels of a project in effective order."""
    return conn.execute(
        _levels.select()
        .where(_levels.c.project == project)
        .order_by(_levels.c.at, _levels.c.id)
    ).all()


def levels_of(
    conn: sa.Connection, projects: Collection[str]
) -> Sequence[sa.Row[Any]]:
    """What some projects held, and since when; of each in effective order."""
    return rows.named(
        conn.execute(
            sa.select(*_HELD)
            .where(_levels.c.project.in_(projects))
            .order_by(_levels.c.project, _levels.c.at, _levels.c.id)
        )
    )


def names(conn: sa.Connection, projects: Collection[str]) -> Mapping[str, str]:
    """The names of the servers that some projects have, or had, by id."""
    found = conn.execute(
        sa.select(_servers.c.id, _servers.c.name).where(
            _servers.c.project.in_(projects)
        )
    ).all()
    return {server: name for server, name in found}
