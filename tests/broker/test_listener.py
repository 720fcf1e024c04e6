# SPDX-License-Identifier: Apache-2.0
"""A message that was acknowledged is stored, whatever is killed or away."""

import os
import signal
import threading
import time
from urllib import parse

import sqlalchemy as sa

from patrii_billing.store import schema
from patrii_billing.store import watch
from tests.broker import base
from tests import services
from tests.unit.intake import messages

MANY = 500
ALL = [str(number) for number in range(MANY)]


class StoringTest(base.BrokerTestCase):
    def test_what_was_published_is_stored_once_and_in_order(self) -> None:
        self.start()

        self.publish(range(MANY))

        self.wait_for_stored(MANY)
        self.assertEqual(ALL, self.stored())

    def test_what_waits_in_the_broker_is_heard_after_the_start(self) -> None:
        self.publish(range(10))

        self.start()

        self.wait_for_stored(10)

    def test_errors_are_heard_as_well(self) -> None:
        self.start()

        self.publisher.send(messages.versioned('create.error'), 'e', 'ERROR')

        self.wait_for_stored(1)

    def test_a_flood_of_updates_is_heard_and_not_stored(self) -> None:
        self.start()

        for number in range(300):
            self.publisher.send(messages.versioned('update'), str(number))
        self.publisher.send(messages.versioned('create.end'), 'news')

        self.wait_for_stored(1)
        self.assertEqual(['news'], self.stored())
        self.assertIsNotNone(self.books.read(watch.get).heard_at)

    def test_what_is_no_notification_stops_no_other(self) -> None:
        self.start()

        for poison in (
            {'hello': 'world'},
            {'priority': None, 'payload': ['x']},
            {'message_id': {'a': 1}, 'priority': 'LOUD'},
        ):
            self.publisher.send_raw(poison)
        self.publish(range(2))

        self.wait_for_stored(5)
        self.assertEqual(['0', '1'], self.stored()[3:])


class KillTest(base.BrokerTestCase):
    def test_killed_in_the_middle_again_and_again_it_loses_nothing(
        self,
    ) -> None:
        # Small batches, so that there is much to be in the middle of.
        self.configure(topic=f'{self.topic}\nbatch_size = 20')
        told: list[str] = []
        over = threading.Event()

        def publish() -> None:
            """On and on: however quick a daemon is, it is not done."""
            while not over.wait(0.005):
                self.publish(range(len(told), len(told) + 1))
                told.append(str(len(told)))

        publishing = threading.Thread(target=publish)
        publishing.start()
        self.addCleanup(over.set)
        for enough in (1, 120, 240):
            daemon = self.start()
            self.wait_for_stored(enough)
            daemon.kill()
        over.set()
        publishing.join(base.PATIENCE)
        self.start()

        self.wait_for_stored(len(told))
        self.assertEqual(sorted(told), sorted(self.stored()))

    def test_a_worker_that_was_killed_is_started_again(self) -> None:
        daemon = self.start()
        self.publish(range(1))
        self.wait_for_stored(1)
        (worker,) = daemon.workers()

        os.kill(worker, signal.SIGKILL)

        self.publish(range(2))
        self.wait_for_stored(2)
        self.assertNotIn(worker, daemon.workers())

    def test_workers_do_not_outlive_their_master(self) -> None:
        daemon = self.start()
        self.publish(range(1))
        self.wait_for_stored(1)
        (worker,) = daemon.workers()

        daemon.process.kill()

        self.wait_for(lambda: not is_alive(worker))


class StopTest(base.BrokerTestCase):
    def test_told_to_stop_it_ends_well_and_soon_and_loses_nothing(
        self,
    ) -> None:
        daemon = self.start()
        self.publish(range(MANY))
        self.wait_for_stored(1)

        began = time.monotonic()
        self.assertEqual(0, daemon.terminate())

        self.assertLess(time.monotonic() - began, 20)
        self.start()
        self.wait_for_stored(MANY)
        self.assertEqual(sorted(ALL), sorted(self.stored()))

    def test_without_a_broker_it_says_so_in_lines_and_can_be_stopped(
        self,
    ) -> None:
        self.configure(transport='rabbit://nobody:secret1@127.0.0.1:9//')
        daemon = self.start()
        self.wait_for(lambda: 'refused' in daemon.said())

        self.assertEqual(0, daemon.terminate())

        self.assertNotIn('Traceback', daemon.said())
        self.assertNotIn('secret1', daemon.said())


