# SPDX-License-Identifier: Apache-2.0
"""A keystone with a memory: what is made in it is there the next time."""

from collections.abc import Callable
import itertools
import json
import re
from typing import Any

from tests.unit.cloud import base

_GRANT = re.compile(r'/projects/([^/]+)/users/([^/]+)/roles/([^/]+)$')
# The plural of each kind it knows.
_KINDS = (
    'services', 'endpoints', 'regions', 'roles', 'projects', 'users',
    'domains', 'limits', 'registered_limits',
)  # fmt: skip


class Keystone:
    """Answers for `base.KEYSTONE`, with what stands in its `things`."""

    def __init__(self, web: Any) -> None:
        self._ids = itertools.count(1)
        self.things: dict[str, list[dict[str, Any]]] = {
            kind: [] for kind in _KINDS
        }
        self.grants: set[tuple[str, ...]] = set()
        self.writes: list[str] = []
        for kind in _KINDS:
            one = re.compile(f'^{re.escape(base.KEYSTONE)}/{kind}/[^/]+$')
            web.get(f'{base.KEYSTONE}/{kind}', json=self._shown(kind))
            web.post(f'{base.KEYSTONE}/{kind}', json=self._made(kind))
            web.patch(one, json=self._changed(kind))
        web.head(_GRANT, status_code=204, text=self._looked_up)
        web.put(_GRANT, status_code=204, text=self._granted)
        self.add('domains', name='Default', id='default')
        for region in ('RegionOne', 'RegionTwo'):
            self.add('regions', id=region)
        nova = self.add('services', type='compute', name='nova', enabled=True)
        for region in ('RegionOne', 'RegionTwo'):
            self.add(
                'endpoints', service_id=nova, interface='public',
                region_id=region, url=base.NOVA, enabled=True,
            )  # fmt: skip
        for name in ('admin', 'member', 'service'):
            self.add('roles', name=name)
        self.add('projects', name='service', domain_id='default')

    def add(self, kind: str, **thing: Any) -> str:
        thing.setdefault('id', f'{kind[0]}{next(self._ids)}')
        self.things[kind].append(thing)
        return str(thing['id'])

    def named(self, kind: str, name: str) -> dict[str, Any]:
        (one,) = (t for t in self.things[kind] if t.get('name') == name)
        return one

    def _shown(self, kind: str) -> Callable[..., dict[str, Any]]:
        def show(request: Any, _context: Any) -> dict[str, Any]:
            asked = {key: values[0] for key, values in request.qs.items()}
            return {
                kind: [
                    thing
                    for thing in self.things[kind]
                    if all(
                        str(thing.get(key)).lower() == value.lower()
                        for key, value in asked.items()
                    )
                ]
            }

        return show

    def _made(self, kind: str) -> Callable[..., dict[str, Any]]:
        def make(request: Any, context: Any) -> dict[str, Any]:
            context.status_code = 201
            ((one, body),) = request.json().items()
            self.writes.append(f'POST {kind}')
            made = self.add(kind, **{'enabled': True, **body})
            return {one: {'id': made}}

        return make

    def _changed(self, kind: str) -> Callable[..., dict[str, Any]]:
        def change(request: Any, _context: Any) -> dict[str, Any]:
            ((one, body),) = json.loads(request.text).items()
            self.writes.append(f'PATCH {kind}')
            wanted = request.path.rpartition('/')[2]
            for thing in self.things[kind]:
                if thing['id'].lower() == wanted:
                    thing.update(body)
            return {one: body}

        return change

    def _looked_up(self, request: Any, context: Any) -> str:
        if self._grant(request) not in self.grants:
            context.status_code = 404
        return ''

    def _granted(self, request: Any, _context: Any) -> str:
        self.writes.append('PUT role')
        self.grants.add(self._grant(request))
        return ''

    def _grant(self, request: Any) -> tuple[str, ...]:
        found = _GRANT.search(request.path)
        assert found is not None
        return found.groups()
