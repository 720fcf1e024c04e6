# SPDX-License-Identifier: Apache-2.0
"""Who and what the cloud holds: users, endpoints, flavors, the image."""

import json
from typing import Any

from _minicloud import errors
from _minicloud import rest
from _minicloud import services
from _minicloud import settings
from _minicloud import state

# user: (project, roles); each user but the services has his own project.
USERS = {
    'nova': (settings.SERVICE_PROJECT, ('admin', 'service')),
    'placement': (settings.SERVICE_PROJECT, ('admin', 'service')),
    'glance': (settings.SERVICE_PROJECT, ('admin', 'service')),
    'neutron': (settings.SERVICE_PROJECT, ('admin', 'service')),
    'billing': (settings.SERVICE_PROJECT, ('admin', 'service')),
    'operator': ('operators', ('admin',)),
    'acme': ('acme', ('member',)),
    'beta': ('beta', ('member',)),
}
# Users in clouds.yaml, besides the bootstrapped admin.
PEOPLE = ('billing', 'operator', 'acme', 'beta')
# service type: (name, port's name, path)
ENDPOINTS = {
    'compute': ('nova', 'nova-api', '/v2.1'),
    'image': ('glance', 'glance', ''),
    'network': ('neutron', 'neutron', ''),
    'placement': ('placement', 'placement', ''),
}
FLAVORS = {
    's1': {'vcpus': 1, 'ram': 512, 'disk': 1},
    's2': {'vcpus': 2, 'ram': 512, 'disk': 1},
}
IMAGE = 'tiny'
# Keystone's limits of every project, where nova asks it for them.
LIMITS = {
    'servers': 10,
    'class:VCPU': 20,
    'class:MEMORY_MB': 51200,
    'server_key_pairs': 100,
    'server_metadata_items': 128,
    'server_groups': 10,
    'server_group_members': 10,
}
COMPUTE_MICROVERSION = '2.96'


def admin(cloud: state.Cloud) -> rest.Session:
    """A session of the bootstrapped admin."""
    secret = cloud.password('admin')
    auth_url = cloud.url('keystone', '/v3')
    return rest.Session().log_in(auth_url, 'admin', secret, 'admin')


def make_identity(cloud: state.Cloud) -> None:
    """Endpoints, projects, users and roles; notes their ids."""
    session = admin(cloud)
    base = cloud.url('keystone', '/v3')
    _make_endpoints(cloud, session, base)
    roles = {
        role['name']: role['id']
        for role in session.call('GET', f'{base}/roles')['roles']
    }
    domain = {'domain_id': 'default'}
    projects: dict[str, str] = {}
    users: dict[str, Any] = {}
    for name, (project, granted) in USERS.items():
        if project not in projects:
            projects[project] = session.ensure(
                f'{base}/projects', 'project', {'name': project, **domain}
            )
        user = session.ensure(
            f'{base}/users',
            'user',
            {'name': name, **domain},
            {'password': cloud.password(name)},
        )
        grants = f'{base}/projects/{projects[project]}/users/{user}/roles'
        for role in granted:
            session.call('PUT', f'{grants}/{roles[role]}')
        users[name] = _user(cloud, name, user, project, granted)
    _add_admin(cloud, session, projects, users)
    cloud.record(users=users, projects=projects)


def _user(
    cloud: state.Cloud,
    name: str,
    user_id: str,
    project: str,
    roles: tuple[str, ...],
) -> dict[str, Any]:
    return {
        'id': user_id,
        'password': cloud.password(name),
        'project': project,
        'roles': list(roles),
    }


def _add_admin(
    cloud: state.Cloud,
    session: rest.Session,
    projects: dict[str, str],
    users: dict[str, Any],
) -> None:
    base = cloud.url('keystone', '/v3')
    user = session.ensure(f'{base}/users', 'user', {'name': 'admin'})
    projects['admin'] = session.ensure(
        f'{base}/projects', 'project', {'name': 'admin'}
    )
    users['admin'] = _user(cloud, 'admin', user, 'admin', ('admin',))


def _make_endpoints(
    cloud: state.Cloud, session: rest.Session, base: str
) -> None:
    for kind, (name, port, path) in ENDPOINTS.items():
        service = session.ensure(
            f'{base}/services', 'service', {'name': name, 'type': kind}
        )
        for interface in ('public', 'internal'):
            session.ensure(
                f'{base}/endpoints',
                'endpoint',
                {'service_id': service, 'interface': interface},
                {'url': cloud.url(port, path), 'region_id': state.REGION},
            )


