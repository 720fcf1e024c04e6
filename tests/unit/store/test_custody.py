# SPDX-License-Identifier: Apache-2.0
"""A server has one record in a case, whoever touches it first."""

from typing import Any
from unittest import mock

import sqlalchemy as sa

from patrii_billing.store import custody
from tests import books


class TakenTest(books.BooksTestCase):
    def test_two_workers_who_take_a_server_share_its_record(self) -> None:
        write = self.db.write
        sub = write(books.subscription)
        taken = 'server-1', 'case-1', sub, 'acme-prod', books.NOW
        first = write(custody.take, *taken)
        real = custody.get
        looks: list[str] = []

        def too_early(conn: sa.Connection, *key: str) -> Any:
            """At the first look the other one has not written it yet."""
            looks.append('')
            return None if len(looks) == 1 else real(conn, *key)

        with mock.patch.object(custody, 'get', too_early):
            second = write(custody.take, *taken)

        self.assertEqual(first.id, second.id)
