# SPDX-License-Identifier: Apache-2.0
"""A harmless thing that makes nova notify: a key of our own, for a moment."""

import base64
from collections.abc import Iterator
import contextlib
import os
import struct
import uuid

from patrii_billing.cloud import answers
from patrii_billing.cloud import session


@contextlib.contextmanager
def keypair(connection: session.Connection) -> Iterator[str]:
    """The name of a key pair of our account, which nova tells of.

    Nova's API notifies of key pairs (`keypair.import.end`) as it does of
    servers; to make one costs nothing and touches no customer.
    """
    name = f'patrii-billing-{uuid.uuid4().hex}'
    keys = connection.nova.keypairs
    with answers.understood(f'key pair {name}'):
        keys.create(name, public_key=_public_key())
    try:
        yield name
    finally:
        with answers.understood(f'key pair {name}'):
            keys.delete(name)


def _public_key() -> str:
    """A key that fits no lock: nobody has its other half (RFC 8709, 4)."""
    kind = b'ssh-ed25519'
    parts = (kind, os.urandom(32))
    blob = b''.join(struct.pack('>I', len(part)) + part for part in parts)
    return f'{kind.decode()} {base64.b64encode(blob).decode()}'
