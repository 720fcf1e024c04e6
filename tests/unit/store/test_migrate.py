# SPDX-License-Identifier: Apache-2.0
"""The migrations are what schema.py says; env.py tells how to write them."""

import ast
from collections.abc import Iterator
import pathlib
from unittest import mock

from alembic import autogenerate
from alembic.runtime import migration
from oslotest import base

from patrii_billing import errors
from patrii_billing.store import database
from patrii_billing.store import migrate
from patrii_billing.store import revision
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


class RollingTest(base.BaseTestCase):
    """Two releases at work on one database."""

    def setUp(self) -> None:
        super().setUp()
        self.database = database.Database('sqlite://')
        self.engine = self.database.engine
        self.addCleanup(self.engine.dispose)

    def at(self) -> str | None:
        return migrate.version(self.engine)[0]

    def phases(self, **phases: str) -> None:
        """Take the migrations for other ones: r0002='contract'."""
        patch = mock.patch.object(
            migrate, 'takes_away',
            lambda each: phases.get(f'r{each.revision}') == migrate.CONTRACT,
        )  # fmt: skip
        patch.start()
        self.addCleanup(patch.stop)

    def test_workers_ask_for_what_this_release_needs(self) -> None:
        self.assertIsNone(revision.found(self.engine))

        migrate.upgrade(self.engine)

        self.assertEqual(self.at(), revision.found(self.engine))
        self.assertEqual(migrate.needed(), revision.NEEDED)

    def test_what_is_added_is_enough_for_this_release(self) -> None:
        migrate.upgrade(self.engine, '0003')

        migrate.expand(self.engine)

        self.assertEqual(migrate.needed(), self.at())

    def test_what_is_taken_away_leads_to_the_newest(self) -> None:
        migrate.upgrade(self.engine, '0003')
        migrate.expand(self.engine)

        migrate.contract(self.engine)

        self.assertEqual(migrate.version(self.engine)[1], self.at())

    def test_nothing_is_taken_away_before_all_is_added(self) -> None:
        migrate.upgrade(self.engine, '0003')

        self.assertRaises(errors.Conflict, migrate.contract, self.engine)
        self.assertEqual('0003', self.at())

    def test_a_new_database_needs_no_second_step(self) -> None:
        migrate.expand(self.engine)

        self.assertEqual(migrate.version(self.engine)[1], self.at())

    def test_the_release_before_is_to_be_over_before_more_is_added(
        self,
    ) -> None:
        self.phases(r0003='contract')
        migrate.upgrade(self.engine, '0002')

        self.assertRaises(errors.Conflict, migrate.expand, self.engine)
        migrate.contract(self.engine)
        self.assertEqual('0003', self.at())
        migrate.expand(self.engine)

    def test_releases_are_skipped_only_with_all_workers_stopped(self) -> None:
        self.phases(r0003='contract')
        migrate.upgrade(self.engine, '0001')

        self.assertRaises(errors.Conflict, migrate.expand, self.engine)
        self.assertEqual('0001', self.at())
        migrate.upgrade(self.engine)
        self.assertEqual(migrate.version(self.engine)[1], self.at())

    def test_both_may_be_repeated(self) -> None:
        for _ in range(2):
            migrate.expand(self.engine)
            migrate.contract(self.engine)

        self.assertEqual(migrate.version(self.engine)[1], self.at())


class RuleTest(base.BaseTestCase):
    """What workers of the release before must not be hurt by."""

    _NEW = frozenset({
        'add_column', 'batch_alter_table', 'create_index', 'create_table', 'f',
    })  # fmt: skip

    def test_what_adds_takes_nothing_away(self) -> None:
        wrong = [
            f'{each.revision}: {call.func.attr}'
            for each in migrate.after(['0001'])
            if migrate.adds(each)
            for call in _calls(each.path)
            if isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id in ('op', 'batch_op')
            and call.func.attr not in self._NEW
        ]

        self.assertEqual([], wrong)

    def test_what_it_adds_to_a_row_may_be_left_out(self) -> None:
        """A worker of the release before knows no such column."""
        wrong = [
            f'{each.revision}: {ast.unparse(call)}'
            for each in migrate.after(['0001'])
            for call in _called(each.path, 'add_column')
            if 'nullable=True' not in ast.unparse(call)
            and 'server_default' not in ast.unparse(call)
        ]

        self.assertEqual([], wrong)

    def test_what_it_indexes_may_be_there_twice(self) -> None:
        wrong = [
            f'{each.revision}: {ast.unparse(call)}'
            for each in migrate.after(['0001'])
            for call in _called(each.path, 'create_index')
            if 'unique=False' not in ast.unparse(call)
        ]

        self.assertEqual([], wrong)


def _called(path: str, name: str) -> Iterator[ast.Call]:
    for call in _calls(path):
        if isinstance(call.func, ast.Attribute) and call.func.attr == name:
            yield call


def _calls(path: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(pathlib.Path(path).read_text())):
        if isinstance(node, ast.Call):
            yield node
