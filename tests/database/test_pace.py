# SPDX-License-Identifier: Apache-2.0
"""The pace of mails holds over all workers, whatever they do at once."""

import contextlib
import datetime as dt
import threading
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import mail as mails
from patrii_billing.engine import notify
from patrii_billing.engine import settings
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import notices
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests import books
from tests.database import backends

load_tests = backends.load_tests

PACE = 7
_MINUTE = dt.timedelta(minutes=1)


class Watch:
    """One clock for all workers; ten minutes pass in some seconds."""

    def __init__(self) -> None:
        self._now = books.NOW
        self._lock = threading.Lock()

    def now(self) -> dt.datetime:
        with self._lock:
            self._now += dt.timedelta(milliseconds=150)
            return self._now


class Server:
    operators = ('ops@cloud.example',)
    operators_locale = 'en'

    def __init__(self) -> None:
        self.away = False
        self.offered: list[str] = []

    def compose(self, content: mails.NoticeContent) -> mails.Mail:
        return mails.Mail(
            content.recipients, content.template, '', content.message_id
        )

    def kept(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def send(self, mail: mails.Mail) -> mails.Handover:
        self.offered.append(mail.message_id)
        if self.away:
            raise errors.MailAway('connection refused')
        return mails.Handover('250 ok')


class PaceTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock, self.server = Watch(), Server()

    def tools(self, **pace: Any) -> toolbox.Tools:
        nobody: Any = None
        voice: Any = self.server
        return toolbox.Tools(
            db=self.open(), cloud=nobody, voice=voice, clock=self.clock,
            settings=settings.Settings(dry_run=False, **pace),
        )  # fmt: skip

    def ask(self, count: int) -> None:
        def work(conn: sa.Connection) -> None:
            for n in range(count):
                notices.ask(
                    conn, f'alarm:{n}', 'operator', books.NOW,
                    # Alike they would be told of in one mail.
                    context={'name': f'alarm {n}', 'why': 'x'},
                )  # fmt: skip

        self.database.write(work)

    def waiting(self) -> int:
        query = sa.select(sa.func.count()).where(
            schema.notices.c.state == 'pending'
        )
        return int(
            self.database.read(lambda conn: conn.execute(query).scalar_one())
        )

    def test_no_minute_sees_more_than_it_may(self) -> None:
        self.ask(4 * PACE)

        def work() -> None:
            tools = self.tools(mail_per_minute=PACE, batch=5)
            while self.waiting():
                notify.run(tools, self.clock.now())

        backends.together(work, work)

        query = sa.select(schema.attempts.c.at).order_by(schema.attempts.c.at)
        begun = self.database.read(
            lambda conn: conn.execute(query).scalars().all()
        )
        self.assertEqual(4 * PACE, len(set(self.server.offered)))
        self.assertEqual(4 * PACE, len(begun))
        for first, beyond in zip(begun, begun[PACE:], strict=False):
            self.assertGreaterEqual(beyond - first, _MINUTE)
        # And it is a pace, not a crawl.
        self.assertLess(begun[-1] - begun[0], 5 * _MINUTE)

    def test_of_all_workers_one_tries_a_server_that_is_away(self) -> None:
        self.ask(40)
        self.server.away = True
        notify.run(self.tools(), self.clock.now())
        opens_at = self.database.read(watch.get).mail_opens_at
        later = opens_at + dt.timedelta(seconds=1)
        tried = len(self.server.offered)
        start = threading.Barrier(4)

        def work() -> int:
            tools = self.tools()
            start.wait(backends.PATIENCE)
            return len(tools.db.write(notify.claim, tools.settings, later))

        claimed = backends.together(*[work] * 4)

        self.assertEqual(1, tried)
        self.assertEqual([0, 0, 0, 1], sorted(claimed))
