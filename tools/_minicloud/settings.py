# SPDX-License-Identifier: Apache-2.0
"""The configuration files of all services, written at each `up`."""

import base64
import os
import shutil

from _minicloud import state

Sections = dict[str, dict[str, object]]

DATABASES = (
    'keystone',
    'glance',
    'placement',
    'neutron',
    'nova_api',
    'nova',
    'nova_cell0',
)
BILLING_DATABASE = 'patrii_billing'
NOTIFICATION_TOPICS = ('versioned_notifications', 'patrii_notifications')
SERVICE_PROJECT = 'service'
COMPUTE_HOST = 'minicloud'
# Who keeps nova's quotas: nova itself, or keystone's limits.
QUOTAS = ('nova', 'keystone')


def database_url(cloud: state.Cloud, database: str) -> str:
    owner = BILLING_DATABASE if database == BILLING_DATABASE else 'openstack'
    return (
        f'mysql+pymysql://{owner}:{cloud.password(f"database:{owner}")}'
        f'@{state.HOST}:{cloud.port("mariadb")}/{database}?charset=utf8mb4'
    )


def transport_url(cloud: state.Cloud) -> str:
    secret = cloud.password('rabbitmq')
    return (
        f'rabbit://openstack:{secret}@{state.HOST}:{cloud.port("rabbitmq")}/'
    )


def _login(cloud: state.Cloud, user: str) -> dict[str, object]:
    return {
        'auth_type': 'password',
        'auth_url': cloud.url('keystone', '/v3'),
        'username': user,
        'password': cloud.password(user),
        'project_name': SERVICE_PROJECT,
        'user_domain_name': 'Default',
        'project_domain_name': 'Default',
        'region_name': state.REGION,
    }


def _authtoken(cloud: state.Cloud, user: str) -> dict[str, object]:
    return {
        **_login(cloud, user),
        'www_authenticate_uri': cloud.url('keystone', '/v3'),
        'service_token_roles': 'service',
        'service_token_roles_required': True,
    }


def _pool(cloud: state.Cloud, database: str) -> dict[str, object]:
    return {
        'connection': database_url(cloud, database),
        'max_pool_size': 5,
        'max_overflow': 20,
    }


def _keystone(cloud: state.Cloud) -> Sections:
    return {
        'DEFAULT': {'use_stderr': True},
        'database': _pool(cloud, 'keystone'),
        # Without it each call costs 0.2 s; safe, as it is one process.
        'cache': {'enabled': True, 'backend': 'oslo_cache.dict'},
        'credential': {'key_repository': cloud.etc('keystone/credential')},
        'fernet_receipts': {'key_repository': cloud.etc('keystone/fernet')},
        'fernet_tokens': {'key_repository': cloud.etc('keystone/fernet')},
        # Tests log in often; this is bcrypt's least.
        'identity': {'password_hash_rounds': 4},
    }


def _placement(cloud: state.Cloud) -> Sections:
    return {
        'DEFAULT': {'use_stderr': True},
        'placement_database': _pool(cloud, 'placement'),
        'api': {'auth_strategy': 'keystone'},
        'keystone_authtoken': _authtoken(cloud, 'placement'),
    }


def _glance(cloud: state.Cloud) -> Sections:
    stores = ('images', 'os_glance_staging_store', 'os_glance_tasks_store')
    return {
        'DEFAULT': {
            'use_stderr': True,
            'enabled_backends': 'images:file',
            'bind_host': state.HOST,
            'bind_port': cloud.port('glance'),
        },
        'database': _pool(cloud, 'glance'),
        'glance_store': {'default_backend': 'images'},
        **{
            name: {'filesystem_store_datadir': cloud.data('glance', name)}
            for name in stores
        },
        'paste_deploy': {
            'flavor': 'keystone',
            'config_file': cloud.venv / 'etc/glance/glance-api-paste.ini',
        },
        'keystone_authtoken': _authtoken(cloud, 'glance'),
    }


def _neutron(cloud: state.Cloud) -> Sections:
    return {
        'DEFAULT': {
            'use_stderr': True,
            'core_plugin': 'ml2',
            'service_plugins': '',
            'transport_url': transport_url(cloud),
            'api_paste_config': cloud.venv / 'etc/neutron/api-paste.ini',
            'state_path': cloud.data('neutron'),
            'notify_nova_on_port_status_changes': False,
            'notify_nova_on_port_data_changes': False,
        },
        'database': _pool(cloud, 'neutron'),
        'oslo_concurrency': {'lock_path': cloud.data('neutron', 'lock')},
        'keystone_authtoken': _authtoken(cloud, 'neutron'),
        'ml2': {
            'type_drivers': 'local',
            'tenant_network_types': 'local',
            'mechanism_drivers': '',
        },
    }


