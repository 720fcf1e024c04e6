# SPDX-License-Identifier: Apache-2.0
"""A queue that somebody deletes, with all that was in it."""

from collections.abc import Callable
import signal
import sqlite3
import time
from urllib import parse

import amqp
from oslotest import base
import sqlalchemy as sa

from patrii_billing.store import schema
from tests.fire import crier
from tests.fire import siege
from tests import services

PATIENCE = 120


class QueueLossTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        # Those databases are killed in other tests meanwhile.
        self.city = self.useFixture(siege.Siege('sqlite', 1, rate=20))
        self.wait_for(self.stored)

    def test_what_was_lost_is_found_in_nova_and_what_follows_is_heard(
        self,
    ) -> None:
        city = self.city
        # Nobody listens, and the queue fills; two batches are with him.
        self.wait_for(self.has_stopped_the_listener)
        server = crier.someone()
        city.cloud.boot(server)
        told = len(city.crier.sent)
        self.wait_for(lambda: len(city.crier.sent) > told + 60)
        city.crier.tell('create.end', server, 0)
        told = len(city.crier.sent)
        self.wait_for(lambda: len(city.crier.sent) > told + 5)
        lost = set(city.crier.sent) - self.stored()

        self.wait_for(lambda: has_deleted(f'{city.topic}.info'))
        told = len(city.crier.sent)
        city.signal('listener', signal.SIGCONT)

        self.wait_for(lambda: server.id in self.known())
        self.wait_for(lambda: self.stored() & set(city.crier.sent[told:]))
        self.assertTrue(lost - self.stored(), 'nothing was lost')

    def has_stopped_the_listener(self) -> bool:
        """Stop it, but not with its hand on the books: SQLite has one lock."""
        self.city.signal('listener', signal.SIGSTOP)
        file = sa.make_url(self.city.facts['books']).database
        try:
            with sqlite3.connect(str(file), timeout=1) as books:
                books.execute('SELECT 1 FROM inbox')
        except sqlite3.OperationalError:
            self.city.signal('listener', signal.SIGCONT)
            return False
        return True

    def stored(self) -> set[str]:
        return self.all_of(schema.inbox.c.message_id)

    def known(self) -> set[str]:
        return self.all_of(schema.servers.c.id)

    def all_of(self, column: sa.Column[str]) -> set[str]:
        rows = self.city.service.rows(sa.select(column))
        return {value for (value,) in rows}

    def wait_for(self, what: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE
        while not what():
            if time.monotonic() > until:
                self.fail(f'waited in vain: {self.city.service.explained()}')
            time.sleep(0.2)


def has_deleted(name: str) -> bool:
    """Delete a queue, as an operator does by hand; False if that failed.

    The broker, too, is killed in another test.
    """
    broker = parse.urlsplit(services.transport_url())
    try:
        with amqp.Connection(
            f'{broker.hostname}:{broker.port}', broker.username,
            broker.password,
        ) as connection:  # fmt: skip
            connection.channel().queue_delete(name)
    except (OSError, amqp.AMQPError):
        return False
    return True
