# SPDX-License-Identifier: Apache-2.0
"""nova-compute on a fake hypervisor whose guests outlive it.

Nova's fake drivers keep their guests in memory only, so that after a
restart servers could neither be stopped nor shelved; most of them change
their node's identity, so that nova-compute refuses to start again; and
their snapshots stay without data. Here every fake driver, those for faults
too, is mended in all three.
"""

import io
import sys

from nova.cmd import compute
from nova import context
from nova.image import glance
from nova import objects
from nova.virt import fake
from nova.virt import node

_init_host = fake.FakeDriver.init_host
_get_available_resource = fake.FakeDriver.get_available_resource
_snapshot = fake.FakeDriver.snapshot


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


def snapshot(self, context, instance, image_id, update_task_state):
    _snapshot(self, context, instance, image_id, update_task_state)
    metadata = {'disk_format': 'raw', 'container_format': 'bare'}
    disk = io.BytesIO(bytes(1024))
    glance.API().update(context, image_id, metadata, disk)


fake.FakeDriver.init_host = init_host
fake.FakeDriver.get_available_resource = get_available_resource
fake.FakeDriver.get_nodenames_by_uuid = get_nodenames_by_uuid
fake.FakeDriver.snapshot = snapshot

if __name__ == '__main__':
    sys.exit(compute.main())
