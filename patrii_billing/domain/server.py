# SPDX-License-Identifier: Apache-2.0
"""What Nova says of a server, and the next move towards what we want of it.

Every move is chosen from what Nova shows now and from what we remember of
the server, never from what we believe to have sent. So a step that is asked
for again after a crash finds its work done and is not done twice.
"""

from dataclasses import dataclass
import datetime as dt
import enum

LOCK_PREFIX = 'patrii-billing:'

# Nova's compute API shelves only these (nova/compute/api.py, shelve).
SHELVABLE = frozenset({'active', 'stopped', 'paused', 'suspended'})
SHELVED = frozenset({'shelved', 'shelved_offloaded'})
# Nova calls the snapshot <name>-shelved, and glance takes 255 characters. It
# fails after it has begun: such a server runs on, `shelving` for ever.
LONGEST_SHELVABLE = 255 - len('-shelved')
# None of these runs, and what is locked can be started by an administrator
# alone.
STILL = frozenset({'stopped', 'paused', 'suspended'})
# States that pass by themselves or by their owner's decision.
UNSETTLED = frozenset({'building', 'resized'})
GONE = frozenset({'deleted', 'soft-delete', 'soft_deleted'})


@dataclass(frozen=True, slots=True)
class Server:
    """A server as the compute API shows it to an administrator."""

    id: str
    project: str
    name: str
    flavor: str
    vm_state: str
    task_state: str | None = None
    locked: bool = False
    locked_reason: str | None = None
    host: str | None = None
    host_status: str = ''
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    deleted_at: dt.datetime | None = None

    @property
    def case(self) -> str | None:
        """The case id that the lock names, or None where it names none."""
        reason = self.locked_reason or ''
        if not self.locked or not reason.startswith(LOCK_PREFIX):
            return None
        return reason.removeprefix(LOCK_PREFIX).split(' ', 1)[0]

    def is_held(self, case: str, locker: 'Locker | None') -> bool:
        """Whether the lock is ours and of this case.

        Its owner may write any reason, ours too, but then it is his lock.
        """
        return self.case == case and locker is not Locker.OWNER


@dataclass(frozen=True, slots=True)
class Remembered:
    """A server as it was before our first touch, to be put back so."""

    vm_state: str
    owner_locked: bool = False
    locked_reason: str | None = None


class Locker(enum.StrEnum):
    """Who holds a server's lock, by Nova's own rule (its project or not)."""

    OWNER = 'owner'
    ADMIN = 'admin'


class Move(enum.StrEnum):
    """One call to Nova, or a reason to make none."""

    LOCK = 'lock'
    SHELVE = 'shelve'
    STOP = 'stop'
    UNSHELVE = 'unshelve'
    START = 'start'
    PAUSE = 'pause'
    SUSPEND = 'suspend'
    UNLOCK = 'unlock'
    LOCK_AS_OWNER = 'lock_as_owner'
    DELETE = 'delete'
    WAIT = 'wait'
    SHELVED = 'shelved'
    STOPPED = 'stopped'
    EXEMPT = 'exempt'
    STUCK = 'stuck'
    RESTORED = 'restored'


@dataclass(frozen=True, slots=True)
class Next:
    """The next move and why it is that one."""

    move: Move
    why: str = ''


def lock_reason(case: str, text: str) -> str:
    """Our lock's reason; Nova takes 255 characters at the most."""
    return f'{LOCK_PREFIX}{case} {text}'[:255]


def is_gone(server: Server | None) -> bool:
    return server is None or server.vm_state in GONE


def towards_shelved(
    server: Server,
    case: str,
    locker: Locker | None,
    shelve_refused: bool,
) -> Next:
    """The next move to a shelved server that its owner cannot wake.

    :param case: the id our lock carries
    :param locker: who holds the lock; None where unlocked
    :param shelve_refused: Nova has already refused to shelve this server
    """
    if server.locked and server.case != case and locker is not Locker.OWNER:
        return Next(Move.EXEMPT, 'locked by another administrator')
    if server.task_state:
        return Next(Move.WAIT, f'task {server.task_state} is running')
    if server.vm_state in UNSETTLED:
        return Next(Move.WAIT, f'the server is {server.vm_state}')
    ours = server.is_held(case, locker)
    if server.vm_state in SHELVED:
        return Next(Move.SHELVED if ours else Move.LOCK)
    if _can_be_shelved(server) and not shelve_refused:
        return Next(Move.SHELVE if ours else Move.LOCK)
    if server.vm_state in STILL:
        return Next(Move.STOPPED if ours else Move.LOCK)
    # Nova stops only these two, and an ERROR server only where it has a host.
    if server.vm_state == 'active' or (
        server.vm_state == 'error' and server.host
    ):
        return Next(Move.STOP if ours else Move.LOCK)
    return Next(
        Move.EXEMPT,
        f'a server that is {server.vm_state} can be neither shelved '
        'nor stopped',
    )


def _can_be_shelved(server: Server) -> bool:
    return (
        server.vm_state in SHELVABLE and len(server.name) <= LONGEST_SHELVABLE
    )


def towards_restored(
    server: Server, case: str, before: Remembered, relock_due: bool
) -> Next:
    """The next move back to the server as it was before our first touch.

    :param relock_due: our lock is off and the owner's is still to be set
    """
    state, wanted = server.vm_state, before.vm_state
    # Whatever its task: where the snapshot is gone nova leaves it `unshelving`
    # for ever (nova/conductor/manager.py, unshelve_instance).
    if state == 'error' and wanted not in ('error', *SHELVED):
        return Next(Move.STUCK, 'the server is in ERROR')
    if server.task_state:
        return Next(Move.WAIT, f'task {server.task_state} is running')
    if wanted not in SHELVED:
        if state in SHELVED:
            return Next(Move.UNSHELVE)
        if state == 'active' and wanted in _BACK_TO:
            return Next(_BACK_TO[wanted])
        # A server that was in ERROR was stopped by us; running is the
        # nearest to what it was that Nova can give.
        if state == 'stopped' and wanted not in _BACK_TO:
            return Next(Move.START)
    if server.case == case:
        return Next(Move.UNLOCK)
    if relock_due and before.owner_locked and not server.locked:
        return Next(Move.LOCK_AS_OWNER)
    return Next(Move.RESTORED)


_BACK_TO = {
    'stopped': Move.STOP,
    'paused': Move.PAUSE,
    'suspended': Move.SUSPEND,
}


def refuse_delete(
    server: Server, case: str, project: str, created_at: dt.datetime | None
) -> str | None:
    """Why this server must not be deleted now, or None where it may be."""
    if server.project != project or server.created_at != created_at:
        return 'it is not the server that was warned about'
    if server.case != case:
        return 'its lock is not ours'
    if server.vm_state not in SHELVED:
        return f'it is {server.vm_state}, not shelved'
    if server.task_state:
        return f'its task {server.task_state} is running'
    if server.host and server.host_status != 'UP':
        return f'its host is {server.host_status or "unknown"}'
    return None
