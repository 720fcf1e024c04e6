# SPDX-License-Identifier: Apache-2.0
"""Invoices that a person asks for: of his own lines, or of what waits."""

import datetime as dt
from decimal import Decimal
from typing import Any

from oslotest import base
import sqlalchemy as sa

from patrii_billing.domain import document
from patrii_billing.domain import money
from patrii_billing.engine import extra
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from patrii_billing.store.views import invoice as views
from tests.unit import desk
from tests.unit import stories

VAT = [
    {'name': 'VAT', 'rate': '20', 'valid_until': '2026-02-01'},
    {'name': 'VAT', 'rate': '10', 'valid_from': '2026-02-01'},
]


def line(price: str, count: str = '1', **more: Any) -> extra.Line:
    return extra.Line(
        label='Migration', unit_price=Decimal(price),
        quantity=Decimal(count), **more,
    )  # fmt: skip


class Office(desk.Desk):
    """A desk at which somebody writes invoices."""

    def issue(self, *lines: extra.Line, **wanted: Any) -> sa.Row[Any]:
        wanted.setdefault('account_id', self.sub().account_id)
        invoice_id = self.db.write(
            extra.issue, self.world.tools,
            extra.Wanted(lines=lines or (line('80.00'),), **wanted),
            self.world.clock.now(), 'ann', 'asked for on the phone',
        )  # fmt: skip
        [row] = self.rows(schema.invoices, id=invoice_id)
        return row

    def issue_waiting(self, name: str = 'acme-1') -> list[sa.Row[Any]]:
        ids = self.db.write(
            extra.issue_waiting, self.world.tools, self.sub(name).id,
            self.world.clock.now(), 'ann', 'he asked for it',
        )  # fmt: skip
        return [
            row for row in self.rows(schema.invoices) if row.id in ids
        ]

    def read(self, name: str) -> document.Invoice:
        return self.db.read(views.by_number, name)

    def agree(self, **values: Any) -> None:
        self.db.write(accounts.change, self.sub().account_id, **values)


def told(day: str, /, events: str = '', **given: str) -> Office:
    story = Office(stories.text(events, **given))
    story.play(day)
    return story


