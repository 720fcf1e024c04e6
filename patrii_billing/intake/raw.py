# SPDX-License-Identifier: Apache-2.0
"""What came over the wire, in the one form that is stored and read again.

Anything at all may come. It is stored within bounds and under an id; what
cannot be a notification carries the reason, for the processor to park it.
"""

from collections.abc import Mapping
import hashlib
import json
from typing import Any

from patrii_billing.store import inbox

# Nova's own go ten levels deep; Python's readers give up at a thousand.
_DEEPEST = 100
_LONGEST_ID = 255
# Made once: json.dumps() makes one for each message. Nothing that was read
# from JSON holds itself.
_encoded = json.JSONEncoder(default=str, check_circular=False).encode
_sorted = json.JSONEncoder(default=str, sort_keys=True).encode


def message(sent: Mapping[str, Any], room: int) -> inbox.Letter:
    """What is stored of a message as the driver hands it over.

    The same content has the same id at each delivery. At most about `room`
    characters of JSON are kept.
    """
    if _is_deep(sent, _DEEPEST):
        why = f'nested more than {_DEEPEST} levels deep'
        return _unfit(_cut(sent, _DEEPEST), room, why)
    given = sent.get('message_id')
    if not _is_id(given):
        return _unfit(sent, room, 'message_id: missing, or not a short text')
    body = _encoded(
        {
            'event_type': sent.get('event_type'),
            'publisher_id': sent.get('publisher_id'),
            'priority': sent.get('priority'),
            'payload': sent.get('payload'),
            'metadata': {
                'message_id': given,
                'timestamp': sent.get('timestamp'),
            },
        }
    )
    if len(body) > room:
        return _unfit(sent, room, f'too long: {len(body)} characters')
    return inbox.Letter(str(given), str(sent.get('event_type')), body)


def why_unfit(message: Mapping[str, Any]) -> str | None:
    """Why a stored message cannot be a notification, if it cannot."""
    return message.get('unfit')


def _unfit(content: Mapping[str, Any], room: int, why: str) -> inbox.Letter:
    """What is kept of what is to be parked."""
    text = _sorted(content)
    given = content.get('message_id')
    name = str(given) if _is_id(given) else _digest(text)
    event = str(content.get('event_type'))[:_LONGEST_ID]
    body = {
        'unfit': why,
        'event_type': event,
        'payload': text[:room],
        'metadata': {'message_id': name},
    }
    return inbox.Letter(name, event, _encoded(body))


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


def _is_deep(value: Any, levels: int) -> bool:
    """Whether it has more than so many levels."""
    inner = value if isinstance(value, list) else value.values()
    return any(
        not levels or _is_deep(each, levels - 1)
        for each in inner
        if isinstance(each, (dict, list))
    )


def _cut(value: Any, levels: int) -> Any:
    """The value down to so many levels."""
    if not isinstance(value, (dict, list)):
        return value
    if not levels:
        return '...'
    if isinstance(value, list):
        return [_cut(item, levels - 1) for item in value]
    return {key: _cut(item, levels - 1) for key, item in value.items()}
