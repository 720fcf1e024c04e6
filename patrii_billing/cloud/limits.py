# SPDX-License-Identifier: Apache-2.0
"""Keystone's limits, where nova's unified driver looks for quotas."""

from collections.abc import Mapping
from typing import Any

from patrii_billing.cloud import keystone
from patrii_billing.cloud import session
from patrii_billing import errors

# nova/limit/placement.py and nova/limit/local.py, LEGACY_LIMITS
RESOURCES = {
    'instances': 'servers',
    'cores': 'class:VCPU',
    'ram': 'class:MEMORY_MB',
    'key_pairs': 'server_key_pairs',
    'metadata_items': 'server_metadata_items',
    'server_groups': 'server_groups',
    'server_group_members': 'server_group_members',
}
# Without these nova lets nobody build a server.
NEEDED = ('servers', 'class:VCPU', 'class:MEMORY_MB')


class Limits:
    """Project limits of the compute service in our region."""

    def __init__(self, connection: session.Connection) -> None:
        self._connection = connection

    def write(self, project: str, quota: Mapping[str, int]) -> None:
        """Set a project's limits; each needs a registered one.

        :raises CloudRefused: 409 where one is not registered
        """
        registered = self.registered()
        missing = sorted({RESOURCES[name] for name in quota} - set(registered))
        if missing:
            raise errors.CloudRefused(
                f'keystone has no registered limit {", ".join(missing)} for '
                'nova; create it first, with the default for all projects',
                409,
            )
        present = self._list('limits', {'project_id': project})
        for name, value in quota.items():
            resource = RESOURCES[name]
            self._set(project, registered[resource], present, value)

    def registered(self) -> dict[str, dict[str, Any]]:
        """Nova's registered limits by resource; {} where it has none."""
        found: dict[str, dict[str, Any]] = {}
        for service in self._list('services', {'type': 'compute'}):
            query = {'service_id': service['id']}
            for limit in self._list('registered_limits', query):
                self._prefer(limit, found)
        return found

    def _prefer(
        self, limit: dict[str, Any], found: dict[str, dict[str, Any]]
    ) -> None:
        """A limit of our region goes before one of all regions."""
        name, region = limit['resource_name'], limit['region_id']
        elsewhere = region and self._connection.region not in (None, region)
        if name not in RESOURCES.values() or elsewhere:
            return
        if region or name not in found:
            found[name] = limit

    def _set(
        self,
        project: str,
        registered: dict[str, Any],
        present: list[dict[str, Any]],
        value: int,
    ) -> None:
        """Change the project's own limit, or give it one.

        Keystone ignores a change to 0 (`if limit.get('resource_limit')` in
        keystone/limit/backends/sql.py); a new limit of 0 it takes.
        """
        same = ('resource_name', 'service_id', 'region_id')
        for limit in present:
            if any(limit[key] != registered[key] for key in same):
                continue
            if limit['resource_limit'] == value:
                return
            path = f'/limits/{limit["id"]}'
            if value:
                change = {'limit': {'resource_limit': value}}
                self._connection.json('identity', 'PATCH', path, json=change)
                return
            self._connection.json('identity', 'DELETE', path)
        new = {key: registered[key] for key in same if registered[key]}
        new |= {'project_id': project, 'resource_limit': value}
        self._connection.json(
            'identity', 'POST', '/limits', json={'limits': [new]}
        )

    def _list(
        self, collection: str, query: dict[str, str]
    ) -> list[dict[str, Any]]:
        return list(keystone.listed(self._connection, collection, query))
