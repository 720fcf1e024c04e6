# SPDX-License-Identifier: Apache-2.0
"""Customers of a few months whose money takes every way that it can."""

import contextlib
import datetime as dt
import decimal
import random
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import money
from patrii_billing.engine import extra
from patrii_billing.engine import payments
from patrii_billing.engine import refunds
from patrii_billing.engine import voiding
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import schema
from tests.unit import stories

# Beside acme, which pays in euros and has two taxes and a discount.
_OTHERS = """
  - name: "Zo\\u00eb \\"=Sum\\" | & S\\u00f8ns; date:2020 [2021-01-01]"
    timezone: Asia/Tokyo
    projects:
      - name: zoe-prod
        servers: [{name: zweb, flavor: s2}, {name: zdb, flavor: s1}]
    subscriptions:
      - {name: zoe-1, plan: vps, project: zoe-prod, start: 2026-01-10}
  - name: kaito
    timezone: Asia/Tokyo
    projects:
      - name: kaito-prod
        quota: {cores: 8}
        servers: [{name: kweb, flavor: s1}]
    subscriptions:
      - {name: kaito-1, plan: yen, project: kaito-prod, start: 2026-01-20}
"""
_YEN = """
  - name: yen
    currency: JPY
    cycle: quarter
    prices: [{kind: quota, resource: cores, unit_price: "1500"}]
accounts:
"""


def story(events: str = '', until: str = '05-24') -> stories.Story:
    """120 days of three customers, not begun yet."""
    told = stories.text(
        events,
        ladder='',
        start='2026-01-24T00:00:00Z',
        until=f'2026-{until}T00:00:00Z',
        timezone='Europe/Paris',
        servers=f'{stories.WEB}, {{name: db, flavor: s2}}',
        subscriptions=_OTHERS.strip('\n'),
    )
    begun = stories.Story(told.replace('accounts:\n', _YEN.lstrip('\n'), 1))
    begun.db.write(_agree)
    return begun


def _agree(conn: sa.Connection) -> None:
    accounts.change(
        conn, accounts.by_name(conn, 'acme').id,
        taxes=[{'name': 'TVA', 'rate': '20'}, {'name': 'Eco', 'rate': '1.5'}],
        discounts=[{'name': 'loyal', 'percent': '10'}],
    )  # fmt: skip


