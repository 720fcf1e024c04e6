# SPDX-License-Identifier: Apache-2.0
"""Write what notifications tell of servers into the books, many at a time.

An older fact never undoes a newer one, and a fact told twice changes
nothing: states are kept with the time they were told, levels by their key.
Most of what nova tells is known already; that costs one read for all of it.
"""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import operator
from typing import Any, TypeGuard

import sqlalchemy as sa

from patrii_billing.domain import facts
from patrii_billing.domain import heard
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

_Rows = Mapping[str, sa.Row[Any]]


@dataclass
class _Story:
    """What facts of one server, in their order, make of it."""

    before: heard.Server | None
    server: heard.Server | None
    levels: list[heard.Level] = field(default_factory=list)
    late: list[facts.Fact] = field(default_factory=list)


def observe(
    conn: sa.Connection,
    tools: toolbox.Tools,
    fact: facts.Fact,
    now: dt.datetime,
) -> bool:
    """Write one fact; False where it came too late to count."""
    return not observe_all(conn, tools, [fact], now)


def observe_all(
    conn: sa.Connection,
    tools: toolbox.Tools,
    told: Sequence[facts.Fact],
    now: dt.datetime,
) -> Collection[facts.Fact]:
    """Write facts in the order they are given; those that came too late.

    These are not written, see heard.comes_too_late. The law is asked to look
    where any of the others may matter.
    """
    by_server: dict[str, list[facts.Fact]] = {}
    for fact in told:
        by_server.setdefault(fact.server, []).append(fact)
    rows = _known(conn, by_server)
    denials = _Denials(conn, tools, told, rows)
    stories = [
        _hear(_as_known(rows.get(server)), by_server[server], denials)
        for server in sorted(by_server)
    ]
    _write(conn, stories, now)
    return frozenset(fact for story in stories for fact in story.late)


def add(
    conn: sa.Connection, new: Sequence[heard.Server], now: dt.datetime
) -> None:
    """Add servers that were not known, and have their cases look at them.

    What they are billed for is not written yet. Raises RetryRequest where
    another unit has added one of them meanwhile.
    """
    if not new:
        return
    servers.add_all(conn, new)
    projects = {server.project for server in new}
    # The accounts first, as everybody locks them.
    cases = subscriptions.in_case(conn, projects)
    if cases:
        accounts.lock_all(conn, [case.account_id for case in cases])
        for case in cases:
            subscriptions.look(conn, case.id, now)
    owners = accounts.owners(conn, projects)
    entries = [
        {
            'name': 'ServerCreated',
            'account_id': owners[server.project],
            'server': server.id,
            'detail': {'happened_at': _created_at(server).isoformat()},
        }
        for server in new
        if server.project in owners
    ]
    # In the order in which all wait for accounts.
    entries.sort(key=operator.itemgetter('account_id'))
    timeline.record_all(conn, now, 'fact', entries)


def created(server: heard.Server) -> heard.Level:
    """What a server that was not known is billed for at first."""
    at = _created_at(server)
    return heard.Level(server.flavor, heard.ONE, at, 'created')


def _created_at(server: heard.Server) -> dt.datetime:
    return server.created_at or server.told_at


class _Denials:
    """What nova itself has shown since a resize that is told of now."""

    def __init__(
        self,
        conn: sa.Connection,
        tools: toolbox.Tools,
        told: Sequence[facts.Fact],
        rows: _Rows,
    ) -> None:
        # A sweep, and that it looks so far back.
        settings = tools.settings
        self._span = settings.sweep_every + settings.sweep_overlap
        self._seen_at = {row.id: row.seen_at for row in rows.values()}
        self._levels: dict[str, list[heard.Level]] = {}
        old = {fact.server for fact in told if self._is_old(fact)}
        projects = {rows[server].project for server in old}
        for row in servers.levels_of_servers(conn, projects, old):
            self._levels.setdefault(row.server, []).append(
                heard.Level(row.resource, row.quantity, row.at, row.why)
            )

    def are_of(
        self, fact: facts.Fact, meanwhile: Sequence[heard.Level]
    ) -> bool:
        """:param meanwhile: what was told of the server just now"""
        if not self._is_old(fact):
            return False
        levels = [*self._levels.get(fact.server, ()), *meanwhile]
        return heard.comes_too_late(fact, levels, self._span)

    def _is_old(self, fact: facts.Fact) -> TypeGuard[facts.ServerResized]:
        seen_at = self._seen_at.get(fact.server)
        return (
            isinstance(fact, facts.ServerResized)
            and seen_at is not None
            and fact.at < seen_at - self._span
        )


def _known(
    conn: sa.Connection, by_server: Mapping[str, Sequence[facts.Fact]]
) -> _Rows:
    """What the books have of the servers; what may change is locked."""
    heeded = {
        server
        for server, told in by_server.items()
        if any(type(fact) not in heard.IDLE for fact in told)
    }
    return {
        **servers.some(conn, by_server.keys() - heeded),
        **servers.lock_some(conn, heeded),
    }


def _as_known(row: sa.Row[Any] | None) -> heard.Server | None:
    if row is None:
        return None
    return heard.Server(
        row.id, row.project, row.name, row.flavor, row.vm_state,
        row.created_at, row.told_at, row.deleted_at, row.missed_at,
    )  # fmt: skip


def _hear(
    known: heard.Server | None,
    told: Sequence[facts.Fact],
    denials: _Denials,
) -> _Story:
    story = _Story(known, known)
    for fact in told:
        if story.server is None:
            story.server = heard.first(fact)
            if story.server is not None:
                story.levels.append(created(story.server))
        elif denials.are_of(fact, story.levels):
            story.late.append(fact)
        else:
            level = heard.level(fact)
            if level is not None:
                story.levels.append(level)
            story.server = heard.after(story.server, fact)
    return story


def _write(
    conn: sa.Connection, stories: Sequence[_Story], now: dt.datetime
) -> None:
    known = [
        (story.before, story.server, story.levels)
        for story in stories
        if story.server is not None
    ]
    add(conn, [server for before, server, _ in known if not before], now)
    servers.tell_all(
        conn,
        [
            server
            for before, server, _ in known
            if before and server is not before
        ],
    )
    servers.add_levels(
        conn,
        [
            servers.level(server.id, server.project, level)
            for _, server, levels in known
            for level in levels
        ],
    )
