# SPDX-License-Identifier: Apache-2.0
"""What the broker brings is stored before it is acknowledged."""

import datetime as dt
import threading

import sqlalchemy as sa

from patrii_billing.intake import listener
from patrii_billing.intake import patience
from patrii_billing.sim import clock
from patrii_billing.store import inbox
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests import books
from tests.unit.intake import messages
from tests.unit.intake import test_raw

UPDATE = messages.versioned('update')


class Delivery:
    """A message as oslo.messaging's driver hands it over."""

    def __init__(self, message):
        self.message = message
        self.unique_id = 'of the driver'


class Away:
    """A database that is away for some attempts, then the real one."""

    def __init__(self, database, attempts, meanwhile=None):
        self._database = database
        self._attempts = attempts
        self._meanwhile = meanwhile

    def write(self, work, *args):
        if not self._attempts:
            return self._database.write(work, *args)
        self._attempts -= 1
        if self._meanwhile:
            self._meanwhile()
        raise ConnectionError('the database is away')


class NoWait(threading.Event):
    def wait(self, timeout=None):
        return self.is_set()


class TestScribe(books.BooksTestCase):
    def setUp(self):
        super().setUp()
        self.clock = clock.Clock(books.NOW)
        self.stop = NoWait()
        self.statements = []
        sa.event.listen(
            self.db.engine,
            'before_cursor_execute',
            lambda _c, _u, statement, *_: self.statements.append(statement),
        )

    def scribe(self, db=None):
        return listener.Scribe(
            db or self.db,
            self.clock,
            patience.Patience('Storing', self.stop),
        )

    def test_a_batch_is_one_statement_and_a_note_that_it_was_heard(self):
        back = self.scribe().dispatch(deliveries(100))

        self.assertEqual((), back)
        self.assertEqual(100, len(self.stored()))
        inserts = [one for one in self.statements if 'INSERT' in one]
        self.assertEqual(1, len(inserts))
        self.assertEqual(books.NOW, self.db.read(watch.get).heard_at)

    def test_a_message_delivered_again_is_acknowledged_and_stored_once(self):
        scribe = self.scribe()
        scribe.dispatch(deliveries(3))

        self.assertEqual((), scribe.dispatch(deliveries(3)))

        self.assertEqual(3, len(self.stored()))

    def test_the_driver_drops_nothing_that_is_delivered_again(self):
        batch = deliveries(2)

        self.scribe().dispatch(batch)

        # What it would remember of those it has acknowledged.
        self.assertEqual({None}, {one.unique_id for one in batch})

    def test_a_flood_of_updates_costs_no_statement(self):
        scribe = self.scribe()
        scribe.dispatch(deliveries(1))
        self.statements.clear()

        for _ in range(20):
            back = scribe.dispatch([flood(n) for n in range(100)])
            self.assertEqual((), back)

        self.assertEqual([], self.statements)
        self.assertEqual(1, len(self.stored()))

    def test_a_flood_is_heard_all_the_same(self):
        scribe = self.scribe()
        scribe.dispatch([flood(0)])
        later = books.NOW + dt.timedelta(minutes=1)
        self.clock.move_to(later)

        scribe.dispatch([flood(1)])

        self.assertEqual(later, self.db.read(watch.get).heard_at)
        self.assertEqual([], self.stored())

    def test_what_is_in_the_flood_and_matters_is_stored(self):
        news = messages.versioned('update', states=('active', 'error'))

        self.scribe().dispatch([flood(1), sent(news, 'news'), flood(2)])

        self.assertEqual(['news'], self.stored())

    def test_what_came_together_stays_in_order_whatever_its_priority(self):
        batch = deliveries(5)
        batch[1].message['priority'] = 'ERROR'
        batch[3].message['priority'] = 'no such'

        self.scribe().dispatch(batch)

        self.assertEqual([str(n) for n in range(5)], self.stored())

    def test_what_is_no_notification_is_stored_and_stops_nothing(self):
        poison = [
            {}, {'hello': 'world'}, {'priority': None}, {'message_id': 7},
            {'message_id': 'x', 'event_type': ['a'], 'payload': 'p'},
            {'message_id': 'y', 'event_type': 'instance.update',
             'payload': None},
        ]  # fmt: skip

        back = self.scribe().dispatch(
            [*(Delivery(one) for one in poison), *deliveries(2)]
        )

        self.assertEqual((), back)
        self.assertEqual(len(poison) + 2, len(self.stored()))

    def test_a_batch_too_long_for_one_statement_is_stored_by_some(self):
        batch = [
            Delivery({'message_id': str(n), 'payload': 'x' * 500_000})
            for n in range(20)
        ]
        huge = Delivery({'message_id': 'huge', 'payload': 'x' * 20_000_000})

        self.scribe().dispatch([*batch, huge])

        stored = [each for each in self.statements if 'inbox' in each]
        self.assertEqual(2, len(stored))
        with self.db.engine.connect() as conn:
            kept = conn.scalars(sa.select(schema.inbox.c.body)).all()
        self.assertEqual(21, len(kept))
        self.assertLess(sum(len(body) for body in kept), 16 * 2**20)

    def test_while_the_database_is_away_nothing_is_acknowledged(self):
        scribe = self.scribe(Away(self.db, attempts=3))

        self.assertEqual((), scribe.dispatch(deliveries(2)))

        self.assertEqual(2, len(self.stored()))

    def test_told_to_stop_while_it_is_away_the_batch_goes_back(self):
        scribe = self.scribe(Away(self.db, 1, meanwhile=self.stop.set))
        batch = deliveries(2)

        self.assertEqual(batch, scribe.dispatch(batch))

        self.assertEqual([], self.stored())

    def test_told_to_stop_it_still_stores_what_it_can(self):
        self.stop.set()

        self.assertEqual((), self.scribe().dispatch(deliveries(2)))

        self.assertEqual(2, len(self.stored()))

    def stored(self):
        with self.db.engine.connect() as conn:
            query = sa.select(schema.inbox.c.message_id, schema.inbox.c.state)
            rows = conn.execute(query.order_by(schema.inbox.c.id)).all()
        self.assertEqual(set(), {row.state for row in rows} - {inbox.NEW})
        return [row.message_id for row in rows]


def sent(message, message_id):
    content = test_raw.as_sent(message)
    return Delivery({**content, 'message_id': message_id})


def flood(number):
    return sent(UPDATE, f'update-{number}')


def deliveries(count):
    message = messages.versioned('create.end')
    return [sent(message, str(n)) for n in range(count)]
