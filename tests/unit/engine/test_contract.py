# SPDX-License-Identifier: Apache-2.0
"""A contract's end and its changes, and what that does to its bills."""

from decimal import Decimal
from typing import Any

from oslotest import base

from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import plans
from patrii_billing.store import schema
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from tests.unit import desk
from tests.unit import stories

# Nobody is shelved while these are told.
PATIENT = 'invoice_lead: 2d, reminders: [-1d], shelve_grace: 90d'
PLANS = """
  - name: half
    currency: EUR
    cycle: month
    prices:
      - {kind: flavor, resource: s1, unit_price: "5.00"}
      - {kind: flavor, resource: s2, unit_price: "10.00"}
  - name: double
    currency: EUR
    cycle: month
    prices: [{kind: flavor, resource: s1, unit_price: "20.00"}]
  - name: yearly
    currency: EUR
    cycle: year
    prices: [{kind: flavor, resource: s1, unit_price: "100.00"}]
  - name: weekly
    currency: EUR
    cycle: days:7
    prices: [{kind: flavor, resource: s1, unit_price: "3.00"}]
  - name: dollars
    currency: USD
    cycle: month
    prices: [{kind: flavor, resource: s1, unit_price: "10.00"}]
  - name: cores
    currency: EUR
    cycle: month
    prices: [{kind: quota, resource: cores, unit_price: "1.00"}]
accounts:
"""


def customer(day: str, /, events: str = '', **given: str) -> desk.Desk:
    """acme on a day; unless told otherwise he pays nothing."""
    values = {
        'ladder': PATIENT, 'start': '2026-01-28T00:00:00Z',
        'until': '2026-04-01T00:00:00Z', **given,
    }  # fmt: skip
    text = stories.text(events, **values).replace('accounts:\n', PLANS[1:], 1)
    story = desk.Desk(text)
    story.play(day)
    return story


def payer(day: str, /, events: str = '', **given: str) -> desk.Desk:
    """acme on a day, having paid for February."""
    return customer(
        day, f'at: 01-31T00:00:00, pay: acme\n{events}', **given
    )  # fmt: skip


def taxed(inclusive: bool = False, paid: bool = True) -> desk.Desk:
    """acme with a tax and a discount that leave no round sums."""
    story = customer('01-29')
    sub = story.sub()
    story.db.write(
        accounts.change, sub.account_id,
        taxes=[{'name': 'VAT', 'rate': '19'}],
        discounts=[{'name': 'friend', 'percent': '7.77'}],
    )  # fmt: skip
    story.db.write(plans.change, sub.plan_id, tax_inclusive=inclusive)
    story.play('02-05')
    if paid:
        story.pay(story.invoice().owed)
    return story


