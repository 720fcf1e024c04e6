# SPDX-License-Identifier: Apache-2.0
"""Signatures of webhooks: as Standard Webhooks has them, and as Stripe does.

Both sign by HMAC-SHA256 what is sent together with its instant. Standard
Webhooks signs an id, too; with Stripe that stands in the body only.
"""

import base64
import binascii
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
import enum
import hashlib
import hmac

from patrii_billing import errors

PREFIX = 'whsec_'
# Standard Webhooks asks for 24 to 64 bytes of chance.
_SHORTEST = 24
_LONGEST = 64
_MOST_SIGNATURES = 20
_STRIPE = 'stripe-signature'


class Scheme(enum.StrEnum):
    """How a sender signs; both schemes are in their version v1."""

    STANDARD = 'standard'
    STRIPE = 'stripe'


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook as it came in; the headers in the words of the sender.

    The `id` is the sender's; empty where a scheme does not sign one.
    """

    id: str
    timestamp: str
    signature: str
    body: bytes


def secret(
    text: str, where: str = 'secret', scheme: Scheme = Scheme.STANDARD
) -> bytes:
    """The key of a secret written as whsec_ and base64.

    Stripe's key is the text itself, prefix and all. Raises InvalidInput,
    which does not repeat the secret.
    """
    if scheme is Scheme.STRIPE:
        if len(text) < _SHORTEST or not text.isascii() or ' ' in text:
            raise errors.InvalidInput(
                f'must be of {_SHORTEST} characters or more', where
            )
        return text.encode()
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


def message(
    scheme: Scheme, given: Mapping[str, str], body: bytes
) -> Message:
    """What came in, of headers by their names in small letters."""
    if scheme is Scheme.STANDARD:
        return Message(
            given.get('webhook-id', ''),
            given.get('webhook-timestamp', ''),
            given.get('webhook-signature', ''),
            body,
        )
    # Others than v1 are passed over: v0 is of test events, and is no proof.
    parts = [
        each.strip().partition('=')
        for each in given.get(_STRIPE, '')[:4096].split(',')
    ]
    times = {value for name, _, value in parts if name == 't'}
    signatures = [value for name, _, value in parts if name == 'v1']
    timestamp = times.pop() if len(times) == 1 else ''
    return Message('', timestamp, ' '.join(signatures), body)


def verify(
    keys: Sequence[bytes],
    message: Message,
    now: dt.datetime,
    tolerance: dt.timedelta,
    scheme: Scheme = Scheme.STANDARD,
) -> None:
    """Raises Unauthentic for what nobody who knows a key has just sent.

    It is Late where somebody who knows one has sent it, at another time.
    """
    _complete(message, scheme)
    # Before anything of it is believed, in a time that tells nothing.
    given = [
        each.encode('utf-8', 'replace')
        for each in message.signature.split()[:_MOST_SIGNATURES]
    ]
    signer = _SIGNERS[scheme]
    right = [signer(key, message).encode() for key in keys]
    found = [
        hmac.compare_digest(one, each) for one in right for each in given
    ]
    if not any(found):
        raise errors.Unauthentic('no signature fits')
    if not message.timestamp.isascii() or not message.timestamp.isdigit():
        raise errors.Unauthentic(f'{_named(scheme)} is not one')
    apart = abs(int(now.timestamp()) - int(message.timestamp[:20]))
    if apart > tolerance.total_seconds():
        raise errors.Late(
            f'{_named(scheme)} is not of these minutes: '
            'sent again by somebody else, or a clock is wrong'
        )


def _complete(message: Message, scheme: Scheme) -> None:
    """Raises Unauthentic for what lacks a part.

    Standard Webhooks signs id, timestamp and body, apart by points: an id
    with a point in it could be read as another message.
    """
    if scheme is Scheme.STRIPE:
        if not (message.timestamp and message.signature):
            raise errors.Unauthentic(
                f'{_STRIPE} is missing, or has not one t and a v1'
            )
        return
    if not (message.id and message.timestamp and message.signature):
        raise errors.Unauthentic(
            'webhook-id, webhook-timestamp or webhook-signature is missing'
        )
    if '.' in message.id or len(message.id) > 255:
        raise errors.Unauthentic('webhook-id is not one')


def _named(scheme: Scheme) -> str:
    if scheme is Scheme.STRIPE:
        return f't of {_STRIPE}'
    return 'webhook-timestamp'


def _sign(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    digest = _digest(key, f'{message_id}.{timestamp}.', body)
    return f'v1,{base64.b64encode(digest).decode()}'


def _digest(key: bytes, before: str, body: bytes) -> bytes:
    signed = before.encode('utf-8', 'replace') + body
    return hmac.new(key, signed, hashlib.sha256).digest()


def _standard(key: bytes, message: Message) -> str:
    return _sign(key, message.id, message.timestamp, message.body)


def _stripe(key: bytes, message: Message) -> str:
    return _digest(key, f'{message.timestamp}.', message.body).hex()


_SIGNERS: Mapping[Scheme, Callable[[bytes, Message], str]] = {
    Scheme.STANDARD: _standard,
    Scheme.STRIPE: _stripe,
}
