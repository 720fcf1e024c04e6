# SPDX-License-Identifier: Apache-2.0
"""From ceilometer's messages to usage in the books, and none is lost."""

import datetime as dt
from decimal import Decimal
import threading
from typing import Any

import sqlalchemy as sa

from patrii_billing.engine import ports
from patrii_billing.engine import tools as toolbox
from patrii_billing.intake import ceilometer
from patrii_billing.intake import listener
from patrii_billing.intake import patience
from patrii_billing.intake import processor
from patrii_billing.sim import clock
from patrii_billing.sim import cloud
from patrii_billing.sim import mailbox
from patrii_billing.store import inbox
from patrii_billing.store import plans
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests import books
from tests.unit.intake import messages
from tests.unit.intake import metering
from tests.unit.intake import test_raw
from tests.unit.intake import test_scribe

NOON = books.NOW + dt.timedelta(hours=12)


class SamplesTestCase(books.BooksTestCase):
    """A project whose plan prices the meters `traffic` and `cpu`."""

    def setUp(self) -> None:
        super().setUp()
        self.db.write(books.subscription)
        for meter in ('traffic', 'cpu'):
            self.price(meter)
        self.clock = clock.Clock(NOON)
        self.scribe = self.listening(self.db)
        self.processor = self.reading(metering.SOURCE)

    def price(self, meter: str) -> None:
        self.db.write(plans.add_price, 1, 'meter', meter, Decimal('0.1'))

    def listening(self, db: Any) -> listener.MeterScribe:
        return listener.MeterScribe(
            db,
            self.clock,
            patience.Patience('Storing', test_scribe.NoWait()),
            metering.SOURCE,
        )

    def reading(self, source: Any) -> processor.Processor:
        nova = cloud.Nova(self.clock)
        tools = toolbox.Tools(
            db=self.db,
            cloud=ports.Cloud(
                nova, cloud.Keeper(nova), cloud.Quotas(nova), cloud.Projects()
            ),
            voice=mailbox.Voice(),
            clock=self.clock,
            stopping=threading.Event().is_set,
        )
        return processor.Processor(tools, source)

    def send(self, *samples: Any, id_: str = 'm', **values: Any) -> None:
        """One message, as the broker delivers it."""
        message = metering.message(*samples, message_id=id_, **values)
        back = self.scribe.dispatch([test_scribe.Delivery(message)])
        self.assertEqual((), back)

    def inbox(self) -> dict[str, tuple[str, str | None]]:
        with self.db.engine.connect() as conn:
            return {
                row.message_id: (row.state, row.why)
                for row in conn.execute(schema.inbox.select())
            }

    def kept(self) -> list[Decimal]:
        """The volumes in the books."""
        with self.db.engine.connect() as conn:
            table = schema.samples
            query = sa.select(table.c.volume).order_by(table.c.id)
            return list(conn.scalars(query))


class StoringTest(SamplesTestCase):
    def test_samples_of_meters_with_a_price_are_stored(self) -> None:
        self.send(
            metering.sample(NOON), metering.sample(NOON, counter_name='x')
        )

        with self.db.engine.connect() as conn:
            (row,) = conn.execute(schema.inbox.select())
        self.assertEqual(inbox.CEILOMETER, row.source)
        self.assertNotIn('"x"', row.body)

    def test_a_message_of_other_meters_is_not_stored(self) -> None:
        self.send(metering.sample(NOON, counter_name='x'))

        self.assertEqual({}, self.inbox())

    def test_nor_is_what_per_meter_topic_repeats(self) -> None:
        self.send(metering.sample(NOON), event_type='metering.traffic')

        self.assertEqual({}, self.inbox())

    def test_a_new_price_is_known_within_a_minute(self) -> None:
        self.send(metering.sample(NOON, counter_name='x'))
        self.price('x')
        self.send(metering.sample(NOON, counter_name='x'))
        self.assertEqual({}, self.inbox())
        self.clock.move_to(NOON + dt.timedelta(minutes=1))

        self.send(metering.sample(NOON, counter_name='x'))

        self.assertEqual(['m'], list(self.inbox()))

    def test_what_no_plan_prices_costs_no_statement(self) -> None:
        self.send(metering.sample(NOON))
        statements = []
        sa.event.listen(
            self.db.engine,
            'before_cursor_execute',
            lambda _c, _u, statement, *_: statements.append(statement),
        )

        for _ in range(20):
            self.send(metering.sample(NOON, counter_name='x'))

        self.assertEqual([], statements)

    def test_nova_is_not_taken_to_be_heard(self) -> None:
        self.send(metering.sample(NOON))

        self.assertIsNone(self.db.read(watch.get).heard_at)

    def test_while_the_database_is_away_nothing_is_acknowledged(self) -> None:
        self.send(metering.sample(NOON), id_='first')
        self.scribe._db = test_scribe.Away(self.db, 3)

        self.send(metering.sample(NOON))

        self.assertEqual(['first', 'm'], list(self.inbox()))

    def test_what_is_no_message_stops_no_other(self) -> None:
        for poison in ({}, {'payload': 'x'}, {'event_type': 7}):
            self.scribe.dispatch([test_scribe.Delivery(poison)])
        self.send(metering.sample(NOON))

        self.assertEqual(4, len(self.inbox()))
        while self.processor.run():
            pass
        self.assertEqual(1, len(self.kept()))


