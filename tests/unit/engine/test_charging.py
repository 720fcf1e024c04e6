# SPDX-License-Identifier: Apache-2.0
"""What is invoiced, when, and what is left out with its reason."""

import datetime as dt

from oslotest import base

from patrii_billing.engine import balance
from patrii_billing.engine import collect
from patrii_billing.store import accounts
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from tests import books
from tests.unit import stories


class ChargingTest(base.BaseTestCase):
    def test_a_shelved_one_gets_no_invoice_and_a_stub_on_its_return(
        self,
    ) -> None:
        story = stories.told(
            'at: 03-11T00:00:00, pay: acme',
            ladder='invoice_lead: 2d, reminders: [-1d], shelved_span: 90d',
            until='2026-03-17T00:00:00Z',
        )

        self.assertEqual(
            ['02-01 to 03-01: 10.00 paid', '03-11 to 04-01: 6.77 open'],
            story.invoices(),
        )
        self.assertEqual(
            [
                ('02-01', '03-01', None),
                ('03-01', '03-11', 'shelved'),
                ('03-11', '04-01', None),
            ],
            [
                (f'{r.starts:%m-%d}', f'{r.ends:%m-%d}', r.unbilled_why)
                for r in story.rows(schema.spans)
            ],
        )
        stub = story.rows(schema.invoices)[1]
        self.assertEqual('extra', stub.kind)
        self.assertEqual(
            stories.instant('03-18 00:00:03'), stub.due_at
        )  # its net days, not at once

    def test_one_back_before_its_period_ends_is_billed_as_ever(self) -> None:
        story = stories.told(
            'at: 02-10T00:00:00, pay: acme',
            ladder='invoice_lead: 2d, reminders: [-1d], shelved_span: 90d',
            until='2026-02-28T00:00:00Z',
        )

        self.assertEqual(
            ['02-01 to 03-01: 10.00 paid', '03-01 to 04-01: 10.00 open'],
            story.invoices(),
        )

    def test_an_invoice_of_nothing_is_paid_and_never_dunned(self) -> None:
        story = stories.told(
            """
            at: 01-29T00:00:00, pay: acme, amount: "10.00"
            at: 01-31T00:00:00, delete: web
            """,
            start='2026-01-28T00:00:00Z',
            until='2026-03-10T00:00:00Z',
        )

        self.assertEqual([], story.told('status', 'alarm'))
        self.assertEqual(
            {'paid'}, {row.state for row in story.rows(schema.invoices)}
        )

    def test_the_first_invoice_is_due_after_its_net_days(self) -> None:
        text = stories.text()
        text = text.replace('start: 2026-01-01,', 'start: 2026-02-01,')
        text = text.replace('paid_until: 2026-02-01', 'anchor_day: 15')
        story = stories.Story(text).play()

        self.assertEqual(['02-01 to 02-15: 4.52 open'], story.invoices())
        self.assertEqual(
            '02-08 00:00:00 status grace', story.told('status')[0]
        )

    def test_a_server_made_and_resized_in_mid_cycle_is_prorated(self) -> None:
        story = stories.told(
            """
            at: 01-30T12:00:00, pay: acme
            at: 02-15T12:00:00, boot: db, project: acme-prod
            at: 02-22T12:00:00, resize: web, flavor: s2
            """,
            until='2026-02-28T00:00:00Z',
        )

        # 20 and 10 in advance, db for 14 of 28 days, and 7 days of the
        # difference between the flavors.
        self.assertEqual('03-01 to 04-01: 37.50 open', story.invoices()[-1])

    def test_what_has_no_price_parks_the_account_and_is_told(self) -> None:
        story = stories.told(
            'at: 02-15T00:00:00, resize: web, flavor: huge\n'
            'at: 01-31T00:00:00, pay: acme',
            until='2026-03-10T00:00:00Z',
        )

        self.assertEqual(['account_parked'], story.alarms())
        self.assertEqual(['02-01 to 03-01: 10.00 paid'], story.invoices())
        self.assertEqual([], story.told('status'))

    def test_a_credit_of_one_subscription_frees_another_at_once(
        self,
    ) -> None:
        story = stories.Story(stories.text()).play('02-04')

        account, now = story.sub().account_id, story.world.clock.now()
        story.db.write(books.payment, account, kind='credit')
        story.db.write(balance.allocate, account, now)
        story.play('02-04 00:01:00')

        self.assertEqual('active', story.sub().billing_status)

    def test_one_that_cannot_be_judged_does_not_stop_the_others(self) -> None:
        story = stories.Story(
            stories.text(
                subscriptions="""
  - name: bad
    projects: [{name: bad-prod, servers: [{name: ill, flavor: s1}]}]
    subscriptions:
      - {name: bad-1, plan: vps, project: bad-prod, start: 2026-01-01,
          paid_until: 2026-02-01}"""
            ),
            retry_max=dt.timedelta(hours=12),
        ).play('01-31')
        bad = story.sub('bad-1')
        story.db.write(
            accounts.change, bad.account_id, policy={'shelve_grace': 'soon'}
        )
        story.play('02-04')

        self.assertEqual('shelved', story.sub('acme-1').billing_status)
        self.assertEqual('active', story.sub('bad-1').billing_status)
        self.assertIn('judgement_failed', story.alarms())
        self.assertEqual([], story.moves('ill'))

    def test_a_judgement_of_nothing_new_changes_nothing(self) -> None:
        for day in ('01-31', '02-02', '02-04', '02-07'):
            story = stories.Story(stories.text()).play(f'{day} 06:00:00')
            before = story.sub()
            told = len(story.rows(schema.timeline))

            story.db.write(subscriptions.look, before.id, before.check_at)
            story.db.write(
                collect.judge, story.world.tools, before.id,
                story.world.clock.now(),
            )  # fmt: skip

            after = story.sub()
            self.assertEqual(
                {**before._mapping, 'check_at': None},
                {**after._mapping, 'check_at': None},
            )
            self.assertEqual(told, len(story.rows(schema.timeline)))
