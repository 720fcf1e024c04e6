# SPDX-License-Identifier: Apache-2.0
"""A cloud in memory that keeps Nova's rules, as far as billing meets them.

States, refusals and the time a move takes are those of a real Nova, so that
the engine can be run over months in seconds.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
import datetime as dt
from typing import Any

from patrii_billing.domain import cloud
from patrii_billing.domain import quota as quotas
from patrii_billing.domain import server as nova
from patrii_billing import errors
from patrii_billing.sim import clock as clocks

# How long a move takes (seconds); seen on a small real cloud.
_TAKES = {
    'shelving': 2,
    'unshelving': 3,
    'powering-off': 1,
    'powering-on': 1,
    'pausing': 1,
    'suspending': 1,
}


@dataclass(slots=True)
class Guest:
    """A server, and the task that is running on it."""

    shown: nova.Server
    locker: nova.Locker | None = None
    settles_at: dt.datetime | None = None
    becomes: str = ''
    moves: list[str] = field(default_factory=list)


class Nova:
    """Servers and what may be done to them; implements the port Servers."""

    def __init__(self, clock: clocks.Clock) -> None:
        self._clock = clock
        self.guests: dict[str, Guest] = {}
        self.gone: dict[str, Guest] = {}
        self.images: dict[str, str] = {}  # image, server
        self.protected: set[str] = set()
        self.down: str | None = None
        self.unshelvable: set[str] = set()  # vTPM and the like
        self._requests = 0

    # What an owner or an operator does.

    def boot(self, server: nova.Server) -> None:
        locker = nova.Locker.OWNER if server.locked else None
        self.guests[server.id] = Guest(server, locker)

    def set(self, server_id: str, **values: Any) -> nova.Server:
        """Change what a server shows, as if somebody had done it."""
        guest = self.guests[server_id]
        guest.shown = replace(
            guest.shown, updated_at=self._clock.now(), **values
        )
        return guest.shown

    def set_lock(self, server_id: str, locker: nova.Locker | None) -> None:
        self.set(server_id, locked=locker is not None, locked_reason=None)
        self.guests[server_id].locker = locker

    def remove(self, server_id: str) -> None:
        """Its owner deletes it; Nova refuses where another locked it."""
        guest = self.guests[server_id]
        if guest.locker is nova.Locker.ADMIN:
            raise errors.CloudRefused('the server is locked', 409)
        self._destroy(server_id)

    # The port.

    def get(self, server_id: str) -> nova.Server | None:
        guest = self._answer().get(server_id)
        return None if guest is None else self._settled(guest).shown

    def pages(
        self, changes_since: dt.datetime | None = None
    ) -> Iterator[Sequence[nova.Server]]:
        """As Nova: only what changed since tells of deleted servers."""
        shown = [self._settled(one).shown for one in self._answer().values()]
        if changes_since is not None:
            shown += [guest.shown for guest in self.gone.values()]
            shown = [
                one
                for one in shown
                if (one.updated_at or changes_since) >= changes_since
            ]
        yield shown

    def locker(self, server: nova.Server) -> nova.Locker | None:
        return self._answer()[server.id].locker

    def lock(self, server_id: str, reason: str) -> str:
        guest = self._find(server_id)
        self.set(server_id, locked=True, locked_reason=reason)
        guest.locker = nova.Locker.ADMIN
        return self._accept(guest, 'lock')

    def lock_as_owner(self, server: nova.Server, reason: str | None) -> str:
        guest = self._find(server.id)
        if not guest.shown.locked:
            self.set(server.id, locked=True, locked_reason=reason)
            guest.locker = nova.Locker.OWNER
        return self._accept(guest, 'lock')

    def unlock(self, server_id: str) -> str:
        guest = self._find(server_id)
        self.set(server_id, locked=False, locked_reason=None)
        guest.locker = None
        return self._accept(guest, 'unlock')

    def shelve(self, server_id: str) -> str:
        if server_id in self.unshelvable:
            raise errors.CloudRefused('the server cannot be shelved', 400)
        guest = self._begin(
            server_id, nova.SHELVABLE, 'shelving', 'shelved_offloaded'
        )
        if len(guest.shown.name) > nova.LONGEST_SHELVABLE:
            guest.settles_at = None
            raise errors.CloudUnavailable('500: Unexpected API Error')
        self.images[f'image-{server_id}'] = server_id
        return self._accept(guest, 'shelve')

    def unshelve(self, server_id: str) -> str:
        guest = self._begin(server_id, nova.SHELVED, 'unshelving', 'active')
        image = f'image-{server_id}'
        if image not in self.protected:
            self.images.pop(image, None)
        return self._accept(guest, 'unshelve')

    def stop(self, server_id: str) -> str:
        states = frozenset({'active', 'error'})
        guest = self._begin(server_id, states, 'powering-off', 'stopped')
        return self._accept(guest, 'stop')

    def start(self, server_id: str) -> str:
        states = frozenset({'stopped'})
        guest = self._begin(server_id, states, 'powering-on', 'active')
        return self._accept(guest, 'start')

    def pause(self, server_id: str) -> str:
        states = frozenset({'active'})
        guest = self._begin(server_id, states, 'pausing', 'paused')
        return self._accept(guest, 'pause')

    def suspend(self, server_id: str) -> str:
        states = frozenset({'active'})
        guest = self._begin(server_id, states, 'suspending', 'suspended')
        return self._accept(guest, 'suspend')

    def delete(self, server_id: str) -> str:
        guest = self._find(server_id)
        self._destroy(server_id)
        return self._accept(guest, 'delete')

    # How it works inside.

    def _answer(self) -> dict[str, Guest]:
        if self.down:
            raise errors.CloudUnavailable(self.down)
        return self.guests

    def _find(self, server_id: str) -> Guest:
        guest = self._answer().get(server_id)
        if guest is None:
            raise errors.CloudRefused(f'no server {server_id}', 404)
        return self._settled(guest)

    def _settled(self, guest: Guest) -> Guest:
        now = self._clock.now()
        if guest.settles_at is not None and guest.settles_at <= now:
            guest.settles_at = None
            self.set(guest.shown.id, vm_state=guest.becomes, task_state=None)
        return guest

    def _begin(
        self, server_id: str, states: frozenset[str], task: str, becomes: str
    ) -> Guest:
        guest = self._find(server_id)
        shown = guest.shown
        if shown.task_state or shown.vm_state not in states:
            raise errors.CloudRefused(
                f'cannot while it is {shown.vm_state} {shown.task_state}', 409
            )
        self.set(server_id, task_state=task)
        seconds = dt.timedelta(seconds=_TAKES[task])
        guest.settles_at = self._clock.now() + seconds
        guest.becomes = becomes
        return guest

    def _destroy(self, server_id: str) -> None:
        now = self._clock.now()
        self.set(server_id, vm_state='deleted', deleted_at=now)
        self.gone[server_id] = self.guests.pop(server_id)
        image = f'image-{server_id}'
        if image not in self.protected:
            self.images.pop(image, None)

    def _accept(self, guest: Guest, move: str) -> str:
        guest.moves.append(move)
        self._requests += 1
        return f'req-{self._requests}'


class Keeper:
    """Protects snapshots; implements the port Keeper."""

    def __init__(self, servers: Nova) -> None:
        self._servers = servers

    def keep(self, server: nova.Server) -> cloud.Kept:
        image = f'image-{server.id}'
        if image not in self._servers.images:
            return cloud.Kept(lost=('it has no snapshot',))
        self._servers.protected.add(image)
        return cloud.Kept(images=(image,))

    def hand_over(self, kept: cloud.Kept, project: str) -> tuple[str, ...]:
        self._servers.protected -= set(kept.images)
        return tuple(f'{image} given to {project}' for image in kept.images)

    def purge(self, kept: cloud.Kept) -> None:
        for image in kept.images:
            self._servers.protected.discard(image)
            self._servers.images.pop(image, None)


class Quotas:
    """A project's quota; implements the port Quotas."""

    def __init__(self, servers: Nova) -> None:
        self._servers = servers
        self.quotas: dict[str, dict[str, int]] = {}

    def get(self, project: str) -> Mapping[str, int]:
        self._answer()
        return dict(self.quotas.get(project, {}))

    def usage(self, project: str) -> Mapping[str, int]:
        self._answer()
        count = sum(
            guest.shown.project == project
            for guest in self._servers.guests.values()
        )
        return {'instances': count, 'cores': count, 'ram': count * 512}

    def set(
        self, project: str, quota: Mapping[str, int], *, force: bool = False
    ) -> None:
        used = self.usage(project)
        below = quotas.below_usage(quota, used)
        if below and not force:
            raise errors.CloudRefused('; '.join(below), 400)
        self.quotas.setdefault(project, {}).update(quota)

    def _answer(self) -> None:
        if self._servers.down:
            raise errors.CloudUnavailable(self._servers.down)


class Projects:
    """Keystone's projects; implements the port Projects."""

    def __init__(self) -> None:
        self.projects: dict[str, cloud.KeystoneProject] = {}

    def get(self, project: str) -> cloud.KeystoneProject | None:
        return self.projects.get(project)

    def all(self) -> Sequence[cloud.KeystoneProject]:
        return list(self.projects.values())

    def contacts(self, project: str) -> Sequence[str]:
        return (f'owner@{project}.example',)
