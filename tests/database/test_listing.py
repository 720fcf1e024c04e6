# SPDX-License-Identifier: Apache-2.0
"""Page after page, every row of a list comes once, and in its order."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema
from patrii_billing.store.views import invoiced
from patrii_billing.store.views import listing
from tests import city
from tests.database import backends

load_tests = backends.load_tests

CUSTOMERS = 56
PAGE = 37


class ListingTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        city.build(self.database, CUSTOMERS)

    def test_all_pages_together_are_the_whole_list(self) -> None:
        rows = self.database.read(
            lambda conn: conn.execute(schema.invoices.select()).all()
        )
        for state in (None, 'open', 'paid'):
            wanted = invoiced.Wanted(state=state)
            for key in wanted.orders():
                expected = [
                    row.id
                    for row in sorted(
                        rows, key=lambda row: (getattr(row, key), row.id)
                    )
                    if state in (None, row.state)
                ]
                self.assertEqual(expected, self.walk(wanted, key, False))
                expected.reverse()
                self.assertEqual(expected, self.walk(wanted, key, True))

    def test_only_mysql_is_told_which_index_has_what_is_wanted(self) -> None:
        for state, key, index in (
            (None, 'due_at', 'ix_invoices_due_at_id'),
            ('paid', 'id', 'ix_invoices_state_id'),
            ('paid', 'due_at', 'ix_invoices_state_due_at_id'),
        ):
            asked: list[str] = []
            sa.event.listen(
                self.database.engine, 'before_cursor_execute',
                lambda *args, asked=asked: asked.append(args[2]),
            )  # fmt: skip
            window = listing.Window(5, 300, key, descending=True)
            self.database.read(
                self.page, invoiced.Wanted(state=state), window
            )

            told = any(f'FORCE INDEX ({index})' in text for text in asked)
            self.assertEqual(self.backend == 'mysql', told)

    def walk(
        self, wanted: invoiced.Wanted, key: str, descending: bool
    ) -> list[int]:
        found: list[int] = []
        while True:
            window = listing.Window(
                PAGE, found[-1] if found else None, key, descending
            )
            rows = self.database.read(self.page, wanted, window)
            found += [row.id for row in rows[:PAGE]]
            if len(rows) <= PAGE:
                return found

    def page(
        self,
        conn: sa.Connection,
        wanted: invoiced.Wanted,
        window: listing.Window,
    ) -> Any:
        query = invoiced.query(wanted)
        return listing.page(conn, query, invoiced.KEYS, window)
