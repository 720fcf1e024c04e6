# SPDX-License-Identifier: Apache-2.0
"""A page asks the database as often for a large cloud as for a small one."""

from oslotest import base

from patrii_billing.store import memory
from tests import city
from tests import rounds


class StatementsTest(base.BaseTestCase):
    def statements(self, customers: int) -> dict[str, int]:
        """How many there are for each page."""
        books = memory.books()
        self.addCleanup(books.engine.dispose)
        city.build(books, customers)
        window = rounds.Window(books)
        counts = {}
        for page in (rounds.EMPTY, *rounds.pages(50)):
            window.open(page)
            with window.counted() as said:
                window.open(page)
            counts[page] = len(said)
        return counts

    def test_they_do_not_grow_with_the_cloud(self) -> None:
        self.assertEqual(self.statements(50), self.statements(250))