class Finance:
    """A person who does to money what can be done, as chance has it."""

    def __init__(self, told: stories.Story, seed: int) -> None:
        self.story = told
        self.chance = random.Random(seed)
        self.done: list[str] = []
        self._keys = 0

    def work(self, days: int, times: int) -> None:
        """So many times a day, for so many days."""
        for _ in range(days):
            now = self.story.world.clock.now()
            for hour in sorted(self.chance.sample(range(24), times)):
                at = now + dt.timedelta(hours=hour)
                self.story.play(f'{at:%m-%d %H:%M:%S}')
                self.act()
            self.story.play(f'{now + dt.timedelta(days=1):%m-%d %H:%M:%S}')

    def act(self) -> None:
        """Do something; what is refused changes nothing."""
        name = self.chance.choice(WAYS)
        refused = (errors.Conflict, errors.InvalidInput, errors.NotFound)
        with contextlib.suppress(*refused, LookupError):
            self.story.db.write(getattr(self, name))
            self.done.append(name)

    def pay(self, conn: sa.Connection) -> None:
        account = self._any(conn, schema.accounts)
        payments.record(
            conn, self._tools, account.id, self._some(account.currency),
            self._key(), self._now, pending=self.chance.random() < 0.2,
            origin=self.chance.choice(ORIGINS),
        )  # fmt: skip

    def pay_all(self, conn: sa.Connection) -> None:
        account = self._any(conn, schema.accounts)
        owed = sum(
            row.owed
            for row in self._all(conn, schema.invoices)
            if row.account_id == account.id and row.state == 'open'
        )
        payments.record(
            conn, self._tools, account.id,
            money.Money(owed, account.currency), self._key(), self._now,
        )  # fmt: skip

    def arrive(self, conn: sa.Connection) -> None:
        row = self._payment(conn, state='pending', kind='payment')
        payments.record(
            conn, self._tools, row.account_id,
            money.Money(row.amount, row.currency), row.key, self._now,
            origin=payments.Origin(source=row.source),
        )  # fmt: skip

    def fail(self, conn: sa.Connection) -> None:
        row = self._payment(conn, state='pending', kind='payment')
        payments.fail(conn, self._tools, row.id, self._now)

    def pay_from_nowhere(self, conn: sa.Connection) -> None:
        payments.record_unmatched(
            conn, self._tools, self._some('EUR'), self._key(), self._now,
            origin=payments.Origin(source='bank', payer='somebody; | "x"'),
        )  # fmt: skip

    def assign(self, conn: sa.Connection) -> None:
        row = self._payment(conn, account_id=None, kind='payment')
        account = accounts.by_name(conn, 'acme')
        payments.assign(conn, self._tools, row.id, account.id, self._now)

    def grant(self, conn: sa.Connection) -> None:
        account = self._any(conn, schema.accounts)
        payments.credit(
            conn, self._tools, account.id, self._some(account.currency),
            self._key(), self._now, why='sorry',
        )  # fmt: skip

    def withdraw(self, conn: sa.Connection) -> None:
        row = self._payment(conn, kind='credit')
        refunds.withdraw(conn, self._tools, row.id, self._now)

    def refund(self, conn: sa.Connection) -> None:
        row = self._payment(conn)
        refunds.refund(
            conn, self._tools, row.id, self._part(row), self._key(),
            self._now, force=self.chance.random() < 0.5,
        )  # fmt: skip

    def charge_back(self, conn: sa.Connection) -> None:
        row = self._payment(conn, kind='payment', state='received')
        refunds.charge_back(
            conn, self._tools, row.id, self._now, amount=self._part(row),
            key=self._key(),
        )  # fmt: skip

    def be_taken_back(self, conn: sa.Connection) -> None:
        row = self._payment(conn, kind='payment', state='received')
        refunds.record_taken_back(
            conn, money.Money(row.amount, row.currency), self._key(),
            self._now, origin=payments.Origin(source='bank'),
        )  # fmt: skip

    def explain(self, conn: sa.Connection) -> None:
        gone = self._payment(conn, kind='charge_back', state='pending')
        row = self._payment(
            conn, kind='payment', state='received', amount=gone.amount
        )
        refunds.explain(conn, self._tools, gone.id, row.id, self._now)

    def put_on(self, conn: sa.Connection) -> None:
        row = self._payment(conn, state='received')
        invoice = self._any(conn, schema.invoices, account_id=row.account_id)
        refunds.allocate(
            conn, self._tools, row.id, invoice.id, None, self._now
        )

    def take_off(self, conn: sa.Connection) -> None:
        part = self._any(conn, schema.allocations, undone_at=None)
        refunds.undo_allocation(
            conn, self._tools, part.payment_id, part.invoice_id, self._now
        )

    def void(self, conn: sa.Connection) -> None:
        row = self._any(conn, schema.invoices, state='open')
        again = self.chance.random() < 0.5
        voiding.void(
            conn, self._tools, row.id, self._now, 'finance', 'wrong', again
        )

    def credit(self, conn: sa.Connection) -> None:
        row = self._any(conn, schema.invoices)
        part = None
        if self.chance.random() < 0.6:
            part = self._some(row.currency)
        voiding.credit(
            conn, self._tools, row.id, part, self._now, 'finance', 'sorry'
        )

    def write_by_hand(self, conn: sa.Connection) -> None:
        account = self._any(conn, schema.accounts)
        price = decimal.Decimal(self.chance.randint(0, 9999)) / 100
        line = extra.Line(label='work', unit_price=price)
        extra.issue(
            conn, self._tools,
            extra.Wanted(
                account_id=account.id, lines=[line, line],
                inclusive=self.chance.random() < 0.5, force=True,
            ),
            self._now, 'finance', 'worked',
        )  # fmt: skip

    def write_off(self, conn: sa.Connection) -> None:
        row = self._any(conn, schema.invoices, state='open')
        voiding.write_off(
            conn, self._tools, row.id, self._now, 'finance', 'gone'
        )

    @property
    def _tools(self) -> Any:
        return self.story.world.tools

    @property
    def _now(self) -> dt.datetime:
        return self.story.world.clock.now()

    def _key(self) -> str:
        self._keys += 1
        return f'key "{self._keys}"'

    def _some(self, currency: str) -> money.Money:
        return money.Money(self.chance.randint(1, 6000), currency)

    def _part(self, row: sa.Row[Any]) -> money.Money | None:
        if self.chance.random() < 0.5:
            return None
        return money.Money(
            self.chance.randint(1, row.amount), row.currency
        )

    def _payment(self, conn: sa.Connection, **match: Any) -> sa.Row[Any]:
        return self._any(conn, schema.payments, **match)

    def _any(
        self, conn: sa.Connection, table: sa.Table, **match: Any
    ) -> sa.Row[Any]:
        """Raises IndexError where there is none."""
        return self.chance.choice(
            [
                row
                for row in self._all(conn, table)
                if all(getattr(row, k) == v for k, v in match.items())
            ]
        )

    def _all(
        self, conn: sa.Connection, table: sa.Table
    ) -> list[sa.Row[Any]]:
        return list(conn.execute(table.select().order_by(table.c.id)))


WAYS = (
    'pay', 'pay', 'pay_all', 'pay_all', 'arrive', 'fail', 'pay_from_nowhere',
    'assign', 'grant', 'withdraw', 'refund', 'charge_back', 'be_taken_back',
    'explain', 'put_on', 'take_off', 'void', 'credit', 'write_off',
    'write_by_hand',
)  # fmt: skip
ORIGINS = (
    payments.BY_HAND,
    payments.Origin(source='bank'),
    payments.Origin(source='service'),
)
