# SPDX-License-Identifier: Apache-2.0
"""The people of a minicloud, and what they do there.

$PATRII_MINICLOUD_DIR is the directory of a minicloud that is up, `.minicloud`
unless told. Tests have customers of their own, so that they may share one
minicloud and leave it as it was.
"""

from collections.abc import Callable
from collections.abc import Iterable
from concurrent import futures
import contextlib
from dataclasses import dataclass
import functools
import json
import os
import pathlib
import threading
import time
from typing import Any
from typing import TypeVar
import uuid

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
# More of them at a time are not faster on two cores.
_HANDS = 4


def facts() -> dict[str, Any]:
    """What the minicloud says of itself: addresses, accounts, flavors."""
    directory = os.environ.get('PATRII_MINICLOUD_DIR', '.minicloud')
    file = pathlib.Path(directory) / 'minicloud.json'
    return dict(json.loads(file.read_text()))


def wait_until(
    what: Callable[[], T | None],
    name: str,
    seconds: float = 60,
    pause: float = 0.2,
) -> T:
    """The first true answer; the test fails when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = what()
        if answer:
            return answer
        time.sleep(pause)
    raise AssertionError(f'waited {seconds} s in vain for {name}')


def at_once(work: Callable[..., T], things: Iterable[Any]) -> list[T]:
    """The work done on several things at a time; in their order."""
    listed = list(things)
    if not threading.main_thread().is_alive():
        # The process ends, and no thread can be started any more.
        return list(map(work, listed))
    with futures.ThreadPoolExecutor(_HANDS) as hands:
        return list(hands.map(work, listed))


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


class Minicloud:
    """A minicloud, and what its people do in it until all is put back."""

    def enter(self, later: Callable[..., Any]) -> None:
        """:param later: calls what it is given at the end"""
        self.facts = facts()
        self.operator = _operator()
        self._people: list[Person] = []
        self._servers: list[str] = []
        later(self._leave)

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
        unique = f'{name}-{uuid.uuid4().hex[:6]}'
        project = keystone.post(
            '/projects', json={'project': {'name': unique}}
        ).json()['project']['id']
        user = {
            'name': unique,
            'password': 'opensesame',
            'email': f'{name}@example.test',
        }
        user_id = keystone.post('/users', json={'user': user}).json()['user'][
            'id'
        ]
        self._grant(project, user_id, 'member')
        made = self._person(unique, user_id, user['password'], project)
        self._people.append(made)
        return made

    def make_colleague(self, of: Person, *roles: str) -> Person:
        """Another user with roles in somebody's project."""
        keystone = self.operator.service('identity')
        name = f'{roles[0]}-{uuid.uuid4().hex[:6]}'
        user = {'name': name, 'password': 'opensesame'}
        answer = keystone.post('/users', json={'user': user}).json()
        for role in roles:
            self._grant(of.project, answer['user']['id'], role)
        made = self._person(
            name, answer['user']['id'], user['password'], of.project
        )
        self._people.append(made)
        return made

    def _grant(self, project: str, user: str, name: str) -> None:
        keystone = self.operator.service('identity')
        (role,) = keystone.get(f'/roles?name={name}').json()['roles']
        keystone.put(f'/projects/{project}/users/{user}/roles/{role["id"]}')

    def dismiss(self, one: Person) -> None:
        """Remove a customer and his project from keystone."""
        keystone = self.operator.service('identity')
        keystone.delete(f'/users/{one.user}')
        # A colleague's is gone with the first of them.
        keystone.delete(f'/projects/{one.project}', raise_exc=False)
        self._people.remove(one)

    def boot(
        self, owner: Person, name: str = 'web', flavor: str = 's1'
    ) -> str:
        """A server of the owner's that is ACTIVE; its id."""
        server = self.ask_for(owner, name, flavor)
        self.wait_for(server, 'active')
        return server

    def boot_all(self, owners: Iterable[Person]) -> list[str]:
        """A server of each owner's, built at the same time."""
        made = at_once(self.ask_for, owners)
        for server in made:
            self.wait_for(server, 'active')
        return made

    def ask_for(
        self,
        owner: Person,
        name: str = 'web',
        flavor: str = 's1',
        **more: Any,
    ) -> str:
        """A server that nova begins to build; its id."""
        made = owner.nova.servers.create(
            name,
            self.facts['image_id'],
            self.facts['flavors'][flavor],
            nics='none',
            **more,
        )
        self._servers.append(made.id)
        return str(made.id)

    def remove(self, server: str) -> None:
        """The server and the images made of it, whoever holds them."""
        self._delete(server)
        self._clear_away(server)

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

    def show(self, server: str) -> dict[str, Any]:
        """The server as the compute API shows it to an administrator."""
        return dict(self.operator.nova.servers.get(server).to_dict())

    def done_to(self, server: str) -> list[str]:
        """What was done to a server, by nova's own list, oldest first."""
        listed = self.operator.nova.instance_action.list(server)
        return [entry.action for entry in reversed(listed)]

    def wait_for(self, server: str, *states: str, seconds: float = 60) -> str:
        """Until no task runs and the vm_state is one of these; which."""

        def settled() -> str | None:
            shown = self.show(server)
            state = shown['OS-EXT-STS:vm_state']
            busy = shown['OS-EXT-STS:task_state']
            return state if state in states and not busy else None

        return wait_until(settled, f'{server} to be {states}', seconds)

    def wait_until(
        self, what: Callable[[], T | None], name: str, seconds: float = 60
    ) -> T:
        return wait_until(what, name, seconds)

    def _leave(self) -> None:
        """Clear away what the customers have, and the customers."""
        at_once(self._delete, self._servers)
        at_once(self._clear_away, self._servers)
        for one in list(self._people):
            self.dismiss(one)

    def _delete(self, server: str) -> None:
        with contextlib.suppress(nova_errors.NotFound):
            self.operator.nova.servers.unlock(server)
            self.operator.nova.servers.delete(server)

    def _clear_away(self, server: str) -> None:
        wait_until(lambda: self.is_gone(server), f'{server} to go')
        for image in self.images_of(server):
            self._remove_image(image['id'])

    def _remove_image(self, image: str) -> None:
        glance = self.operator.service('image')
        unprotect = [{'op': 'replace', 'path': '/protected', 'value': False}]
        glance.patch(
            f'/images/{image}',
            data=json.dumps(unprotect),
            headers={
                'Content-Type': 'application/openstack-images-v2.1-json-patch'
            },
        )
        glance.delete(f'/images/{image}')

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


