# SPDX-License-Identifier: Apache-2.0
"""Signatures of webhooks as Standard Webhooks has them (version v1)."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
import hashlib
import hmac

from patrii_billing import errors

PREFIX = 'whsec_'
# Standard Webhooks asks for 24 to 64 bytes of chance.
_SHORTEST = 24
_LONGEST = 64
_MOST_SIGNATURES = 20


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook as it came in; the headers in the words of the sender."""

    id: str
    timestamp: str
    signature: str
    body: bytes


def secret(text: str, where: str = 'secret') -> bytes:
    """The key of a secret written as whsec_ and base64.

    Raises InvalidInput, which does not repeat the secret.
    """
    if not text.startswith(PREFIX):
        raise errors.InvalidInput(f'must begin with {PREFIX}', where)
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise errors.InvalidInput('is not base64', where) from None
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise errors.InvalidInput(
            f'must be of {_SHORTEST} to {_LONGEST} bytes', where
        )
    return key


def sign(key: bytes, message_id: str, at: dt.datetime, body: bytes) -> str:
    """The signature of what is sent at an instant, counted in seconds."""
    return _sign(key, message_id, str(int(at.timestamp())), body)


def headers(
    keys: Sequence[bytes], message_id: str, at: dt.datetime, body: bytes
) -> dict[str, str]:
    """What goes with a body; signed by each key, for the time of a change."""
    return {
        'webhook-id': message_id,
        'webhook-timestamp': str(int(at.timestamp())),
        'webhook-signature': ' '.join(
            sign(key, message_id, at, body) for key in keys
        ),
    }


def verify(
    keys: Sequence[bytes],
    message: Message,
    now: dt.datetime,
    tolerance: dt.timedelta,
) -> None:
    """Raises Unauthentic for what nobody who knows a key has just sent.

    The text that is signed is id, timestamp and body, apart by points: an id
    with a point in it could be read as another message.
    """
    if not (message.id and message.timestamp and message.signature):
        raise errors.Unauthentic(
            'webhook-id, webhook-timestamp or webhook-signature is missing'
        )
    if '.' in message.id or len(message.id) > 255:
        raise errors.Unauthentic('webhook-id is not one')
    # Before anything of it is believed, in a time that tells nothing.
    given = [
        each.encode('utf-8', 'replace')
        for each in message.signature.split()[:_MOST_SIGNATURES]
    ]
    right = [
        _sign(key, message.id, message.timestamp, message.body).encode()
        for key in keys
    ]
    found = [
        hmac.compare_digest(one, each) for one in right for each in given
    ]
    if not any(found):
        raise errors.Unauthentic('no signature fits')
    if not message.timestamp.isascii() or not message.timestamp.isdigit():
        raise errors.Unauthentic('webhook-timestamp is not one')
    apart = abs(int(now.timestamp()) - int(message.timestamp[:20]))
    if apart > tolerance.total_seconds():
        raise errors.Unauthentic(
            'webhook-timestamp is not of these minutes: sent again by '
            'somebody else, or a clock is wrong'
        )


def _sign(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f'{message_id}.{timestamp}.'.encode('utf-8', 'replace') + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f'v1,{base64.b64encode(digest).decode()}'