class CancelTest(base.BaseTestCase):
    def test_a_leaver_gets_no_invoice_for_what_comes_after(self) -> None:
        story = customer('01-29')

        story.cancel()
        self.assertEqual('ending', story.sub().contract)
        story.play()

        self.assertEqual([], story.documents())
        self.assertEqual('ended', story.sub().contract)
        self.assertEqual(stories.instant('02-01'), story.sub().ended_at)
        self.assertEqual([], story.told('status', 'action'))

    def test_the_invoice_for_what_comes_after_is_void_at_once(self) -> None:
        story = customer('01-31')

        story.cancel()

        self.assertEqual(
            ['INV-1 void: 1000 0', 'CN-1 paid: -1000 0'], story.documents()
        )
        self.assertEqual(['02-01 to 03-01: cancelled'], story.chain())
        story.play()
        self.assertEqual([], story.told('status', 'action'))
        self.assertEqual([], story.told('notice', name='reminder')[1:])
        self.assertEqual('ended', story.sub().contract)

    def test_one_who_left_on_the_day_and_tells_later_owes_nothing(
        self,
    ) -> None:
        story = customer('02-04', ladder=stories.SHORT)
        self.assertEqual('shelved', story.sub().billing_status)

        story.cancel('02-01')
        story.play('02-04 00:01:00')

        self.assertEqual('void', story.invoice().state)
        self.assertEqual('active', story.sub().billing_status)
        self.assertEqual('active', story.shows())

    def test_one_in_arrears_owes_the_days_up_to_today(self) -> None:
        story = customer('02-08')

        story.cancel()

        self.assertEqual(
            ['INV-1 open: 1000 250', 'CN-1 paid: -750 0'], story.documents()
        )
        self.assertEqual(
            ['02-01 to 02-08: billed', '02-08 to 03-01: cancelled'],
            story.chain(),
        )
        story.play()
        self.assertEqual('ended', story.sub().contract)
        self.assertEqual('grace', story.sub().billing_status)

    def test_what_is_paid_for_later_time_becomes_balance(self) -> None:
        story = payer('01-31 12:00:00')

        story.cancel('02-01')

        self.assertEqual(
            ['INV-1 paid: 1000 0', 'CN-1 paid: -1000 0'], story.documents()
        )
        self.assertEqual(1000, story.balance())
        story.play()
        self.assertEqual([], story.told('status'))

    def test_what_is_paid_in_part_gives_the_part_back(self) -> None:
        story = customer('01-31')
        story.pay(400)

        story.cancel('02-01')

        self.assertEqual(
            ['INV-1 paid: 1000 0', 'CN-1 paid: -1000 0'], story.documents()
        )
        self.assertEqual(400, story.balance())

    def test_unused_days_of_a_paid_period_are_given_back(self) -> None:
        story = payer('02-10')

        story.cancel('02-15')

        self.assertEqual(500, story.balance())
        self.assertEqual(
            ['02-01 to 02-15: billed', '02-15 to 03-01: cancelled'],
            story.chain(),
        )
        story.play('02-14')
        self.assertEqual('ending', story.sub().contract)
        story.play()
        self.assertEqual('ended', story.sub().contract)
        self.assertEqual(2, len(story.documents()))

    def test_without_a_day_he_stays_to_the_end_of_what_he_paid(self) -> None:
        story = payer('02-10')

        story.cancel()
        story.play()

        self.assertEqual(['INV-1 paid: 1000 0'], story.documents())
        self.assertEqual(stories.instant('03-01'), story.sub().ended_at)
        self.assertEqual(0, story.balance())

    def test_both_periods_are_corrected_where_the_next_was_invoiced(
        self,
    ) -> None:
        story = payer('02-28')  # March is invoiced, and not paid

        story.cancel('02-22')

        self.assertEqual(
            ['INV-1 paid: 1000 0', 'INV-2 void: 1000 0',
             'CN-1 paid: -1000 0', 'CN-2 paid: -250 0'],
            story.documents(),
        )  # fmt: skip
        self.assertEqual(250, story.balance())
        self.assertEqual(
            ['02-01 to 02-22: billed', '02-22 to 03-01: cancelled',
             '03-01 to 04-01: cancelled'],
            story.chain(),
        )  # fmt: skip

    def test_a_later_day_is_billed_up_to_it(self) -> None:
        story = customer('01-29')

        story.cancel('02-15')
        story.play()

        self.assertEqual(['INV-1 open: 500 500'], story.documents())
        self.assertEqual(stories.instant('02-15'), story.sub().ended_at)

    def test_what_is_given_back_adds_up_with_taxes_and_discounts(
        self,
    ) -> None:
        for inclusive in (False, True):
            with self.subTest(inclusive=inclusive):
                story = taxed(inclusive)

                for day in ('02-20', '02-13', '02-07', '02-01'):
                    story.cancel(day)

                [whole, *notes] = story.rows(schema.invoices)
                self.assertEqual(4, len(notes))
                for sums in ('net', 'total'):
                    given = -sum(getattr(note, sums) for note in notes)
                    self.assertEqual(getattr(whole, sums), given)
                taxes = [note.taxes[0]['amount'] for note in notes]
                self.assertEqual(whole.taxes[0]['amount'], -sum(taxes))
                self.assertEqual(whole.total, story.balance())

    def test_a_void_and_a_credit_give_back_their_taxes(self) -> None:
        for take_back in (desk.Desk.void, desk.Desk.credit):
            story = taxed(paid=False)

            take_back(story)

            [whole, note] = story.rows(schema.invoices)
            self.assertEqual((-whole.total, 0), (note.total, whole.owed))
            [[one], [other]] = [whole.taxes, note.taxes]
            self.assertEqual(
                (one['base'], one['amount']),
                (-other['base'], -other['amount']),
            )

    def test_a_change_that_was_not_billed_yet_comes_with_the_credit(
        self,
    ) -> None:
        story = payer('02-15', 'at: 02-10T12:00:00, resize: web, flavor: s2')

        story.cancel('02-20')

        # 19 days of 10.00 back, and 10 days of 20.00 in their place.
        self.assertEqual('INV-2 open: 35 35', story.documents()[-1])

    def test_a_change_at_the_end_comes_with_the_last_invoice(self) -> None:
        story = payer('02-10', 'at: 02-22T12:00:00, resize: web, flavor: s2')

        story.cancel()
        story.play()

        self.assertEqual('INV-2 open: 250 250', story.documents()[-1])
        self.assertEqual('ended', story.sub().contract)

    def test_a_debt_outlives_the_contract_and_so_does_its_ladder(
        self,
    ) -> None:
        story = customer('02-02', ladder=stories.SHORT)

        story.cancel()
        story.play()

        self.assertEqual('INV-1 open: 1000 36', story.documents()[0])
        self.assertEqual('deleted', story.sub().billing_status)

    def test_one_who_is_shelved_has_his_end_as_well(self) -> None:
        ladder = 'invoice_lead: 2d, reminders: [-1d], shelved_span: 60d'
        story = customer('02-05', ladder=ladder)
        self.assertEqual('shelved', story.sub().billing_status)

        story.cancel('02-10')
        story.play('03-10')

        self.assertEqual('ended', story.sub().contract)
        self.assertEqual('shelved', story.sub().billing_status)
        story.pay(1000)
        story.play()
        self.assertEqual('active', story.shows())
        self.assertEqual(2, len(story.documents()))

    def test_a_pause_that_runs_ends_with_the_contract_and_costs_nothing(
        self,
    ) -> None:
        story = payer('02-10', 'at: 02-05T00:00:00, hold: acme-1, type: pause')

        story.cancel('02-20')
        story.play()

        self.assertEqual(
            ['02-01 to 02-05: billed', '02-05 to 02-20: paused',
             '02-20 to 03-01: cancelled'],
            story.chain(),
        )  # fmt: skip
        # 24 of 28 days, each part of it rounded by itself.
        self.assertEqual(857, story.balance())

    def test_an_ended_contract_lets_go_of_its_project_once_it_is_paid(
        self,
    ) -> None:
        story = customer('02-08')
        story.cancel()
        story.play('02-09')
        self.assertEqual('acme-prod', story.sub().enforces)
        self.assertEqual([], story.alarms())

        story.pay(250)
        story.play('02-10')

        self.assertIsNone(story.sub().enforces)
        self.assertEqual(['uncovered'], story.alarms())
        self.assertEqual('active', story.shows())

    def test_a_contract_does_not_end_before_it_began(self) -> None:
        story = customer('01-29')

        self.assertRaises(errors.InvalidInput, story.cancel, '2025-12-31')
        self.assertIsNone(story.sub().ends_on)

    def test_the_same_cancellation_twice_is_one(self) -> None:
        story = customer('01-31')
        story.cancel()

        story.cancel()

        self.assertEqual(2, len(story.documents()))
        [told] = story.rows(schema.timeline, what='contract')
        self.assertEqual(('ending', 'ann'), (told.name, told.by))

    def test_another_day_takes_the_place_of_the_first(self) -> None:
        story = payer('02-10')
        story.cancel('02-15')

        story.cancel('02-22')
        story.play('02-14')

        # Seven of the fourteen days are billed again, from the balance.
        self.assertEqual(250, story.balance())
        story.play()
        self.assertEqual(stories.instant('02-22'), story.sub().ended_at)
        self.assertEqual(250, story.balance())