class ReloadTest(base.BrokerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.start()
        self.publish(range(1))
        self.wait_for_stored(1)

    def test_told_to_reload_it_goes_on_with_the_new_file(self) -> None:
        other = self.useFixture(base.Publisher(f'{self.topic}_other'))
        self.configure(topic=f'{self.topic}_other')

        self.daemon.reload()

        other.send(messages.versioned('create.end'), 'other')
        self.wait_for_stored(2)
        self.assertIsNone(self.daemon.process.poll())

    def test_a_file_that_is_wrong_changes_nothing(self) -> None:
        workers = self.daemon.workers()
        self.configure(topic='x\nworker = 1')

        self.daemon.reload()

        self.wait_for(lambda: 'stays as it was' in self.daemon.said())
        self.assertIn('[listener] worker in', self.daemon.said())
        self.publish(range(2))
        self.wait_for_stored(2)
        self.assertNotEqual(workers, self.daemon.workers())


class DatabaseAwayTest(base.BrokerTestCase):
    backend = 'mysql'

    def setUp(self) -> None:
        super().setUp()
        url = sa.make_url(self.url)
        self.wire = self.useFixture(base.Wire(str(url.query['unix_socket'])))
        through = url.set(
            host='127.0.0.1', port=self.wire.port, query={'charset': 'utf8mb4'}
        )
        self.configure(books=through.render_as_string(hide_password=False))

    def test_a_database_that_is_away_for_a_while_costs_no_message(
        self,
    ) -> None:
        daemon = self.start()
        self.publish(range(100))
        self.wait_for_stored(100)

        self.wire.cut()
        self.publish(range(100, 400))
        time.sleep(3)
        self.assertEqual(100, len(self.stored()))
        self.wire.mend()
        self.publish(range(400, MANY))

        self.wait_for_stored(MANY)
        self.assertEqual(ALL, sorted(self.stored(), key=int))
        self.assertNotIn('Traceback', daemon.said())

    def test_a_database_that_comes_after_us_is_waited_for(self) -> None:
        self.wire.cut()
        daemon = self.start()
        self.wait_for(lambda: 'does not answer' in daemon.said())
        self.publish(range(5))

        self.wire.mend()

        self.wait_for_stored(5)
        self.assertIn('it works again', daemon.said())
        self.assertNotIn('Traceback', daemon.said())


class BrokerAwayTest(base.BrokerTestCase):
    def setUp(self) -> None:
        super().setUp()
        broker = parse.urlsplit(services.transport_url())
        self.wire = self.useFixture(
            base.Wire((str(broker.hostname), int(broker.port or 0)))
        )
        self.configure(
            transport=f'rabbit://{broker.username}:{broker.password}'
            f'@127.0.0.1:{self.wire.port}//'
        )

    def test_a_broker_that_is_away_for_a_while_is_listened_to_again(
        self,
    ) -> None:
        daemon = self.start()
        self.publish(range(100))
        self.wait_for_stored(100)

        self.wire.cut()
        self.publish(range(100, 200))
        time.sleep(1)
        self.wire.mend()

        self.wait_for_stored(200)
        self.assertNotIn('Traceback', daemon.said())
        self.assertEqual([], self.left_in_the_broker(daemon))

    def left_in_the_broker(self, daemon: base.Daemon) -> list[str]:
        """What is heard again after all was stored: it was not acknowledged.

        An id of its own marks the end of it.
        """
        daemon.terminate()
        with self.books.engine.begin() as conn:
            conn.execute(schema.inbox.delete())
        self.start()
        self.publish(range(1000, 1001))
        self.wait_for(lambda: '1000' in self.stored())
        return self.stored()[:-1]

    def test_a_broker_that_went_away_does_not_keep_it_from_ending(
        self,
    ) -> None:
        daemon = self.start()
        self.publish(range(1))
        self.wait_for_stored(1)
        self.wire.cut()
        self.wait_for(lambda: 'Trying again' in daemon.said())

        self.assertEqual(0, daemon.terminate())

        self.assertNotIn('Traceback', daemon.said())


class WholeWayTest(base.BrokerTestCase):
    backend = 'mysql'
    listener, processor = 2, 2

    def test_from_the_wire_to_the_books(self) -> None:
        self.start()

        self.publisher.send(messages.versioned('create.start'), 'start')
        self.publisher.send(messages.versioned('create.end'), 'created')
        self.publisher.send_raw({'hello': 'world'})

        self.wait_for(lambda: len(self.settled()) == 3)
        self.assertEqual({'done', 'ignored', 'parked'}, self.settled())
        with self.books.engine.connect() as conn:
            (server,) = conn.execute(schema.servers.select())
        self.assertEqual(messages.SERVER, server.id)

    def settled(self) -> set[str]:
        with self.books.engine.connect() as conn:
            states = conn.scalars(sa.select(schema.inbox.c.state))
            return set(states) - {'new'}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f'/proc/{pid}/stat', encoding='utf-8') as stat:
        return stat.read().rpartition(')')[2].split()[0] != 'Z'
