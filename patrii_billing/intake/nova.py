# SPDX-License-Identifier: Apache-2.0
"""What each of Nova's notifications means to billing, in one table.

Pure: a message in, a fact or the reason for none out. Both of Nova's forms
are read, so that it does not matter which of them a cloud sends.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patrii_billing.domain import facts
from patrii_billing import errors
from patrii_billing.intake import nova_message


@dataclass(frozen=True, slots=True)
class Ignored:
    """The message is understood and changes nothing in the books."""

    reason: str


@dataclass(frozen=True, slots=True)
class Parked:
    """The message is not understood: to be kept, counted and shown."""

    reason: str


_Reader = Callable[[nova_message.ServerMessage], facts.Fact | Ignored]
_Meanings = dict[str, _Reader | Ignored]


def parse(message: object) -> facts.Fact | Ignored | Parked:
    """What a notification says; never raises, whatever it is given.

    :param message: `event_type`, `payload` and `metadata` (`message_id`,
        `timestamp`), as oslo.messaging hands them to a listener
    """
    try:
        return _parse(message)
    except errors.InvalidInput as error:
        return Parked(str(error))


def is_routine(event_type: object, payload: object) -> bool:
    """Whether this is an instance.update that parse() ignores.

    They are most of the traffic, so a listener may drop them unstored.
    """
    legacy = event_type == 'compute.instance.update'
    if not legacy and event_type != 'instance.update':
        return False
    try:
        update = _read('update', payload, None, legacy)
        return not (_has_failed(update) or _is_renamed(update))
    except errors.InvalidInput:
        return False


def _parse(message: object) -> facts.Fact | Ignored:
    if not isinstance(message, Mapping):
        raise errors.InvalidInput('not an object', 'message')
    event_type = message.get('event_type')
    if not isinstance(event_type, str):
        raise errors.InvalidInput('not a text', 'event_type')
    event = event_type.removeprefix('compute.').removeprefix('instance.')
    legacy = event_type == f'compute.instance.{event}'
    if not legacy and event_type != f'instance.{event}':
        return _about_no_server(event_type)
    meaning = _meaning(event)
    if meaning is None:
        raise errors.InvalidInput(
            f'{event_type[:80]!r} is unknown', 'event_type'
        )
    if isinstance(meaning, Ignored):
        return meaning
    return meaning(
        _read(event, message.get('payload'), message.get('metadata'), legacy)
    )


def _meaning(event: str) -> _Reader | Ignored | None:
    start = event.removesuffix('.start')
    if start != event and f'{start}.end' in SERVER_EVENTS:
        return Ignored('only a beginning: the end tells what came of it')
    return SERVER_EVENTS.get(event)


def _about_no_server(event_type: str) -> Ignored:
    for family, reason in OTHER_FAMILIES.items():
        if event_type.startswith(family):
            return Ignored(f'not about a server: {reason}')
    return Ignored(f'not about a server: {event_type[:80]!r}')


def _read(
    event: str, payload: object, metadata: object, legacy: bool
) -> nova_message.ServerMessage:
    return nova_message.ServerMessage(
        payload, metadata, legacy, _MAJORS.get(event, frozenset({1}))
    )


# Version 2.0 of these took bandwidth away, which nobody reads here.
_MAJORS = {'update': frozenset({1, 2}), 'exists': frozenset({1, 2})}


def _says(kind: Callable[..., facts.Fact], **also: Any) -> _Reader:
    return lambda message: kind(**message.common(), **also)


def _created(message: nova_message.ServerMessage) -> facts.Fact:
    return facts.ServerCreated(
        **message.common(),
        flavor=message.flavor(),
        created_at=message.instant('created_at') or message.at(),
        state=message.identifier('state'),
    )


def _resized(message: nova_message.ServerMessage) -> facts.Fact:
    return facts.ServerResized(**message.common(), flavor=message.flavor())


def _deleted(message: nova_message.ServerMessage) -> facts.Fact:
    """Nova's API sends the end of a delete even where the delete failed."""
    if _is_deleted(message):
        return facts.ServerDeleted(
            **message.common(), deleted_at=message.instant('deleted_at')
        )
    return facts.ServerDeletionReported(**message.common())


def _seen(message: nova_message.ServerMessage) -> facts.Fact:
    """The audit names servers deleted within its period, too."""
    if _is_deleted(message):
        return _deleted(message)
    state = message.identifier('state')
    task = message.hint('task') or ''
    resizing = state == 'resized' or task.startswith('resize')
    return facts.ServerSeen(
        **message.common(),
        flavor=None if resizing else message.flavor(),
        created_at=message.instant('created_at') or message.at(),
        state=state,
    )


def _locked(message: nova_message.ServerMessage) -> facts.Fact:
    return facts.ServerLocked(
        **message.common(), reason=message.hint('locked_reason')
    )


