# SPDX-License-Identifier: Apache-2.0
"""Notifications that others receive from a real broker, as oslo's own do."""

import datetime as dt
import json
import logging
import queue
from typing import Any
from urllib import parse
import uuid

import fixtures
from oslo_config import cfg
from oslotest import base as oslotest

from patrii_billing.conf import opts
from patrii_billing.domain import events
from patrii_billing import errors
from patrii_billing.hooks import bus
from patrii_billing.store import database
from patrii_billing.store import timeline
from patrii_billing import threads
from tests import books
from tests.broker import base
from tests import services
from tests.unit.hooks import servers

threads.choose_native()
import oslo_messaging  # noqa: E402

# Sends in the clear, to this very host.
CONFIG = """
[events]
notify = true
topics = {topic}
[webhooks]
endpoints = erp
[webhook:erp]
url = {url}
secrets = whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0
allow_http = true
"""
NOW = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


class Listening(fixtures.Fixture):
    """A service that listens with oslo.messaging, as any would."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self.heard: queue.Queue[tuple[Any, ...]] = queue.Queue()

    def _setUp(self) -> None:
        conf = cfg.ConfigOpts()
        opts.register_opts(conf)
        conf([])
        transport = oslo_messaging.get_notification_transport(
            conf, url=services.transport_url()
        )
        listener = oslo_messaging.get_notification_listener(
            transport,
            [oslo_messaging.Target(exchange='billing', topic=self._topic)],
            [self],
            executor='threading',
        )
        listener.start()
        self.addCleanup(transport.cleanup)
        self.addCleanup(listener.wait)
        self.addCleanup(listener.stop)

    def info(
        self,
        _context: dict[str, Any],
        publisher_id: str,
        event_type: str,
        payload: dict[str, Any],
        metadata: dict[str, Any],
    ) -> None:
        self.heard.put((publisher_id, event_type, payload, metadata))


def event(number: int = 1) -> events.Event:
    return events.Event(
        f'evt_{number}', 'billing.invoice.paid', NOW,
        events.written({'sequence': number, 'data': {'total': '10.00'}}),
    )  # fmt: skip


class PublishingTest(oslotest.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        logging.getLogger('oslo.messaging').setLevel(logging.WARNING)
        self.topic = f'test_{uuid.uuid4().hex}'

    def publisher(self, url: str) -> bus.BusPublisher:
        conf = cfg.ConfigOpts()
        opts.register_opts(conf)
        conf([])
        conf.set_override('transport_url', url)
        return bus.BusPublisher(
            conf, [self.topic], 'billing', 'billing.test-host'
        )

    def test_a_listener_hears_it_as_a_notification(self) -> None:
        listening = self.useFixture(Listening(self.topic))

        answer = self.publisher(services.transport_url()).publish(event())

        self.assertIn(self.topic, answer)
        publisher_id, type_, payload, metadata = listening.heard.get(
            timeout=base.PATIENCE
        )
        self.assertEqual('billing.test-host', publisher_id)
        self.assertEqual('billing.invoice.paid', type_)
        self.assertEqual('10.00', payload['data']['total'])
        # The same at each try, so that a reader knows it again.
        self.assertEqual('evt_1', metadata['message_id'])

    def test_what_nobody_reads_yet_waits_for_him(self) -> None:
        publisher = self.publisher(services.transport_url())
        for number in range(20):
            publisher.publish(event(number))

        listening = self.useFixture(Listening(self.topic))

        heard = [
            listening.heard.get(timeout=base.PATIENCE)[2]['sequence']
            for _ in range(20)
        ]
        self.assertEqual(list(range(20)), heard)

    def test_a_broker_that_is_away_takes_nothing_in_silence(self) -> None:
        broker = parse.urlsplit(services.transport_url())
        wire = self.useFixture(
            base.Wire((str(broker.hostname), int(broker.port or 0)))
        )
        publisher = self.publisher(
            f'rabbit://{broker.username}:{broker.password}'
            f'@127.0.0.1:{wire.port}{broker.path}'
        )
        publisher.publish(event(1))

        wire.cut()
        error = self.assertRaises(
            errors.ListenerAway, publisher.publish, event(2)
        )
        wire.mend()
        publisher.publish(event(2))

        self.assertNotIn(str(broker.password), str(error))
        listening = self.useFixture(Listening(self.topic))
        heard = [
            listening.heard.get(timeout=base.PATIENCE)[3]['message_id']
            for _ in range(2)
        ]
        self.assertEqual(['evt_1', 'evt_2'], heard)


class DaemonTest(base.BrokerTestCase):
    listener = 0

    def test_an_engine_tells_all_who_listen(self) -> None:
        topic = f'{self.topic}_events'
        listening = self.useFixture(Listening(topic))
        server = self.useFixture(servers.HttpServer())
        text = self.config.read_text().replace(
            '\nworkers = 0\nreconciler', '\nworkers = 1\nreconciler'
        )
        self.config.write_text(
            text + CONFIG.format(topic=topic, url=server.url)
        )
        telling = database.Database(connection=self.url, tells=True)
        self.addCleanup(telling.engine.dispose)
        account = telling.write(books.account)
        telling.write(
            timeline.record, NOW, 'payment', 'RF1', account_id=account,
            amount='10.00', currency='EUR', result='received',
        )  # fmt: skip

        self.start()

        heard = listening.heard.get(timeout=base.PATIENCE)
        self.wait_for(lambda: server.received)
        [(_, headers, body)] = server.received
        self.assertEqual('billing.payment.received', heard[1])
        self.assertEqual(heard[3]['message_id'], headers['webhook-id'])
        self.assertEqual(heard[2], json.loads(body))