class TrialTest(base.BaseTestCase):
    """A trial of two weeks from 1 February on."""

    def trial(self, day: str) -> desk.Desk:
        text = stories.text(ladder=PATIENT, until='2026-03-10T00:00:00Z')
        for old, new in (
            ('start: 2026-01-01,', 'start: 2026-02-01}'),
            ('          paid_until: 2026-02-01}\n', ''),
            ('cycle: month', 'cycle: month\n    trial_days: 14'),
        ):
            self.assertIn(old, text)
            text = text.replace(old, new)
        story = desk.Desk(text)
        story.play(day)
        self.assertEqual('trial', story.sub().contract)
        return story

    def test_it_can_be_left_at_once_and_costs_nothing(self) -> None:
        story = self.trial('02-05')

        story.cancel()
        story.play()

        self.assertEqual('ended', story.sub().contract)
        self.assertEqual(stories.instant('02-05'), story.sub().ended_at)
        self.assertEqual([], story.documents())
        self.assertEqual(['02-01 to 02-15: trial'], story.chain())

    def test_one_who_thinks_better_of_it_has_his_trial_still(self) -> None:
        story = self.trial('02-05')
        story.cancel('02-10')

        story.keep()
        self.assertEqual('trial', story.sub().contract)
        story.play()

        self.assertEqual(
            ['02-01 to 02-15: trial', '02-15 to 03-01: billed',
             '03-01 to 04-01: billed'],
            story.chain(),
        )  # fmt: skip

    def test_its_first_invoice_is_void_where_he_leaves_in_time(self) -> None:
        story = self.trial('02-05')
        story.db.write(
            subscriptions.change, story.sub().id,
            charge_at=stories.instant('02-08'),
        )  # fmt: skip
        story.play('02-10')
        self.assertEqual('INV-1 open: 500 500', story.documents()[0])

        story.cancel()

        self.assertEqual('INV-1 void: 500 0', story.documents()[0])
        story.play('02-11')
        self.assertEqual(stories.instant('02-10'), story.sub().ended_at)


