# SPDX-License-Identifier: Apache-2.0
"""Real daemons on a real broker, and a network in between that can fail."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import logging
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any
import uuid

import fixtures
from oslo_config import cfg
from oslotest import base
import sqlalchemy as sa

from patrii_billing.conf import opts
from patrii_billing.store import database
from patrii_billing.store import schema
from patrii_billing import threads
from tests.database import backends
from tests import failing
from tests import services
from tests.unit.intake import messages
from tests.unit.intake import test_raw

threads.choose_native()
import oslo_messaging  # noqa: E402
from oslo_messaging.notify import messaging  # noqa: E402

# Long enough for a loaded machine.
PATIENCE = 40
_PROGRAM = pathlib.Path(sys.executable).with_name('patrii-billing-engine')

# Nothing here ever calls the cloud.
CONFIG = """
[DEFAULT]
transport_url = {transport}
[database]
connection = {books}
[listener]
topics = {topic}
workers = {listener}
[engine]
processor_workers = {processor}
workers = 0
reconciler_workers = 0
[nova]
auth_type = password
auth_url = http://127.0.0.1:1/v3
username = billing
password = secret
"""


class Publisher(fixtures.Fixture):
    """Publishes as nova does; ids are the caller's."""

    def __init__(self, topic: str, durable: bool = False) -> None:
        """:param durable: whether its queues outlive the broker"""
        self._topic = topic
        self._durable = durable

    def _setUp(self) -> None:
        # It would write down each message in full, for every failing test.
        logging.getLogger('oslo.messaging').setLevel(logging.WARNING)
        conf = cfg.ConfigOpts()
        opts.register_opts(conf)
        conf([])
        conf.set_override('control_exchange', 'nova')
        conf.set_override(
            'amqp_durable_queues', self._durable, 'oslo_messaging_rabbit'
        )
        self._transport = oslo_messaging.get_notification_transport(
            conf, url=services.transport_url()
        )
        self.addCleanup(self._transport.cleanup)
        self._driver = messaging.MessagingV2Driver(
            conf, topics=[self._topic], transport=self._transport
        )

    def send(
        self, message: dict[str, Any], id_: str, priority: str = 'INFO'
    ) -> None:
        sent = test_raw.as_sent(message)
        self.send_raw({**sent, 'message_id': id_}, priority)

    def send_raw(self, sent: dict[str, Any], queue: str = 'INFO') -> None:
        self._driver.notify({}, sent, queue, -1)


class Daemon:
    """patrii-billing-engine in a process group of its own."""

    def __init__(self, config: pathlib.Path) -> None:
        self.log = config.with_suffix('.log')
        with self.log.open('ab') as log:
            self.process = subprocess.Popen(
                [_PROGRAM, '--config-file', config],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """kill -9, master and workers at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def terminate(self) -> int:
        """Stop it as an operator does; its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def workers(self) -> list[int]:
        """The ids of its worker processes."""
        threads_of = pathlib.Path(f'/proc/{self.process.pid}/task')
        return [
            int(child)
            for children in threads_of.glob('*/children')
            for child in children.read_text().split()
        ]

    def said(self) -> str:
        return self.log.read_text(errors='replace')


class BrokerTestCase(base.BaseTestCase):
    """Each test has a topic, books and a configuration of its own."""

    backend = 'sqlite'
    listener, processor = 1, 0

    def setUp(self) -> None:
        super().setUp()
        self.topic = f'test_{uuid.uuid4().hex}'
        self.publisher = self.useFixture(Publisher(self.topic))
        scratch = backends.Scratch(self.backend, at_head=True)
        self.url = self.useFixture(scratch).url
        self.books = database.Database(connection=self.url)
        self.addCleanup(self.books.engine.dispose)
        folder = self.useFixture(fixtures.TempDir()).path
        self.config = pathlib.Path(folder) / 'billing.conf'
        self.configure()

    def configure(self, **values: Any) -> None:
        """Write the configuration; these instead of the test's own."""
        given = {
            'transport': services.transport_url(),
            'books': self.url,
            'topic': self.topic,
            'listener': self.listener,
            'processor': self.processor,
        }
        self.config.write_text(CONFIG.format(**{**given, **values}))

    def start(self) -> Daemon:
        daemon = Daemon(self.config)
        self.addCleanup(daemon.kill)
        failing.explain(self, 'daemon', daemon.said)
        return daemon

    def publish(self, ids: range) -> None:
        message = messages.versioned('create.end')
        for number in ids:
            self.publisher.send(message, str(number))

    def stored(self) -> list[str]:
        """Ids in the inbox, in the order they were stored."""
        table = schema.inbox
        with self.books.engine.connect() as conn:
            query = sa.select(table.c.message_id).order_by(table.c.id)
            return list(conn.scalars(query))

    def wait_for(
        self, what: Callable[[], Any], seconds: float = PATIENCE
    ) -> Any:
        """Wait until it is true, or fail."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = what()
            if found:
                return found
            time.sleep(0.05)
        self.fail('waited in vain')

    def wait_for_stored(self, count: int) -> None:
        self.wait_for(lambda: len(self.stored()) >= count)


class Wire(fixtures.Fixture):
    """A way to a server, over TCP, that can be cut, and mended."""

    def __init__(self, server: str | tuple[str, int]) -> None:
        """:param server: the path of a Unix socket, or a host and port"""
        self._server = server
        self._ends: list[socket.socket] = []
        self._whole = False

    def _setUp(self) -> None:
        self._door = socket.create_server(('127.0.0.1', 0))
        self.port = self._door.getsockname()[1]
        self.addCleanup(self._door.close)
        self.addCleanup(self.cut)
        self._whole = True
        threading.Thread(target=self._admit, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and take no new one."""
        self._whole = False
        while self._ends:
            with contextlib.suppress(OSError):
                self._ends.pop().shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._whole = True

    def _admit(self) -> None:
        for near in self._arrivals():
            if not self._whole:
                near.close()
                continue
            is_path = isinstance(self._server, str)
            family = socket.AF_UNIX if is_path else socket.AF_INET
            far = socket.socket(family)
            far.connect(self._server)
            self._ends += [near, far]
            for ends in ((near, far), (far, near)):
                threading.Thread(target=_carry, args=ends, daemon=True).start()

    def _arrivals(self) -> Iterator[socket.socket]:
        with contextlib.suppress(OSError):
            while True:
                yield self._door.accept()[0]


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