def make_flavors(cloud: state.Cloud) -> None:
    session = admin(cloud)
    url = cloud.url('nova-api', '/v2.1/flavors')
    found = {
        name: session.ensure(url, 'flavor', {'name': name}, size)
        for name, size in FLAVORS.items()
    }
    cloud.record(flavors=found)


def make_limits(cloud: state.Cloud) -> None:
    """Register what nova asks keystone for under its unified limits."""
    session = admin(cloud)
    base = cloud.url('keystone', '/v3')
    (compute,) = session.call('GET', f'{base}/services?type=compute')[
        'services'
    ]
    url = f'{base}/registered_limits'
    of_nova = {'service_id': compute['id'], 'region_id': state.REGION}
    present = {
        limit['resource_name']
        for limit in session.call('GET', url)['registered_limits']
        if all(limit[key] == value for key, value in of_nova.items())
    }
    missing = [
        {**of_nova, 'resource_name': name, 'default_limit': limit}
        for name, limit in LIMITS.items()
        if name not in present
    ]
    if missing:
        session.call('POST', url, {'registered_limits': missing})


def make_image(cloud: state.Cloud) -> None:
    """Upload an image of 1 KiB; the fake hypervisor never reads it."""
    session = admin(cloud)
    url = cloud.url('glance', '/v2/images')
    found = session.call('GET', f'{url}?name={IMAGE}')['images']
    image = found[0] if found else _new_image(session, url)
    if image['status'] == 'queued':
        session.call('PUT', f'{url}/{image["id"]}/file', content=bytes(1024))
    cloud.record(image_id=image['id'])


def _new_image(session: rest.Session, url: str) -> dict[str, Any]:
    made: dict[str, Any] = session.call(
        'POST',
        url,
        {
            'name': IMAGE,
            'visibility': 'public',
            'disk_format': 'raw',
            'container_format': 'bare',
        },
    )
    return made


def hypervisor_is_up(cloud: state.Cloud) -> bool:
    """Whether nova would schedule onto our one hypervisor now."""
    url = cloud.url('nova-api', '/v2.1/os-hypervisors')
    try:
        found = admin(cloud).call('GET', url)['hypervisors']
    except errors.MinicloudError:
        return False
    return any(host['state'] == 'up' for host in found)


def record_access(cloud: state.Cloud) -> None:
    """Note the addresses and the database for whoever reads the file."""
    cloud.record(
        region=state.REGION,
        auth_url=cloud.url('keystone', '/v3'),
        endpoints={
            'identity': cloud.url('keystone', '/v3'),
            **{k: cloud.url(*rest) for k, (_, *rest) in ENDPOINTS.items()},
        },
        transport_url=settings.transport_url(cloud),
        amqp_durable_queues=True,
        notification_exchange='nova',
        notification_topics=list(settings.NOTIFICATION_TOPICS),
        database_url=settings.database_url(cloud, settings.BILLING_DATABASE),
        database_socket=f'{cloud.path}/mariadb.sock',
        compute_host=settings.COMPUTE_HOST,
        faults=str(cloud.data('faults')),
        rabbitmqctl={
            'command': f'{services.RABBITMQ}/rabbitmqctl',
            'environment': services.rabbitmq_environment(cloud),
        },
    )


def write_clouds_yaml(cloud: state.Cloud) -> None:
    """Write clouds.yaml; JSON is YAML, and needs no library here."""
    clouds = {
        name: {
            'auth': {
                'auth_url': cloud.url('keystone', '/v3'),
                'username': name,
                'password': user['password'],
                'project_name': user['project'],
                'user_domain_name': 'Default',
                'project_domain_name': 'Default',
            },
            'region_name': state.REGION,
            'identity_api_version': '3',
            'compute_api_version': COMPUTE_MICROVERSION,
        }
        for name, user in cloud.facts['users'].items()
        if name in ('admin', *PEOPLE)
    }
    path = cloud.path / 'clouds.yaml'
    path.touch(mode=0o600)
    path.write_text(json.dumps({'clouds': clouds}, indent=2) + '\n')
