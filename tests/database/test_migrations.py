# SPDX-License-Identifier: Apache-2.0
"""The migrations lead to the schema, and lose nothing on the way."""

import datetime as dt
from typing import Any

from alembic import script
from oslo_db.sqlalchemy import test_migrations
import sqlalchemy as sa

from patrii_billing.store import migrate
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests import books
from tests.database import backends

load_tests = backends.load_tests

Content = dict[str, list[dict[str, Any]]]


class SchemaTest(
    test_migrations.ModelsMigrationsSync,  # type: ignore[misc]
    backends.EmptyDatabaseTestCase,
):
    """Adds test_models_sync: alembic finds nothing left to migrate."""

    def db_sync(self, engine: sa.Engine) -> None:
        migrate.upgrade(engine)

    def get_engine(self) -> sa.Engine:
        return self.database.engine

    def get_metadata(self) -> sa.MetaData:
        return schema.metadata

    def include_object(
        self, found: Any, name: str | None, kind: str, *which: Any
    ) -> bool:
        """Leave out what is computed, at which alembic's comparison fails."""
        if kind == 'column' and found.computed is not None:
            return False
        return bool(super().include_object(found, name, kind, *which))

    def test_a_migrated_database_is_the_created_one(self) -> None:
        migrate.upgrade(self.database.engine)
        created = sa.create_engine(
            self.useFixture(backends.Scratch(self.backend)).url
        )
        self.addCleanup(created.dispose)
        schema.metadata.create_all(created)

        self.assertEqual(
            description(created), description(self.database.engine)
        )


class UpgradeTest(backends.EmptyDatabaseTestCase):
    def test_an_empty_database_has_no_version(self) -> None:
        self.assertEqual(
            (None, newest()), migrate.version(self.database.engine)
        )

    def test_an_upgraded_database_is_at_the_newest_version(self) -> None:
        migrate.upgrade(self.database.engine)

        self.assertEqual(
            (newest(), newest()), migrate.version(self.database.engine)
        )

    def test_an_url_is_as_good_as_an_engine(self) -> None:
        migrate.upgrade(self.url)

        self.assertEqual(newest(), migrate.version(self.database.engine)[0])

    def test_an_upgrade_adds_the_row_of_the_watch_once(self) -> None:
        migrate.upgrade(self.database.engine)
        self.database.write(watch.change, stopped_why='told to')
        migrate.upgrade(self.database.engine)

        self.assertEqual('told to', self.database.read(watch.get).stopped_why)

    def test_a_filled_database_keeps_its_content(self) -> None:
        migrate.upgrade(self.database.engine, oldest())
        before = fill(self.database.engine)

        migrate.upgrade(self.database.engine)

        after = content(self.database.engine)
        for table, rows in before.items():
            kept = [
                {name: row[name] for name in row.keys() & old.keys()}
                for old, row in zip(rows, after[table], strict=True)
            ]
            self.assertEqual(rows, kept, table)

    def test_the_books_go_on_after_the_upgrade_of_a_filled_one(self) -> None:
        migrate.upgrade(self.database.engine, oldest())
        fill(self.database.engine)
        migrate.upgrade(self.database.engine)

        self.assertEqual(3, self.database.write(books.subscription))


def newest() -> str | None:
    return max(revisions().get_heads())


def oldest() -> str:
    return revisions().get_base() or ''


def revisions() -> script.ScriptDirectory:
    return script.ScriptDirectory.from_config(migrate._config())


def description(engine: sa.Engine) -> dict[str, Any]:
    """Tell all that the database knows of its tables, in a fixed order."""
    inspector = sa.inspect(engine)
    return {
        table: {
            'columns': named(
                {**column, 'type': column['type'].compile(engine.dialect)}
                for column in inspector.get_columns(table)
            ),
            'primary key': inspector.get_pk_constraint(table),
            'foreign keys': named(inspector.get_foreign_keys(table)),
            'indexes': named(inspector.get_indexes(table)),
            'unique': named(inspector.get_unique_constraints(table)),
            'checks': named(inspector.get_check_constraints(table)),
            'options': options(inspector, table),
        }
        for table in inspector.get_table_names()
        if table != 'alembic_version'
    }


def options(inspector: sa.Inspector, table: str) -> Any:
    """Tell MySQL's engine, character set and collation of a table."""
    if inspector.bind.dialect.name != 'mysql':
        return None
    return inspector.get_table_options(table)


def named(things: Any) -> list[Any]:
    return sorted(things, key=lambda thing: str(thing['name']))


def fill(engine: sa.Engine) -> Content:
    """Put two rows with a value in every column into each table."""
    tables = reflected(engine).sorted_tables
    with engine.begin() as conn:
        for table in tables:
            if table.name not in ('alembic_version', 'watch'):
                for number in (1, 2):
                    conn.execute(table.insert().values(row(table, number)))
    return content(engine)


def row(table: sa.Table, number: int) -> dict[str, Any]:
    values = {
        column.name: sample(column, number)
        for column in table.columns
        # The database counts its own ids.
        if column is not table.autoincrement_column
    }
    if table.name == 'spans':
        # Each is the first of its subscription, and is billed.
        values |= {'follows': None, 'first': 1, 'unbilled_why': None}
        values |= {'ends': dt.date(2026, 3, number)}
    return values


def sample(column: sa.Column[Any], number: int) -> Any:
    """Return a value that fits the column; that of the row it refers to."""
    for key in column.foreign_keys:
        if key.column is not column:
            return sample(key.column, number)
    if column.name == 'contacts':
        # Those of before are read by the upgrade.
        return f'["{number}@b.example"]'
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return number == 1
    if isinstance(kind, sa.String):
        return f'{number}{column.name}'[: kind.length]
    if isinstance(kind, sa.DateTime):
        return dt.datetime(2026, 1, number, 1, 2, 3, 456789)
    if isinstance(kind, sa.Date):
        return dt.date(2026, 1, number)
    if isinstance(kind, sa.Numeric):
        return number + 0.5
    return number


def content(engine: sa.Engine) -> Content:
    """Read every row of every table, as it is kept."""
    with engine.connect() as conn:
        return {
            table.name: [
                dict(found)
                for found in conn.execute(
                    table.select().order_by(*table.primary_key)
                ).mappings()
            ]
            for table in reflected(engine).sorted_tables
            if table.name != 'alembic_version'
        }


def reflected(engine: sa.Engine) -> sa.MetaData:
    metadata = sa.MetaData()
    metadata.reflect(engine)
    return metadata
