# SPDX-License-Identifier: Apache-2.0
"""One reading of a server's payload in either of Nova's two forms.

The versioned form nests objects with versions (nova/notifications/objects),
the legacy one is flat (nova/notifications/base.py, info_from_instance).
Whatever cannot be read raises errors.InvalidInput that names the field.
"""

from collections.abc import Mapping
import datetime as dt
import re
from typing import Any
import uuid

from patrii_billing.domain import facts
from patrii_billing import errors

# Our name of a field: (its path in the versioned form, its legacy name).
# The legacy form says nothing of the last three.
FIELDS = {
    'server': ('uuid', 'instance_id'),
    'project': ('tenant_id', 'tenant_id'),
    'name': ('display_name', 'display_name'),
    'old_name': ('old_display_name', 'old_display_name'),
    'state': ('state', 'state'),
    'task': ('task_state', 'state_description'),
    'old_state': ('state_update.old_state', 'old_state'),
    'new_state': ('state_update.state', 'state'),
    'created_at': ('created_at', 'created_at'),
    'deleted_at': ('deleted_at', 'deleted_at'),
    'flavor_id': ('flavor.flavorid', 'instance_flavor_id'),
    'flavor_name': ('flavor.name', 'instance_type'),
    'vcpus': ('flavor.vcpus', 'vcpus'),
    'memory_mb': ('flavor.memory_mb', 'memory_mb'),
    'root_gb': ('flavor.root_gb', 'root_gb'),
    'ephemeral_gb': ('flavor.ephemeral_gb', 'ephemeral_gb'),
    'locked_reason': ('locked_reason', 'locked_reason'),
    'request_id': ('request_id', 'request_id'),
    'initiator': ('action_initiator_user', 'action_initiator_user'),
}

# A time that is not set: null or '', and what str() made of None.
_UNSET = (None, '', 'None')
# Nova's columns hold no more: 255 characters, 32-bit integers.
_TEXT = 255
_COUNT = 2**31
_VERSION = re.compile(r'(\d{1,9})\.\d{1,9}(\.\d{1,9})?', re.ASCII)
_INSTANT = re.compile(r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d', re.ASCII)


class ServerMessage:
    """What a notification says of its server, asked field by field."""

    def __init__(
        self,
        payload: object,
        metadata: object,
        legacy: bool,
        majors: frozenset[int],
    ) -> None:
        """:param majors: payload versions whose meaning is known."""
        if not isinstance(payload, Mapping):
            raise errors.InvalidInput('not an object', 'payload')
        self._legacy = legacy
        self._data = payload if legacy else _unwrap(payload, 'payload', majors)
        self._metadata = metadata

    def common(self) -> dict[str, Any]:
        """The fields that every fact of a server has."""
        return {
            'server': self._server(),
            'project': self.identifier('project'),
            'at': self.at(),
            'message_id': _identifier(
                self._metadatum('message_id'), 'metadata.message_id'
            ),
            'name': self.hint('name'),
            'request_id': self.hint('request_id'),
            'initiator': self.hint('initiator'),
        }

    def at(self) -> dt.datetime:
        """When it was sent, by the sender's clock (UTC)."""
        return _instant(self._metadatum('timestamp'), 'metadata.timestamp')

    def path(self, field: str) -> str:
        """The field as this form calls it."""
        return FIELDS[field][self._legacy]

    def raw(self, field: str) -> object:
        """The field's value as it came, None where there is none."""
        data, path = self._data, self.path(field).split('.')
        for outer in path[:-1]:
            data = _unwrap(data.get(outer), outer, frozenset({1}))
        return data.get(path[-1])

    def identifier(self, field: str) -> str:
        return _identifier(self.raw(field), self.path(field))

    def hint(self, field: str) -> str | None:
        """A text that is good to have; None where it is not a text."""
        value = self.raw(field)
        return _clean(value) if isinstance(value, str) and value else None

    def text(self, field: str) -> str:
        value = self.hint(field)
        if value is None:
            raise errors.InvalidInput('not a text', self.path(field))
        return value

    def instant(self, field: str) -> dt.datetime | None:
        """A time (UTC, whole seconds), None where it is not set.

        Nova stores no fractions; only the legacy form may still show them.
        """
        value = self.raw(field)
        if value in _UNSET:
            return None
        return _instant(value, self.path(field)).replace(microsecond=0)

    def flavor(self) -> facts.Flavor:
        return facts.Flavor(
            id=self.identifier('flavor_id'),
            name=self.text('flavor_name'),
            vcpus=self._count('vcpus'),
            memory_mb=self._count('memory_mb'),
            root_gb=self._count('root_gb'),
            ephemeral_gb=self._count('ephemeral_gb'),
        )

    def _metadatum(self, name: str) -> object:
        if not isinstance(self._metadata, Mapping):
            raise errors.InvalidInput('not an object', 'metadata')
        return self._metadata.get(name)

    def _server(self) -> str:
        """The server's id in its canonical form."""
        value = self.identifier('server').lower()
        try:
            canonical = str(uuid.UUID(value)) == value
        except ValueError:
            canonical = False
        if not canonical:
            raise errors.InvalidInput('not a UUID', self.path('server'))
        return value

    def _count(self, field: str) -> int:
        value = self.raw(field)
        # True is an int to Python, and JSON knows numbers of any size.
        if type(value) is not int or not 0 <= value < _COUNT:
            raise errors.InvalidInput(
                'not a whole number of sane size', self.path(field)
            )
        return value


def _identifier(value: object, where: str) -> str:
    """A short text that is fit for a key."""
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT:
        raise errors.InvalidInput('missing, or not a short text', where)
    if not value.isprintable():
        raise errors.InvalidInput('holds characters no id has', where)
    return value


def _instant(value: object, where: str) -> dt.datetime:
    """An ISO 8601 time as UTC; Nova's times without a zone are UTC."""
    try:
        if not isinstance(value, str) or not _INSTANT.match(value):
            raise ValueError
        parsed = dt.datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            return parsed.replace(tzinfo=dt.UTC)
        return parsed.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise errors.InvalidInput('not a time', where) from None


def _unwrap(
    value: object, where: str, majors: frozenset[int]
) -> Mapping[str, Any]:
    """The data of a versioned object whose major version we know.

    A new minor only adds fields; a new major may change what they mean.
    """
    if not isinstance(value, Mapping):
        raise errors.InvalidInput('not an object', where)
    version = value.get('nova_object.version')
    found = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if found is None:
        raise errors.InvalidInput('not a version', f'{where} version')
    if int(found[1]) not in majors:
        raise errors.InvalidInput(
            f'{version} is of a major version unknown here',
            f'{where} version',
        )
    data = value.get('nova_object.data')
    if not isinstance(data, Mapping):
        raise errors.InvalidInput('not an object', f'{where} data')
    return data


def _clean(text: str) -> str:
    """The text as any database stores it: no NUL, no half characters."""
    text = text[:_TEXT].replace('\0', '\ufffd')
    return text.encode('utf-8', 'replace').decode('utf-8')
