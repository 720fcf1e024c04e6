# SPDX-License-Identifier: Apache-2.0
"""A server as nova's API prints it, read into the law's own form."""

from collections.abc import Mapping
import datetime as dt
from typing import Any

from patrii_billing.domain import server as servers
from patrii_billing import errors


def read(record: Mapping[str, Any]) -> servers.Server:
    """Read one record of GET /servers/detail or /servers/{id}.

    :raises CloudUnavailable: nova shows only part of it, as for a server
        whose cell is down, or hides what only an administrator may see
    """
    if record.get('status') == 'UNKNOWN':
        raise errors.CloudUnavailable(
            f'nova does not know the state of server {record.get("id")}: '
            'its cell is down'
        )
    try:
        return _read(record)
    except (KeyError, TypeError, ValueError) as error:
        raise errors.CloudUnavailable(
            f'nova shows only part of server {record.get("id")}: '
            f'{error!r} is missing or wrong'
        ) from error


def _read(record: Mapping[str, Any]) -> servers.Server:
    # Nova leaves the vm_state alone where it only destroys the record, as for
    # a server deleted before it had a host.
    deleted = record['status'] == 'DELETED'
    ended = record.get('OS-SRV-USG:terminated_at') or record['updated']
    return servers.Server(
        id=record['id'],
        project=record['tenant_id'],
        name=record['name'],
        flavor=record['flavor']['original_name'],
        vm_state='deleted' if deleted else record['OS-EXT-STS:vm_state'],
        task_state=record['OS-EXT-STS:task_state'],
        locked=record['locked'],
        locked_reason=record['locked_reason'],
        host=record['OS-EXT-SRV-ATTR:host'],
        host_status=record.get('host_status') or '',
        created_at=_instant(record['created']),
        updated_at=_instant(record['updated']),
        deleted_at=_instant(ended) if deleted else None,
    )


def _instant(text: str) -> dt.datetime:
    """Nova's times are UTC, and terminated_at does not say so."""
    instant = dt.datetime.fromisoformat(text)
    return instant.replace(tzinfo=instant.tzinfo or dt.UTC)
