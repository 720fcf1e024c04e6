# SPDX-License-Identifier: Apache-2.0
"""Customers who are subscribed, invoiced and paid up in another engine."""

import datetime as dt

from oslotest import base

from patrii_billing.domain import bridge
from patrii_billing.store import erasure
from patrii_billing.store import schema
from tests.unit import ally


class CustomerTest(base.BaseTestCase):
    def test_a_customer_with_a_contract_becomes_an_account(self) -> None:
        story = ally.Ally()
        story.acme()
        story.work()
        [account] = story.rows(schema.accounts)
        self.assertEqual('Acme', account.name)
        self.assertEqual('c1', account.external_ref)
        self.assertEqual(['a@acme.example'], account.contacts)
        sub = story.sub('S001')
        self.assertEqual(
            (ally.PROJECT, 'lynx', 'active'),
            (sub.project, sub.invoiced_by, sub.billing_status),
        )

    def test_who_subscribed_nothing_of_ours_is_no_customer_here(self) -> None:
        story = ally.Ally()
        story.lynx.customer('c9', 'Baker')
        story.lynx.contract('s9', 'c9', start=dt.date(2026, 1, 1))
        story.lynx.bill('b9', 'c9', 9900)
        story.until('02-04')
        self.assertEqual([], story.rows(schema.accounts))
        self.assertEqual('active', story.shows())
        self.assertEqual(
            ['customer c9: has no contract here yet',
             'contract s9: names no project of keystone',
             'bill b9: its customer has no account here'],
            story.links('waiting'),
        )  # fmt: skip

    def test_a_contract_that_waited_for_its_plan_is_taken_over(self) -> None:
        story = ally.Ally()
        story.acme(plan='vpsx')
        story.work()
        self.assertEqual([], story.rows(schema.subscriptions))
        story.lynx.change(story.lynx.contracts, 's1', plan='vps')
        story.until('01-30 01:00')
        self.assertEqual('S001', story.sub('S001').name)
        self.assertEqual([], story.links('waiting'))

    def test_a_contract_that_was_not_invoiced_there_yet_is_taken_over(
        self,
    ) -> None:
        story = ally.Ally()
        story.acme(
            start=dt.date(2026, 1, 15), period_start=None, paid_until=None,
            anchor_day=15,
        )  # fmt: skip
        story.bill()
        story.work()
        self.assertEqual('active', story.sub('S001').billing_status)
        self.assertEqual([], story.links('waiting'))
        story.until('02-04')
        self.assertEqual('shelved', story.sub('S001').billing_status)
        self.assertEqual({}, story.lynx.lines)

    def test_two_customers_of_one_name_are_not_mixed_up(self) -> None:
        story = ally.Ally()
        story.acme()
        story.lynx.customer('c2', 'Acme')
        story.lynx.contract(
            's2', 'c2', project=ally.PROJECT, plan='vps',
            start=dt.date(2026, 1, 1), period_start=dt.date(2026, 1, 1),
        )  # fmt: skip
        story.work()
        self.assertEqual(1, len(story.rows(schema.accounts)))
        self.assertIn('external reference c2', story.links('waiting')[1])

    def test_what_is_changed_there_follows_and_what_is_ours_stays(
        self,
    ) -> None:
        story = ally.Ally(ours='contacts')
        story.acme()
        story.work()
        story.lynx.customer('c1', 'Acme Ltd', contacts=('new@acme.example',))
        story.until('01-30 01:00')
        [account] = story.rows(schema.accounts)
        self.assertEqual('Acme Ltd', account.name)
        self.assertEqual(['a@acme.example'], account.contacts)

    def test_who_was_erased_here_is_not_read_again(self) -> None:
        story = ally.Ally()
        story.acme()
        story.work()
        [account] = story.rows(schema.accounts)
        story.db.write(erasure.blank, account.id)
        story.lynx.customer('c1', 'Acme Ltd', contacts=('new@acme.example',))
        story.until('01-30 01:00')
        self.assertEqual(
            [{}], [row.said for row in
                   story.rows(schema.links, account_id=account.id,
                              kind='customer')],
        )  # fmt: skip

    def test_the_same_again_changes_nothing(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill(due='02-20')
        story.work()
        before = story.rows(schema.timeline)
        for _ in range(3):
            story.lynx.customers['c1'] = story.lynx.customers['c1']
            story.world.clock.move_to(story.now + dt.timedelta(minutes=1))
            story.read()
        self.assertEqual(before, story.rows(schema.timeline))


class DebtTest(base.BaseTestCase):
    def test_who_does_not_pay_there_is_shelved_here(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.until('02-04')
        self.assertEqual('shelved', story.sub('S001').billing_status)
        self.assertEqual('shelved_offloaded, locked by admin', story.shows())
        self.assertIn('foreign 10.00 open', story.owed())

    def test_who_pays_there_has_his_server_back(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.until('02-04')
        story.lynx.pay('b1')
        story.until('02-04 01:00')
        self.assertEqual('active', story.sub('S001').billing_status)
        self.assertEqual('active', story.shows())
        self.assertIn('foreign 0.00 paid', story.owed())

    def test_it_has_a_number_as_any_other_and_no_reference(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.work()
        [debt] = story.rows(schema.invoices, kind='foreign')
        self.assertEqual(('LYNX', None), (debt.series, debt.reference))

    def test_a_part_paid_is_not_enough(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.lynx.pay('b1', 400)
        story.until('02-04')
        self.assertIn('foreign 6.00 open', story.owed())
        self.assertEqual('shelved', story.sub('S001').billing_status)

    def test_who_was_paid_up_and_owes_again_gets_his_spans_anew(
        self,
    ) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.until('02-02')
        story.lynx.pay('b1')
        story.until('02-10')
        story.lynx.change(
            story.lynx.debts, 'b1', owed=1000, state=ally.OPEN
        )
        story.until('02-11')
        self.assertEqual('grace', story.sub('S001').billing_status)
        story.until('02-14')
        self.assertEqual('shelved', story.sub('S001').billing_status)

    def test_an_old_debt_asks_anew_before_it_bites(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill(due='01-02')
        story.until('02-03')
        self.assertEqual('active', story.sub('S001').billing_status)

    def test_a_bill_that_is_void_there_is_owed_no_more(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.until('02-04')
        story.lynx.change(
            story.lynx.debts, 'b1', owed=0, state=ally.VOID
        )
        story.until('02-04 01:00')
        self.assertIn('foreign 10.00 void', story.owed())
        self.assertEqual('active', story.shows())

    def test_what_is_paid_here_does_not_pay_there(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.work()
        [account] = story.rows(schema.accounts)
        self.assertEqual(
            [], [row for row in story.rows(schema.payments)]
        )
        self.assertEqual('c1', account.external_ref)


class DoubtTest(base.BaseTestCase):
    def test_while_the_engine_is_away_no_server_is_touched(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.until('02-02')
        story.lynx.away = 'connection refused'
        story.until('02-04')
        self.assertEqual('active', story.shows())
        self.assertIn('bridge_away', story.alarms())

    def test_all_catches_up_when_it_is_back(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.until('02-02')
        story.lynx.away = 'connection refused'
        story.until('02-03 12:00')
        story.lynx.away = None
        story.until('02-04')
        self.assertEqual('shelved', story.sub('S001').billing_status)
        self.assertEqual('shelved_offloaded, locked by admin', story.shows())

    def test_who_paid_a_moment_ago_is_asked_about_before_the_shelve(
        self,
    ) -> None:
        story = ally.Ally(
            read_every=dt.timedelta(days=7), read_age=dt.timedelta(days=7)
        )
        story.acme()
        story.bill()
        story.until('02-02 23:00')
        story.lynx.pay('b1')
        story.until('02-03 12:00')
        self.assertIn('bills', story.lynx.asked)
        self.assertEqual('active', story.shows())
        self.assertEqual('active', story.sub('S001').billing_status)

    def test_an_engine_without_an_answer_unsubscribes_nobody(self) -> None:
        story = ally.Ally(read_whole_every=dt.timedelta(hours=2))
        story.acme()
        for n in range(2, 6):
            story.lynx.bill(f'b{n}', 'c1', 100, contract='s1')
        story.bill(due='02-20')
        story.until('01-31')
        story.lynx.empty = True
        story.until('02-01')
        still_open = [one for one in story.owed() if 'open' in one]
        self.assertEqual(5, len(still_open))
        self.assertIn('bridge_shrunk', story.alarms())

    def test_a_contract_that_is_gone_there_is_for_a_person_to_end(
        self,
    ) -> None:
        story = ally.Ally(read_whole_every=dt.timedelta(hours=2))
        story.acme()
        story.bill()
        story.until('01-31')
        del story.lynx.contracts['s1']
        story.until('02-04')
        self.assertIn('contract_gone', story.alarms())
        self.assertEqual('active', story.shows())

    def test_a_bill_that_makes_no_sense_keeps_the_server(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.until('02-01')
        story.lynx.bill('b2', 'c1', 100, contract='s1')
        story.lynx.change(story.lynx.debts, 'b2', currency='USD')
        story.until('02-04')
        self.assertEqual('active', story.shows())
        [why] = story.links('waiting')
        self.assertIn('pays in EUR', why)

    def test_it_stays_passive_while_something_is_missing(self) -> None:
        story = ally.Ally()
        story.lynx.needs = ('the user may not read invoices',)
        story.acme()
        story.work()
        self.assertEqual([], story.rows(schema.accounts))
        [row] = story.rows(schema.bridges)
        self.assertEqual(['the user may not read invoices'], row.needs)

    def test_nobody_is_enforced_while_something_came_to_be_missing(
        self,
    ) -> None:
        # All is known, and was read lately enough.
        story = ally.Ally(read_age=dt.timedelta(days=30))
        story.acme()
        story.bill()
        story.until('02-02')
        story.lynx.needs = ('the user may not write lines',)
        story.until('02-04')
        self.assertEqual('active', story.shows())
        story.lynx.needs = ()
        story.until('02-05')
        self.assertEqual('shelved', story.sub('S001').billing_status)

    def test_it_says_what_both_sides_lack(self) -> None:
        story = ally.Ally()
        story.lynx.away = 'connection refused'
        story.trouble = ['keystone gives no token']
        story.acme()
        story.work()
        [row] = story.rows(schema.bridges)
        self.assertEqual(
            ['lynx does not answer as it should: connection refused '
             '(see [lynx])', 'keystone gives no token'],
            row.needs,
        )  # fmt: skip
        self.assertEqual([], story.rows(schema.accounts))

    def test_it_switches_itself_on_when_both_sides_are_there(self) -> None:
        story = ally.Ally()
        story.lynx.away = 'connection refused'
        story.trouble = ['keystone gives no token']
        story.acme()
        story.bill()
        story.work()
        story.lynx.away = None
        story.until('01-30 01:00')
        self.assertEqual([], story.rows(schema.accounts))
        story.trouble = []
        story.until('02-04')
        [row] = story.rows(schema.bridges)
        self.assertEqual([], row.needs)
        self.assertEqual('shelved', story.sub('S001').billing_status)


class TellingTest(base.BaseTestCase):
    def test_a_larger_quota_is_a_line_for_their_next_invoice(self) -> None:
        story = ally.Ally()
        story.acme(plan='quota')
        story.until('01-30 12:00')  # the quota is looked at once a day
        story.world.quotas.quotas[ally.PROJECT]['cores'] = 12
        story.until('02-02')
        # From 31 January on: the rest of January, and February, of which
        # 8 cores at 5.00 are on their own invoice.
        self.assertEqual(
            [('01-31 to 02-01', '1/31', -129), ('01-31 to 02-01', '1/31', 194),
             ('02-01 to 03-01', '28/28', -4000),
             ('02-01 to 03-01', '28/28', 6000)],
            sorted(
                (f'{line.starts:%m-%d} to {line.ends:%m-%d}', line.ratio,
                 line.amount)
                for line in story.lynx.lines.values()
            ),
        )  # fmt: skip
        self.assertEqual([], [one for one in story.owed() if 'open' in one])

    def test_their_own_time_is_not_told_to_them(self) -> None:
        story = ally.Ally()
        story.acme()
        story.until('02-10')
        self.assertEqual({}, story.lynx.lines)
        self.assertEqual(
            ['record 0.00 external', 'record 0.00 external'], story.owed()
        )

    def test_they_are_told_how_he_stands_and_what_was_done(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.until('02-04')
        self.assertEqual(['grace', 'shelved'], story.lynx.statuses['s1'])
        [note] = story.lynx.notes.values()
        self.assertIn('was shelved for arrears', note.text)

    def test_what_they_missed_while_away_is_told_in_order(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.until('02-04')
        story.lynx.pay('b1')
        story.read()
        story.lynx.away = 'down for a while'
        story.until('02-04 06:00')
        self.assertEqual(['grace', 'shelved'], story.lynx.statuses['s1'])
        story.lynx.away = None
        story.until('02-04 09:00')
        self.assertEqual(
            ['grace', 'shelved', 'active'], story.lynx.statuses['s1']
        )


def agreed(story: ally.Ally) -> list[dt.date]:
    """Since when each of its terms holds."""
    return [row.since for row in story.rows(schema.terms)]


class ContractTest(base.BaseTestCase):
    def test_a_hold_there_holds_the_ladder_here(self) -> None:
        story = ally.Ally()
        held = bridge.Held(
            ref='h1', type=bridge.Hold.PROMISE, reason='will pay',
            until=dt.datetime(2026, 2, 9, tzinfo=dt.UTC),
        )  # fmt: skip
        story.acme(holds=(held,))
        story.bill()
        story.until('02-08')
        self.assertEqual('active', story.shows())
        self.assertEqual('held', story.sub('S001').billing_status)
        story.until('02-14')
        self.assertEqual('shelved', story.sub('S001').billing_status)

    def test_a_hold_that_is_lifted_there_is_lifted_here(self) -> None:
        story = ally.Ally()
        held = bridge.Held(
            ref='h1', type=bridge.Hold.PAUSE, reason='moves house'
        )
        story.acme(holds=(held,))
        story.until('01-31')
        self.assertEqual(1, len(story.rows(schema.holds)))
        story.lynx.change(story.lynx.contracts, 's1', holds=())
        story.until('01-31 01:00')
        [hold] = story.rows(schema.holds)
        self.assertIsNotNone(hold.ended_at)

    def test_a_contract_that_ends_there_ends_here(self) -> None:
        story = ally.Ally()
        story.acme()
        story.until('01-31')
        story.lynx.change(
            story.lynx.contracts, 's1', ends_on=dt.date(2026, 2, 5)
        )
        story.until('02-06')
        sub = story.sub('S001')
        self.assertEqual('ended', sub.contract)
        self.assertEqual(dt.date(2026, 2, 5), sub.ends_on)
        self.assertEqual('active', story.shows())

    def test_a_plan_that_is_changed_there_is_changed_here(self) -> None:
        story = ally.Ally()
        story.acme()
        story.until('01-31')
        story.lynx.change(story.lynx.contracts, 's1', plan='quota')
        story.until('02-02')
        # They prorate it: here it holds from what is not billed yet.
        self.assertEqual(dt.date(2026, 3, 1), agreed(story)[-1])
        self.assertEqual({}, story.lynx.lines)
        self.assertEqual([], story.links('waiting'))

    def test_where_we_invoice_it_is_prorated_from_that_day_on(self) -> None:
        story = ally.Ally()
        story.lynx.invoices = bridge.Owner.OURS
        story.acme(plan='quota')
        story.until('01-31')
        story.lynx.collect('p1', 'c1', 4000)
        story.until('02-05')
        story.lynx.change(story.lynx.contracts, 's1', plan='vps')
        story.work()
        self.assertEqual(dt.date(2026, 2, 5), agreed(story)[-1])
        # 24 of 28 days: a server at 10.00 instead of 8 cores at 5.00.
        story.until('02-27')
        self.assertEqual(
            [4000, -3429, 857, 1000],
            [line.net for line in story.rows(schema.lines)],
        )

    def test_a_plan_of_ours_is_not_followed(self) -> None:
        story = ally.Ally(ours='plan')
        story.acme()
        story.until('01-31')
        story.lynx.change(story.lynx.contracts, 's1', plan='quota')
        story.until('02-02')
        self.assertEqual([dt.date(2025, 6, 1)], agreed(story))
        self.assertEqual('contract s1', story.links('linked')[1])

    def test_a_plan_that_is_not_here_is_for_a_person(self) -> None:
        story = ally.Ally()
        story.acme()
        story.bill()
        story.until('01-31')
        story.lynx.change(story.lynx.contracts, 's1', plan='gold')
        story.until('02-04')
        self.assertIn(
            'the plan is vps here and gold there', story.links('linked')[1]
        )
        # He owes for what he has.
        self.assertEqual('shelved', story.sub('S001').billing_status)