def _updated(message: nova_message.ServerMessage) -> facts.Fact | Ignored:
    if _has_failed(message):
        return facts.ServerFailed(**message.common())
    if _is_renamed(message):
        name = message.text('name')
        return facts.ServerRenamed(**message.common() | {'name': name})
    return Ignored('routine: neither a new name nor a way into ERROR')


def _is_deleted(message: nova_message.ServerMessage) -> bool:
    # A soft delete sets deleted_at as well, so both are asked for.
    return (
        message.raw('state') == 'deleted'
        and message.instant('deleted_at') is not None
    )


def _has_failed(message: nova_message.ServerMessage) -> bool:
    return (
        message.raw('new_state') == 'error'
        and message.raw('old_state') != 'error'
    )


def _is_renamed(message: nova_message.ServerMessage) -> bool:
    old = message.hint('old_name')
    return old is not None and old != message.hint('name')


def _ignored(reason: str, events: str) -> _Meanings:
    return dict.fromkeys(events.split(), Ignored(reason))


# Server events without their family (`instance.`, `compute.instance.`).
# Where the legacy form spells one differently, that spelling follows.
SERVER_EVENTS: _Meanings = {
    'create.end': _created,
    'resize_confirm.end': _resized,
    'resize.confirm.end': _resized,
    'delete.end': _deleted,
    'soft_delete.end': _deleted,
    'force_delete.end': _deleted,
    'restore.end': _says(facts.ServerRestored),
    'shelve.end': _says(facts.ServerShelved, offloaded=False),
    'shelve_offload.end': _says(facts.ServerShelved, offloaded=True),
    'unshelve.end': _says(facts.ServerUnshelved),
    'power_off.end': _says(facts.ServerStopped),
    'power_on.end': _says(facts.ServerStarted),
    'pause.end': _says(facts.ServerPaused),
    'unpause.end': _says(facts.ServerUnpaused),
    'suspend.end': _says(facts.ServerSuspended),
    'resume.end': _says(facts.ServerResumed),
    'rescue.end': _says(facts.ServerRescued),
    'unrescue.end': _says(facts.ServerUnrescued),
    'lock': _locked,
    'unlock': _says(facts.ServerUnlocked),
    'update': _updated,
    'exists': _seen,
    **_ignored(
        'not the last word: another host may yet build the server',
        'create.error',
    ),
    **_ignored(
        'not confirmed yet: a resize counts from its confirmation',
        """
        resize_prep.end    resize.prep.end
        resize.end
        resize_finish.end  finish_resize.end
        """,
    ),
    **_ignored('a resize that failed costs nothing', 'resize.error'),
    **_ignored(
        'a resize taken back costs nothing',
        'resize_revert.end resize.revert.end',
    ),
    **_ignored(
        'the server moves to another host and stays what it is',
        """
        evacuate
        live_migration_pre.end             live_migration.pre.end
        live_migration_post.end            live_migration._post.end
        live_migration_post_dest.end       live_migration.post.dest.end
        live_migration_rollback.end        live_migration._rollback.end
        live_migration_rollback_dest.end   live_migration.rollback.dest.end
        live_migration_abort.end           live.migration.abort.end
        live_migration_force_complete.end  live.migration.force.complete.end
        """,
    ),
    **_ignored(
        'the same server with the same flavor, made anew or restarted',
        """
        rebuild_scheduled  rebuild.scheduled
        rebuild.end rebuild.error reboot.end reboot.error
        """,
    ),
    **_ignored('a step on the way to a delete', 'shutdown.end'),
    **_ignored(
        'neither the server nor its flavor changes',
        """
        snapshot.end trigger_crash_dump.end
        interface_attach.end interface_attach.error interface_detach.end
        volume_attach.end volume_attach.error  volume.attach
        volume_detach.end                      volume.detach
        volume_swap.end volume_swap.error
        share_attach.end share_attach.error
        share_detach.end share_detach.error
        create_ip.end delete_ip.end
        """,
    ),
}

# What else Nova sends, by the beginning of its event type.
OTHER_FAMILIES = {
    'aggregate.': 'host aggregates',
    'compute.exception': 'a failed call; server events tell its effect',
    'compute.libvirt.': 'a hypervisor',
    'compute.metrics.': 'a host',
    'compute_task.': 'scheduling; an instance.update tells the failure',
    'flavor.': 'the list of flavors; each server carries its own',
    'HostAPI.': 'a host',
    'keypair.': 'keypairs',
    'libvirt.': 'a hypervisor',
    'metrics.': 'a host',
    'network.': 'addresses',
    'scheduler.': 'scheduling',
    'server_group.': 'server groups',
    'servergroup.': 'server groups',
    'service.': 'a service of Nova',
    'volume.': 'volumes; usage is metered by Ceilometer',
}
