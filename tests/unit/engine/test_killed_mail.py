# SPDX-License-Identifier: Apache-2.0
"""A worker is killed while the mail server thinks a mail over."""

import datetime as dt
import email
import pathlib
import subprocess
import sys
import time
from typing import Any

import fixtures
from oslotest import base
import sqlalchemy as sa

from patrii_billing.engine import notify
from patrii_billing.store import attempts
from patrii_billing.store import database
from patrii_billing.store import migrate
from patrii_billing.store import notices
from patrii_billing.store import schema
from tests import books
from tests.unit.engine import mailing
from tests.unit.mail import servers

LATER = books.NOW + dt.timedelta(minutes=8)
# Seconds; for a loaded machine to start a process.
PATIENCE = 60


class KilledMailTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.url = f'sqlite:///{pathlib.Path(folder) / "books.db"}'
        self.db = database.Database(connection=self.url)
        self.addCleanup(self.db.engine.dispose)
        migrate.upgrade(self.db.engine)
        self.sub = self.db.write(books.subscription)
        self.answers: dict[str, Any] = {'DATA': servers.dawdle}
        self.server = self.useFixture(servers.MailServer(self.answers))

    def ask(self, template: str) -> None:
        def work(conn: sa.Connection) -> None:
            conn.execute(schema.subscriptions.update().values(awaits='key'))
            sub = conn.execute(schema.subscriptions.select()).one()
            notices.ask(
                conn, 'key', template, books.NOW, account_id=sub.account_id,
                subscription_id=sub.id,
            )  # fmt: skip

        self.db.write(work)

    def send_and_kill(self) -> None:
        """With kill -9, when the server has the mail and says nothing yet."""
        worker = subprocess.Popen(
            [
                sys.executable, '-m', 'tests.unit.engine.mailing', self.url,
                str(self.server.port),
            ]
        )  # fmt: skip
        self.addCleanup(worker.wait)
        end = time.monotonic() + PATIENCE
        while not self.server.script.accepted:
            self.assertIsNone(worker.poll())
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        worker.kill()
        worker.wait()
        self.assertEqual(['begun'], self.history())

    def go_on(self) -> None:
        """Another worker, after the lease of the dead one."""
        self.answers['DATA'] = '250 OK'
        tools = mailing.tools(self.url, self.server.port, LATER)
        self.addCleanup(tools.db.engine.dispose)
        while notify.run(tools, LATER):
            pass

    def notice(self) -> sa.Row[Any]:
        return self.db.read(notices.by_key, 'key')

    def history(self) -> list[str]:
        rows = self.db.read(attempts.of, self.notice().id)
        return [row.result for row in rows]

    def ids(self) -> list[str]:
        """The Message-IDs of the customer's mails that the server got."""
        return [
            email.message_from_bytes(one.content)['Message-ID']
            for one in self.server.script.accepted
        ]

    def test_a_receipt_is_not_sent_twice(self) -> None:
        self.ask('payment_received')
        self.send_and_kill()
        self.go_on()

        self.assertEqual('unknown', self.notice().state)
        self.assertEqual(['unknown'], self.history())
        self.assertEqual(1, len(self.ids()))

    def test_a_grace_notice_is_sent_again_as_the_same_mail(self) -> None:
        self.ask('grace')
        self.send_and_kill()
        self.go_on()

        self.assertEqual('accepted', self.notice().state)
        self.assertEqual(['unknown', 'accepted'], self.history())
        self.assertEqual(2, len(self.ids()))
        self.assertEqual(1, len(set(self.ids())))