class ReadingTest(SamplesTestCase):
    def test_what_is_recorded_leaves_the_inbox(self) -> None:
        self.send(metering.sample(NOON, 3))

        self.assertEqual(1, self.processor.run())

        self.assertEqual({}, self.inbox())
        self.assertEqual([Decimal(3)], self.kept())

    def test_what_ceilometer_itself_made_is_recorded(self) -> None:
        self.db.write(books.project, 1, metering.PROJECT)
        self.send(*metering.recorded()['payload'])

        self.processor.run()

        self.assertEqual({}, self.inbox())
        self.assertEqual([Decimal(123456789012)], self.kept())

    def test_the_same_sample_in_other_messages_counts_once(self) -> None:
        for number in range(3):
            self.send(metering.sample(NOON, 3), id_=str(number))
            self.processor.run()

        self.assertEqual([Decimal(3)], self.kept())

    def test_a_bad_sample_is_told_by_its_place_and_stops_no_other(
        self,
    ) -> None:
        forged = metering.sample(NOON, 5) | {'counter_volume': 500}
        self.send(
            metering.sample(NOON, 3), forged, metering.sample(NOON, -1)
        )

        self.processor.run()

        state, why = self.inbox()['m']
        self.assertEqual(inbox.PARKED, state)
        self.assertIn('samples[1]: message_signature: does not match', why)
        self.assertIn('samples[2]: counter_volume: below zero', why)
        self.assertEqual([Decimal(3)], self.kept())

    def test_of_a_hundred_bad_ones_some_reasons_are_told(self) -> None:
        self.send(*(metering.sample(NOON, -n) for n in range(1, 101)))

        self.processor.run()

        _, why = self.inbox()['m']
        self.assertIn('and 95 more', why)

    def test_read_again_with_the_right_secret_all_is_recorded_once(
        self,
    ) -> None:
        self.send(metering.sample(NOON, 3), metering.sample(NOON, 4))
        self.reading(ceilometer.Source('metering', 'wrong')).run()
        self.assertEqual(inbox.PARKED, self.inbox()['m'][0])
        self.assertEqual([], self.kept())

        self.db.write(inbox.replay, NOON)
        self.processor.run()

        self.assertEqual({}, self.inbox())
        self.assertEqual([Decimal(3), Decimal(4)], self.kept())

    def test_a_sample_too_old_to_be_counted_waits_for_a_person(self) -> None:
        self.send(metering.sample(NOON - dt.timedelta(days=15)))

        self.processor.run()

        self.assertIn('sample_age', self.inbox()['m'][1])

    def test_what_is_no_metering_is_ignored_and_acts_on_nothing(self) -> None:
        told = test_raw.as_sent(messages.versioned('create.end'))
        self.scribe.dispatch([test_scribe.Delivery(told)])

        self.processor.run()

        ((state, _),) = self.inbox().values()
        self.assertEqual(inbox.IGNORED, state)
        with self.db.engine.connect() as conn:
            self.assertEqual([], conn.execute(schema.servers.select()).all())

    def test_what_nova_says_is_read_first(self) -> None:
        for number in range(3):
            self.send(metering.sample(NOON, number), id_=str(number))
        self.db.write(inbox.store, [self.created()], NOON)

        self.assertEqual(1, self.processor.run())

        with self.db.engine.connect() as conn:
            (_,) = conn.execute(schema.servers.select())
        self.assertEqual([], self.kept())
        self.assertEqual(3, self.processor.run())

    def created(self) -> inbox.Letter:
        content = test_raw.as_sent(messages.versioned('create.end'))
        content['timestamp'] = f'{NOON:%Y-%m-%d %H:%M:%S}'
        return listener.raw.message(content, 100_000)

    def test_where_metering_is_off_samples_are_left_to_wait(self) -> None:
        self.send(metering.sample(NOON))

        self.assertEqual(0, self.reading(None).run())

        self.assertEqual({'m': (inbox.NEW, None)}, self.inbox())

    def test_a_backlog_of_samples_does_not_make_the_inbox_old(self) -> None:
        self.send(metering.sample(NOON))

        self.assertIsNone(self.db.read(inbox.oldest))
