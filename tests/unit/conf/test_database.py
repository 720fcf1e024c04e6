# SPDX-License-Identifier: Apache-2.0
"""The books need to be told where they are kept."""

from oslo_config import cfg
from oslo_config import fixture
from oslotest import base

from patrii_billing.conf import database as database_conf
from patrii_billing.store import database
from patrii_billing.store import migrate


class DatabaseOptionsTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.config = self.useFixture(fixture.Config(cfg.ConfigOpts()))
        database_conf.register_opts(self.config.conf)

    def test_a_missing_connection_is_named(self) -> None:
        self.config.conf([])

        error = self.assertRaises(
            cfg.RequiredOptError, database_conf.options, self.config.conf
        )
        self.assertIn('connection', str(error))
        self.assertIn('[database]', str(error))

    def test_the_books_open_with_what_is_configured(self) -> None:
        self.config.config(group='database', connection='sqlite://')

        books = database.Database(**database_conf.options(self.config.conf))
        self.addCleanup(books.engine.dispose)

        self.assertIsNone(migrate.version(books.engine)[0])