@functools.cache
def _operator() -> Person:
    """One token of his serves all tests."""
    cloud = Minicloud()
    cloud.facts = facts()
    return cloud.sign_in('operator')


class MinicloudTestCase(Minicloud, base.BaseTestCase):
    """A test on a real OpenStack, whose hypervisor alone is a fake."""

    def setUp(self) -> None:
        super().setUp()
        self.enter(self.addCleanup)

    def nova_options(self, name: str = 'billing') -> cfg.ConfigOpts:
        """[nova] as an operator would fill it in for this minicloud."""
        options = account_options(self.facts, name)
        lines = [f'{option} = {value}' for option, value in options.items()]
        (file,) = self.create_tempfiles(
            [('nova', '\n'.join(['[nova]', *lines]))]
        )
        conf = cfg.ConfigOpts()
        nova_options.register_opts(conf)
        conf(['--config-file', file])
        return conf


def environment(one: Person) -> dict[str, str]:
    """What tells the `openstack` command who it is run by."""
    auth = one.session.auth
    return {
        'OS_AUTH_TYPE': 'password',
        'OS_AUTH_URL': auth.auth_url,
        'OS_USER_ID': one.user,
        'OS_PASSWORD': auth.auth_methods[0].password,
        'OS_PROJECT_ID': one.project,
        'OS_REGION_NAME': facts()['region'],
    }


def account_options(
    facts: dict[str, Any], name: str = 'billing'
) -> dict[str, str]:
    """What an operator writes into [nova] for one of the accounts."""
    account = facts['users'][name]
    return {
        'auth_type': 'password',
        'auth_url': facts['auth_url'],
        'username': name,
        'password': account['password'],
        'user_domain_name': 'Default',
        'project_name': account['project'],
        'project_domain_name': 'Default',
        'region_name': facts['region'],
    }
