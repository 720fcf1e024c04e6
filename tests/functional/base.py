# SPDX-License-Identifier: Apache-2.0
"""The people of a minicloud, and what they do before a test begins.

$PATRII_MINICLOUD_DIR is the directory of a minicloud that is up, `.minicloud`
unless told. Each test has customers of its own, so that tests may share one
minicloud and leave it as it was.
"""

from collections.abc import Callable
from dataclasses import dataclass
import json
import os
import pathlib
import time
from typing import Any
from typing import TypeVar

from keystoneauth1 import adapter
from keystoneauth1.identity import v3
from keystoneauth1 import session as ks_session
from novaclient import client as nova_client
from novaclient import exceptions as nova_errors
from oslo_config import cfg
from oslotest import base

from patrii_billing.conf import nova as nova_options

T = TypeVar('T')
MICROVERSION = '2.91'


def facts() -> dict[str, Any]:
    """What the minicloud says of itself: addresses, accounts, flavors."""
    directory = os.environ.get('PATRII_MINICLOUD_DIR', '.minicloud')
    file = pathlib.Path(directory) / 'minicloud.json'
    return dict(json.loads(file.read_text()))


@dataclass(frozen=True)
class Person:
    """Somebody with an account: a customer, or the operator."""

    name: str
    user: str
    project: str
    session: ks_session.Session
    nova: Any

    def service(self, kind: str) -> adapter.Adapter:
        """Any service of the catalogue by its type: identity, image."""
        return adapter.Adapter(
            self.session,
            service_type=kind,
            version={'identity': '3', 'image': '2'}[kind],
        )


class MinicloudTestCase(base.BaseTestCase):
    """A test on a real OpenStack, whose hypervisor alone is a fake."""

    def setUp(self) -> None:
        super().setUp()
        self.facts = facts()
        self.operator = self.sign_in('operator')

    def sign_in(self, name: str) -> Person:
        """One of the minicloud's own accounts."""
        account = self.facts['users'][name]
        return self._person(
            name,
            account['id'],
            account['password'],
            self.facts['projects'][account['project']],
        )

    def make_customer(self, name: str = 'acme') -> Person:
        """A new customer with a project, a user and a mail address."""
        keystone = self.operator.service('identity')
        unique = self.getUniqueString(name).replace('.', '-')
        project = keystone.post(
            '/projects', json={'project': {'name': unique}}
        ).json()['project']['id']
        self.addCleanup(keystone.delete, f'/projects/{project}')
        user = {
            'name': unique,
            'password': 'opensesame',
            'email': f'{name}@example.test',
        }
        user_id = keystone.post('/users', json={'user': user}).json()['user'][
            'id'
        ]
        self.addCleanup(keystone.delete, f'/users/{user_id}')
        (role,) = keystone.get('/roles?name=member').json()['roles']
        keystone.put(f'/projects/{project}/users/{user_id}/roles/{role["id"]}')
        return self._person(unique, user_id, user['password'], project)

    def boot(
        self, owner: Person, name: str = 'web', flavor: str = 's1'
    ) -> str:
        """A server of the owner's that is ACTIVE; its id."""
        made = owner.nova.servers.create(
            name,
            self.facts['image_id'],
            self.facts['flavors'][flavor],
            nics='none',
        )
        self.addCleanup(self.remove, made.id)
        self.wait_for(made.id, 'active')
        return str(made.id)

    def remove(self, server: str) -> None:
        """The server and the images made of it, whoever holds them."""
        glance = self.operator.service('image')
        servers = self.operator.nova.servers
        try:
            servers.unlock(server)
            servers.delete(server)
        except nova_errors.NotFound:
            pass
        self.wait_until(lambda: self.is_gone(server), f'{server} to go')
        for image in self.images_of(server):
            unprotect = [
                {'op': 'replace', 'path': '/protected', 'value': False}
            ]
            glance.patch(
                f'/images/{image["id"]}',
                data=json.dumps(unprotect),
                headers={
                    'Content-Type': 'application/'
                    'openstack-images-v2.1-json-patch'
                },
            )
            glance.delete(f'/images/{image["id"]}')

    def images_of(self, server: str) -> list[dict[str, Any]]:
        """The images made of a server, as the operator sees them."""
        found = self.operator.service('image').get(
            '/images', params={'instance_uuid': server}
        )
        return list(found.json()['images'])

    def is_gone(self, server: str) -> bool:
        try:
            self.operator.nova.servers.get(server)
        except nova_errors.NotFound:
            return True
        return False

    def wait_for(self, server: str, *states: str) -> str:
        """Until no task runs and the vm_state is one of these; which."""

        def settled() -> str | None:
            shown = self.operator.nova.servers.get(server).to_dict()
            state = shown['OS-EXT-STS:vm_state']
            busy = shown['OS-EXT-STS:task_state']
            return state if state in states and not busy else None

        return self.wait_until(settled, f'{server} to be {states}')

    def wait_until(
        self, what: Callable[[], T | None], name: str, seconds: float = 60
    ) -> T:
        """The first true answer; the test fails when the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = what()
            if answer:
                return answer
            time.sleep(0.2)
        raise AssertionError(f'waited {seconds} s in vain for {name}')

    def nova_options(self, name: str = 'billing') -> cfg.ConfigOpts:
        """[nova] as an operator would fill it in for this minicloud."""
        account = self.facts['users'][name]
        options = {
            'auth_type': 'password',
            'auth_url': self.facts['auth_url'],
            'username': name,
            'password': account['password'],
            'user_domain_name': 'Default',
            'project_name': account['project'],
            'project_domain_name': 'Default',
            'region_name': self.facts['region'],
        }
        lines = [f'{option} = {value}' for option, value in options.items()]
        (file,) = self.create_tempfiles(
            [('nova', '\n'.join(['[nova]', *lines]))]
        )
        conf = cfg.ConfigOpts()
        nova_options.register_opts(conf)
        conf(['--config-file', file])
        return conf

    def _person(
        self, name: str, user: str, password: str, project: str
    ) -> Person:
        auth = v3.Password(
            self.facts['auth_url'],
            user_id=user,
            password=password,
            project_id=project,
        )
        session = ks_session.Session(auth, timeout=60)
        nova = nova_client.Client(
            MICROVERSION, session=session, region_name=self.facts['region']
        )
        return Person(name, user, project, session, nova)
