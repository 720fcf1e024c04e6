# SPDX-License-Identifier: Apache-2.0
"""What a notification makes of a server, as it was last heard of.

An older fact never undoes a newer one, and a fact told twice changes
nothing.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
from dataclasses import dataclass
import datetime as dt
import decimal
import enum
import operator
from typing import Any

from patrii_billing.domain import facts

ONE = decimal.Decimal(1)
_LONGEST_NAME = 255

_STATES: dict[type[facts.ServerFact], str] = {
    facts.ServerUnshelved: 'active',
    facts.ServerStopped: 'stopped',
    facts.ServerStarted: 'active',
    facts.ServerPaused: 'paused',
    facts.ServerUnpaused: 'active',
    facts.ServerSuspended: 'suspended',
    facts.ServerResumed: 'active',
    facts.ServerRestored: 'active',
    facts.ServerRescued: 'rescued',
    facts.ServerUnrescued: 'active',
    facts.ServerFailed: 'error',
}
# These change nothing of a server that is known.
IDLE = frozenset({
    facts.ServerCreated, facts.ServerSeen, facts.ServerLocked,
    facts.ServerUnlocked,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    """A server as the books have it.

    `told_at` is that of the newest fact that changed it, `missed_at` when
    its absence was first told of.
    """

    id: str
    project: str
    name: str
    flavor: str
    vm_state: str
    created_at: dt.datetime | None
    told_at: dt.datetime
    deleted_at: dt.datetime | None = None
    missed_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """What a server was, and how many of it, from an instant on."""

    flavor: str
    quantity: decimal.Decimal
    at: dt.datetime
    why: str


class Denial(enum.Enum):
    """Why a fact does not count."""

    OVER = 'over'  # nova has dated the server's end before it
    LATE = 'late'  # nova has shown otherwise since


@dataclass(frozen=True, slots=True)
class Looks:
    """When nova was asked what its servers are.

    At least once in each `span`, but in no `outage`, which is from an instant
    until another.
    """

    span: dt.timedelta
    outages: Sequence[tuple[dt.datetime, dt.datetime]] = ()

    def missed(self, at: dt.datetime) -> bool:
        """Whether what was so at an instant may have changed unseen."""
        return any(
            since - self.span <= at <= until for since, until in self.outages
        )


def name(text: str) -> str:
    """As much of a server's name as the books keep."""
    return text[:_LONGEST_NAME]


def first(fact: facts.Fact) -> Server | None:
    """A server that was not known; None where the fact does not say what.

    In the middle of a resize that is so: the sweep will tell.
    """
    if not isinstance(fact, (facts.ServerCreated, facts.ServerSeen)):
        return None
    if fact.flavor is None:
        return None
    return Server(
        id=fact.server,
        project=fact.project,
        name=name(fact.name or ''),
        flavor=fact.flavor.name,
        vm_state=fact.state or 'active',
        created_at=fact.created_at,
        told_at=fact.at,
    )


def after(known: Server, fact: facts.Fact) -> Server:
    """The server after a fact; the very same where it says nothing new."""
    match fact:
        case facts.ServerDeleted() | facts.ServerDeletionReported():
            # Believed when Nova answers 404, see the sweep.
            if known.deleted_at is None and known.missed_at is None:
                return dataclasses.replace(known, missed_at=fact.at)
        case facts.ServerRenamed():
            return told(known, fact.at, name=name(fact.name))
        case facts.ServerShelved():
            state = 'shelved_offloaded' if fact.offloaded else 'shelved'
            return told(known, fact.at, vm_state=state)
        case _ if type(fact) in _STATES:
            return told(known, fact.at, vm_state=_STATES[type(fact)])
    return known


def told(known: Server, at: dt.datetime, **values: Any) -> Server:
    """With what was told at an instant, unless newer was told before."""
    if at < known.told_at:
        return known
    if all(getattr(known, key) == value for key, value in values.items()):
        return known
    return dataclasses.replace(known, told_at=at, **values)


def at_level(
    known: Server, levels: Iterable[Level], at: dt.datetime
) -> Server:
    """With the flavor that it had last, when one was told at an instant.

    A sweep compares nova with it: another would hide from it what is billed.
    """
    *_, last = sorted(levels, key=operator.attrgetter('at'))
    if last.flavor == known.flavor:
        return known
    told_at = max(known.told_at, at)
    return dataclasses.replace(known, flavor=last.flavor, told_at=told_at)


def level(fact: facts.Fact) -> Level | None:
    """What is billed from then on, by a fact of a server that is known.

    Also what says nothing new: an older fact may come after it.
    """
    if isinstance(fact, facts.ServerResized):
        return Level(fact.flavor.name, ONE, fact.at, 'resized')
    return None


def was_there(known: Server, at: dt.datetime) -> bool:
    """Whether there may have been the server at an instant.

    One that never was is gone since it was made.
    """
    born = known.created_at
    return (born is None or born <= at) and not is_over(known, at)


def is_over(known: Server, at: dt.datetime) -> bool:
    """Whether a server had ended by an instant, for all that is known.

    What is told of then counts for nothing: its host's clock may differ from
    nova's, which dates an end to the second.
    """
    return known.deleted_at is not None and known.deleted_at <= at


def first_level(
    fact: facts.ServerCreated, known: Server, looks: Looks
) -> Level | None:
    """What a server was made as, where a sweep may have come after a resize.

    Nova tells since when a server is there, and not what it was until now.
    """
    at = known.created_at
    if at is None or not looks.missed(at) or not was_there(known, at):
        return None
    if abs(fact.created_at - at) >= looks.span:
        return None
    return Level(fact.flavor.name, ONE, at, 'created')


def is_told(level: Level, levels: Iterable[Level]) -> bool:
    """Whether a level is among those that are known, whoever told it."""
    return any(
        (level.flavor, level.quantity, level.at)
        == (each.flavor, each.quantity, each.at)
        for each in levels
    )


def newest(levels: Iterable[Level], at: dt.datetime) -> Level | None:
    """What a server was at an instant; of two from one on, the later told."""
    found = None
    for each in levels:
        if each.at <= at and (found is None or each.at >= found.at):
            found = each
    return found


def comes_too_late(
    fact: facts.ServerResized, levels: Iterable[Level], looks: Looks
) -> bool:
    """Whether nova has shown since then what the resize would have changed.

    Who tells of it now may tell anything. Where the next sweep showed just
    that, an honest notification was long on its way. Where there was none
    for long nothing denies it: the server may have changed again until nova
    was asked, and what nova showed then counts from its last change on.
    """
    if looks.missed(fact.at):
        return False
    shown = newest(levels, fact.at + looks.span)
    return shown is None or (shown.flavor, shown.quantity) != (
        fact.flavor.name,
        ONE,
    )
