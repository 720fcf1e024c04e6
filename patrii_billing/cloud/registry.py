# SPDX-License-Identifier: Apache-2.0
"""What keystone has to know of this service, made where it is missing.

Everything is looked for first, so that a second run changes nothing.
"""

from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from oslo_config import cfg
import requests

from patrii_billing.cloud import keystone
from patrii_billing.cloud import session
from patrii_billing.domain import finding
from patrii_billing import errors

# What a step finds, and the id it ends with; None where a dry run made none.
_Step = Generator[finding.Finding, None, str | None]


@dataclass(frozen=True, slots=True)
class Account:
    """A keystone account as a section of the configuration has it.

    Domains are (`id` or `name`, which).
    """

    section: str
    username: str
    password: str = field(repr=False)
    user_domain: tuple[str, str]
    project: str
    project_domain: tuple[str, str]
    roles: tuple[str, ...]


def account_of(
    conf: cfg.ConfigOpts, section: str, roles: tuple[str, ...]
) -> Account:
    """The account of a section, once its plugin's options are known.

    :raises InvalidInput: it has no name and password of its own
    """
    options = conf[conf[section].auth_section or section]
    missing = [
        name
        for name in ('username', 'password', 'project_name')
        if not options.get(name)
    ]
    if missing:
        raise errors.InvalidInput(
            'is needed to make the account (auth_type = password)',
            f'[{section}] {missing[0]}',
        )
    return Account(
        section=section,
        username=options.username,
        password=options.password,
        user_domain=_domain_of(options, 'user'),
        project=options.project_name,
        project_domain=_domain_of(options, 'project'),
        roles=roles,
    )


def _domain_of(options: Any, whose: str) -> tuple[str, str]:
    for part in (whose, 'default'):
        for key in ('id', 'name'):
            value = options.get(f'{part}_domain_{key}')
            if value:
                return key, str(value)
    return 'id', 'default'


