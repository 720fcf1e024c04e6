# SPDX-License-Identifier: Apache-2.0
"""An OpenStack of recorded answers, and our account in it."""

import pathlib
from typing import Any
import uuid

from keystoneauth1 import fixture as ks_fixture
from oslo_config import cfg
from oslotest import base
from requests_mock.contrib import fixture as rm_fixture

from patrii_billing.cloud import session
from patrii_billing.conf import nova as nova_options
from patrii_billing.domain import server as servers

KEYSTONE = 'http://keystone.test/v3'
NOVA = 'http://nova.test/v2.1'
GLANCE = 'http://glance.test'
CINDER = 'http://cinder.test/v3/ours'

OURS = 'c0ffee00000000000000000000000001'
US = 'c0ffee00000000000000000000000002'
CUSTOMER = 'acce5500000000000000000000000003'
SERVER = '0f0f0f0f-0000-4000-8000-000000000001'

OPTIONS = {
    'auth_type': 'password',
    'auth_url': KEYSTONE,
    'username': 'billing',
    'password': 'secret',
    'user_domain_name': 'Default',
    'project_name': 'service',
    'project_domain_name': 'Default',
    'timeout': '5',
    'connect_retry_delay': '0.01',
    'status_code_retry_delay': '0.01',
}


def record(server: str = SERVER, **changes: Any) -> dict[str, Any]:
    """A server as nova shows it to an administrator at 2.91."""
    shown = {
        'id': server,
        'name': 'web',
        'tenant_id': CUSTOMER,
        'status': 'ACTIVE',
        'created': '2026-11-01T08:00:00Z',
        'updated': '2026-11-02T09:30:00Z',
        'image': {'id': str(uuid.uuid4())},
        'flavor': {
            'original_name': 's1',
            'vcpus': 1,
            'ram': 512,
            'disk': 1,
            'ephemeral': 0,
            'swap': 0,
        },
        'locked': False,
        'locked_reason': None,
        'host_status': 'UP',
        'OS-EXT-STS:vm_state': 'active',
        'OS-EXT-STS:task_state': None,
        'OS-EXT-SRV-ATTR:host': 'compute-1',
        'OS-SRV-USG:terminated_at': None,
    }
    return shown | changes


def server(**changes: Any) -> servers.Server:
    known = {
        'id': SERVER,
        'project': CUSTOMER,
        'name': 'web',
        'flavor': 's1',
        'vm_state': 'active',
    }
    return servers.Server(**(known | changes))


def names(count: int) -> list[str]:
    return [str(uuid.UUID(int=n, version=4)) for n in range(1, count + 1)]


class CloudTestCase(base.BaseTestCase):
    """Every address answers only what a test has said it does."""

    highest_microversion = '2.104'
    services: tuple[tuple[str, str], ...] = (
        ('compute', NOVA),
        ('image', GLANCE),
        ('identity', KEYSTONE),
    )

    def setUp(self) -> None:
        super().setUp()
        web = rm_fixture.Fixture()  # type: ignore[no-untyped-call]
        self.web = self.useFixture(web)
        self.roles = ['admin']
        self.cloud_answers()
        self.connection = self.connect()

    def connect(self, **changes: str | None) -> session.Connection:
        """Our account, from options as they stand in a file."""
        options = {k: v for k, v in (OPTIONS | changes).items() if v}
        file = pathlib.Path(self.create_tempfiles([('nova', '')])[0])
        lines = [f'{name} = {value}' for name, value in options.items()]
        file.write_text('\n'.join(['[nova]', *lines]))
        conf = cfg.ConfigOpts()
        nova_options.register_opts(conf)
        conf(['--config-file', str(file)])
        return session.Connection(conf)

    def cloud_answers(self) -> None:
        """What is asked before anything else: versions and a token."""
        versions = ks_fixture.DiscoveryList(
            v2=False, href=KEYSTONE.removesuffix('/v3')
        )
        self.web.get(KEYSTONE, json=versions)
        self.web.post(f'{KEYSTONE}/auth/tokens', json=self.token)
        versions = ks_fixture.DiscoveryList(v2=False, v3=False)
        versions.add_nova_microversion(
            href=f'{NOVA}/',
            id='v2.1',
            status='CURRENT',
            min_version='2.1',
            version=self.highest_microversion,
        )
        self.web.get(f'{NOVA}/', json=versions)
        self.web.get(NOVA, json=versions)
        versions = ks_fixture.DiscoveryList(v2=False, v3=False)
        versions.add_microversion(
            href=f'{GLANCE}/v2/', id='v2.17', status='CURRENT'
        )
        self.web.get(GLANCE, json=versions, status_code=300)
        versions = ks_fixture.DiscoveryList(v2=False, v3=False)
        versions.add_microversion(
            href=f'{CINDER}/', id='v3.0', status='CURRENT'
        )
        self.web.get(f'{CINDER}/', json=versions)
        self.web.get(CINDER, json=versions)

    def token(self, request: Any, context: Any) -> dict[str, Any]:
        """A token of the project that was asked for."""
        context.status_code = 201
        asked = request.json()['auth']['scope']['project']
        # Our own project is asked for by name, a customer's by its id.
        scope = OURS if asked.get('name') == 'service' else asked['id']
        context.headers['X-Subject-Token'] = f'token-of-{scope}'
        token = ks_fixture.V3Token(user_id=US, user_name='billing')
        token.set_project_scope(id=scope, name='service')
        for role in self.roles if scope == OURS else ['member']:
            token.add_role(name=role)
        for kind, address in self.services:
            offered = token.add_service(kind)
            offered.add_standard_endpoints(
                public=address, internal=address, region='RegionOne'
            )
        return dict(token)

    def sent(self, method: str, path: str = '') -> list[Any]:
        """The requests that went out, by method and the end of the path."""
        return [
            request
            for request in self.web.request_history
            if request.method == method and request.path.endswith(path)
        ]
