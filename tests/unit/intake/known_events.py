# SPDX-License-Identifier: Apache-2.0
"""Every event type that nova 34 sends, kept here by hand.

From EventType and the notification classes of nova/notifications/objects,
from nova/rpc.py (allowed_legacy_notification_event_types), and what
nova/compute/utils.py sends besides those.
"""

_PHASED = """
create delete interface_attach interface_detach
live_migration_abort live_migration_force_complete live_migration_post
live_migration_post_dest live_migration_pre live_migration_rollback
live_migration_rollback_dest pause power_off power_on reboot rebuild rescue
resize resize_confirm resize_finish resize_prep resize_revert restore resume
share_attach share_detach shelve shelve_offload shutdown snapshot soft_delete
suspend trigger_crash_dump unpause unrescue unshelve volume_attach
volume_detach volume_swap
""".split()
_SINGLE = ('evacuate', 'exists', 'lock', 'rebuild_scheduled', 'unlock')
_ERRORS = """
create interface_attach reboot rebuild resize share_attach
share_detach volume_attach volume_swap
""".split()

VERSIONED_SERVER = (
    'instance.update',
    *(f'instance.{action}' for action in _SINGLE),
    *(f'instance.{action}.error' for action in _ERRORS),
    *(
        f'instance.{action}.{phase}'
        for action in _PHASED
        for phase in ('start', 'end')
    ),
)

_LEGACY_PHASED = """
create create_ip delete delete_ip finish_resize force_delete
live.migration.abort live.migration.force.complete live_migration._post
live_migration._rollback live_migration.post.dest live_migration.pre
live_migration.rollback.dest pause power_off power_on reboot rebuild rescue
resize resize.confirm resize.prep resize.revert restore resume shelve
shelve_offload shutdown snapshot soft_delete suspend trigger_crash_dump
unpause unrescue unshelve
""".split()
LEGACY_SERVER = (
    *(
        f'compute.instance.{event}'
        for event in (
            'create.error',
            'evacuate',
            'exists',
            'reboot.error',
            'rebuild.error',
            'rebuild.scheduled',
            'resize.error',
            'update',
            'volume.attach',
            'volume.detach',
        )
    ),
    *(
        f'compute.instance.{action}.{phase}'
        for action in _LEGACY_PHASED
        for phase in ('start', 'end')
    ),
)

OTHER = """
aggregate.add_host.start aggregate.add_host.end aggregate.create.start
aggregate.create.end aggregate.delete.start aggregate.delete.end
aggregate.remove_host.start aggregate.remove_host.end
aggregate.update_metadata.start aggregate.update_metadata.end
aggregate.update_prop.start aggregate.update_prop.end
aggregate.cache_images.start aggregate.cache_images.progress
aggregate.cache_images.end compute.exception
compute_task.build_instances.error compute_task.migrate_server.error
compute_task.rebuild_server.error flavor.create flavor.update flavor.delete
keypair.create.start keypair.create.end keypair.delete.start
keypair.delete.end keypair.import.start keypair.import.end
libvirt.connect.error metrics.update scheduler.select_destinations.start
scheduler.select_destinations.end server_group.add_member
server_group.create server_group.delete service.create service.update
service.delete volume.usage
aggregate.addhost.start aggregate.addhost.end aggregate.removehost.start
aggregate.removehost.end aggregate.updatemetadata.start
aggregate.updatemetadata.end aggregate.updateprop.start
aggregate.updateprop.end compute.libvirt.error compute.metrics.update
compute_task.build_instances compute_task.migrate_server
compute_task.rebuild_server HostAPI.power_action.start
HostAPI.power_action.end HostAPI.set_enabled.start HostAPI.set_enabled.end
HostAPI.set_maintenance.start HostAPI.set_maintenance.end
network.floating_ip.allocate network.floating_ip.associate
network.floating_ip.deallocate network.floating_ip.disassociate
servergroup.addmember servergroup.create servergroup.delete
""".split()
