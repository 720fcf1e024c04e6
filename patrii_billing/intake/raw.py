# SPDX-License-Identifier: Apache-2.0
"""What came over the wire, in the one form that is stored and read again.

Anything at all may come. It is stored within bounds and under an id; what
cannot be a notification carries the reason, for the processor to park it.
"""

from collections.abc import Mapping
import hashlib
import json
from typing import Any

# Nova's own go ten levels deep; Python's readers give up at a thousand.
_DEEPEST = 100
_LONGEST_ID = 255


def message(sent: Mapping[str, Any], room: int) -> dict[str, Any]:
    """What is stored of a message as the driver hands it over.

    The same content has the same id at each delivery. At most about `room`
    characters of JSON are kept.
    """
    content = _cut(sent, _DEEPEST)
    text = json.dumps(content, sort_keys=True, default=str)
    given = content.get('message_id')
    why = _unfit(sent, content, text, room)
    if why is None:
        return {
            'event_type': content.get('event_type'),
            'publisher_id': content.get('publisher_id'),
            'priority': content.get('priority'),
            'payload': content.get('payload'),
            'metadata': {
                'message_id': given,
                'timestamp': content.get('timestamp'),
            },
        }
    return {
        'unfit': why,
        'event_type': str(content.get('event_type'))[:_LONGEST_ID],
        'payload': text[:room],
        'metadata': {'message_id': given if _is_id(given) else _digest(text)},
    }


def why_unfit(message: Mapping[str, Any]) -> str | None:
    """Why a stored message cannot be a notification, if it cannot."""
    return message.get('unfit')


def _unfit(
    sent: Mapping[str, Any], content: Any, text: str, room: int
) -> str | None:
    if not _is_id(content.get('message_id')):
        return 'message_id: missing, or not a short text'
    if len(text) > room:
        return f'too long: {len(text)} characters'
    if content != sent:
        return f'nested more than {_DEEPEST} levels deep'
    return None


def _is_id(given: object) -> bool:
    """Whether it can be a key; MySQL sees no blanks at the end of one."""
    return (
        isinstance(given, str)
        and 0 < len(given) <= _LONGEST_ID
        and given.isprintable()
        and given == given.strip()
    )


def _digest(text: str) -> str:
    return f'sha256:{hashlib.sha256(text.encode()).hexdigest()}'


def _cut(value: Any, levels: int) -> Any:
    """The value down to so many levels."""
    if not isinstance(value, (dict, list)):
        return value
    if not levels:
        return '...'
    if isinstance(value, list):
        return [_cut(item, levels - 1) for item in value]
    return {key: _cut(item, levels - 1) for key, item in value.items()}
