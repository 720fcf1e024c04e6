# SPDX-License-Identifier: Apache-2.0
"""Nova's own voice: what happens in the cloud, and much that is of nobody."""

import datetime as dt
import random
import threading
import time
from typing import Any
import uuid

from patrii_billing.domain import server as servers
from tests.broker import base as broker
from tests.unit.intake import messages

_LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
# Seconds for a broker that comes back.
_PATIENCE = 240


class Crier:
    """Publishes in a thread of its own; `sent` is what the broker took."""

    def __init__(self, publisher: broker.Publisher, rate: float) -> None:
        """:param rate: messages a second"""
        self._publisher = publisher
        self._pause = 1 / rate
        self._due: list[tuple[float, dict[str, Any]]] = []
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._cry, daemon=True)
        self.sent: list[str] = []
        self.others = [someone() for _ in range(20)]

    def start(self) -> None:
        self._thread.start()

    def hush(self) -> None:
        """Tell what is still to be told, and no more."""
        self._over.set()

    def stop(self) -> None:
        """Returns when the broker has taken all."""
        self.hush()
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            raise TimeoutError('the broker takes nothing any more')

    def tell(self, event: str, server: servers.Server, later: float) -> None:
        message = _told(event, server)
        with self._turn:
            self._due.append((time.monotonic() + later, message))

    def _cry(self) -> None:
        while not self._over.is_set():
            for message in self._ready(time.monotonic()):
                self._send(message)
            event = random.choice(('power_off.end', 'power_on.end'))
            self._send(_told(event, random.choice(self.others)))
            self._over.wait(self._pause)
        for message in self._ready(float('inf')):
            self._send(message)

    def _ready(self, now: float) -> list[dict[str, Any]]:
        with self._turn:
            ready = [message for due, message in self._due if due <= now]
            self._due = [each for each in self._due if each[0] > now]
        return ready

    def _send(self, message: dict[str, Any]) -> None:
        name = uuid.uuid4().hex
        self._publisher.send(message, name)
        # Not before: what the broker has not taken was never published.
        self.sent.append(name)


def someone() -> servers.Server:
    """A server of a project that has no contract."""
    return servers.Server(
        str(uuid.uuid4()), 'of-nobody', 'web', 's1', 'active',
        created_at=_LONG_AGO,
    )  # fmt: skip


def _told(event: str, server: servers.Server) -> dict[str, Any]:
    """What nova sends of it now."""
    data = {
        'uuid': server.id,
        'tenant_id': server.project,
        'created_at': f'{server.created_at:%Y-%m-%dT%H:%M:%SZ}',
        'locked': server.locked,
        'locked_reason': server.locked_reason,
        'state': server.vm_state,
    }
    if server.deleted_at is not None:
        data['deleted_at'] = f'{server.deleted_at:%Y-%m-%dT%H:%M:%SZ}'
    message = messages.versioned(event, data, {'id': 's1', 'name': 's1'})
    now = dt.datetime.now(dt.UTC)
    message['metadata']['timestamp'] = f'{now:%Y-%m-%d %H:%M:%S.%f}'
    return message
