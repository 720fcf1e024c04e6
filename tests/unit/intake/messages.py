# SPDX-License-Identifier: Apache-2.0
"""Nova's notifications as tests need them, in both forms from one story."""

import copy
import json
import pathlib
from typing import Any

from patrii_billing.store import inbox

_FIXTURES = pathlib.Path(__file__).parents[2] / 'fixtures' / 'notifications'
_VERSIONED = json.loads((_FIXTURES / 'versioned.json').read_text())
_LEGACY = json.loads((_FIXTURES / 'legacy.json').read_text())

SERVER = 'c81d4e2e-bcf2-41e6-869b-7b9a2d9bd001'
PROJECT = '3f1a9c0d5e7b42d88c6e0f2a4b6d8e01'
USER = 'b7c3a5f0e1d24c6f9a8b0c1d2e3f4a5b'
REQUEST = 'req-1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f'
BIG = {
    'id': 'l1',
    'name': 'large',
    'vcpus': 8,
    'memory_mb': 16384,
    'root_gb': 80,
    'ephemeral_gb': 0,
}
_FLAVOR_IN_LEGACY = {'id': 'instance_flavor_id', 'name': 'instance_type'}


def letter(message: dict[str, Any]) -> inbox.Letter:
    """As it is in the inbox; `message` has its metadata apart."""
    return inbox.Letter(
        str(message['metadata']['message_id']),
        str(message['event_type']),
        json.dumps(message),
    )


def versioned(
    event: str,
    data: dict[str, Any] | None = None,
    flavor: dict[str, Any] | None = None,
    states: tuple[str | None, str] | None = None,
) -> dict[str, Any]:
    """`instance.<event>`, with changes to what its payload says."""
    message = copy.deepcopy(_VERSIONED)
    message['event_type'] = f'instance.{event}'
    payload = message['payload']
    if event in ('update', 'exists'):
        payload['nova_object.name'] = f'Instance{event.title()}Payload'
        payload['nova_object.version'] = '2.1'
    content = payload['nova_object.data']
    if event == 'update':
        content['old_display_name'] = None
        old, new = states or (content['state'], content['state'])
        content['state_update'] = {
            'nova_object.name': 'InstanceStateUpdatePayload',
            'nova_object.namespace': 'nova',
            'nova_object.version': '1.0',
            'nova_object.data': {
                'old_state': old,
                'state': new,
                'old_task_state': None,
                'new_task_state': None,
            },
        }
    content.update(data or {})
    for name, value in (flavor or {}).items():
        inner = content['flavor']['nova_object.data']
        inner['flavorid' if name == 'id' else name] = value
    return message


def legacy(
    event: str,
    data: dict[str, Any] | None = None,
    flavor: dict[str, Any] | None = None,
    states: tuple[str | None, str] | None = None,
) -> dict[str, Any]:
    """`compute.instance.<event>`, with changes to what its payload says."""
    message = copy.deepcopy(_LEGACY)
    message['event_type'] = f'compute.instance.{event}'
    content = message['payload']
    if event == 'update':
        content['old_state'], content['state'] = states or (
            content['state'],
            content['state'],
        )
    for name, value in (data or {}).items():
        content['state_description' if name == 'task_state' else name] = value
    for name, value in (flavor or {}).items():
        content[_FLAVOR_IN_LEGACY.get(name, name)] = value
    return message
