# SPDX-License-Identifier: Apache-2.0
"""nova-compute on a fake hypervisor whose guests outlive it.

Nova's fake drivers keep their guests in memory only, so that after a
restart servers could neither be stopped nor shelved; most of them change
their node's identity, so that nova-compute refuses to start again; and
their snapshots stay without data. Here every fake driver is mended in all
three, and fails where minicloud_faults says so.
"""

import io
import sys
import time

import minicloud_faults
from nova.cmd import compute
from nova import context
from nova import exception
from nova.image import glance
from nova import objects
from nova.virt import fake
from nova.virt import node

_init_host = fake.FakeDriver.init_host
_get_available_resource = fake.FakeDriver.get_available_resource
_destroy = fake.FakeDriver.destroy
_snapshot = fake.FakeDriver.snapshot
_spawn = fake.FakeDriver.spawn


def init_host(self, host):
    _init_host(self, host)
    admin = context.get_admin_context()
    for server in objects.InstanceList.get_by_host(admin, host):
        self.resources.claim(
            vcpus=server.flavor.vcpus,
            mem=server.flavor.memory_mb,
            disk=server.flavor.root_gb,
        )
        self.instances[server.uuid] = fake.FakeInstance(
            server.name, server.power_state, server.uuid
        )


def get_available_resource(self, nodename):
    resources = _get_available_resource(self, nodename)
    return {**resources, 'uuid': node.get_local_node_uuid()}


def get_nodenames_by_uuid(self, refresh=False):
    return {node.get_local_node_uuid(): self.get_available_nodes()[0]}


def _wait(instance):
    while minicloud_faults.of(instance.uuid) == 'hang':
        time.sleep(0.1)


def spawn(self, context, instance, *args, **kwargs):
    _wait(instance)
    if minicloud_faults.of(instance.uuid) == 'unshelve':
        raise exception.VirtualInterfaceCreateException('minicloud_faults')
    _spawn(self, context, instance, *args, **kwargs)


def destroy(self, context, instance, *args, **kwargs):
    if minicloud_faults.of(instance.uuid) == 'keep':
        raise exception.InstanceTerminationFailure(reason='minicloud_faults')
    _destroy(self, context, instance, *args, **kwargs)


def snapshot(self, context, instance, image_id, update_task_state):
    _wait(instance)
    _snapshot(self, context, instance, image_id, update_task_state)
    metadata = {'disk_format': 'raw', 'container_format': 'bare'}
    disk = io.BytesIO(bytes(1024))
    glance.API().update(context, image_id, metadata, disk)


fake.FakeDriver.destroy = destroy
fake.FakeDriver.init_host = init_host
fake.FakeDriver.get_available_resource = get_available_resource
fake.FakeDriver.get_nodenames_by_uuid = get_nodenames_by_uuid
fake.FakeDriver.snapshot = snapshot
fake.FakeDriver.spawn = spawn

if __name__ == '__main__':
    sys.exit(compute.main())
