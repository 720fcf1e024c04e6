# SPDX-License-Identifier: Apache-2.0
"""Lists of money in and out."""

import datetime as dt

from patrii_billing import errors
from patrii_billing.store.views import listing
from patrii_billing.store.views import movements
from tests import books

DAY = dt.timedelta(days=1)


class ListTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.acme = self.db.write(books.account)
        self.paid = self.paid_on(0, reference='RF1', kind='payment')
        self.given = self.paid_on(1, kind='credit', free=0)
        self.found = self.paid_on(2, account_id=None)
        self.back = self.paid_on(
            3, account_id=None, free=0, kind='charge_back', state='pending'
        )
        self.late = self.paid_on(4, state='failed', free=0)

    def paid_on(self, day: int, **values: object) -> int:
        at = books.NOW + day * DAY
        given = {'account_id': self.acme, 'key': f'{day}', **values}
        return self.db.write(books.payment, received_at=at, **given)

    def test_each_filter_finds_what_is_so(self) -> None:
        for wanted, found in (
            ({'account_id': self.acme}, [self.paid, self.given, self.late]),
            ({'state': 'failed'}, [self.late]),
            ({'kind': 'credit'}, [self.given]),
            ({'kind': 'credit', 'state': 'failed'}, []),
            ({'reference': 'RF1'}, [self.paid]),
            ({'key': '2'}, [self.found]),
            ({'unmatched': True}, [self.found, self.back]),
            ({'received_since': books.NOW + 3 * DAY}, [self.back, self.late]),
            ({'received_before': books.NOW + DAY}, [self.paid]),
        ):
            narrowed = movements.Wanted(**wanted)
            rows = self.db.read(
                listing.page, movements.query(narrowed), movements.KEYS,
                listing.Window(10, key=narrowed.orders()[0]),
            )  # fmt: skip
            self.assertEqual(found, [row.id for row in rows], wanted)

    def test_what_no_index_serves_is_refused(self) -> None:
        for wanted in ({'state': 'failed'}, {'kind': 'credit'}):
            narrowed = movements.Wanted(received_since=books.NOW, **wanted)
            self.assertRaises(errors.InvalidInput, narrowed.orders)
            one = movements.Wanted(
                received_since=books.NOW, account_id=self.acme, **wanted
            )
            self.assertEqual(('id', 'received_at'), one.orders())
