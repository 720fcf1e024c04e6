# SPDX-License-Identifier: Apache-2.0
"""The migrations are what schema.py says; env.py tells how to write them."""

from alembic import autogenerate
from alembic.runtime import migration
from oslotest import base

from patrii_billing.store import database
from patrii_billing.store import migrate
from patrii_billing.store import schema
from patrii_billing.store import watch


class MigrateTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.database = database.Database('sqlite://')
        self.addCleanup(self.database.engine.dispose)

    def test_nothing_is_left_to_migrate(self) -> None:
        migrate.upgrade(self.database.engine)

        with self.database.engine.connect() as conn:
            context = migration.MigrationContext.configure(conn)
            left = autogenerate.compare_metadata(context, schema.metadata)
        self.assertEqual([], left)

    def test_a_database_says_where_it_is(self) -> None:
        before, head = migrate.version(self.database.engine)
        migrate.upgrade(self.database.engine)

        self.assertIsNone(before)
        self.assertEqual((head, head), migrate.version(self.database.engine))

    def test_there_is_one_watch_after_many_upgrades(self) -> None:
        for _ in range(2):
            migrate.upgrade(self.database.engine)

        self.assertEqual(1, self.database.read(watch.get).id)
