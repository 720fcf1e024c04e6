# SPDX-License-Identifier: Apache-2.0
"""Rows written in bulk are those that would be written one by one."""

import datetime as dt
from typing import Any

from oslo_db import exception
import sqlalchemy as sa

from patrii_billing.store import bulk
from patrii_billing.store import schema
from tests import books
from tests.database import backends

load_tests = backends.load_tests

WORDS = ('plain', '100 % %s %(a)s', "d'Été \\ \"quoted\"", 'two\nlines', '?')


class BulkTest(backends.DatabaseTestCase):
    def read(self) -> list[dict[str, Any]]:
        query = schema.timeline.select().order_by(schema.timeline.c.id)
        with self.database.engine.connect() as conn:
            return [row._asdict() for row in conn.execute(query)]

    def written(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.database.write(bulk.insert, schema.timeline, rows)
        return [{**row, 'id': None} for row in self.read()]

    def test_each_value_is_read_again_as_it_was_given(self) -> None:
        rows = [entry(word, detail={word: [1, None]}) for word in WORDS]
        self.assertEqual(rows, self.written(rows))

    def test_what_only_some_rows_say_is_null_in_the_others(self) -> None:
        rows = [entry('one', server='s-1'), entry('two'), entry('three')]
        self.assertEqual(rows, self.written(rows))

    def test_more_rows_than_one_statement_takes_keep_their_order(self) -> None:
        rows = [entry(str(number)) for number in range(2501)]
        self.assertEqual(rows, self.written(rows))

    def test_a_row_that_is_there_is_named_as_everywhere(self) -> None:
        row = {'name': 'INV', 'next_number': 1}
        self.database.write(bulk.insert, schema.series, [row])
        self.assertRaises(
            exception.DBDuplicateEntry,
            self.database.write, bulk.insert, schema.series, [row],
        )  # fmt: skip

    def test_a_word_of_sql_as_a_column_is_quoted(self) -> None:
        plain = schema.notices.insert().values(_notice('one'))
        with self.database.engine.begin() as conn:
            conn.execute(plain)
        self.database.write(bulk.insert, schema.notices, [_notice('two')])
        with self.database.engine.connect() as conn:
            keys = conn.execute(sa.select(schema.notices.c.key)).scalars()
            self.assertEqual({'one', 'two'}, set(keys))


def entry(name: str, **values: Any) -> dict[str, Any]:
    return {
        'id': None, 'account_id': None, 'subscription_id': None,
        'server': None, 'at': dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.UTC),
        'what': 'fact', 'name': name, 'why': name, 'by': 'x', 'detail': {},
        'request_id': None, **values,
    }  # fmt: skip


def _notice(key: str) -> dict[str, Any]:
    return {
        'key': key, 'template': 'invoice', 'servers': [], 'context': {},
        'state': 'pending', 'urgency': 1, 'attempts': 0, 'message_id': key,
        'created_at': books.NOW,
    }  # fmt: skip