class KeepTest(base.BaseTestCase):
    def test_what_was_void_is_billed_anew(self) -> None:
        story = customer('01-31')
        story.cancel()

        story.keep()
        story.play('02-01 12:00:00')

        self.assertEqual('INV-2 open: 1000 1000', story.documents()[-1])
        self.assertEqual(['02-01 to 03-01: billed'], story.chain())
        self.assertEqual('live', story.sub().contract)

    def test_what_was_given_back_pays_what_is_billed_again(self) -> None:
        story = payer('02-10')
        story.cancel('02-15')

        story.keep()
        story.play('02-14')

        self.assertEqual('INV-2 paid: 500 0', story.documents()[-1])
        self.assertEqual(0, story.balance())
        story.play('03-02')
        self.assertEqual('INV-3 open: 1000 1000', story.documents()[-1])

    def test_one_that_is_not_cancelled_stays_as_it_is(self) -> None:
        story = payer('02-10')
        before = story.sub()

        story.keep()

        self.assertEqual(before, story.sub())

    def test_what_has_ended_does_not_come_back(self) -> None:
        story = payer('02-10')
        story.cancel('02-10')

        self.assertRaises(errors.Conflict, story.keep)
        story.play('02-11')
        for change in (story.keep, story.cancel):
            self.assertRaises(errors.Conflict, change)
        self.assertRaises(errors.Conflict, story.change_anchor, 15)
        self.assertRaises(errors.Conflict, story.change_plan, 'half')


class AnchorTest(base.BaseTestCase):
    def test_the_stub_to_the_new_day_is_billed_next(self) -> None:
        story = customer('01-29')

        story.change_anchor(15)
        story.play('02-20')

        self.assertEqual(
            ['02-01 to 02-15: 4.52 open', '02-15 to 03-15: 10.00 open'],
            story.invoices(),
        )

    def test_what_is_billed_already_stays_so(self) -> None:
        story = payer('02-10')

        story.change_anchor(31)
        story.play()

        self.assertEqual(
            ['02-01 to 03-01: 10.00 paid', '03-01 to 03-31: 9.68 open',
             '03-31 to 04-30: 10.00 open'],
            story.invoices(),
        )  # fmt: skip

    def test_a_plan_from_a_day_before_the_new_day_is_refused(self) -> None:
        story = payer('02-10')
        story.change_anchor(15)

        refused = self.assertRaises(
            errors.Conflict, story.change_plan, 'double', '02-05'
        )

        self.assertIn('from 2026-03-01 on its anchor is 15', str(refused))
        story.change_plan('double')

    def test_what_is_no_day_of_a_month_is_refused(self) -> None:
        story = customer('01-29')

        for day in (0, 32, -1):
            self.assertRaises(errors.InvalidInput, story.change_anchor, day)
        story.change_plan('weekly')
        self.assertRaises(errors.Conflict, story.change_anchor, 15)


