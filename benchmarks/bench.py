# SPDX-License-Identifier: Apache-2.0
"""A real daemon over books and a topic of its own, and the clock."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import pathlib
import tempfile
import time
import uuid

import sqlalchemy as sa

from patrii_billing.store import database
from patrii_billing.store import migrate
from patrii_billing.store import schema
from tests.broker import base
from tests.database import backends
from tests import services
from tests.unit.intake import messages

NEWS = messages.versioned('create.end')
# Seconds between two looks at what the daemon has done: each costs it some.
LOOK = 0.02


class Bench:
    """Books and a topic of their own, and the clock."""

    def __init__(self, stack: contextlib.ExitStack, backend: str) -> None:
        self.topic = f'bench_{uuid.uuid4().hex}'
        self.url = stack.enter_context(backends.Scratch(backend)).url
        self._books = database.Database(connection=self.url)
        stack.callback(self._books.engine.dispose)
        migrate.upgrade(self._books.engine)
        self._folder = pathlib.Path(
            stack.enter_context(tempfile.TemporaryDirectory())
        )

    @contextlib.contextmanager
    def daemon(
        self, listener: int = 0, processor: int = 0
    ) -> Iterator[base.Daemon]:
        config = self._folder / 'billing.conf'
        config.write_text(self.configuration(listener, processor))
        running = base.Daemon(config)
        try:
            yield running
        finally:
            running.terminate()

    def configuration(self, listener: int, processor: int) -> str:
        return base.CONFIG.format(
            transport=services.transport_url(),
            books=self.url,
            topic=self.topic,
            listener=listener,
            processor=processor,
        )

    @property
    def engine(self) -> sa.Engine:
        return self._books.engine

    def count_of_all(self) -> int:
        return self._count()

    def count_of_read(self) -> int:
        return self._count(schema.inbox.c.state != 'new')

    def measure(
        self, what: str, so_far: Callable[[], int], end: int, each: int = 1
    ) -> None:
        """Time it from the first on to the end; each stands for so many."""
        while (first := so_far()) < 1:
            time.sleep(LOOK)
        began = time.monotonic()
        while so_far() < end:
            time.sleep(LOOK)
        count = (end - first) * each
        rate = count / (time.monotonic() - began)
        print(f'{what:20} {count:6}  {rate:8.0f} a second')

    def _count(self, *wanted: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(schema.inbox)
        with self._books.engine.connect() as conn:
            return conn.scalar(query.where(*wanted)) or 0