class ByHandTest(base.BaseTestCase):
    def test_it_is_numbered_told_of_and_on_the_timeline(self) -> None:
        office = told('01-31')

        row = office.issue(line('80.00', '2.5', unit='hour'))

        self.assertEqual(
            ('extra', 'open', 20000, 20000, 2),
            (row.kind, row.state, row.total, row.owed, row.number),
        )
        self.assertEqual((None, None), (row.period_start, row.period_end))
        self.assertEqual(stories.instant('02-07'), row.due_at)
        entry = office.rows(schema.timeline, what='invoice')[-1]
        self.assertEqual(
            ('INV-000002', 'ann', 'asked for on the phone'),
            (entry.name, entry.by, entry.why),
        )
        office.tick(2)
        [mail] = office.rows(schema.notices, invoice_id=row.id)
        self.assertEqual(('invoice', 'accepted'), (mail.template, mail.state))

    def test_its_reader_sees_what_it_is_for(self) -> None:
        office = told('01-31')
        office.agree(taxes=VAT)
        since, until = dt.date(2026, 1, 5), dt.date(2026, 1, 20)

        office.issue(
            line('80.00', '2', unit='hour'),
            line('12.50', starts=since, ends=until),
        )

        read = office.read('INV-000002')
        self.assertEqual(
            [('hour', None, 16000), ('', since, 1250)],
            [(one.unit, one.starts, one.net) for one in read.lines],
        )  # fmt: skip
        self.assertEqual('80.00 EUR x 2 once', read.lines[0].reason)
        self.assertEqual((since, until), (read.period_start, read.period_end))
        self.assertEqual(['INV-000001'], [one.number for one in read.carried])

    def test_it_is_taxed_at_the_rates_of_its_day(self) -> None:
        office = told('01-31')
        office.agree(taxes=VAT)
        later = dt.date(2026, 2, 1)

        row = office.issue(
            line('10.00'),
            line('10.00', starts=later, ends=later + dt.timedelta(days=1)),
        )

        self.assertEqual((2000, 2300), (row.net, row.total))
        self.assertEqual([200, 100], [tax['amount'] for tax in row.taxes])

    def test_a_price_may_hold_its_taxes(self) -> None:
        office = told('01-31')
        office.agree(taxes=VAT)

        row = office.issue(line('12.00'), inclusive=True)

        self.assertEqual((1000, 1200), (row.net, row.total))

    def test_discounts_of_plans_are_not_given_on_it(self) -> None:
        office = told('01-31')
        office.agree(discounts=[{'name': 'loyal', 'percent': '50'}])

        self.assertEqual(1000, office.issue(line('10.00')).total)

    def test_a_balance_pays_it_at_once(self) -> None:
        office = told('01-31')
        office.pay(5000)

        row = office.issue(line('30.00'))

        self.assertEqual(('paid', 0), (row.state, row.owed))

    def test_it_is_due_at_the_start_of_a_named_day(self) -> None:
        office = told('01-31', timezone='Asia/Tokyo')

        row = office.issue(due_on=dt.date(2026, 3, 1))

        self.assertEqual(stories.instant('02-28 15:00:00'), row.due_at)

    def test_who_does_not_pay_it_is_on_the_ladder_for_it(self) -> None:
        office = told('01-31')
        office.pay(1000)

        office.issue(due_on=dt.date(2026, 2, 3))
        office.play('02-03 00:00:01')

        self.assertEqual('grace', office.sub().billing_status)

    def test_no_correction_takes_it_for_a_part_of_what_is_billed(self) -> None:
        office = told('01-31')
        office.pay(1000)
        office.issue(
            line('50.00', starts=dt.date(2026, 2, 1),
                 ends=dt.date(2026, 3, 1)),
        )  # fmt: skip

        office.cancel('02-01')
        office.play('02-02')

        # What is given back is the server's, and it pays the invoice.
        self.assertEqual(
            ['INV-1 paid: 1000 0', 'INV-2 open: 5000 4000',
             'CN-1 paid: -1000 0'],
            office.documents(),
        )  # fmt: skip

    def test_it_is_voided_and_credited_as_any_other(self) -> None:
        office = told('01-31')
        office.agree(taxes=VAT)
        office.issue(line('10.00'))
        office.issue(line('20.00'))

        office.void('INV-000002', again=True)
        office.credit(600, 'INV-000003')

        self.assertEqual(
            ['INV-1 open: 1000 1000', 'INV-2 void: 1200 0',
             'INV-3 open: 2400 1800', 'CN-1 paid: -1200 0',
             'CN-2 paid: -600 0'],
            office.documents(),
        )  # fmt: skip


class WhoAnswersTest(base.BaseTestCase):
    MORE = (
        '      - {name: web-own, plan: vps, project: acme-prod, server: web,\n'
        '         start: 2025-12-01, paid_until: 2026-02-01}'
    )

    def test_the_one_that_is_named(self) -> None:
        office = told('01-31', subscriptions=self.MORE)
        own = office.sub('web-own').id

        self.assertEqual(
            own, office.issue(subscription_id=own).subscription_id
        )

    def test_the_oldest_that_enforces_where_none_is_named(self) -> None:
        office = told('01-31', subscriptions=self.MORE)

        self.assertEqual(office.sub().id, office.issue().subscription_id)

    def test_none_where_all_have_ended(self) -> None:
        office = told('01-31')
        office.db.write(
            subscriptions.change, office.sub().id, contract='ended'
        )

        self.assertIsNone(office.issue().subscription_id)
        self.assertRaises(
            errors.Conflict, office.issue, subscription_id=office.sub().id
        )

    def test_none_of_another_account(self) -> None:
        office = told('01-31')
        other = office.db.write(
            accounts.add, 'other', office.world.clock.now(), currency='EUR'
        )

        self.assertRaises(
            errors.NotFound, office.issue, account_id=other,
            subscription_id=office.sub().id,
        )  # fmt: skip
        self.assertIsNone(office.issue(account_id=other).subscription_id)


class RefusedTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.office = told('01-31')

    def refused(self, where: str, *lines: extra.Line, **wanted: Any) -> str:
        before = len(self.office.rows(schema.invoices))
        error = self.assertRaises(
            errors.InvalidInput, self.office.issue, *lines, **wanted
        )
        self.assertEqual(where, error.where)
        self.assertEqual(before, len(self.office.rows(schema.invoices)))
        return str(error.reason)

    def test_another_currency(self) -> None:
        why = self.refused('currency', currency='USD')
        self.assertEqual('acme pays in EUR', why)

    def test_what_comes_to_nothing(self) -> None:
        why = self.refused('lines', line('0.00'), line('0.001'))
        self.assertIn('a credit', why)

    def test_less_than_nothing(self) -> None:
        self.refused('lines[1].unit_price', line('9'), line('-1'))
        self.refused('lines[0].quantity', line('1', '-1'))
        self.refused('lines[0].quantity', line('1', '0'))

    def test_half_a_period_or_one_turned_round(self) -> None:
        day = dt.date(2026, 1, 5)
        self.refused('lines[0].starts', line('1', starts=day))
        self.refused('lines[0].ends', line('1', ends=day))
        self.refused('lines[0].ends', line('1', starts=day, ends=day))

    def test_days_of_another_age(self) -> None:
        since, until = dt.date(2026, 1, 1), dt.date(2926, 1, 1)
        self.refused('lines[0].ends', line('1', starts=since, ends=until))
        self.refused('due_on', due_on=dt.date(2027, 5, 1))
        why = self.refused('due_on', due_on=dt.date(2026, 1, 31))
        self.assertEqual('must be after today', why)

    def test_more_than_the_books_hold(self) -> None:
        most = line('9999999999999999', '9999999999999999')
        self.refused('lines[0]', most)
        much = line(money.plain(money.MOST, 'EUR'))
        self.refused('lines', much, much)

    def test_many_times_what_came_before_unless_forced(self) -> None:
        why = self.refused('lines', line('1000.01'))
        self.assertIn('20 times the 10.00 EUR before it: force', why)

        self.assertEqual(
            100001, self.office.issue(line('1000.01'), force=True).total
        )


class WhatWaitsTest(base.BaseTestCase):
    def test_nothing_waits_of_what_has_not_changed(self) -> None:
        office = told('01-31')

        self.assertRaises(errors.Conflict, office.issue_waiting)

    def test_a_resize_waits_until_somebody_asks(self) -> None:
        office = told(
            '02-08',
            'at: 01-31T12:00:00, pay: acme, amount: "10.00"\n'
            'at: 02-05T09:00:00, resize: web, flavor: s2',
        )

        [row] = office.issue_waiting()

        # 24 days of 28: 20.00 charged, 10.00 given back.
        self.assertEqual(('extra', 857), (row.kind, row.total))
        entry = office.rows(schema.timeline, what='invoice')[-1]
        self.assertEqual(
            ('ann', 'he asked for it'), (entry.by, entry.why)
        )
        self.assertRaises(errors.Conflict, office.issue_waiting)

    def test_what_has_no_price_is_a_conflict_and_no_invoice(self) -> None:
        office = told(
            '02-08',
            'at: 01-31T12:00:00, pay: acme, amount: "10.00"\n'
            'at: 02-05T09:00:00, resize: web, flavor: unheard',
        )
        before = office.documents()

        error = self.assertRaises(errors.Conflict, office.issue_waiting)

        self.assertIn('unheard', str(error))
        self.assertEqual(before, office.documents())
