# SPDX-License-Identifier: Apache-2.0
"""What an invoice comes to, by the plan, the prices and the account."""

import datetime as dt
import decimal
from typing import Any

from oslotest import base
import sqlalchemy as sa

from patrii_billing.domain import money
from patrii_billing.domain import reference
from patrii_billing.engine import unparking
from patrii_billing import errors
from patrii_billing.store import schema
from tests.unit import stories

_TEXT = """
start: {start}
until: {until}
policy: {{invoice_lead: 2d, reminders: [-1d], shelve_grace: 60d, {policy}}}
plans:
  - name: plan
    currency: EUR
    cycle: month
    {plan}
    prices:
{prices}
accounts:
  - name: acme
    timezone: {timezone}
    {account}
    projects:
      - name: acme-prod
        quota: {{cores: {cores}}}
        servers: [{servers}]
    subscriptions:
      - {{name: acme-1, plan: plan, project: acme-prod, start: {begins},
          {subscription}}}
events:
{events}
"""


def played(prices: str, events: str = '', **given: str) -> stories.Story:
    """Acme from New Year on, who pays for a plan of these prices."""
    values = {
        'start': '2026-01-01T00:00:00Z', 'until': '2026-02-25T00:00:00Z',
        'begins': '2026-01-01', 'subscription': 'paid_until: 2026-02-01',
        'policy': '', 'plan': '', 'timezone': 'UTC', 'account': '',
        'cores': '8', 'servers': '', **given,
    }  # fmt: skip
    values['prices'] = '\n'.join(
        f'      - {{{line.strip()}}}' for line in prices.splitlines()
    )
    values['events'] = '\n'.join(
        f'  - {{{line.strip()}}}' for line in events.splitlines()
    ) or '  []'  # fmt: skip
    return stories.Story(_TEXT.format(**values)).play()


def lines(story: stories.Story, invoice: int = 1) -> list[str]:
    """Each line as 'label quantity x price x ratio: amount'."""
    return [
        f'{row.label} {row.quantity} x {row.unit_price} x {row.ratio}: '
        f'{row.amount / 100:.2f}'
        for row in story.rows(schema.lines, invoice_id=invoice)
    ]


def first(story: stories.Story) -> sa.Row[Any]:
    return story.rows(schema.invoices)[0]


