# SPDX-License-Identifier: Apache-2.0
"""Stripe's events at the door of a running API, as a network brings them."""

from concurrent import futures
import datetime as dt
import os
import pathlib
import random
import socket
import subprocess
import sys
import time
from typing import Any

import fixtures
from oslotest import base
import requests
import sqlalchemy as sa

from patrii_billing.store import database
from patrii_billing.store import schema
from tests import books
from tests.database import backends
from tests import stripe

_CONF = """
[DEFAULT]
log_file = {folder}/api.log
[database]
connection = {url}
[api]
auth_strategy = noauth
# Nobody asks the cloud for what a webhook tells.
[nova]
auth_type = password
auth_url = http://127.0.0.1:9
username = nobody
password = opensesame
project_name = service
user_domain_name = Default
project_domain_name = Default
[webhooks]
sources = stripe
[webhook_source:stripe]
secrets = {secret}
signature = stripe
mapping = stripe
"""
# What Stripe does not take for an answer, it sends again.
_TRIES = 20
_SECONDS = 60
_LATE = dt.timedelta(minutes=10)


class ReplayTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        url = self.useFixture(backends.Scratch('mysql', at_head=True)).url
        self.books = database.Database(connection=url)
        self.addCleanup(self.books.engine.dispose)
        self.books.write(books.account, external_ref=stripe.CUSTOMER)
        conf = self.folder / 'billing.conf'
        conf.write_text(
            _CONF.format(folder=self.folder, url=url, secret=stripe.SECRET)
        )
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        self.url = f'http://127.0.0.1:{port}/v1/webhooks/stripe'
        self.serve(conf, port)

    def serve(self, conf: pathlib.Path, port: int) -> None:
        """By two processes, which share nothing but the books."""
        gunicorn = pathlib.Path(sys.executable).with_name('gunicorn')
        with (self.folder / 'out').open('wb') as out:
            process = subprocess.Popen(
                [gunicorn, '--bind', f'127.0.0.1:{port}', '--workers', '2',
                 '--threads', '4', 'patrii_billing.wsgi.api:application'],
                env={**os.environ, 'PATRII_BILLING_CONFIG_FILES': str(conf)},
                stdout=out, stderr=out,
            )  # fmt: skip
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.terminate)
        end = time.monotonic() + _SECONDS
        while not self.answers():
            if process.poll() is not None or time.monotonic() > end:
                self.fail((self.folder / 'out').read_text())
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            return requests.get(self.url, timeout=5).status_code == 405
        except requests.RequestException:
            return False

    def send(self, event: Any, **given: Any) -> int:
        body = stripe.written(event)
        late = given.pop('late', dt.timedelta())
        at = dt.datetime.now(dt.UTC) - late
        answer = requests.post(
            self.url, data=body, timeout=_SECONDS,
            headers=stripe.headers(body, at, **given),
        )  # fmt: skip
        return answer.status_code

    def deliver(self, event: Any) -> int:
        """As Stripe does, until it is taken."""
        for _ in range(_TRIES):
            code = self.send(event)
            if code == 200:
                break
        return code

    def test_in_no_order_twice_late_and_forged_it_is_paid_once(self) -> None:
        told = stripe.card_in_parts()
        mixed = told * 2
        random.Random(7).shuffle(mixed)  # noqa: S311
        forged = {'secrets': ('whsec_not_known_to_us_at_all',)}
        other = stripe.intent('8', 'succeeded', id='pi_of_yesterday')

        with futures.ThreadPoolExecutor(4) as senders:
            taken = list(senders.map(self.deliver, mixed))
            refused = list(
                senders.map(lambda _: self.send(told[1], **forged), range(4))
            )
        late = self.send(other, late=_LATE)

        self.assertEqual([200] * len(mixed), taken)
        self.assertEqual([401] * 4, refused)
        self.assertEqual(401, late)
        money = [(row.kind, row.amount) for row in self.rows(schema.payments)]
        self.assertEqual(
            [1000], [amount for kind, amount in money if kind == 'payment']
        )
        self.assertEqual(500, sum(n for kind, n in money if kind == 'refund'))
        self.assertEqual(
            ['evt_8'],
            [row.message_id for row in self.rows(schema.receipts)
             if row.state in ('parked', 'unmatched')],
        )  # fmt: skip
        # Each of the two processes may have noticed.
        alarms = [
            row.name for row in self.rows(schema.timeline)
            if row.what == 'alarm'
        ]  # fmt: skip
        self.assertEqual(1, alarms.count('webhook_refused'))

    def rows(self, table: sa.Table) -> list[Any]:
        query = table.select().order_by(table.c.id)
        return list(self.books.read(lambda conn: conn.execute(query).all()))
