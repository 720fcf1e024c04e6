# SPDX-License-Identifier: Apache-2.0
"""An address that mails come back from is marked once, until it is cleared."""

from collections.abc import Mapping
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import notices
from patrii_billing.store import undeliverable
from tests import books

LATER = books.NOW + dt.timedelta(days=1)


class UndeliverableTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.account = self.db.write(books.account)
        self.db.write(notices.ask, 'one', 'grace', books.NOW)
        self.notice = self.db.read(notices.by_key, 'one').id

    def test_the_first_answer_stays(self) -> None:
        self.assertTrue(self.mark('ann@acme.example', 'no such user'))
        self.assertFalse(self.mark('ann@acme.example', 'again', LATER))

        row = self.marked()['ann@acme.example']
        self.assertEqual(('no such user', books.NOW), (row.answer, row.since))

    def test_only_what_is_named_is_cleared(self) -> None:
        self.mark('ann@acme.example', '')
        self.mark('bob@acme.example', '')

        cleared = self.db.write(
            undeliverable.clear, self.account,
            ['ann@acme.example', 'new@acme.example'],
        )  # fmt: skip

        self.assertEqual(['ann@acme.example'], cleared)
        self.assertEqual(['bob@acme.example'], list(self.marked()))

    def test_a_mark_is_of_one_account(self) -> None:
        self.mark('ann@acme.example', '')
        other = self.db.write(books.account, 'umbrella')

        self.assertEqual({}, self.db.read(undeliverable.of, other))

    def mark(
        self, address: str, answer: str, now: dt.datetime = books.NOW
    ) -> bool:
        return self.db.write(
            undeliverable.mark, self.account, address, answer, self.notice, now
        )

    def marked(self) -> Mapping[str, sa.Row[Any]]:
        return self.db.read(undeliverable.of, self.account)