def _nova(cloud: state.Cloud) -> Sections:
    login = _login(cloud, 'nova')
    return {
        'DEFAULT': {
            'use_stderr': True,
            # The line that says a daemon is ready is a debug line.
            'default_log_levels': 'amqp=WARN,amqplib=WARN,sqlalchemy=WARN,'
            'oslo.messaging=INFO,oslo_messaging=INFO,urllib3=WARN,'
            'keystoneauth=WARN,keystonemiddleware=WARN,nova.service=DEBUG',
            'host': COMPUTE_HOST,
            'my_ip': state.HOST,
            'transport_url': transport_url(cloud),
            'state_path': cloud.data('nova'),
            'compute_driver': 'fake.FakeDriverWithoutFakeNodes',
            'allow_resize_to_same_host': True,
            'shelved_offload_time': 0,
            'instance_usage_audit': True,
            'instance_usage_audit_period': 'hour',
            # Else the first look for new hosts waits up to a minute.
            'periodic_fuzzy_delay': 0,
            'graceful_shutdown_timeout': 4,
            'manager_shutdown_timeout': 2,
        },
        'api_database': _pool(cloud, 'nova_api'),
        'database': _pool(cloud, 'nova'),
        'conductor': {'workers': 1},
        'scheduler': {'workers': 1, 'discover_hosts_in_cells_interval': 3},
        'glance': {'region_name': state.REGION},
        'neutron': login,
        'placement': login,
        'keystone_authtoken': _authtoken(cloud, 'nova'),
        'oslo_concurrency': {'lock_path': cloud.data('nova', 'lock')},
        'oslo_messaging_rabbit': {'amqp_durable_queues': True},
        'oslo_messaging_notifications': {'driver': 'messagingv2'},
        'notifications': {
            'notification_format': 'both',
            'notify_on_state_change': 'vm_and_task_state',
            'versioned_notifications_topics': ','.join(NOTIFICATION_TOPICS),
        },
        **(_limits(cloud) if cloud.facts.get('quota') == 'keystone' else {}),
    }


def _limits(cloud: state.Cloud) -> Sections:
    return {
        'quota': {'driver': 'nova.quota.UnifiedLimitsDriver'},
        'oslo_limit': {
            **_login(cloud, 'nova'),
            'endpoint_service_type': 'compute',
            'endpoint_region_name': state.REGION,
        },
    }


FILES = {
    'keystone/keystone.conf': _keystone,
    'placement/placement.conf': _placement,
    'glance/glance-api.conf': _glance,
    'neutron/neutron.conf': _neutron,
    'nova/nova.conf': _nova,
}


def _render(sections: Sections) -> str:
    lines = ['# Written by minicloud; `up` writes it again.']
    for name, options in sections.items():
        lines += ['', f'[{name}]']
        lines += [f'{key} = {value}' for key, value in options.items()]
    return '\n'.join(lines) + '\n'


def _write_rabbitmq(cloud: state.Cloud) -> None:
    folder = cloud.etc('rabbitmq')
    folder.mkdir(exist_ok=True)
    (folder / 'rabbitmq.conf').write_text(
        f'listeners.tcp.1 = {state.HOST}:{cloud.port("rabbitmq")}\n'
        'default_user = openstack\n'
        f'default_pass = {cloud.password("rabbitmq")}\n'
        'disk_free_limit.absolute = 50MB\n'
    )
    (folder / 'enabled_plugins').write_text('[].\n')
    cookie = cloud.path / '.erlang.cookie'
    if not cookie.exists():
        cookie.write_text(cloud.password('erlang-cookie'))
        cookie.chmod(0o400)


def _write_keys(cloud: state.Cloud) -> None:
    """What fernet_setup and credential_setup write, without their imports."""
    for kind in ('fernet', 'credential'):
        folder = cloud.etc('keystone', kind)
        if not folder.exists():
            folder.mkdir(mode=0o700)
            for name in ('0', '1'):
                key = base64.urlsafe_b64encode(os.urandom(32))
                (folder / name).write_bytes(key)
                (folder / name).chmod(0o600)


def write_one(cloud: state.Cloud, name: str) -> None:
    """Write one of FILES."""
    path = cloud.etc(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(_render(FILES[name](cloud)))


def write(cloud: state.Cloud) -> None:
    """Write every configuration file; keys and cookies are kept."""
    for name in FILES:
        write_one(cloud, name)
    for name in ('neutron', 'nova'):
        cloud.data(name, 'lock').mkdir(parents=True, exist_ok=True)
    # What was to fail in another life does not fail in this one.
    shutil.rmtree(cloud.data('faults'), ignore_errors=True)
    cloud.data('faults').mkdir()
    _write_rabbitmq(cloud)
    _write_keys(cloud)
