# SPDX-License-Identifier: Apache-2.0
"""Money in and out of the books of acme and another customer."""

import datetime as dt
from typing import Any

from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.engine import payments
from patrii_billing.engine import refunds
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import schema
from tests.unit import stories

_Kind = lifecycle.PaymentKind
_OUT = (_Kind.REFUND, _Kind.CHARGE_BACK, _Kind.WITHDRAWAL)
_ABSENT = (lifecycle.PaymentState.PENDING, lifecycle.PaymentState.FAILED)


def euro(minor: int) -> money.Money:
    return money.Money(minor, 'EUR')


class Till(stories.Story):
    """The books on 30 January, in which only what a test does happens."""

    def __init__(self, policy: str = '', **given: str) -> None:
        super().__init__(stories.text(policy=policy, **given))
        self.tools = self.world.tools
        self.acme = self.db.read(accounts.by_name, 'acme').id
        self.other = self.db.write(
            accounts.add, 'other', self.now, currency='EUR'
        )

    @property
    def now(self) -> dt.datetime:
        return self.world.clock.now()

    def on(self, day: str) -> None:
        self.world.clock.move_to(stories.instant(day))

    def bill(
        self, minor: int, due: str = '02-01', account: int | None = None
    ) -> int:
        """An open invoice on no subscription's ladder."""
        return self.db.write(
            invoices.issue, self.now, [], account_id=account or self.acme,
            subscription_id=None, kind='extra', currency='EUR', net=minor,
            total=minor, owed=minor, due_at=stories.instant(due),
            announce_at=self.now,
        )  # fmt: skip

    def pay(self, minor: int, key: str = 'a', **more: Any) -> int:
        account = more.pop('account', self.acme)
        return self.db.write(
            payments.record, self.tools, account, euro(minor), key, self.now,
            **more,
        )  # fmt: skip

    def credit(self, minor: int, key: str = 'sorry', why: str = 'late') -> int:
        return self.db.write(
            payments.credit, self.tools, self.acme, euro(minor), key,
            self.now, why=why,
        )  # fmt: skip

    def refund(
        self, payment: int, minor: int | None, key: str = 'r', **more: Any
    ) -> int:
        return self.db.write(
            refunds.refund, self.tools, payment,
            None if minor is None else euro(minor), key, self.now, **more,
        )  # fmt: skip

    def charge_back(
        self, payment: int, minor: int | None = None, **more: Any
    ) -> int:
        if minor is not None:
            more['amount'] = euro(minor)
        return self.db.write(
            refunds.charge_back, self.tools, payment, self.now, **more
        )

    def assign(self, payment: int, account: int | None = None) -> None:
        self.db.write(
            payments.assign, self.tools, payment, account or self.acme,
            self.now,
        )  # fmt: skip

    def do(self, work: Any, *args: Any, **more: Any) -> Any:
        """Any other thing that the engine does with money, now."""
        return self.db.write(work, self.tools, *args, self.now, **more)

    def owed(self) -> list[int]:
        return [row.owed for row in self.rows(schema.invoices)]

    def invoice(self, number: int) -> Any:
        return self.rows(schema.invoices, id=number)[0]

    def payment(self, number: int) -> Any:
        return self.rows(schema.payments, id=number)[0]

    def free(self, account: int | None = None) -> int:
        rows = self.rows(schema.payments, account_id=account or self.acme)
        return sum(row.free for row in rows)

    def used(self) -> list[tuple[int, int, int]]:
        """What pays what now: payment, invoice, amount."""
        return [
            (row.payment_id, row.invoice_id, row.amount)
            for row in self.rows(schema.allocations)
            if row.undone_at is None
        ]

    def mistakes(self) -> list[str]:
        """Where money was made or lost."""
        rows = self.rows(schema.payments)
        used = self.used()
        found = [
            f'{row.id} has {row.free} free'
            for row in rows
            if row.free < 0 or (row.free and row.kind in _OUT)
        ]
        for row in rows:
            if row.kind in _OUT:
                continue
            out = sum(one.amount for one in rows if one.refunds == row.id)
            here = row.free + sum(
                part[2] for part in used if part[0] == row.id
            )
            there = 0 if row.state in _ABSENT else row.amount - out
            if here != there:
                found.append(f'{row.id} is {there}, and {here} of it is here')
            ended = not here and row.state not in _ABSENT
            if ended and row.state == lifecycle.PaymentState.RECEIVED:
                found.append(f'{row.id} is received, and nothing is here')
        for row in self.rows(schema.invoices):
            paid = sum(part[2] for part in used if part[1] == row.id)
            if row.owed != row.total - paid or row.owed < 0:
                found.append(f'invoice {row.id} owes {row.owed}, paid {paid}')
            if (row.state == 'paid') != (row.owed == 0):
                found.append(f'invoice {row.id} is {row.state}')
        return found
