# SPDX-License-Identifier: Apache-2.0
"""Reports mean the same on every database, and accountants can read them.

hledger and beancount themselves read the journal; where either is missing
the tests fail.
"""

from collections.abc import Iterator
import datetime as dt
from decimal import Decimal
import functools
import os
import pathlib
import re
import subprocess
import sys
from typing import Any

import fixtures
import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import journal as law
from patrii_billing.domain import ledger
from patrii_billing.domain import money
from patrii_billing.engine import payments
from patrii_billing.engine import refunds
from patrii_billing.engine import voiding
from patrii_billing.store import database
from patrii_billing.store import schema
from patrii_billing.store.views import journal
from patrii_billing.store.views import leakage
from patrii_billing.store.views import monthly
from patrii_billing.store.views import opening
from patrii_billing.store.views import receivables
from patrii_billing.store.views import recurring
from patrii_billing.store.views import taxes
from tests.database import backends
from tests import finance
from tests.unit import stories

load_tests = backends.load_tests

ZONE = calendar.zone('Europe/Paris')
END = dt.date(2026, 5, 25)
# Who pays, and what, in 120 days; kaito pays nothing, and is deleted.
PAID = """
    at: 01-27T12:00:00, pay: acme
    at: 02-25T12:00:00, pay: acme, amount: "10.00"
    at: 02-27T12:00:00, pay: acme, pending: true, amount: "22.81", key: slow
    at: 03-02T12:00:00, pay: acme, amount: "22.81", key: slow
    at: 03-10T12:00:00, charge_back: acme
    at: 03-12T12:00:00, pay: acme
    at: 03-15T12:00:00, resize: web, flavor: s2
    at: 04-03T12:00:00, pay: acme, amount: "300.00"
"""
ZOE = 2


@functools.cache
def books_of_120_days() -> stories.Story:
    """Played once; only read from then on."""
    told = finance.story(PAID)
    tools = told.world.tools

    def do(conn: sa.Connection, day: str) -> None:
        now = told.world.clock.now()
        name = told.world.scenario.accounts[1].name

        def invoice(account: int, number: int = 0) -> int:
            rows = conn.execute(
                schema.invoices.select()
                .where(
                    schema.invoices.c.account_id == account,
                    schema.invoices.c.total > 0,
                )
                .order_by(schema.invoices.c.id)
            )
            return int(rows.all()[number].id)

        match day:
            case '01-28':
                voiding.void(
                    conn, tools, invoice(ZOE), now, 'finance', 'wrong',
                    again=True,
                )  # fmt: skip
            case '01-30':
                payments.record_unmatched(
                    conn, tools, money.Money(3000, 'EUR'), 'bank-1', now,
                    origin=payments.Origin(
                        source='bank', payer=f'{name} & sons'
                    ),
                )  # fmt: skip
                payments.record(
                    conn, tools, ZOE, money.Money(500, 'EUR'), 'till', now
                )
            case '02-05':
                row = payment_called(conn, 'bank-1')
                payments.assign(conn, tools, row.id, ZOE, now)
            case '02-20':
                payments.credit(
                    conn, tools, ZOE, money.Money(250, 'EUR'), 'gift', now,
                    why='for the outage',
                )  # fmt: skip
            case '03-20':
                voiding.credit(
                    conn, tools, invoice(1, 1), money.Money(1000, 'EUR'),
                    now, 'finance', 'half of it did not run',
                )  # fmt: skip
            case '04-10':
                row = payment_called(conn, '04-03')
                refunds.refund(
                    conn, tools, row.id, money.Money(5000, 'EUR'), 'back-1',
                    now, why='paid too much', force=True,
                )  # fmt: skip
            case '04-20':
                voiding.write_off(
                    conn, tools, invoice(3), now, 'finance', 'bankrupt'
                )

    for day in ('01-28', '01-30', '02-05', '02-20', '03-20', '04-10',
                '04-20'):  # fmt: skip
        told.play(day)
        told.db.write(do, day)
    return told.play()


def payment_called(conn: sa.Connection, key: str) -> sa.Row[Any]:
    """The payment whose key has this in it."""
    return conn.execute(
        schema.payments.select().where(schema.payments.c.key.contains(key))
    ).one()


