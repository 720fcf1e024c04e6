# SPDX-License-Identifier: Apache-2.0
"""What finance asks the books for, each told in more than one way."""

import collections
from collections.abc import Iterator
import datetime as dt
import decimal
import random
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import journal as law
from patrii_billing.domain import money
from patrii_billing.engine import payments
from patrii_billing.engine import refunds
from patrii_billing.engine import voiding
from patrii_billing import errors
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from patrii_billing.store.views import balances
from patrii_billing.store.views import journal
from patrii_billing.store.views import leakage
from patrii_billing.store.views import monthly
from patrii_billing.store.views import opening
from patrii_billing.store.views import pages
from patrii_billing.store.views import receivables
from patrii_billing.store.views import recurring
from patrii_billing.store.views import taxes
from tests import books
from tests import finance
from tests.unit import stories

UTC = dt.UTC
TOKYO = calendar.zone('Asia/Tokyo')
BEFORE_ALL = dt.datetime(2000, 1, 1, tzinfo=UTC)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(f'2026-{text}')


class ReportTestCase(base.BaseTestCase):
    """Reports on the books of a story at an instant after its last."""

    def ask(self, story: stories.Story) -> None:
        self.story = story
        self.db = story.db
        self.end = story.world.clock.now() + dt.timedelta(days=1)

    def rows(self, table: Any, **match: Any) -> list[Any]:
        return self.story.rows(table, **match)

    def months(self, zone: dt.tzinfo = UTC) -> list[monthly.Month]:
        return [
            row
            for month in monthly.months(day('01-01'), self.end.date())
            for row in self.db.read(monthly.of, month, zone)
        ]

    def entries(
        self, start: dt.datetime | None = None, zone: dt.tzinfo = UTC
    ) -> Iterator[law.Entry]:
        if start is not None:
            yield from opening.entries(self.db, start, zone)
        yield from journal.entries(
            self.db, start or BEFORE_ALL, self.end, zone
        )


def sums(entries: Iterator[law.Entry]) -> dict[tuple[str, str], int]:
    """What each account comes to, by currency; what is nothing left out."""
    found: collections.Counter[tuple[str, str]] = collections.Counter()
    for entry in entries:
        for posting in entry.postings:
            found[posting.account, entry.currency] += posting.minor
    return {key: minor for key, minor in found.items() if minor}


