# SPDX-License-Identifier: Apache-2.0
"""Money that is recorded, assigned and refunded by two at once."""

from collections.abc import Callable
import contextlib
import functools
from typing import Any

from patrii_billing.domain import money
from patrii_billing.engine import payments
from patrii_billing.engine import ports
from patrii_billing.engine import refunds
from patrii_billing.engine import settings
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.sim import clock
from patrii_billing.sim import cloud
from patrii_billing.sim import mailbox
from patrii_billing.store import accounts
from patrii_billing.store import schema
from tests import books
from tests.database import backends

load_tests = backends.load_tests

PAID = money.Money(1000, 'EUR')


class MoneyTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        hours = clock.Clock(books.NOW)
        nova = cloud.Nova(hours)
        self.tools = toolbox.Tools(
            db=self.database,
            cloud=ports.Cloud(
                nova, cloud.Keeper(nova), cloud.Quotas(nova), cloud.Projects()
            ),
            voice=mailbox.Voice(),
            clock=hours,
            settings=settings.Settings(),
        )
        self.one, self.two = (
            self.database.write(accounts.add, name, books.NOW, currency='EUR')
            for name in ('one', 'two')
        )

    def at_once(self, *works: Callable[..., Any]) -> int:
        """Each over connections of its own; how many were not refused."""

        def tried(work: Callable[..., Any]) -> bool:
            with contextlib.suppress(errors.BillingError):
                self.open().write(work)
                return True
            return False

        return sum(
            backends.together(
                *[functools.partial(tried, work) for work in works]
            )
        )

    def pay(self, account_id: int | None, key: str = 'a') -> Any:
        return lambda conn: payments.record(
            conn, self.tools, account_id, PAID, key, books.NOW
        )

    def assign(self, payment: int, account_id: int) -> Any:
        return lambda conn: payments.assign(
            conn, self.tools, payment, account_id, books.NOW
        )

    def refund(self, payment: int, key: str) -> Any:
        return lambda conn: refunds.refund(
            conn, self.tools, payment, None, key, books.NOW
        )

    def rows(self) -> list[Any]:
        query = schema.payments.select().order_by(schema.payments.c.id)
        return self.database.read(lambda conn: list(conn.execute(query)))

    def test_the_same_payment_at_once_is_one(self) -> None:
        done = self.at_once(*[self.pay(self.one)] * 4)

        self.assertEqual(4, done)
        self.assertEqual(1, len(self.rows()))

    def test_the_same_payment_of_nobody_at_once_is_one(self) -> None:
        done = self.at_once(*[self.pay(None)] * 4)

        self.assertEqual(4, done)
        self.assertEqual(1, len(self.rows()))

    def test_a_key_that_two_accounts_use_at_once_is_of_one_of_them(
        self,
    ) -> None:
        done = self.at_once(self.pay(self.one), self.pay(self.two))

        self.assertEqual(1, done)
        self.assertEqual(1, len(self.rows()))

    def test_money_of_nobody_becomes_that_of_one(self) -> None:
        payment = self.database.write(self.pay(None))

        done = self.at_once(
            self.assign(payment, self.one), self.assign(payment, self.two)
        )

        self.assertEqual(1, done)

    def test_assigned_before_or_not_it_goes_out_once(self) -> None:
        payment = self.database.write(self.pay(None))

        self.at_once(self.assign(payment, self.one), self.refund(payment, 'r'))

        # Who met the other in the act was told to try again.
        self.database.write(self.refund(payment, 'r'))
        paid, out = self.rows()
        self.assertEqual(('refunded', 0), (paid.state, paid.free))
        self.assertEqual((payment, 1000), (out.refunds, out.amount))
        self.assertEqual(paid.account_id, out.account_id)

    def test_what_is_free_is_refunded_once(self) -> None:
        payment = self.database.write(self.pay(self.one))

        done = self.at_once(
            *[self.refund(payment, f'r{number}') for number in range(3)]
        )

        self.assertEqual(1, done)
        self.assertEqual([1000, 1000], [row.amount for row in self.rows()])
        self.assertEqual(0, sum(row.free for row in self.rows()))
