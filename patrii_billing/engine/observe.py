# SPDX-License-Identifier: Apache-2.0
"""Write what notifications tell of servers into the books, many at a time.

An older fact never undoes a newer one, and a fact told twice changes
nothing: states are kept with the time they were told, levels by their key.
Most of what nova tells is known already; that costs one read for all of it.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import operator
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import facts
from patrii_billing.domain import heard
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import outages
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

# Of these depends what is billed.
_OF_LEVELS = (facts.ServerResized, facts.ServerCreated)
_Rows = Mapping[str, sa.Row[Any]]
_Denied = dict[facts.Fact, heard.Denial]


@dataclass
class _Story:
    """What facts of one server, in their order, make of it."""

    before: heard.Server | None
    server: heard.Server | None
    levels: list[heard.Level] = field(default_factory=list)
    denied: _Denied = field(default_factory=dict)


def observe(
    conn: sa.Connection,
    tools: toolbox.Tools,
    fact: facts.Fact,
    now: dt.datetime,
) -> bool:
    """Write one fact; False where it does not count."""
    return not observe_all(conn, tools, [fact], now)


def observe_all(
    conn: sa.Connection,
    tools: toolbox.Tools,
    told: Sequence[facts.Fact],
    now: dt.datetime,
) -> Mapping[facts.Fact, heard.Denial]:
    """Write facts in the order they are given; those that do not count.

    These are not written, see heard.is_over and heard.comes_too_late. The
    law is asked to look where any of the others may matter.
    """
    by_server: dict[str, list[facts.Fact]] = {}
    for fact in told:
        by_server.setdefault(fact.server, []).append(fact)
    rows = _known(conn, by_server)
    sights = _Sights(conn, tools, told, rows)
    stories = [
        _hear(_as_known(rows.get(server)), by_server[server], sights)
        for server in sorted(by_server)
    ]
    _write(conn, stories, now)
    return {
        fact: why for story in stories for fact, why in story.denied.items()
    }


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


class _Sights:
    """What is known of servers of whose levels something is told now."""

    def __init__(
        self,
        conn: sa.Connection,
        tools: toolbox.Tools,
        told: Sequence[facts.Fact],
        rows: _Rows,
    ) -> None:
        self._seen_at = {row.id: row.seen_at for row in rows.values()}
        self._levels: dict[str, list[heard.Level]] = {}
        asked = {
            fact.server
            for fact in told
            if isinstance(fact, _OF_LEVELS) and fact.server in rows
        }
        if not asked:
            return
        self._looks = looks(conn, tools)
        projects = {rows[server].project for server in asked}
        for row in servers.levels_of_servers(conn, projects, asked):
            self._levels.setdefault(row.server, []).append(
                heard.Level(row.resource, row.quantity, row.at, row.why)
            )

    def levels(self, server: str) -> list[heard.Level]:
        """What it was, in effective order, where it is told of here."""
        return self._levels.get(server, [])

    def denial(
        self,
        fact: facts.Fact,
        known: heard.Server,
        levels: Sequence[heard.Level],
    ) -> heard.Denial | None:
        """Why a resize told of now does not count; None where it does."""
        if not isinstance(fact, facts.ServerResized):
            return None
        if heard.is_over(known, fact.at):
            return heard.Denial.OVER
        seen_at = self._seen_at.get(fact.server)
        is_late = not heard.was_there(known, fact.at) or (
            seen_at is not None
            and fact.at < seen_at - self._looks.span
            and heard.comes_too_late(fact, levels, self._looks)
        )
        return heard.Denial.LATE if is_late else None

    def level(
        self, fact: facts.Fact, known: heard.Server
    ) -> heard.Level | None:
        """What is billed by a fact that is not denied."""
        if not isinstance(fact, facts.ServerCreated):
            return heard.level(fact)
        # Nobody but nova says that one is gone.
        if self._seen_at.get(known.id) or known.deleted_at:
            return heard.first_level(fact, known, self._looks)
        return None


def looks(conn: sa.Connection, tools: toolbox.Tools) -> heard.Looks:
    """When nova was asked what its servers are."""
    return heard.Looks(tools.settings.sweep_span, outages.recent(conn))


def _known(
    conn: sa.Connection, by_server: Mapping[str, Sequence[facts.Fact]]
) -> _Rows:
    """What the books have of the servers; what may change is locked."""
    heeded = {
        server
        for server, told in by_server.items()
        if any(type(fact) not in heard.IDLE for fact in told)
    }
    rest = servers.some(conn, by_server.keys() - heeded)
    heeded |= {
        server
        for server in rest
        if any(isinstance(f, facts.ServerCreated) for f in by_server[server])
    }
    return {**rest, **servers.lock_some(conn, heeded)}


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
    sights: _Sights,
) -> _Story:
    story = _Story(known, known)
    levels = [*sights.levels(told[0].server)]
    for fact in told:
        if story.server is None:
            story.server = heard.first(fact)
            if story.server is not None:
                story.levels.append(created(story.server))
                levels += story.levels
        elif why := sights.denial(fact, story.server, levels):
            story.denied[fact] = why
        else:
            level = sights.level(fact, story.server)
            story.server = heard.after(story.server, fact)
            if level is not None and not heard.is_told(level, levels):
                story.levels.append(level)
                levels.append(level)
                story.server = heard.at_level(story.server, levels, fact.at)
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