class PlanTest(base.BaseTestCase):
    def test_another_plan_begins_with_the_next_period(self) -> None:
        story = customer('01-29')

        story.change_plan('double')
        story.play('02-10')

        self.assertEqual(['INV-1 open: 2000 2000'], story.documents())

    def test_a_cheaper_plan_lowers_an_invoice_that_is_open(self) -> None:
        story = customer('01-31')

        story.change_plan('half', '02-01')

        self.assertEqual('INV-1 open: 1000 500', story.documents()[0])
        self.assertEqual(0, story.balance())

    def test_a_day_of_the_running_period_is_prorated(self) -> None:
        story = payer('02-15')

        story.change_plan('double', '02-15')
        story.play()

        # Half a month of the difference comes with the next one.
        self.assertEqual('INV-2 open: 2500 2500', story.documents()[1])

    def test_by_default_the_running_period_stays_as_it_is(self) -> None:
        story = payer('02-15')

        story.change_plan('half')
        story.play()

        self.assertEqual('INV-2 open: 500 500', story.documents()[1])

    def test_a_change_after_the_next_was_invoiced_corrects_both(self) -> None:
        story = payer('02-28')

        story.change_plan('half', '02-15')

        # 2.50 of February and 5.00 of March.
        self.assertEqual('INV-2 open: 1000 250', story.documents()[1])

    def test_another_cycle_begins_where_what_is_billed_ends(self) -> None:
        story = payer('02-15')
        self.assertRaises(
            errors.Conflict, story.change_plan, 'yearly', '02-20'
        )

        story.change_plan('yearly')
        story.play('03-02')

        self.assertEqual('03-01 to 03-01: 100.00 open', story.invoices()[-1])

    def test_a_change_within_a_quarter_or_so_many_days_keeps_its_bounds(
        self,
    ) -> None:
        for cycle, until, next_one in (
            ('quarter', '2026-04-14', '04-15 to 07-15: billed'),
            ('days:20', '2026-02-09', '02-10 to 03-02: billed'),
        ):
            with self.subTest(cycle):
                story = desk.Desk(
                    stories.text(
                        start='2026-01-15T00:00:00Z',
                        until=f'{until}T00:00:00Z',
                        paid_until='2026-01-21',
                        more=', anchor_day: 15',
                        ladder=PATIENT,
                    )
                    .replace('accounts:\n', PLANS[1:], 1)
                    .replace('cycle: month', f'cycle: {cycle}')
                ).play('01-25')

                story.change_plan('half', '01-25')
                story.play()

                self.assertEqual(next_one, story.chain()[-1])

    def test_after_a_cancellation_withdrawn_it_begins_where_that_ended(
        self,
    ) -> None:
        story = payer('02-10')
        story.cancel('02-15')
        story.keep()

        story.change_plan('half')
        story.play('02-20')

        self.assertEqual('INV-2 paid: 250 0', story.documents()[-1])

    def test_the_same_plan_changes_nothing(self) -> None:
        story = payer('02-15')

        story.change_plan('vps')

        self.assertEqual([], story.rows(schema.timeline, what='contract'))
        self.assertEqual(1, len(story.rows(schema.terms)))

    def test_a_second_thought_takes_the_place_of_the_first(self) -> None:
        story = payer('02-15')
        story.change_plan('double')

        story.change_plan('half')
        story.play()

        self.assertEqual('INV-2 open: 500 500', story.documents()[1])

    def test_plans_that_do_not_fit_are_refused(self) -> None:
        story = payer('02-15')

        self.assertRaises(errors.Conflict, story.change_plan, 'dollars')

    def test_a_contract_that_ends_is_not_changed(self) -> None:
        story = payer('02-15')
        story.cancel()

        self.assertRaises(errors.Conflict, story.change_plan, 'double')
        self.assertRaises(errors.Conflict, story.change_anchor, 15)

    def test_what_is_without_limit_gets_no_plan_that_prices_it(self) -> None:
        story = payer('02-15')
        story.db.write(_unlimited)

        self.assertRaises(errors.Conflict, story.change_plan, 'cores')

    def test_what_the_new_plan_has_no_price_of_is_refused(self) -> None:
        story = payer('02-15', 'at: 02-10T12:00:00, resize: web, flavor: s2')

        self.assertRaises(
            errors.NotFound, story.change_plan, 'double', '02-15'
        )
        self.assertEqual(1, len(story.rows(schema.terms)))

    def test_days_out_of_reach_are_refused(self) -> None:
        story = payer('02-15')

        for day in ('01-31', '03-02'):
            self.assertRaises(
                errors.InvalidInput, story.change_plan, 'half', day
            )


def _unlimited(conn: Any) -> None:
    servers.add_level(
        conn, 'by-hand', 'acme-prod', 'cores', Decimal(-1),
        stories.instant('02-14'), 'seen',
    )  # fmt: skip
