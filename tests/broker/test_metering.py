# SPDX-License-Identifier: Apache-2.0
"""What ceilometer publishes is counted once, if it was ceilometer."""

import datetime as dt
from decimal import Decimal
import logging
from typing import Any
import uuid

import fixtures
from oslo_config import cfg
import sqlalchemy as sa

from patrii_billing.conf import opts
from patrii_billing.intake import ceilometer
from patrii_billing.store import inbox
from patrii_billing.store import plans
from patrii_billing.store import schema
from patrii_billing import threads
from tests import books
from tests.broker import base
from tests import services
from tests.unit.intake import messages
from tests.unit.intake import metering

threads.choose_native()
import oslo_messaging  # noqa: E402

CONFIG = """
[ceilometer]
enabled = true
topic = {topic}
secret = {secret}
batch_size = 5
# What was claimed by one that was killed is soon taken up by another.
[engine]
lease = 3s
[nova]
timeout = 2
"""


class Publisher(fixtures.Fixture):
    """Publishes as ceilometer's notifier publisher does.

    See its publisher/messaging.py, NotifierPublisher.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def _setUp(self) -> None:
        logging.getLogger('oslo.messaging').setLevel(logging.WARNING)
        conf = cfg.ConfigOpts()
        opts.register_opts(conf)
        conf([])
        conf.set_override('control_exchange', 'ceilometer')
        transport = oslo_messaging.get_notification_transport(
            conf, url=services.transport_url()
        )
        self.addCleanup(transport.cleanup)
        self._notifier = oslo_messaging.Notifier(
            transport,
            driver='messagingv2',
            publisher_id='telemetry.publisher.ctl-1',
            topics=[self._topic],
        )

    def send(self, *samples: Any, event_type: str = 'metering') -> None:
        self._notifier.sample(
            {}, event_type=event_type, payload=list(samples)
        )


class MeteringTestCase(base.BrokerTestCase):
    backend = 'mysql'
    listener, processor = 1, 1

    def setUp(self) -> None:
        super().setUp()
        self.meters = self.useFixture(Publisher(f'meters_{self.topic}'))
        self.books.write(books.subscription)
        for meter in ('traffic', 'cpu'):
            self.books.write(
                plans.add_price, 1, 'meter', meter, Decimal('0.1')
            )
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        self.samples = [
            metering.sample(now - dt.timedelta(minutes=n), n)
            for n in range(1, 201)
        ]

    def configure(self, secret: str = metering.SOURCE.secret) -> None:
        super().configure()
        own = CONFIG.format(topic=f'meters_{self.topic}', secret=secret)
        self.config.write_text(self.config.read_text() + own)

    def kept(self) -> list[int]:
        """The volumes in the books."""
        with self.books.engine.connect() as conn:
            volumes = conn.scalars(sa.select(schema.samples.c.volume))
            return sorted(int(volume) for volume in volumes)

    def parked(self) -> list[str]:
        with self.books.engine.connect() as conn:
            table = schema.inbox
            parked = table.c.state == inbox.PARKED
            return list(conn.scalars(sa.select(table.c.why).where(parked)))


class CountingTest(MeteringTestCase):
    def test_what_was_published_is_in_the_books_once(self) -> None:
        self.start()

        for number in range(0, 200, 10):
            batch = self.samples[number : number + 10]
            self.meters.send(*batch)
            # As per_meter_topic repeats them, and some once more.
            self.meters.send(*batch, event_type='metering.traffic')
            self.meters.send(*batch[:3])

        self.wait_for(lambda: len(self.kept()) == 200)
        self.wait_for(lambda: not self.stored())
        self.assertEqual(list(range(1, 201)), self.kept())
        self.assertEqual([], self.parked())

    def test_what_is_forged_is_kept_and_counts_nothing(self) -> None:
        self.start()
        known = dict(self.samples[0])
        known['message_signature'] = ceilometer.signature(
            known, ceilometer.KNOWN_SECRET
        )

        self.meters.send(self.samples[1], known)
        self.meters.send({**self.samples[2], 'counter_volume': 10**9})
        self.meters.send({**self.samples[3], 'message_signature': ''})

        self.wait_for(lambda: len(self.parked()) == 3)
        self.assertEqual([2], self.kept())
        for why in self.parked():
            self.assertIn('message_signature', why)

    def test_other_meters_are_dropped_and_nova_is_heard_as_ever(self) -> None:
        self.start()
        other = metering.sample(dt.datetime.now(dt.UTC), counter_name='x')

        for _ in range(50):
            self.meters.send(other)
        self.publisher.send(messages.versioned('create.end'), 'created')
        self.meters.send(self.samples[0])

        self.wait_for(self.kept)
        self.wait_for(self.servers)
        self.wait_for(lambda: self.stored() == ['created'])

    def servers(self) -> list[Any]:
        with self.books.engine.connect() as conn:
            return list(conn.execute(schema.servers.select()))


class KillTest(MeteringTestCase):
    def test_killed_in_the_middle_it_counts_each_sample_once(self) -> None:
        for sample in self.samples:
            self.meters.send(sample)
        for enough in (1, 60, 120):
            daemon = self.start()
            self.wait_for(lambda enough=enough: len(self.kept()) >= enough)
            daemon.kill()
        self.start()

        self.wait_for(lambda: len(self.kept()) == 200)
        self.wait_for(lambda: not self.stored())
        self.assertEqual(list(range(1, 201)), self.kept())


class SecretTest(MeteringTestCase):
    def test_with_the_secret_everybody_knows_it_does_not_start(self) -> None:
        for secret in ('', ceilometer.KNOWN_SECRET):
            self.configure(secret)

            daemon = self.start()

            self.assertNotEqual(0, daemon.process.wait(base.PATIENCE))
            self.assertIn('[ceilometer] secret', daemon.said())
            self.assertNotIn('Traceback', daemon.said())

    def test_a_secret_of_ones_own_is_in_no_log(self) -> None:
        secret = uuid.uuid4().hex
        self.configure(secret)
        daemon = self.start()

        self.meters.send(self.samples[0])

        self.wait_for(self.parked)
        self.assertNotIn(secret, daemon.said())
