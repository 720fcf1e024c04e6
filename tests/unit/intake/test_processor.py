# SPDX-License-Identifier: Apache-2.0
"""Stored notifications become facts, and none of them stops another."""

import datetime as dt
import threading
import time

from oslo_db import exception
import sqlalchemy as sa
from sqlalchemy import event

from patrii_billing.engine import observe
from patrii_billing.engine import ports
from patrii_billing.engine import tools as toolbox
from patrii_billing.intake import processor
from patrii_billing.intake import raw
from patrii_billing.sim import clock
from patrii_billing.sim import cloud
from patrii_billing.sim import mailbox
from patrii_billing.store import inbox
from patrii_billing.store import schema
from patrii_billing.store import servers
from tests import books
from tests.unit.intake import messages
from tests.unit.intake import test_raw

ROOM = 100_000


class TestProcessor(books.BooksTestCase):
    def setUp(self):
        super().setUp()
        # What the fixtures tell of was in March.
        self.clock = clock.Clock(books.NOW + dt.timedelta(days=90))
        self.stop = threading.Event()
        nova = cloud.Nova(self.clock)
        self.tools = toolbox.Tools(
            db=self.db,
            cloud=ports.Cloud(
                nova, cloud.Keeper(nova), cloud.Quotas(nova), cloud.Projects()
            ),
            voice=mailbox.Voice(),
            clock=self.clock,
            stopping=self.stop.is_set,
        )
        self.processor = processor.Processor(self.tools)

    def test_a_fact_is_written_and_its_message_done(self):
        self.store(a=messages.versioned('create.end'))

        self.assertEqual(1, self.processor.run())

        self.assertEqual({'a': (inbox.DONE, None)}, self.settled())
        known = self.db.read(servers.get, messages.SERVER)
        self.assertEqual(messages.PROJECT, known.project)

    def test_what_means_nothing_is_ignored_with_its_reason(self):
        self.store(a=messages.versioned('create.start'))

        self.processor.run()

        state, why = self.settled()['a']
        self.assertEqual(inbox.IGNORED, state)
        self.assertIn('beginning', why)

    def test_what_is_told_of_a_server_that_had_ended_is_ignored(self):
        # It was parked for a person, who could do nothing with it.
        self.store(a=messages.versioned('create.end'))
        self.processor.run()
        ended = self.clock.now() - dt.timedelta(days=200)
        self.db.write(servers.change, messages.SERVER, deleted_at=ended)
        self.store(b=messages.versioned('resize_confirm.end'))

        self.processor.run()

        self.assertEqual(
            (inbox.IGNORED, 'the server had ended by then'),
            self.settled()['b'],
        )

    def test_what_cannot_be_read_is_parked_with_its_reason(self):
        self.store(a=messages.versioned('create.end', {'uuid': 'no id'}))

        self.processor.run()

        state, why = self.settled()['a']
        self.assertEqual(inbox.PARKED, state)
        self.assertIn('uuid', why)

    def test_what_is_no_notification_is_parked_again_at_each_replay(self):
        self.store_raw({'hello': 'world'})

        for _ in range(2):
            self.processor.run()

            ((state, why),) = self.settled().values()
            self.assertEqual(inbox.PARKED, state)
            self.assertIn('message_id', why)
            self.db.write(inbox.replay, self.clock.now())

    def test_a_message_that_breaks_the_engine_stops_no_other(self):
        self.breaks_on('b', ZeroDivisionError('by zero'))
        self.store(
            a=messages.versioned('create.end'),
            b=messages.versioned('power_off.end'),
            c=messages.versioned('power_on.end'),
        )

        self.assertEqual(3, self.processor.run())

        settled = self.settled()
        self.assertEqual(inbox.DONE, settled['a'][0])
        self.assertEqual(inbox.PARKED, settled['b'][0])
        self.assertIn('by zero', settled['b'][1])
        self.assertEqual(inbox.DONE, settled['c'][0])

    def test_messages_that_came_together_are_read_in_few_units(self):
        self.store(
            **{str(n): messages.versioned('create.end') for n in range(40)}
        )
        units = []
        event.listen(self.db.engine, 'commit', units.append)

        self.assertEqual(40, self.processor.run())

        self.assertEqual({(inbox.DONE, None)}, set(self.settled().values()))
        self.assertLess(len(units), 5)

    def test_a_broken_one_among_many_is_found_in_few_units(self):
        self.breaks_on('77', ZeroDivisionError('by zero'))
        self.store(
            **{str(n): messages.versioned('create.end') for n in range(100)}
        )
        units = []
        event.listen(self.db.engine, 'begin', units.append)

        self.assertEqual(100, self.processor.run())

        settled = self.settled()
        self.assertEqual(inbox.PARKED, settled.pop('77')[0])
        self.assertEqual({(inbox.DONE, None)}, set(settled.values()))
        self.assertLess(len(units), 25)

    def test_what_a_broken_message_wrote_is_undone(self):
        self.breaks_on('a', ZeroDivisionError(), afterwards=True)
        self.store(a=messages.versioned('create.end'))

        self.processor.run()

        self.assertIsNone(self.db.read(servers.get, messages.SERVER))

    def test_messages_of_a_server_are_read_in_the_order_they_came(self):
        seen = []

        def noted(_conn, _tools, told, _now):
            seen.extend(told)
            return {}

        self.patch(observe, 'observe_all', noted)
        self.store(
            **{
                str(n): messages.versioned(f'{event}.end')
                for n, event in enumerate(['shelve', 'unshelve', 'power_off'])
            }
        )

        self.processor.run()

        self.assertEqual(['0', '1', '2'], [fact.message_id for fact in seen])

    def test_while_the_database_is_away_no_message_is_parked(self):
        self.patch(time, 'sleep', lambda _seconds: None)
        self.breaks_on('b', exception.DBConnectionError())
        self.store(
            a=messages.versioned('create.end'),
            b=messages.versioned('power_off.end'),
        )

        self.assertRaises(exception.DBConnectionError, self.processor.run)
        self.assertEqual(inbox.NEW, self.settled()['b'][0])

        # What was in hand is gone on with; no lease must run out first.
        self.mend()
        self.assertEqual(1, self.processor.run())

        self.assertEqual(inbox.DONE, self.settled()['b'][0])

    def test_a_message_the_database_will_not_have_is_parked_at_last(self):
        refusal = sa.exc.OperationalError('INSERT', {}, Exception('check'))
        self.breaks_on('a', refusal)
        self.store(a=messages.versioned('create.end'))

        for _ in range(4):
            self.assertRaises(sa.exc.OperationalError, self.processor.run)
        self.assertEqual(1, self.processor.run())

        self.assertEqual(inbox.PARKED, self.settled()['a'][0])

    def test_no_message_is_parked_for_a_full_disk(self):
        """Not even where it stays full for many tries."""
        full = sa.exc.OperationalError(
            'INSERT', {}, Exception(1021, 'Disk got full writing (temporary)')
        )
        self.breaks_on('a', full)
        self.store(a=messages.versioned('create.end'))

        for _ in range(20):
            self.assertRaises(sa.exc.OperationalError, self.processor.run)

        self.assertEqual(inbox.NEW, self.settled()['a'][0])

    def test_what_another_worker_has_claimed_is_left_to_it(self):
        def claimed_meanwhile(conn, tools, _told, _now):
            lease = tools.settings.lease
            inbox.claim(conn, self.clock.now() + 2 * lease, lease, 10)
            return {}

        self.patch(observe, 'observe_all', claimed_meanwhile)
        self.store(a=messages.versioned('create.end'))

        self.assertEqual(1, self.processor.run())

        self.assertEqual(inbox.NEW, self.settled()['a'][0])

    def test_told_to_stop_it_leaves_the_rest_to_others_at_once(self):
        def stopped(*_):
            self.stop.set()
            return {}

        real = observe.observe_all
        self.patch(observe, 'observe_all', stopped)
        self.patch(processor, '_TOGETHER', {inbox.NOVA: 1})
        self.store(
            a=messages.versioned('create.end'),
            b=messages.versioned('power_off.end'),
        )
        self.processor.run()
        self.assertEqual(inbox.DONE, self.settled()['a'][0])
        self.assertEqual(inbox.NEW, self.settled()['b'][0])

        self.patch(observe, 'observe_all', real)
        self.stop.clear()
        processor.Processor(self.tools).run()

        self.assertEqual(inbox.DONE, self.settled()['b'][0])

    def test_nothing_to_read_is_nothing_done(self):
        self.assertEqual(0, self.processor.run())

    def breaks_on(self, message_id, error, afterwards=False):
        """Have the engine fail at one message, until it is mended."""
        real = observe.observe_all
        self.broken = True

        def observed(conn, tools, told, now):
            breaks = self.broken and any(
                fact.message_id == message_id for fact in told
            )
            denied = {} if breaks and not afterwards else real(
                conn, tools, told, now
            )  # fmt: skip
            if breaks:
                raise error
            return denied

        self.patch(observe, 'observe_all', observed)

    def mend(self):
        self.broken = False

    def store(self, **sent):
        for name, message in sent.items():
            content = test_raw.as_sent(message)
            self.store_raw({**content, 'message_id': name})

    def store_raw(self, content):
        kept = raw.message(content, ROOM)
        self.db.write(inbox.store, [kept], self.clock.now())

    def settled(self):
        table = schema.inbox
        with self.db.engine.connect() as conn:
            return {
                row.message_id: (row.state, row.why)
                for row in conn.execute(table.select())
            }
