# SPDX-License-Identifier: Apache-2.0
"""MariaDB's data directory, the databases in it, and their tables."""

import getpass
import os
import shutil

from _minicloud import processes
from _minicloud import services
from _minicloud import settings
from _minicloud import state
from _minicloud import venv

RUN_EACH = f'{services.INSIDE}/run_each.py'


def initialise(cloud: state.Cloud) -> None:
    """Make MariaDB's own tables; the user who runs us is its root."""
    data = cloud.data('mariadb')
    if cloud.is_done('mariadb', '1'):
        return
    shutil.rmtree(data, ignore_errors=True)
    command = [
        'mariadb-install-db',
        '--no-defaults',
        f'--datadir={data}',
        '--auth-root-authentication-method=socket',
        f'--auth-root-socket-user={getpass.getuser()}',
        '--skip-test-db',
        '--skip-name-resolve',
        '--innodb-flush-method=nosync',
    ]
    if os.geteuid() == 0:
        command.append('--user=root')
    processes.run(cloud, 'mariadb-install', command, {}, timeout=120)
    cloud.set_done('mariadb', '1')


def create(cloud: state.Cloud) -> None:
    """Create the databases and their two users."""
    lines = [
        f'CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4;'
        for name in (*settings.DATABASES, settings.BILLING_DATABASE)
    ]
    billing = settings.BILLING_DATABASE
    # Tests may make databases of their own beside it, with this prefix.
    pattern = billing.replace('_', r'\_') + '%'
    owned = {'openstack': settings.DATABASES, billing: (pattern,)}
    for user, databases in owned.items():
        secret = cloud.password(f'database:{user}')
        account = f"'{user}'@'{state.HOST}'"
        lines.append(
            f"CREATE OR REPLACE USER {account} IDENTIFIED BY '{secret}';"
        )
        lines += [f'GRANT ALL ON `{d}`.* TO {account};' for d in databases]
    client = [
        'mariadb',
        '--no-defaults',
        f'--socket={cloud.path}/mariadb.sock',
        f'--user={getpass.getuser()}',
    ]
    text = '\n'.join(lines)
    processes.run(cloud, 'databases', client, {}, stdin=text, timeout=60)


def _migrate(
    cloud: state.Cloud,
    name: str,
    module: str,
    config: str,
    *commands: list[str],
    allowed: str = '0',
) -> None:
    if cloud.is_done(f'{name} tables', venv.VERSION):
        return
    words = [word for command in commands for word in ('--', *command)]
    processes.run(
        cloud,
        f'{name}-tables',
        [
            cloud.binary('python'),
            RUN_EACH,
            module,
            str(cloud.etc(config)),
            allowed,
            *words,
        ],
        services.nova_environment(cloud),
    )
    cloud.set_done(f'{name} tables', venv.VERSION)


def migrate_keystone(cloud: state.Cloud) -> None:
    url = cloud.url('keystone', '/v3')
    interfaces = ('public', 'internal', 'admin')
    _migrate(
        cloud,
        'keystone',
        'keystone.cmd.manage',
        'keystone/keystone.conf',
        ['db_sync'],
        [
            'bootstrap',
            f'--bootstrap-password={cloud.password("admin")}',
            f'--bootstrap-region-id={state.REGION}',
            *(f'--bootstrap-{name}-url={url}' for name in interfaces),
        ],
    )


def migrate_glance(cloud: state.Cloud) -> None:
    _migrate(
        cloud,
        'glance',
        'glance.cmd.manage',
        'glance/glance-api.conf',
        ['db_sync'],
    )


def migrate_placement(cloud: state.Cloud) -> None:
    _migrate(
        cloud,
        'placement',
        'placement.cmd.manage',
        'placement/placement.conf',
        ['db', 'sync'],
    )


def migrate_neutron(cloud: state.Cloud) -> None:
    _migrate(
        cloud,
        'neutron',
        'neutron.db.migration.cli',
        'neutron/neutron.conf',
        ['upgrade', 'heads'],
    )


def migrate_nova(cloud: state.Cloud) -> None:
    """Both schemas and the two cells; hosts join their cell by themselves."""
    _migrate(
        cloud,
        'nova',
        'nova.cmd.manage',
        'nova/nova.conf',
        ['api_db', 'sync'],
        ['cell_v2', 'map_cell0'],
        ['db', 'sync'],
        ['cell_v2', 'create_cell', '--name=cell1'],
        # create_cell's status when there is such a cell already.
        allowed='0,2',
    )
