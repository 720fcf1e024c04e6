# SPDX-License-Identifier: Apache-2.0
"""Notifications on the message bus, as services of OpenStack publish them."""

from collections.abc import Sequence
from importlib import metadata
from typing import Any

from oslo_config import cfg

from patrii_billing.domain import events
from patrii_billing import errors
from patrii_billing import threads

threads.choose_native()
import oslo_messaging  # noqa: E402
from oslo_messaging.notify import notifier  # noqa: E402

_PRIORITY = 'INFO'
_DRIVERS = 'oslo.messaging.notify.drivers'
# The message formats of the drivers that use the bus.
_ON_THE_BUS = {'messaging': 1.0, 'messagingv2': 2.0}
# Once more by itself: a connection may just have gone stale.
_RETRY = 1


class BusPublisher:
    """Publishes by the drivers of [oslo_messaging_notifications].

    Not by oslo.messaging's own Notifier, which logs what it could not send
    and forgets it, and gives a message another id at each try.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        topics: Sequence[str],
        exchange: str,
        publisher_id: str,
    ) -> None:
        self._conf = conf
        self._topics = list(topics)
        self._exchange = exchange
        self._publisher_id = publisher_id
        self._drivers: list[notifier.Driver] = []

    def publish(self, event: events.Event) -> str:
        """Hand over to the broker. Raises ListenerAway where it is away."""
        message = {
            'message_id': event.key,
            'publisher_id': self._publisher_id,
            'event_type': event.type,
            'priority': _PRIORITY,
            'payload': event.payload,
            'timestamp': event.at.replace(tzinfo=None).isoformat(' '),
        }
        try:
            # Not before the fork: nothing of a connection is inherited.
            self._drivers = self._drivers or self._load()
            for driver in self._drivers:
                driver.notify({}, message, _PRIORITY, _RETRY)
        except Exception as error:
            # Whatever a driver raises, the event did not go out.
            words = ' '.join(str(error).split())
            raise errors.ListenerAway(
                f'{type(error).__name__}: {words}'
            ) from error
        return f'published as {_PRIORITY} to {", ".join(self._topics)}'

    def _load(self) -> list[notifier.Driver]:
        transport = oslo_messaging.get_notification_transport(self._conf)
        names = self._conf.oslo_messaging_notifications.driver
        names = names or ['messagingv2']
        found = metadata.entry_points(group=_DRIVERS)
        return [
            _Driver(
                self._conf, self._topics, transport, _ON_THE_BUS[name],
                self._exchange,
            )
            if name in _ON_THE_BUS
            else found[name].load()(
                self._conf, topics=self._topics, transport=transport
            )
            for name in names
        ]  # fmt: skip


class _Driver(notifier.Driver):  # type: ignore[misc]
    """Sends as oslo.messaging's does, and raises where that would log."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        topics: Sequence[str],
        transport: Any,
        version: float,
        exchange: str,
    ) -> None:
        super().__init__(conf, topics, transport)
        self._version = version
        self._exchange = exchange

    def notify(
        self,
        ctxt: dict[str, Any],
        message: dict[str, Any],
        priority: str,
        retry: int,
    ) -> None:
        for topic in self.topics:
            target = oslo_messaging.Target(
                exchange=self._exchange, topic=f'{topic}.{priority.lower()}'
            )
            # Private, and the only way in: the public one hides failures.
            self.transport._send_notification(
                target, ctxt, message, version=self._version, retry=retry
            )