class WhateverHappensToMoneyTest(ReportTestCase):
    """A person of finance does what can be done, as chance has it."""

    @hypothesis.settings(
        max_examples=hypothesis.settings.default.max_examples // 16
    )
    @hypothesis.given(st.integers(0, 10**6))
    def test_all_reports_tell_of_the_same_money(self, seed: int) -> None:
        worker = finance.Finance(finance.story(), seed)
        worker.work(days=28, times=3)
        self.ask(worker.story)

        self.what_is_owed_is_what_the_open_invoices_say()
        self.what_is_kept_is_what_is_free_of_the_payments()
        for zone in (UTC, TOKYO):
            self.each_month_leads_to_the_next(zone)
        self.the_journal_says_what_the_books_say()
        self.a_journal_may_begin_on_any_day(random.Random(seed))
        self.taxes_are_those_of_the_journal()

    def what_is_owed_is_what_the_open_invoices_say(self) -> None:
        owed: collections.Counter[tuple[int, str]] = collections.Counter()
        for row in self.rows(schema.invoices, state='open'):
            owed[row.account_id, row.currency] += row.owed

        aged = receivables.aged(self.db, self.end.date(), UTC)
        self.assertEqual(
            dict(owed), {(one.account_id, one.currency): one.total
                         for one in aged}
        )  # fmt: skip
        self.assertEqual(
            self.db.read(receivables.open_now),
            self.db.read(receivables.totals, self.end),
        )

    def what_is_kept_is_what_is_free_of_the_payments(self) -> None:
        free: collections.Counter[tuple[int | None, str]]
        free = collections.Counter()
        for row in self.rows(schema.payments):
            free[row.account_id, row.currency] += row.free
            if (row.kind, row.state) == ('charge_back', 'pending'):
                free[None, row.currency] -= row.amount

        self.assertEqual(
            {key: minor for key, minor in free.items() if minor},
            self.db.read(balances.at, self.end),
        )

    def each_month_leads_to_the_next(self, zone: dt.tzinfo) -> None:
        closing: dict[str, int] = {}
        for row in self.months(zone):
            self.assertEqual(row.closing, row.expected, row)
            self.assertEqual(closing.get(row.currency, 0), row.opening, row)
            closing[row.currency] = row.closing
        self.assertEqual(
            self.db.read(receivables.open_now),
            {key: minor for key, minor in closing.items() if minor},
        )

    def the_journal_says_what_the_books_say(self) -> None:
        for entry in self.entries():
            minors = [posting.minor for posting in entry.postings]
            self.assertEqual(0, sum(minors), entry)
        told = sums(self.entries())
        names = {row.id: row.name for row in self.rows(schema.accounts)}
        expected: collections.Counter[tuple[str, str]]
        expected = collections.Counter()
        for row in self.rows(schema.invoices, state='open'):
            name = law.receivable(names[row.account_id], row.account_id)
            expected[name, row.currency] += row.owed
        for (owner, currency), kept in self.db.read(
            balances.at, self.end
        ).items():
            name = law.UNMATCHED
            if owner is not None:
                name = law.credit(names[owner], owner)
            expected[name, currency] -= kept
        self.assertEqual(
            {key: minor for key, minor in expected.items() if minor},
            {
                (name, currency): minor
                for (name, currency), minor in told.items()
                if name.startswith(
                    (law.RECEIVABLE, law.CREDIT, law.UNMATCHED)
                )
            },
        )
        self.assertNotIn(law.ROUNDING, {name for name, _ in told})

    def a_journal_may_begin_on_any_day(self, chance: random.Random) -> None:
        whole = real(sums(self.entries()))
        for _ in range(3):
            start = calendar.start_of_day(
                day('01-25') + dt.timedelta(days=chance.randint(0, 45)), TOKYO
            )
            self.assertEqual(
                whole, real(sums(self.entries(start, TOKYO))), start
            )

    def taxes_are_those_of_the_journal(self) -> None:
        reported: collections.Counter[tuple[str, str]]
        reported = collections.Counter()
        for month in monthly.months(day('01-01'), self.end.date()):
            for row in taxes.of(self.db, month, UTC):
                if row.rate is not None:
                    name = law.tax(row.name, row.rate)
                    reported[name, row.currency] -= row.amount
        self.assertEqual(
            {key: minor for key, minor in reported.items() if minor},
            {
                key: minor
                for key, minor in sums(self.entries()).items()
                if key[0].startswith('Liabilities:Taxes')
            },
        )


