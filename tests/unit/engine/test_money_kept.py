# SPDX-License-Identifier: Apache-2.0
"""Whatever people and banks do, no money is made and none is lost."""

import contextlib
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.engine import payments
from patrii_billing.engine import refunds
from patrii_billing.engine import voiding
from patrii_billing import errors
from tests.unit import till

AMOUNTS = st.sampled_from([1, 40, 50, 51, 300, 950, 1000, 1700, 2500])
SOME = AMOUNTS | st.none()
IDS = st.integers(0, 3)
KEYS = st.sampled_from('abcd')
DUE = st.sampled_from(['01-31', '02-01', '03-01'])
ACCOUNTS = st.sampled_from(['acme', 'other', None])
# So that there is something to take back.
START = (('bill', 1000, '02-01'), ('pay', 950, 'a', 'acme', False))
DEEDS = st.one_of(
    st.tuples(st.just('bill'), AMOUNTS, DUE),
    st.tuples(st.just('pay'), AMOUNTS, KEYS, ACCOUNTS, st.booleans()),
    st.tuples(st.just('pay_for'), AMOUNTS, KEYS, IDS),
    st.tuples(st.just('credit'), AMOUNTS, KEYS),
    st.tuples(st.just('refund'), IDS, SOME, KEYS, st.booleans()),
    st.tuples(st.just('charge_back'), IDS, SOME, KEYS),
    st.tuples(st.just('taken_back'), AMOUNTS, KEYS),
    st.tuples(st.just('explain'), IDS, IDS),
    st.tuples(st.just('withdraw'), IDS),
    st.tuples(st.just('fail'), IDS),
    st.tuples(st.just('assign'), IDS, ACCOUNTS),
    st.tuples(st.just('allocate'), IDS, IDS, SOME),
    st.tuples(st.just('undo'), IDS, IDS),
    st.tuples(st.just('write_off'), IDS),
)


class Chance(till.Till):
    """Each deed by its name; what is refused changes nothing."""

    def happen(self, deed: tuple[Any, ...]) -> None:
        name, *args = deed
        with contextlib.suppress(errors.BillingError):
            getattr(self, f'do_{name}')(*args)

    def there(self, payment: int) -> int:
        """One of the payments that there are."""
        count = self.db.read(_count)
        if not count:
            raise errors.NotFound('no payment yet')
        return payment % count + 1

    def billed(self, invoice: int) -> int:
        count = self.db.read(_billed)
        if not count:
            raise errors.NotFound('no invoice yet')
        return invoice % count + 1

    def whose(self, name: str | None) -> int | None:
        return {'acme': self.acme, 'other': self.other, None: None}[name]

    def do_bill(self, minor: int, due: str) -> None:
        self.bill(minor, due)

    def do_pay(
        self, minor: int, key: str, name: str | None, pending: bool
    ) -> None:
        account = self.whose(name)
        if account is None:
            pending = False
        self.pay(minor, key, account=account, pending=pending)

    def do_pay_for(self, minor: int, key: str, invoice: int) -> None:
        self.pay(minor, key, invoice_ids=[self.billed(invoice)])

    def do_credit(self, minor: int, key: str) -> None:
        self.credit(minor, key)

    def do_refund(
        self, payment: int, minor: int | None, key: str, force: bool
    ) -> None:
        self.refund(self.there(payment), minor, f'r{key}', force=force)

    def do_charge_back(
        self, payment: int, minor: int | None, key: str
    ) -> None:
        self.charge_back(self.there(payment), minor, key=f'c{key}')

    def do_taken_back(self, minor: int, key: str) -> None:
        self.db.write(
            refunds.record_taken_back, till.euro(minor), f't{key}', self.now
        )

    def do_explain(self, row: int, payment: int) -> None:
        self.do(refunds.explain, self.there(row), self.there(payment))

    def do_withdraw(self, payment: int) -> None:
        self.do(refunds.withdraw, self.there(payment))

    def do_fail(self, payment: int) -> None:
        self.do(payments.fail, self.there(payment))

    def do_assign(self, payment: int, name: str | None) -> None:
        account = self.whose(name)
        if account is not None:
            self.assign(self.there(payment), account)

    def do_allocate(
        self, payment: int, invoice: int, minor: int | None
    ) -> None:
        amount = None if minor is None else till.euro(minor)
        self.do(
            refunds.allocate, self.there(payment), self.billed(invoice),
            amount,
        )  # fmt: skip

    def do_undo(self, payment: int, invoice: int) -> None:
        self.do(
            refunds.undo_allocation, self.there(payment),
            self.billed(invoice),
        )  # fmt: skip

    def do_write_off(self, invoice: int) -> None:
        self.db.write(
            voiding.write_off, self.tools, self.billed(invoice), self.now,
            'ann', 'gone',
        )  # fmt: skip


def _count(conn: Any) -> int:
    return int(conn.exec_driver_sql('SELECT count(*) FROM payments').scalar())


def _billed(conn: Any) -> int:
    return int(conn.exec_driver_sql('SELECT count(*) FROM invoices').scalar())


class MoneyKeptTest(base.BaseTestCase):
    @hypothesis.settings(
        max_examples=hypothesis.settings.default.max_examples // 4
    )
    @hypothesis.given(st.lists(DEEDS, min_size=2, max_size=12), st.booleans())
    def test_no_money_is_made_or_lost(
        self, deeds: list[tuple[Any, ...]], settling: bool
    ) -> None:
        policy = 'tolerance: 50, settle_fees: true' if settling else ''
        books = Chance(policy)
        for deed in (*START, *deeds):
            books.happen(deed)
            self.assertEqual([], books.mistakes(), str(deed))
