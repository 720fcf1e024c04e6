# SPDX-License-Identifier: Apache-2.0
"""What happened to servers, in the past tense, wherever we learned it from.

A fact is a value: heard twice, late or out of order it stays the same.
"""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
import datetime as dt
import typing
from typing import Any

from patrii_billing import errors


@dataclass(frozen=True, slots=True)
class Flavor:
    """A flavor as the server carries it, whatever became of the original."""

    id: str
    name: str
    vcpus: int
    memory_mb: int
    root_gb: int
    ephemeral_gb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFact:
    """What every fact of a server says.

    `at` is UTC by the clock of whoever told it. `message_id` is None where
    no message told it (the reconcile sweep did). `request_id` and
    `initiator` (a keystone user) tell our own actions from the customer's;
    they are None where the teller does not know them.
    """

    server: str
    project: str
    at: dt.datetime
    message_id: str | None = None
    name: str | None = None
    request_id: str | None = None
    initiator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCreated(ServerFact):
    """It was built; it exists since `created_at` (UTC)."""

    flavor: Flavor
    created_at: dt.datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerResized(ServerFact):
    """Its owner confirmed the new flavor; a cold migration keeps the old."""

    flavor: Flavor


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDeleted(ServerFact):
    """Nova calls it deleted, since `deleted_at` (UTC, None: not known).

    A message can err (a local delete may fail after this was said), so ask
    the compute API before anything depends on it.
    """

    deleted_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDeletionReported(ServerFact):
    """A delete or soft delete came to its end, which may be a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRestored(ServerFact):
    """It came back from a soft delete, running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerShelved(ServerFact):
    """It was shelved; once `offloaded` it occupies no host."""

    offloaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUnshelved(ServerFact):
    """It came back from having been offloaded, running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStopped(ServerFact):
    """It was powered off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStarted(ServerFact):
    """It was powered on, perhaps from shelved: only that tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPaused(ServerFact):
    """It was frozen in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUnpaused(ServerFact):
    """It runs again after a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSuspended(ServerFact):
    """It was suspended to disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerResumed(ServerFact):
    """It runs again after having been suspended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLocked(ServerFact):
    """Somebody locked it, ourselves perhaps: our reason carries our mark."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUnlocked(ServerFact):
    """Its lock was taken off, whoever held it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRescued(ServerFact):
    """It was booted from a rescue image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUnrescued(ServerFact):
    """It was booted from its own disk again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRenamed(ServerFact):
    """Its display name is now `name`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFailed(ServerFact):
    """It went into ERROR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSeen(ServerFact):
    """Proof that it existed at that instant, in that state.

    `flavor` is None while a resize waits to be confirmed or reverted: Nova
    then shows the flavor that may yet be taken back.
    """

    flavor: Flavor | None
    created_at: dt.datetime
    state: str


Fact = (
    ServerCreated
    | ServerResized
    | ServerDeleted
    | ServerDeletionReported
    | ServerRestored
    | ServerShelved
    | ServerUnshelved
    | ServerStopped
    | ServerStarted
    | ServerPaused
    | ServerUnpaused
    | ServerSuspended
    | ServerResumed
    | ServerLocked
    | ServerUnlocked
    | ServerRescued
    | ServerUnrescued
    | ServerRenamed
    | ServerFailed
    | ServerSeen
)

KINDS: dict[str, type[Fact]] = {
    kind.__name__: kind for kind in typing.get_args(Fact)
}


def to_dict(fact: Fact) -> dict[str, Any]:
    """The fact as plain JSON values, its name under `fact`; None stays."""
    values = {
        field.name: getattr(fact, field.name)
        for field in dataclasses.fields(fact)
    }
    return {'fact': type(fact).__name__} | {
        name: _plain(value) for name, value in values.items()
    }


def from_dict(data: Mapping[str, Any]) -> Fact:
    """The fact that `to_dict` wrote.

    :raises errors.InvalidInput: it is none of ours, or not whole
    """
    kind = KINDS.get(str(data.get('fact')))
    if kind is None:
        raise errors.InvalidInput(f'no fact {data.get("fact")!r}', 'fact')
    try:
        return kind(
            **{
                name: _READ.get(name, _same)(value)
                for name, value in data.items()
                if name != 'fact'
            }
        )
    except (TypeError, ValueError) as error:
        raise errors.InvalidInput(str(error), kind.__name__) from error


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace('+00:00', 'Z')
    if isinstance(value, Flavor):
        return dataclasses.asdict(value)
    return value


def _same(value: Any) -> Any:
    return value


def _instant(value: Any) -> dt.datetime | None:
    return None if value is None else dt.datetime.fromisoformat(value)


def _flavor(value: Any) -> Flavor | None:
    return None if value is None else Flavor(**value)


_READ: dict[str, Callable[[Any], Any]] = {
    'at': _instant,
    'created_at': _instant,
    'deleted_at': _instant,
    'flavor': _flavor,
}