def real(told: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """The accounts that are carried from a period into the next."""
    return {
        key: minor
        for key, minor in told.items()
        if key[0].startswith(('Assets', 'Liabilities'))
    }


class JournalTest(ReportTestCase):
    def test_an_invoice_is_income_and_taxes_until_it_is_paid(self) -> None:
        story = finance.story('at: 01-28T12:00:00, pay: acme')
        self.ask(story.play('01-29'))

        told = [
            entry for entry in self.entries()
            if entry.payee == 'acme'
        ]  # fmt: skip
        self.assertEqual(
            ['Invoice INV-000003', 'Payment: acme', 'Used for INV-000003'],
            [entry.text for entry in told],
        )
        self.assertEqual(
            [
                {
                    'Assets:Receivable:Acme-1': 3281,
                    'Income:Sales:Vps-1': -2700,
                    'Liabilities:Taxes:TVA-20': -540,
                    'Liabilities:Taxes:Eco-1-5': -41,
                },
                {'Assets:Money:Person': 3281,
                 'Liabilities:Credit:Acme-1': -3281},
                {'Liabilities:Credit:Acme-1': 3281,
                 'Assets:Receivable:Acme-1': -3281},
            ],
            [
                {part.account: part.minor for part in entry.postings}
                for entry in told
            ],
        )  # fmt: skip

    def test_days_are_those_of_the_zone(self) -> None:
        self.ask(finance.story('at: 01-28T20:00:00, pay: acme').play('01-29'))

        [paid] = [
            entry.day for entry in self.entries(zone=TOKYO)
            if entry.kind == 'payment'
        ]  # fmt: skip
        self.assertEqual(day('01-29'), paid)

    def test_money_that_is_late_does_not_change_what_was_told(self) -> None:
        story = finance.story(
            'at: 01-28T12:00:00, pay: acme, amount: "5.00", pending: true, '
            'key: slow\n'
            'at: 02-03T12:00:00, pay: acme, amount: "5.00", key: slow\n'
            'at: 02-20T12:00:00, charge_back: acme'
        )
        self.ask(story.play('01-31'))
        before = list(self.entries())
        january = self.db.read(monthly.of, day('01-01'), UTC)
        self.ask(story.play('03-01'))

        after = list(self.entries())
        self.assertEqual(before, after[: len(before)])
        self.assertEqual(
            january, self.db.read(monthly.of, day('01-01'), UTC)
        )
        [february, _] = self.db.read(monthly.of, day('02-01'), UTC)
        self.assertEqual(
            (500, 500), (february.collected, february.charged_back)
        )

    def test_what_comes_after_a_write_off_is_recovered(self) -> None:
        self.ask(finance.story().play('01-29'))
        worker = finance.Finance(self.story, 0)
        [invoice] = self.rows(schema.invoices, account_id=1)
        self.db.write(
            voiding.write_off, worker.story.world.tools, invoice.id,
            self.end, 'finance', 'gone',
        )  # fmt: skip
        payment = self.db.write(
            payments.record, worker.story.world.tools, 1,
            money.Money(1000, 'EUR'), 'late', self.end,
        )  # fmt: skip
        self.db.write(
            refunds.allocate, worker.story.world.tools, payment,
            invoice.id, None, self.end + dt.timedelta(hours=1),
        )  # fmt: skip
        self.end += dt.timedelta(days=1)

        told = sums(self.entries())
        self.assertEqual(2281, told[law.WRITE_OFFS, 'EUR'])
        self.assertNotIn(('Assets:Receivable:Acme-1', 'EUR'), told)
        [euros, _] = self.months()
        self.assertEqual(2281, euros.written_off)

    def test_it_is_the_same_however_it_is_paged(self) -> None:
        worker = finance.Finance(finance.story(), 3)
        worker.work(days=20, times=3)
        self.ask(worker.story)
        whole = list(self.entries())
        self.addCleanup(setattr, pages, 'SIZE', pages.SIZE)

        for pages.SIZE in (1, 2, 7):
            self.assertEqual(whole, list(self.entries()))
            self.assertEqual(
                sum(one.total for one in receivables.aged(
                    self.db, self.end.date(), UTC)
                    if one.currency == 'EUR'),
                self.db.read(receivables.totals, self.end).get('EUR', 0),
            )  # fmt: skip


class ReceivablesTest(ReportTestCase):
    def test_what_is_past_due_grows_older_by_the_day(self) -> None:
        self.ask(finance.story().play('02-01'))

        for on, column in (
            ('01-31', 0), ('02-01', 1), ('03-02', 1), ('03-03', 2),
            ('04-01', 2), ('04-02', 3), ('05-01', 3), ('05-02', 4),
        ):  # fmt: skip
            [owed] = [
                one for one in receivables.aged(
                    self.db, day(on), calendar.zone('Europe/Paris')
                ) if one.account == 'acme'
            ]  # fmt: skip
            expected = [0] * 5
            expected[column] = 3281
            self.assertEqual(tuple(expected), owed.aged, on)

    def test_a_day_in_the_past_shows_what_was_owed_then(self) -> None:
        story = finance.story(
            'at: 02-03T12:00:00, pay: acme\n'
            'at: 02-10T12:00:00, charge_back: acme'
        )
        self.ask(story.play('02-12'))

        def owed(on: str) -> int:
            found = receivables.aged(self.db, day(on), UTC)
            return sum(one.total for one in found if one.account == 'acme')

        self.assertEqual(
            [0, 3281, 3281, 0, 0, 3281],
            [owed(on) for on in ('01-23', '01-24', '02-02', '02-03',
                                 '02-09', '02-10')],
        )  # fmt: skip

    def test_currencies_are_never_added(self) -> None:
        self.ask(finance.story().play('02-01'))

        self.assertEqual(
            {'EUR': 3281 + 3000, 'JPY': 12000},
            {
                currency: sum(
                    one.total
                    for one in receivables.aged(self.db, day('01-31'), UTC)
                    if one.currency == currency
                )
                for currency in ('EUR', 'JPY')
            },
        )


class RecurringTest(books.BooksTestCase):
    def told(self, on: str) -> dict[str, int]:
        return {
            one.subscription: one.minor
            for one in recurring.on(self.db, day(on))
        }

    def test_each_cycle_counts_by_the_month(self) -> None:
        for cycle, minor in (
            ('month', 1200), ('quarter', 400), ('year', 100),
            ('days:30', 1218), ('days:7', 5218),
        ):  # fmt: skip
            with self.subTest(cycle):
                self.db = self.useFixture(books.Books()).database
                plan = self.db.write(books.plan, cycle=cycle)
                sub = self.db.write(
                    books.subscription, plan_id=plan, project='p',
                    account_id=self.db.write(books.account),
                )  # fmt: skip
                self.db.write(bill, sub, '12.00', 1200)

                self.assertEqual({'acme-1': minor}, self.told('02-10'))
                self.assertEqual({}, self.told('01-31'))
                self.assertEqual({}, self.told('03-01'))

    def test_a_credit_takes_off_what_it_corrects(self) -> None:
        sub = self.db.write(books.subscription)
        self.db.write(bill, sub, '10.00', 1000)
        self.db.write(bill, sub, '10.00', -36, kind='credit',
                      starts=day('02-28'))  # fmt: skip
        self.db.write(bill, sub, '20.00', 71, starts=day('02-28'))

        self.assertEqual({'acme-1': 1000}, self.told('02-27'))
        self.assertEqual({'acme-1': 2000}, self.told('02-28'))

    def test_discounts_and_taxes_are_no_revenue(self) -> None:
        sub = self.db.write(books.subscription)
        self.db.write(bill, sub, '12.00', 1200, discount=120, net=900)

        self.assertEqual({'acme-1': 900}, self.told('02-01'))

    def test_what_is_billed_once_or_by_use_does_not_recur(self) -> None:
        prices = (
            ('flavor', 's1', '10.00'), ('setup', 'fee', '5.00'),
            ('meter', 'traffic', '1.00'),
        )  # fmt: skip
        plan = self.db.write(books.plan, prices=prices)
        sub = self.db.write(books.subscription, plan_id=plan)
        used = ('meter:traffic', 'meter:traffic#2')
        for resource in ('web', 'setup:fee', *used):
            self.db.write(bill, sub, '10.00', 1000, resource=resource)

        self.assertEqual({'acme-1': 1000}, self.told('02-01'))

    def test_a_movement_says_who_came_and_who_went(self) -> None:
        account = self.db.write(books.account)
        plan = self.db.write(books.plan)
        for name, before, after in (
            ('new', 0, 1000), ('gone', 2000, 0), ('more', 1000, 1500),
            ('less', 900, 200), ('same', 500, 500),
        ):  # fmt: skip
            sub = self.db.write(
                books.subscription, name, account_id=account, plan_id=plan
            )
            for minor, starts, ends in (
                (before, '02-01', '03-01'), (after, '03-01', '04-01')
            ):  # fmt: skip
                if minor:
                    self.db.write(
                        bill, sub, f'{minor / 100:.2f}', minor,
                        starts=day(starts), ends=day(ends),
                    )  # fmt: skip

        self.assertEqual(
            [recurring.Movement('EUR', 4400, 1000, 500, 700, 2000, 3200)],
            recurring.between(self.db, day('02-15'), day('03-15')),
        )


class LeakageTest(books.BooksTestCase):
    def leaks(self, **given: Any) -> list[tuple[Any, ...]]:
        return [
            (leak.name, leak.flavor, leak.since, leak.plan, leak.monthly)
            for leak in leakage.uncovered(self.db, LATER, **given)
        ]

    def server(self, name: str, project: str, flavor: str = 's1') -> None:
        self.db.write(books.server, name, project=project, flavor=flavor)

    def test_what_a_subscription_covers_is_no_leak(self) -> None:
        self.db.write(books.subscription)
        self.server('web', 'acme-prod')

        self.assertEqual([], self.leaks())

    def test_a_server_beside_a_server_subscription_is_one(self) -> None:
        self.db.write(books.subscription, server='web')
        self.server('web', 'acme-prod')
        self.server('db', 'acme-prod', 's2')

        self.assertEqual([('db', 's2', books.NOW, 'vps', 2000)], self.leaks())

    def test_a_project_nobody_knows_is_one(self) -> None:
        self.db.write(books.plan)
        self.server('web', 'shadow')
        self.server('odd', 'shadow', 'huge')

        self.assertEqual(
            [
                ('odd', 'huge', books.NOW, 'vps', None),
                ('web', 's1', books.NOW, 'vps', 1000),
            ],
            self.leaks(),
        )

    def test_a_contract_that_ended_leaves_its_project_bare(self) -> None:
        sub = self.db.write(books.subscription)
        self.server('web', 'acme-prod')
        ended = books.NOW + dt.timedelta(days=3)
        self.db.write(
            subscriptions.change, sub, contract='ended',
            ended_at=ended,
        )  # fmt: skip

        self.assertEqual(
            [
                ('acme-prod', '', ended, 'vps', 0),
                ('web', 's1', ended, 'vps', 1000),
            ],
            self.leaks(),
        )

    def test_another_plan_may_be_named(self) -> None:
        self.db.write(books.plan)
        self.db.write(
            books.plan, 'year', cycle='year',
            prices=[('flavor', 's1', '60.00')],
        )  # fmt: skip
        self.server('web', 'shadow')

        self.assertEqual(500, self.leaks(plan='year')[0][-1])
        self.assertRaises(
            errors.NotFound, self.leaks, plan='nowhere'
        )


LATER = books.NOW + dt.timedelta(days=30)


def bill(
    conn: Any,
    subscription_id: int,
    price: str,
    amount: int,
    **values: Any,
) -> None:
    """Issue one line of February, or of the days that are given."""
    line = {
        'subscription_id': subscription_id, 'kind': 'charge',
        'resource': 'web', 'starts': day('02-01'), 'ends': day('03-01'),
        'quantity': decimal.Decimal(1), 'unit_price': decimal.Decimal(price),
        'ratio': '28/28', 'amount': amount, 'reason': '', 'corrects': None,
        **values,
    }  # fmt: skip
    invoices.issue(
        conn, books.NOW, [line], account_id=1,
        subscription_id=subscription_id, kind='renewal', currency='EUR',
        announce_at=books.NOW, due_at=books.NOW,
    )  # fmt: skip