class Registry:
    """Keystone's catalogue, roles and accounts, by an administrator."""

    def __init__(
        self,
        connection: session.Connection,
        *,
        update: bool = False,
        dry_run: bool = False,
    ) -> None:
        """:param update: change addresses and names that differ"""
        self._connection = connection
        self._update = update
        self._dry_run = dry_run

    def regions(self, service_type: str) -> list[str]:
        """The regions where a service has endpoints."""
        return sorted({
            each['region_id']
            for service in self._list('services', {'type': service_type})
            for each in self._list('endpoints', {'service_id': service['id']})
        })  # fmt: skip

    def addresses(self, service_type: str) -> list[str]:
        """The different addresses that a service is registered under."""
        return sorted({
            each['url'].rstrip('/')
            for service in self._list('services', {'type': service_type})
            for each in self._list('endpoints', {'service_id': service['id']})
        })  # fmt: skip

    def catalogue(
        self,
        service_type: str,
        name: str,
        regions: Iterable[str],
        urls: Mapping[str, str | None],
        default_url: str,
    ) -> finding.Findings:
        """The service and its endpoints.

        :param urls: the address of each interface; one that is None is
            `default_url` where there is none yet, and else left as it is
        """
        service = yield from self._service(service_type, name)
        present = []
        if service is not None:
            present = self._list('endpoints', {'service_id': service})
        known = {one['id'] for one in self._list('regions')}
        for region in regions:
            if region not in known:
                yield finding.wrong(
                    f'keystone has no region {region}: name another with '
                    f'--region, or: openstack region create {region}'
                )
                continue
            for interface, url in urls.items():
                same = [
                    one
                    for one in present
                    if (one['region_id'], one['interface'])
                    == (region, interface)
                ]
                yield from self._endpoint(
                    f'endpoint {interface} of {service_type} in {region}',
                    same, url,
                    {
                        'service_id': service,
                        'interface': interface,
                        'region_id': region,
                        'url': url or default_url,
                    },
                )  # fmt: skip

    def roles(self, names: Iterable[str]) -> finding.Findings:
        for name in names:
            yield from self._role(name)

    def account(self, wanted: Account) -> finding.Findings:
        """The user, his project and his roles in it."""
        user_domain = self._domain(wanted.user_domain)
        project_domain = self._domain(wanted.project_domain)
        project = yield from self._ensure(
            'project',
            {'name': wanted.project, 'domain_id': project_domain},
            f'project {wanted.project}',
        )
        user = yield from self._ensure(
            'user',
            {'name': wanted.username, 'domain_id': user_domain},
            f'user {wanted.username} of [{wanted.section}]',
            {'password': wanted.password},
        )
        for name in wanted.roles:
            role = self._id('roles', {'name': name})
            if role is None:
                role = yield from self._role(name)
            yield from self._grant(wanted, project, user, role, name)

    def fetch(self, url: str) -> requests.Response:
        return self._connection.fetch(url)

    # One thing each.

    def _service(self, service_type: str, name: str) -> _Step:
        what = f'keystone service {service_type} ({name})'
        found = self._list('services', {'type': service_type})
        if not found:
            return (
                yield from self._make(
                    'service', {'type': service_type, 'name': name}, what
                )
            )
        service = next((s for s in found if s.get('name') == name), found[0])
        if len(found) > 1:
            yield finding.wrong(
                f'keystone has {len(found)} services of type {service_type}; '
                f'clients take any of them: openstack service delete those '
                f'that are not {service["id"]}'
            )
        yield from self._alike(
            what, 'service', service, {'name': name, 'enabled': True}
        )
        return str(service['id'])

    def _endpoint(
        self,
        what: str,
        present: list[dict[str, Any]],
        url: str | None,
        new: dict[str, Any],
    ) -> finding.Findings:
        if not present:
            yield from self._make('endpoint', new, f'{what}: {new["url"]}')
        for one in present:
            wanted = {'url': url or one['url'], 'enabled': True}
            yield from self._alike(
                f'{what}: {wanted["url"]}', 'endpoint', one, wanted
            )

    def _alike(
        self,
        what: str,
        kind: str,
        present: dict[str, Any],
        wanted: dict[str, Any],
    ) -> finding.Findings:
        """A thing that exists, and is as it should be or is changed."""
        differing = {
            key: value
            for key, value in wanted.items()
            if present.get(key) != value
        }
        if not differing:
            yield finding.exists(what)
            return
        was = ', '.join(f'{key} {present.get(key)}' for key in differing)
        if not self._update:
            yield finding.wrong(
                f'{what}: keystone has {was}; --update changes it'
            )
            return
        if not self._dry_run:
            path = f'/{kind}s/{present["id"]}'
            self._json('PATCH', path, json={kind: differing})
        yield finding.changed(f'{what}; it was {was}', self._dry_run)

    def _role(self, name: str) -> _Step:
        return (
            yield from self._ensure('role', {'name': name}, f'role {name}')
        )

    def _grant(
        self,
        wanted: Account,
        project: str | None,
        user: str | None,
        role: str | None,
        name: str,
    ) -> finding.Findings:
        what = f'role {name} of {wanted.username} in {wanted.project}'
        path = f'/projects/{project}/users/{user}/roles/{role}'
        if None not in (project, user, role):
            answer = self._connection.request('identity', 'HEAD', path)
            if answer.status_code < 300:
                yield finding.exists(what)
                return
        if not self._dry_run:
            self._json('PUT', path)
        yield finding.made(what, self._dry_run)

    def _ensure(
        self,
        kind: str,
        named: dict[str, str],
        what: str,
        more: Mapping[str, Any] | None = None,
    ) -> _Step:
        found = self._id(f'{kind}s', named)
        if found is not None:
            yield finding.exists(what)
            return found
        return (yield from self._make(kind, {**named, **(more or {})}, what))

    def _make(self, kind: str, body: dict[str, Any], what: str) -> _Step:
        made = None
        if not self._dry_run:
            answer = self._json('POST', f'/{kind}s', json={kind: body})
            made = str(answer[kind]['id'])
        yield finding.made(what, self._dry_run)
        return made

    def _domain(self, which: tuple[str, str]) -> str:
        """The id of a domain. Raises CloudRefused where it is none."""
        key, value = which
        if key == 'id':
            return value
        found = self._id('domains', {'name': value})
        if found is None:
            raise errors.CloudRefused(f'keystone has no domain {value}', 404)
        return found

    def _id(self, collection: str, query: dict[str, str]) -> str | None:
        found = self._list(collection, query)
        return str(found[0]['id']) if found else None

    def _list(
        self, collection: str, query: dict[str, str] | None = None
    ) -> list[dict[str, Any]]:
        return list(keystone.listed(self._connection, collection, query))

    def _json(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        return self._connection.json('identity', method, path, **more)