class PriceTest(base.BaseTestCase):
    def test_tiers_are_lines_of_their_own_with_one_label(self) -> None:
        story = played(
            'kind: quota, resource: cores, included: "2", '
            'tiers: [{up_to: "4", unit_price: "5.00"}, {unit_price: "4.00"}]'
        )

        self.assertEqual(
            ['cores 4 x 5.00 x 28/28: 20.00', 'cores 2 x 4.00 x 28/28: 8.00'],
            lines(story),
        )

    def test_a_quota_that_grows_into_a_tier_is_prorated(self) -> None:
        story = played(
            'kind: quota, resource: cores, '
            'tiers: [{up_to: "8", unit_price: "5.00"}, {unit_price: "4.00"}]',
            'at: 2026-02-15T12:00:00Z, quota_change: acme-prod, '
            'quota: {cores: 10}',
            policy='changes: at_once',
        )

        self.assertEqual(['cores 2 x 4.00 x 14/28: 4.00'], lines(story, 2))

    def test_a_volume_price_is_that_of_the_tier_reached(self) -> None:
        story = played(
            'kind: quota, resource: cores, tiering: volume, '
            'tiers: [{up_to: "4", unit_price: "5.00"}, {unit_price: "4.00"}]'
        )

        self.assertEqual(['cores 8 x 4.00 x 28/28: 32.00'], lines(story))

    def test_a_new_price_counts_from_the_next_period(self) -> None:
        story = played(
            'kind: flat, unit_price: "5.00", valid_until: 2026-02-15\n'
            'kind: flat, unit_price: "9.00", valid_from: 2026-02-15',
            until='2026-03-01T00:00:00Z',
        )

        self.assertEqual(
            ['plan 1 x 5.00 x 28/28: 5.00'], lines(story)
        )
        self.assertEqual(['plan 1 x 9.00 x 31/31: 9.00'], lines(story, 2))

    def test_a_price_at_once_counts_from_its_day(self) -> None:
        story = played(
            'kind: flat, unit_price: "5.60", valid_until: 2026-02-15\n'
            'kind: flat, unit_price: "9.80", valid_from: 2026-02-15, '
            'at_once: true'
        )

        self.assertEqual(
            ['plan 1 x 5.60 x 14/28: 2.80', 'plan 1 x 9.80 x 14/28: 4.90'],
            lines(story),
        )

    def test_a_setup_fee_is_asked_for_once(self) -> None:
        story = played(
            'kind: flat, unit_price: "5.00"\n'
            'kind: setup, unit_price: "25.00"',
            subscription='anchor_day: 1',
        )

        self.assertEqual(
            ['plan 1 x 5.00 x 31/31: 5.00', 'plan 1 x 25.00 x 1/1: 25.00'],
            lines(story),
        )
        self.assertEqual(['plan 1 x 5.00 x 28/28: 5.00'], lines(story, 2))

    def test_a_trial_is_free_and_then_it_is_billed(self) -> None:
        story = played(
            'kind: flat, unit_price: "31.00"', plan='trial_days: 14',
            subscription='anchor_day: 1',
        )  # fmt: skip

        self.assertEqual(['plan 1 x 31.00 x 17/31: 17.00'], lines(story))
        self.assertEqual('first', first(story).kind)
        self.assertEqual(
            [('01-01', '01-15', 'trial'), ('01-15', '02-01', None)],
            [
                (f'{r.starts:%m-%d}', f'{r.ends:%m-%d}', r.unbilled_why)
                for r in story.rows(schema.spans)[:2]
            ],
        )
        self.assertEqual('live', story.sub().contract)

    def test_a_plan_may_count_seconds(self) -> None:
        story = played(
            'kind: flavor, resource: s1, unit_price: "28.00"',
            'at: 2026-02-15T12:00:00Z, delete: web',
            plan='unit: second',
            servers='{name: web, flavor: s1}',
        )  # fmt: skip

        day = 24 * 3600
        self.assertEqual(
            [f'web (s1) 1 x 28.00 x {28 * day}/{28 * day}: 28.00'],
            lines(story),
        )
        credit = story.rows(schema.lines, invoice_id=2)[0]
        self.assertEqual(
            stories.instant('02-15 12:00:00'), credit.starts_at
        )
        self.assertEqual(
            (dt.date(2026, 2, 15), dt.date(2026, 3, 1)),
            (credit.starts, credit.ends),
        )
        # Thirteen days and a half are left.
        unused = money.Ratio(27 * day // 2, 28 * day)
        self.assertEqual(-money.share(2800, unused), credit.amount)


class SumTest(base.BaseTestCase):
    FLAT = 'kind: flat, unit_price: "10.01"'

    def test_discounts_come_before_taxes(self) -> None:
        story = played(
            self.FLAT,
            account='taxes: [{name: VAT, rate: "20"}]\n'
            '    discounts: [{name: Partner, percent: "10"}]',
        )

        invoice = first(story)
        [line] = story.rows(schema.lines, invoice_id=1)
        self.assertEqual(
            (1001, 100, 901), (line.amount, line.discount, line.net)
        )
        self.assertEqual(
            (901, 1081, 1081), (invoice.net, invoice.total, invoice.owed)
        )
        self.assertEqual(
            [{'name': 'VAT', 'rate': '20', 'base': 901, 'amount': 180}],
            invoice.taxes,
        )

    def test_inclusive_prices_are_split(self) -> None:
        story = played(
            self.FLAT, plan='tax_inclusive: true',
            account='taxes: [{name: VAT, rate: "20"}]',
        )  # fmt: skip

        invoice = first(story)
        self.assertEqual((834, 1001), (invoice.net, invoice.total))

    def test_a_credit_gives_its_taxes_and_discounts_back(self) -> None:
        story = played(
            'kind: flavor, resource: s1, unit_price: "10.00"',
            'at: 2026-02-01T12:00:00Z, delete: web',
            servers='{name: web, flavor: s1}', policy='tolerance: 0',
            account='taxes: [{name: VAT, rate: "20"}]\n'
            '    discounts: [{name: Partner, percent: "10"}]',
        )  # fmt: skip

        # A server bills at least its first day; this one was there before.
        one, credit = story.rows(schema.invoices)
        self.assertEqual((1080, -1080), (one.total, credit.total))
        self.assertEqual((0, 'paid'), (one.owed, one.state))

    def test_it_names_what_a_payer_is_to_write(self) -> None:
        invoice = first(played(self.FLAT))

        self.assertEqual('RF59INV00000001', invoice.reference)
        self.assertTrue(reference.is_sound(invoice.reference))

    def test_it_keeps_the_address_of_its_day(self) -> None:
        invoice = first(
            played(
                self.FLAT,
                account='address: {name: Acme SARL, lines: [12 rue X], '
                'country: FR}',
            )
        )

        self.assertEqual(
            {'name': 'Acme SARL', 'lines': ['12 rue X'], 'country': 'FR'},
            invoice.customer,
        )

    def test_it_shows_what_is_owed_of_older_ones(self) -> None:
        story = played(
            self.FLAT,
            'at: 2026-02-10T00:00:00Z, pay: acme, amount: "4.00"',
            until='2026-03-01T00:00:00Z',
        )

        older, newer = story.rows(schema.invoices)
        self.assertEqual([], older.carried)
        self.assertEqual(
            [('INV-000001', 601)],
            [(one['number'], one['owed']) for one in newer.carried],
        )
        self.assertEqual(1001, newer.total)

    def test_a_bill_beyond_the_bounds_parks_the_account(self) -> None:
        story = played(
            'kind: flat, unit_price: "10.00", valid_until: 2026-03-01\n'
            'kind: flat, unit_price: "2000.00", valid_from: 2026-03-01',
            until='2026-03-05T00:00:00Z',
        )

        self.assertEqual(['account_parked'], story.alarms())
        self.assertEqual(1, len(story.rows(schema.invoices)))
        self.assertIn(
            'more than 20 times', story.rows(schema.accounts)[0].parked_why
        )


class ParkedTest(base.BaseTestCase):
    """A price that became two hundred times what it was."""

    def setUp(self) -> None:
        super().setUp()
        self.story = played(
            'kind: flat, unit_price: "10.00", valid_until: 2026-03-01\n'
            'kind: flat, unit_price: "2000.00", valid_from: 2026-03-01',
            until='2026-03-05T00:00:00Z',
        )

    def bill(self, accept: bool = False) -> None:
        tools = self.story.world.tools
        self.story.db.write(
            unparking.bill, tools, 1, tools.now(), 'eva', 'seen', accept
        )

    def test_it_is_parked_again_while_its_reason_stands(self) -> None:
        self.bill()
        self.story.tick(1)

        self.assertEqual(1, len(self.story.rows(schema.invoices)))
        self.assertIsNotNone(self.story.rows(schema.accounts)[0].parked_why)

    def test_it_is_billed_when_a_person_accepts_the_bill(self) -> None:
        self.bill(accept=True)

        self.assertEqual(
            '03-01 to 04-01: 2000.00 open', self.story.invoices()[-1]
        )
        self.assertIsNone(self.story.rows(schema.accounts)[0].parked_why)
        self.assertRaises(errors.Conflict, self.bill)


class UsageTest(base.BaseTestCase):
    def test_usage_is_billed_with_the_next_invoice_and_the_rest_later(
        self,
    ) -> None:
        story = played(
            'kind: meter, resource: network.outgoing.bytes, per: "1000", '
            'unit: KB, unit_price: "0.50", included: "1"',
            subscription='anchor_day: 1',
            until='2026-01-21T00:00:00Z',
        )
        story.db.write(use, dt.date(2026, 1, 20), 5000)
        story.end = stories.instant('02-01')
        story.play()
        story.db.write(use, dt.date(2026, 1, 30), 2000)
        story.end = stories.instant('03-01')
        story.play()

        self.assertEqual(
            [
                ['network.outgoing.bytes 4 x 0.50 x 1/1: 2.00'],
                ['network.outgoing.bytes 2 x 0.50 x 1/1: 1.00'],
            ],
            [lines(story, 1), lines(story, 2)],
        )
        self.assertEqual('KB', story.rows(schema.lines)[0].unit)


def use(conn: sa.Connection, day: dt.date, quantity: int) -> None:
    """So many bytes of a server, added up already."""
    conn.execute(
        schema.usage.insert().values(
            project='acme-prod',
            meter='network.outgoing.bytes',
            resource='port-1',
            day=day,
            quantity=decimal.Decimal(quantity),
            unit='B',
            version=1,
        )
    )