class JournalTest(backends.DatabaseTestCase):
    """120 days with payments, refunds, charge-backs, credits and taxes."""

    def setUp(self) -> None:
        super().setUp()
        self.story = books_of_120_days()
        copied(self.story.db, self.database)
        self.now = self.story.world.clock.now()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def test_every_report_is_that_of_another_database(self) -> None:
        self.assertEqual(
            list(self.reports(self.story.db)),
            list(self.reports(self.database)),
        )

    def test_what_finance_did_is_in_the_months(self) -> None:
        months = [
            row
            for month in monthly.months(dt.date(2026, 1, 1), END)
            for row in self.database.read(monthly.of, month, ZONE)
        ]
        for row in months:
            self.assertEqual(row.expected, row.closing, row)
        for name in (
            'invoiced', 'credited', 'collected', 'granted', 'refunded',
            'charged_back', 'written_off', 'closing',
        ):  # fmt: skip
            told = [getattr(row, name) for row in months]
            self.assertGreater(sum(told), 0, name)

    def test_hledger_reads_and_balances_it(self) -> None:
        for start in (None, dt.date(2026, 3, 1)):
            path = self.exported('hledger', start)
            self.ran('hledger', '-f', path, 'check', '--strict',
                     'ordereddates')  # fmt: skip
            for account in (law.RECEIVABLE, law.CREDIT, 'Assets:Money'):
                said = self.ran(
                    'hledger', '-f', path, 'balance', '--depth=2',
                    '--no-total', '--layout=bare', '-O', 'csv', account,
                )  # fmt: skip
                told = dict(re.findall(r'"([A-Z]{3})","([-0-9.]+)"', said))
                self.assertEqual(self.balance(account), told, account)

    def test_beancount_reads_and_balances_it(self) -> None:
        for start in (None, dt.date(2026, 3, 1)):
            path = self.exported('beancount', start)
            self.ran(sys.executable, '-m', 'beancount.scripts.check', path)

    def test_both_refuse_a_cent_too_many(self) -> None:
        """In an entry, and in what the receivables come to."""
        for form, command, closing in (
            ('hledger', ('hledger', 'check', '-f'), r'=\* +[0-9.]+ EUR'),
            (
                'beancount',
                (sys.executable, '-m', 'beancount.scripts.check'),
                r'balance Assets:Receivable +[0-9.]+ ',
            ),
        ):
            path = pathlib.Path(self.exported(form, None))
            text = path.read_text(encoding='utf-8')
            for number in (r' 32\.81 EUR', closing):
                wrong = re.sub(number, a_cent_more, text, count=1)
                self.assertNotEqual(text, wrong)
                path.write_text(wrong, encoding='utf-8')
                done = subprocess.run(
                    [*command, path], check=False, capture_output=True,
                    env=environment(),
                )  # fmt: skip
                self.assertEqual(1, done.returncode, (form, number))

    def exported(self, form: str, start: dt.date | None) -> str:
        path = self.folder / f'{start}.{form}'
        lines = ledger.FORMATS[form](self.told(self.database, start))
        path.write_text(''.join(lines), encoding='utf-8')
        return str(path)

    def told(
        self, books: database.Database, day: dt.date | None
    ) -> Iterator[law.Entry | law.Closing]:
        end = calendar.start_of_day(END, ZONE)
        start = calendar.start_of_day(day or dt.date(2000, 1, 1), ZONE)
        if day is not None:
            yield from opening.entries(books, start, ZONE)
        yield from journal.entries(books, start, end, ZONE)
        yield from books.read(journal.closing, end, self.now, ZONE)

    def balance(self, account: str) -> dict[str, str]:
        """What the journal itself comes to, as the programs write it."""
        sums: dict[str, int] = {}
        for entry in self.told(self.database, None):
            if isinstance(entry, law.Entry):
                for part in entry.postings:
                    if part.account.startswith(account):
                        known = sums.get(entry.currency, 0)
                        sums[entry.currency] = known + part.minor
        return {
            currency: money.plain(minor, currency)
            for currency, minor in sums.items()
            if minor
        }

    def reports(self, books: database.Database) -> Iterator[object]:
        yield from self.told(books, None)
        yield from self.told(books, dt.date(2026, 3, 1))
        for day in (dt.date(2026, 2, 10), dt.date(2026, 5, 10)):
            yield from recurring.on(books, day)
            yield from receivables.aged(books, day, ZONE)
        yield from recurring.between(
            books, dt.date(2026, 2, 10), dt.date(2026, 5, 10)
        )
        for month in monthly.months(dt.date(2026, 1, 1), END):
            yield from books.read(monthly.of, month, ZONE)
            yield from taxes.of(books, month, ZONE)
        yield from leakage.uncovered(books, self.now)

    def ran(self, *command: str) -> str:
        """What a program says that finds nothing wrong."""
        done = subprocess.run(
            command, check=False, capture_output=True, text=True,
            env=environment(),
        )  # fmt: skip
        self.assertEqual((0, ''), (done.returncode, done.stderr), done.stdout)
        return done.stdout


def a_cent_more(found: re.Match[str]) -> str:
    return re.sub(
        r'[0-9]+\.[0-9]+',
        lambda number: str(Decimal(number[0]) + Decimal('0.01')),
        found[0],
    )


def environment() -> dict[str, str]:
    """hledger reads its files in the locale's encoding."""
    return {**os.environ, 'LC_ALL': 'C.UTF-8'}


def copied(source: database.Database, target: database.Database) -> None:
    """Write all of some books into others that hold none."""
    for table in schema.metadata.sorted_tables:
        if table is schema.watch:
            continue
        # A database works out itself what is computed.
        kept = [column for column in table.c if column.computed is None]
        with source.engine.connect() as conn:
            rows = [
                dict(row._mapping)
                for row in conn.execute(
                    sa.select(*kept).order_by(*table.primary_key)
                )
            ]
        with target.engine.begin() as conn:
            for row in rows:
                conn.execute(table.insert().values(row))
