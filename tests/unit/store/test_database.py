# SPDX-License-Identifier: Apache-2.0
"""A unit of work is done whole, alone, or not at all."""

import threading

from oslo_db import exception
from oslotest import base
import sqlalchemy as sa

from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import database
from tests import books


class _AsPostgreSQL(Exception):
    pgcode = ''


class TroubleTest(base.BaseTestCase):
    def of_server(self, cause: Exception) -> bool:
        return database.is_of_server(
            sa.exc.OperationalError('INSERT', {}, cause)
        )

    def of_state(self, pgcode: str) -> bool:
        cause = _AsPostgreSQL()
        cause.pgcode = pgcode
        return self.of_server(cause)

    def test_a_full_disk_is_the_trouble_of_the_server(self) -> None:
        self.assertTrue(self.of_server(Exception(1021, 'Disk got full')))
        self.assertTrue(self.of_server(Exception(1114, 'table is full')))
        self.assertTrue(self.of_state('53100'))
        self.assertTrue(self.of_server(Exception('database or disk is full')))

    def test_a_server_that_stops_or_takes_no_writes_is_as_well(self) -> None:
        self.assertTrue(self.of_server(Exception(1290, 'read-only')))
        self.assertTrue(self.of_state('57P01'))
        self.assertTrue(self.of_state('25006'))

    def test_one_that_lets_nobody_in_is_as_well(self) -> None:
        refused = sa.exc.OperationalError(None, None, Exception('refused'))

        self.assertTrue(database.is_of_server(refused))

    def test_it_is_also_where_oslo_has_wrapped_it(self) -> None:
        full = sa.exc.DBAPIError('COMMIT', {}, Exception(1180, 'at COMMIT'))

        self.assertTrue(database.is_of_server(exception.DBError(full)))
        self.assertTrue(database.is_of_server(exception.DBConnectionError()))

    def test_what_is_wrong_with_a_row_is_not(self) -> None:
        self.assertFalse(self.of_server(Exception(4025, 'CONSTRAINT failed')))
        self.assertFalse(self.of_state('22003'))
        self.assertFalse(database.is_of_server(exception.DBDataError()))
        self.assertFalse(database.is_of_server(ValueError('a number')))


class UnitOfWorkTest(books.BooksTestCase):
    def test_a_unit_that_fails_leaves_nothing(self) -> None:
        def fail(conn: sa.Connection) -> None:
            books.account(conn)
            raise ZeroDivisionError

        self.assertRaises(ZeroDivisionError, self.db.write, fail)
        self.assertRaises(
            errors.NotFound, self.db.read, accounts.by_name, 'acme'
        )

    def test_what_a_reader_writes_is_not_kept(self) -> None:
        self.db.read(books.account)

        self.assertRaises(
            errors.NotFound, self.db.read, accounts.by_name, 'acme'
        )

    def test_a_unit_within_another_is_refused(self) -> None:
        def outer(conn: sa.Connection) -> None:
            self.db.read(accounts.by_name, 'acme')

        self.assertRaises(RuntimeError, self.db.write, outer)

    def test_the_books_are_open_after_a_refused_unit(self) -> None:
        self.test_a_unit_within_another_is_refused()

        self.assertEqual(1, self.db.write(books.account))

    def test_threads_take_turns(self) -> None:
        account = self.db.write(books.account)

        def count(conn: sa.Connection) -> None:
            version = accounts.get(conn, account).version
            accounts.change(conn, account, version=version + 1)

        def count_often() -> None:
            for _ in range(50):
                self.db.write(count)

        threads = [threading.Thread(target=count_often) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        self.assertEqual(200, self.db.read(accounts.get, account).version)


class ConnectionTest(base.BaseTestCase):
    def test_an_unknown_database_is_refused_by_name(self) -> None:
        error = self.assertRaises(
            errors.InvalidInput, database.Database, 'mariadb+pymysql://host/db'
        )

        self.assertEqual('[database] connection', error.where)
        self.assertIn('mariadb+pymysql', str(error))

    def test_what_is_no_url_is_refused_without_its_password(self) -> None:
        error = self.assertRaises(
            errors.InvalidInput, database.Database, 'root:secret@host'
        )

        self.assertNotIn('secret', str(error))

    def test_mysql_is_asked_for_all_of_unicode(self) -> None:
        self.assertEqual('utf8mb4', charset('mysql+pymysql://root@host/db'))

    def test_an_operators_charset_stays(self) -> None:
        self.assertEqual(
            'utf8', charset('mysql+pymysql://root@host/db?charset=utf8')
        )


def charset(url: str) -> str | tuple[str, ...]:
    return database._url(url).query['charset']
