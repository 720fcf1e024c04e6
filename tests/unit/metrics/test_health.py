# SPDX-License-Identifier: Apache-2.0
"""The service says whether it is well to whoever asks."""

from collections.abc import Sequence
import datetime as dt
from typing import Any
from unittest import mock
from urllib import error
from urllib import request

from oslo_config import cfg
import oslo_middleware
import sqlalchemy as sa
from werkzeug import test as http

from patrii_billing.metrics import health
from patrii_billing.store import database
from patrii_billing.store import migrate
from patrii_billing.store import schema
from patrii_billing.store import watch
from patrii_billing import wiring
from tests.unit.conf import base

_NOW = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


class HealthTest(base.ConfigTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.books = database.Database(f'sqlite:///{self.folder}/books.db')
        self.addCleanup(self.books.engine.dispose)
        migrate.upgrade(self.books.engine)
        self.at_work()
        self.conf = self.load(
            f'[database]\nconnection = sqlite:///{self.folder}/books.db\n'
            '[metrics]\nlisten = 127.0.0.1\nport = 0\n'
        )
        patch = mock.patch.object(
            wiring.SystemClock, 'now', lambda clock: _NOW
        )
        patch.start()
        self.addCleanup(patch.stop)

    def at_work(self, **other: dt.datetime | None) -> None:
        """All was done a minute ago, but for what is said."""
        lately = _NOW - dt.timedelta(minutes=1)
        done = {'ticked_at': lately, 'heard_at': lately, 'swept_at': lately}
        self.books.write(watch.change, **{**done, **other})

    def ask(self, conf: cfg.ConfigOpts) -> tuple[int, str]:
        # As the daemon has it.
        wiring.exporter(conf)
        answer = http.Client(oslo_middleware.Healthcheck(None, conf)).get('/')
        return answer.status_code, answer.text

    def test_a_service_that_works_and_hears_is_well(self) -> None:
        code, told = self.ask(self.conf)

        self.assertEqual((200, {'OK'}), (code, set(told.split())))

    def test_a_database_that_is_away_is_told(self) -> None:
        conf = self.load('[metrics]\nlisten = 127.0.0.1')

        code, told = self.ask(conf)

        self.assertEqual(503, code)
        self.assertIn('the database does not answer', told)
        self.assertNotIn('nowhere', told)

    def test_a_service_that_hears_nothing_is_told(self) -> None:
        self.at_work(heard_at=_NOW - dt.timedelta(days=3))

        code, told = self.ask(self.conf)

        self.assertEqual(503, code)
        self.assertIn('no notification was heard lately', told)

    def test_engines_that_stand_still_are_told(self) -> None:
        self.at_work(ticked_at=_NOW - dt.timedelta(minutes=6))

        self.assertIn('no engine', self.ask(self.conf)[1])

    def test_books_that_were_not_compared_are_told(self) -> None:
        self.at_work(swept_at=None)

        self.assertIn('not compared', self.ask(self.conf)[1])

    def with_odoo(
        self, read_at: dt.datetime | None, needs: Sequence[str] = ()
    ) -> None:
        """Have customers in Odoo, which was read then."""
        found = {'odoo': mock.sentinel.bridge}
        patch: Any = mock.patch.object(wiring, 'bridges', lambda conf: found)
        patch.start()
        self.addCleanup(patch.stop)
        self.books.write(
            lambda conn: conn.execute(
                schema.bridges.insert().values(
                    name='odoo', needs=list(needs), failures=0, next_at=_NOW,
                    read_at=read_at,
                )
            )
        )  # fmt: skip

    def test_an_engine_that_was_not_read_for_too_long_is_amber(self) -> None:
        self.with_odoo(_NOW - dt.timedelta(minutes=31))

        code, told = self.ask(self.conf)

        self.assertEqual(200, code)
        self.assertIn('amber: odoo was not read lately', told)

    def test_an_engine_that_was_never_read_is_amber(self) -> None:
        self.with_odoo(None)

        code, told = self.ask(self.conf)

        self.assertEqual(200, code)
        self.assertIn('amber: odoo is passive', told)

    def test_a_bridge_of_which_something_is_missing_is_amber(self) -> None:
        self.with_odoo(_NOW - dt.timedelta(minutes=1), ['is at 10.0.0.7'])

        _, told = self.ask(self.conf)

        self.assertIn('amber: odoo is passive', told)
        self.assertNotIn('10.0.0.7', told)

    def test_an_engine_that_is_read_is_well(self) -> None:
        self.with_odoo(_NOW - dt.timedelta(minutes=29))

        code, told = self.ask(self.conf)

        self.assertEqual((200, {'OK'}), (code, set(told.split())))

    def test_what_is_wrong_is_not_hidden_by_what_is_amber(self) -> None:
        self.with_odoo(None)
        self.at_work(swept_at=None)

        self.assertEqual(503, self.ask(self.conf)[0])

    def test_an_operator_chooses_what_is_asked(self) -> None:
        self.at_work(heard_at=None)
        self.conf.set_override(
            'backends', ['patrii_billing_database'], group='healthcheck'
        )

        self.assertEqual(200, self.ask(self.conf)[0])

    def test_the_daemon_answers_beside_its_figures(self) -> None:
        exporter = wiring.exporter(self.conf)
        url = f'http://127.0.0.1:{exporter.start()}'
        self.addCleanup(exporter.stop)

        with request.urlopen(f'{url}/healthcheck', timeout=10) as answer:
            self.assertEqual(200, answer.status)
        with request.urlopen(f'{url}/metrics', timeout=10) as answer:
            self.assertIn(b'patrii_billing_up 1.0', answer.read())

    def test_the_daemon_says_what_is_wrong(self) -> None:
        self.at_work(heard_at=None)
        exporter = wiring.exporter(self.conf)
        url = f'http://127.0.0.1:{exporter.start()}/healthcheck'
        self.addCleanup(exporter.stop)

        said = self.assertRaises(
            error.HTTPError, request.urlopen, url, timeout=10
        )

        self.addCleanup(said.close)
        self.assertEqual(503, said.code)


class QuestionTest(base.ConfigTestCase):
    def test_who_asks_again_at_once_costs_the_database_nothing(self) -> None:
        engine = sa.create_engine('sqlite://')
        self.addCleanup(engine.dispose)
        looks: list[sa.Connection] = []
        now = 100.0
        question = health.Question(looks.append, engine, lambda: now)

        question()
        question()
        self.assertEqual(1, len(looks))
        now += 3
        question()
        self.assertEqual(2, len(looks))
