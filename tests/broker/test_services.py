# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ, which the other tests here rely on, carries a notification."""

import queue

from oslo_config import cfg
import oslo_messaging
from oslotest import base

from tests import services

TOPIC = 'patrii_test_services'


class Endpoint:
    """Puts what it hears into a queue for the test to read."""

    def __init__(self) -> None:
        self.heard: queue.Queue[str] = queue.Queue()

    def info(self, ctxt, publisher_id, event_type, payload, metadata):
        self.heard.put(event_type)


class ServicesTest(base.BaseTestCase):
    def test_rabbitmq_carries_a_notification(self) -> None:
        transport = oslo_messaging.get_notification_transport(
            cfg.ConfigOpts(), url=services.transport_url()
        )
        self.addCleanup(transport.cleanup)
        endpoint = Endpoint()
        listener = oslo_messaging.get_notification_listener(
            transport,
            [oslo_messaging.Target(topic=TOPIC)],
            [endpoint],
            executor='threading',
        )
        listener.start()
        self.addCleanup(stop, listener)
        notifier = oslo_messaging.Notifier(
            transport, 'test', driver='messagingv2', topics=[TOPIC]
        )

        notifier.info({}, 'test.event', {})

        self.assertEqual('test.event', endpoint.heard.get(timeout=20))


def stop(listener) -> None:
    listener.stop()
    listener.wait()
