# SPDX-License-Identifier: Apache-2.0
"""An engine that tells nonsense harms nobody, and stops nothing else."""

import datetime as dt
from unittest import mock

from oslotest import base

from patrii_billing.domain import bridge
from patrii_billing.engine.bridging import reading
from patrii_billing.store import schema
from tests.unit import ally

SOON = dt.timedelta(minutes=1)


def in_grace() -> ally.Ally:
    """Who owes 10.00, and is shelved on 3 February if nothing happens."""
    story = ally.Ally()
    story.acme()
    story.bill()
    story.until('02-02')
    return story


class BillTest(base.BaseTestCase):
    def story_of(self, **bill: object) -> ally.Ally:
        story = in_grace()
        story.lynx.change(story.lynx.debts, 'b1', **bill)
        return story

    def assert_links(self, story: ally.Ally, why: str) -> None:
        story.until('02-04')
        self.assertEqual([], story.moves())
        self.assertIn(why, '; '.join(story.links('linked')))

    def test_a_debt_below_zero_is_none(self) -> None:
        story = self.story_of(owed=-500)
        self.assert_links(story, 'is below zero')
        self.assertIn('foreign 10.00 open', story.owed())

    def test_more_than_it_is_about_is_not_owed(self) -> None:
        self.assert_links(
            self.story_of(owed=10**15), 'is more than its total'
        )

    def test_another_currency_is_for_a_person(self) -> None:
        self.assert_links(self.story_of(currency='USD'), 'pays in EUR')

    def test_a_bill_that_is_another_customers_now_is_for_a_person(
        self,
    ) -> None:
        story = in_grace()
        story.lynx.customer('c2', 'Baker')
        story.lynx.contract(
            's2', 'c2', project='baker', plan='vps',
            start=dt.date(2026, 1, 1), period_start=dt.date(2026, 1, 1),
        )  # fmt: skip
        story.add_project('baker')
        story.lynx.change(
            story.lynx.debts, 'b1', customer='c2', contract='s2'
        )
        self.assert_links(story, 'it was of c1 before')

    def test_a_day_that_nobody_lives_to_see_is_none(self) -> None:
        story = in_grace()
        for n, day in enumerate((dt.date.max, dt.date.min)):
            story.lynx.bill(f'x{n}', 'c1', 100, contract='s1', due_on=day)
        story.until('02-04')
        self.assertEqual(2, len(story.links('waiting')))
        self.assertEqual([], story.moves())

    def test_what_cannot_be_kept_stops_nothing_else(self) -> None:
        story = ally.Ally()
        story.acme()
        for ref in ('', 'b' * 400, 'b\0'):
            story.lynx.bill(ref, 'c1', 100, contract='s1')
        story.lynx.bill('b2', 'c1', 100, contract='s1')
        story.lynx.change(story.lynx.debts, 'b2', number='\0' * 300)
        story.bill()
        story.work()
        self.assertEqual(1, len(story.links('waiting')))
        self.assertEqual(['foreign 10.00 open'], story.debts())

    def test_what_is_told_twice_is_owed_once(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        again = story.lynx.debts['b1']
        story.lynx.debts['again'] = again
        story.work()
        self.assertEqual(['foreign 10.00 open'], story.debts())

    def test_who_paid_and_is_said_to_owe_again_gets_his_spans(self) -> None:
        story = in_grace()
        for _ in range(3):
            story.lynx.pay('b1')
            story.work()
            story.lynx.change(
                story.lynx.debts, 'b1', owed=1000, state=ally.OPEN
            )
            story.until(f'{story.now + dt.timedelta(hours=30):%m-%d %H:%M}')
        self.assertEqual([], story.moves())


class CustomerTest(base.BaseTestCase):
    def test_a_name_with_markup_is_a_name(self) -> None:
        story = ally.Ally()
        story.acme()
        name = '<script>alert(1)</script>'
        story.lynx.change(story.lynx.customers, 'c1', name=name)
        story.bill(due='02-20')
        story.work()
        [account] = story.rows(schema.accounts)
        self.assertEqual(name, account.name)

    def test_a_clock_far_ahead_hides_no_later_change(self) -> None:
        story = in_grace()
        story.lynx.customers['c1'] = bridge.Customer(
            ref='c1', name='Acme', currency='EUR',
            changed_at=dt.datetime.max.replace(tzinfo=dt.UTC),
        )  # fmt: skip
        story.work()
        story.lynx.pay('b1')
        story.until('02-02 01:00')
        self.assertIn('foreign 0.00 paid', story.owed())

    def test_what_is_no_business_of_ours_is_tried_in_turns(self) -> None:
        story = ally.Ally()
        for n in range(12):
            story.lynx.contract(
                f'x{n}', 'c9', start=dt.date(2026, 1, 1)
            )
        story.acme(project='later')
        patch = mock.patch.object(reading, '_RETRIED', 5)
        patch.start()
        self.addCleanup(patch.stop)
        story.read()
        story.lynx.contracts.clear()
        story.add_project('later')
        for _ in range(3):
            story.world.clock.move_to(story.now + SOON)
            story.read()
        self.assertEqual('S001', story.sub('S001').name)


class ContractTest(base.BaseTestCase):
    def test_a_project_that_moves_is_for_a_person(self) -> None:
        story = in_grace()
        story.lynx.change(story.lynx.contracts, 's1', project='elsewhere')
        story.until('02-04')
        self.assertEqual(ally.PROJECT, story.sub('S001').project)
        self.assertEqual([], story.moves())
        self.assertIn('contract_unlike', story.alarms())
        # It was a slip of the pen.
        story.lynx.change(story.lynx.contracts, 's1', project=ally.PROJECT)
        story.until('02-05')
        self.assertEqual('shelved', story.sub('S001').billing_status)

    def test_a_customer_who_takes_over_is_for_a_person(self) -> None:
        story = in_grace()
        story.lynx.customer('c2', 'Baker')
        story.lynx.change(story.lynx.contracts, 's1', customer='c2')
        story.until('02-04')
        self.assertEqual([], story.moves())
        self.assertIn('contract_unlike', story.alarms())
