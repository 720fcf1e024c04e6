# SPDX-License-Identifier: Apache-2.0
"""The three databases that the other tests here rely on do answer."""

from oslotest import base
import sqlalchemy

from tests import services


class ServicesTest(base.BaseTestCase):
    def test_sqlite_answers(self) -> None:
        self.assertEqual(1, select_one('sqlite://'))

    def test_mariadb_answers(self) -> None:
        self.assertEqual(1, select_one(services.mysql_url()))

    def test_postgresql_answers(self) -> None:
        self.assertEqual(1, select_one(services.postgresql_url()))


def select_one(url: str) -> int:
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.scalar(sqlalchemy.text('SELECT 1'))
    finally:
        engine.dispose()
