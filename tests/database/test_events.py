# SPDX-License-Identifier: Apache-2.0
"""However many engines tell, each listener hears each event once, in order."""

import dataclasses
import threading
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import events as law
from patrii_billing.domain import signature
from patrii_billing.engine import admitting
from patrii_billing.engine import deliver
from patrii_billing.engine import events
from patrii_billing.engine import ports
from patrii_billing.engine import tools as toolbox
from patrii_billing.engine import webhooks
from patrii_billing import errors
from patrii_billing.sim import clock as clocks
from patrii_billing.store import database
from patrii_billing.store import deliveries
from patrii_billing.store import events as outbox
from patrii_billing.store import schema
from patrii_billing.store import timeline
from tests import books
from tests.database import backends

load_tests = backends.load_tests

WORKERS = 4


class Reader:
    """Remembers what it was told, by however many at once."""

    def __init__(self) -> None:
        self.told: list[law.Event] = []

    def publish(self, event: law.Event) -> str:
        self.told.append(event)
        return '204'


class TellingTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.account = self.database.write(books.account)
        self.reader = Reader()

    def tools(self, db: database.Database) -> toolbox.Tools:
        outbox.keep(db.engine)
        return toolbox.Tools(
            db=db, cloud=Any, voice=Any, clock=clocks.Clock(books.NOW),
            listeners={'erp': ports.Listener(self.reader)},
        )  # type: ignore[arg-type]  # fmt: skip

    def happen(self, tools: toolbox.Tools, count: int) -> None:
        tools.db.write(happen, self.account, count)

    def test_workers_at_once_tell_each_event_once_and_in_order(self) -> None:
        self.happen(self.tools(self.database), 60)
        start = threading.Barrier(WORKERS)

        def work() -> None:
            own = self.tools(self.open())
            own = dataclasses.replace(
                own, settings=dataclasses.replace(own.settings, batch=7)
            )
            start.wait(backends.PATIENCE)
            for _ in range(60):
                events.run(own, books.NOW)
                deliver.run(own, 'erp')

        backends.together(*[work] * WORKERS)

        told = [event.payload['sequence'] for event in self.reader.told]
        self.assertEqual(60, len(told))
        self.assertEqual(sorted(told), told)

    def test_happening_and_telling_at_once_misses_nothing(self) -> None:
        start = threading.Barrier(WORKERS)
        done = threading.Event()

        def act() -> None:
            own = self.tools(self.open())
            start.wait(backends.PATIENCE)
            for _ in range(15):
                self.happen(own, 1)

        def tell() -> None:
            own = self.tools(self.open())
            start.wait(backends.PATIENCE)
            while not done.is_set() or len(self.reader.told) < 45:
                if done.wait(0.01) and not self.waits(own):
                    return
                events.run(own, books.NOW)
                deliver.run(own, 'erp')

        def act_all() -> None:
            act()
            acting.wait(backends.PATIENCE)
            done.set()

        acting = threading.Barrier(WORKERS - 1)
        backends.together(*[act_all] * (WORKERS - 1), tell)

        keys = [event.key for event in self.reader.told]
        self.assertEqual(45, len(set(keys)))
        self.assertEqual(len(set(keys)), len(keys))

    def test_a_worker_whose_turn_is_over_writes_nothing(self) -> None:
        tools = self.tools(self.database)
        self.happen(tools, 1)
        events.run(tools, books.NOW)
        held = self.claim(books.NOW)
        later = books.NOW + 2 * backends.LEASE
        self.assertIsNone(self.claim(books.NOW))
        self.assertIsNotNone(self.claim(later))
        [row] = self.database.read(deliveries.due, 'erp', books.NOW, 10)

        self.assertRaises(
            errors.LeaseLost, self.database.write, deliveries.settle, held,
            row, later, state='delivered',
        )  # fmt: skip

    def test_what_is_given_up_is_sent_again_and_forgotten(self) -> None:
        tools = self.tools(self.database)
        self.happen(tools, 3)
        events.run(tools, books.NOW)
        later = books.NOW + 2 * backends.LEASE
        buried = self.database.write(
            deliveries.bury, later, later, 'away', listener='erp'
        )
        [first, *_] = self.rows(schema.deliveries)

        again = self.database.write(
            events.redeliver, first.event_id, later, 'ada'
        )

        self.assertEqual((3, 1), (buried, again))
        states = [row.state for row in self.rows(schema.deliveries)]
        self.assertEqual(['pending', 'dead', 'dead'], states)
        gone = self.database.write(
            deliveries.purge, 'dead', later + backends.LEASE, 10
        )
        self.assertEqual(2, gone)
        self.assertEqual(
            2, self.database.write(outbox.purge, later, 10)
        )

    def test_one_message_at_two_doors_is_one_payment(self) -> None:
        start = threading.Barrier(2)
        body = (
            b'{"type": "payment.received", "data": {"payment": "tx-1", '
            b'"amount": "10.00", "currency": "EUR", "account_name": "acme"}}'
        )
        source = admitting.Source('gateway', (b'',))
        message = signature.Message('msg_1', '', '', body)

        def work() -> str:
            own = self.tools(self.open())
            start.wait(backends.PATIENCE)
            try:
                outcome = own.db.write(
                    webhooks.receive, own, source, message, books.NOW
                )
            except errors.StaleWrite:
                return 'again'
            return str(outcome.state)

        said = backends.together(work, work)

        self.assertIn('done', said)
        self.assertLessEqual(set(said), {'done', 'again'})
        self.assertEqual(1, len(self.rows(schema.payments)))
        self.assertEqual(1, len(self.rows(schema.receipts)))

    def waits(self, tools: toolbox.Tools) -> bool:
        """Whether anything is to be put on its way, or on it."""
        return bool(
            [row for row in self.rows(schema.events) if row.next_at]
            or [row for row in self.rows(schema.deliveries) if row.next_at]
        )

    def rows(self, table: sa.Table) -> list[Any]:
        query = table.select().order_by(table.c.id)
        return list(self.database.read(lambda conn: conn.execute(query).all()))

    def claim(self, now: Any) -> Any:
        return self.database.write(
            deliveries.claim, 'erp', now, backends.LEASE
        )


def happen(conn: sa.Connection, account_id: int, count: int) -> None:
    timeline.record_all(
        conn, books.NOW, 'payment',
        [
            {
                'name': str(number),
                'account_id': account_id,
                'detail': {'amount': '1.00', 'result': 'received'},
            }
            for number in range(count)
        ],
    )  # fmt: skip
