# SPDX-License-Identifier: Apache-2.0
"""Whoever pays gets back what was taken, and nothing more is taken."""

from oslotest import base

from patrii_billing.domain import money
from patrii_billing.engine import payments
from patrii_billing.store import schema
from tests.unit import stories

# A second subscription of acme, for a project of its own.
LAB = """
      - {name: acme-2, plan: vps, project: acme-lab, start: 2026-01-01,
          paid_until: 2026-02-01}
  - name: other
    projects: [{name: other-prod, servers: [
        {name: theirs, flavor: s1}]}]
    subscriptions:
      - {name: other-1, plan: vps, project: other-prod, start: 2026-01-01,
          paid_until: 2026-02-01}"""


class PayingTest(base.BaseTestCase):
    def test_who_pays_before_the_due_date_hears_nothing_more(self) -> None:
        story = stories.told('at: 01-30T12:00:00, pay: acme')

        self.assertEqual([], story.told('status', 'action', 'alarm'))
        self.assertEqual(
            ['invoice', 'payment_received'],
            [one.split()[3] for one in story.told('notice')],
        )
        self.assertEqual(['02-01 to 03-01: 10.00 paid'], story.invoices())

    def test_a_payment_after_each_step_stops_the_next(self) -> None:
        for at, expected, moves in (
            ('01-31T12:00:00', [], []),
            ('02-01T12:00:00', ['grace', 'active'], []),
            (
                '02-04T00:00:00',
                ['grace', 'shelved', 'active'],
                ['lock', 'shelve', 'unshelve', 'unlock'],
            ),
            (
                '02-07T00:00:00',
                ['grace', 'shelved', 'pending_deletion', 'active'],
                ['lock', 'shelve', 'unshelve', 'unlock'],
            ),
        ):
            story = stories.told(f'at: {at}, pay: acme')

            self.assertEqual(expected, story.statuses(), at)
            self.assertEqual(moves, story.moves(), at)
            self.assertEqual('active', story.shows(), at)
            self.assertEqual([], story.alarms())
            self.assertIsNone(story.case())

    def test_a_restore_ends_within_ten_seconds_and_is_told(self) -> None:
        story = stories.told('at: 02-04T00:00:00, pay: acme')

        self.assertEqual(
            [
                '02-04 00:00:00 notice payment_received accepted',
                '02-04 00:00:03 notice restored accepted',
            ],
            story.told('notice')[-2:],
        )
        self.assertEqual(
            '02-04 00:00:03 action web restore done', story.told('action')[-1]
        )

    def test_a_payment_in_the_middle_of_shelving_restores_at_once(
        self,
    ) -> None:
        for second in (0, 1, 2):
            story = stories.told(f'at: 02-03T00:00:0{second}, pay: acme')

            self.assertEqual('active', story.shows())
            self.assertEqual('active', story.sub().billing_status)
            self.assertEqual(sorted(set(story.moves())), sorted(story.moves()))

    def test_a_payment_in_the_second_of_the_deletion_keeps_the_server(
        self,
    ) -> None:
        story = stories.told('at: 02-08T00:00:02, pay: acme')

        self.assertEqual('active', story.shows())

    def test_a_payment_while_nova_deletes_is_told_what_is_kept(self) -> None:
        story = stories.told('at: 02-08T00:00:05, pay: acme')

        self.assertEqual('gone', story.shows())
        self.assertEqual([], story.mails('restored'))
        [taken] = story.rows(schema.custody)
        [notice] = story.rows(schema.notices, template='deleted')
        self.assertEqual([taken.server], notice.servers)
        self.assertEqual(taken.undo_until, notice.names)

    def test_a_payment_after_the_deletion_does_not_bring_back_the_contract(
        self,
    ) -> None:
        story = stories.told(
            'at: 02-08T12:00:00, pay: acme', until='2026-02-12T00:00:00Z'
        )

        self.assertEqual('deleted', story.sub().billing_status)
        self.assertEqual('ended', story.sub().contract)
        self.assertEqual('gone', story.shows())
        self.assertEqual(['02-01 to 03-01: 10.00 paid'], story.invoices())

    def test_paying_partly_stops_nothing(self) -> None:
        story = stories.told(
            """
            at: 02-02T00:00:00, pay: acme, amount: "4.00"
            at: 02-04T00:00:00, pay: acme, amount: "5.99"
            """,
            until='2026-02-04T12:00:00Z',
        )

        self.assertEqual(['grace', 'shelved'], story.statuses())
        (invoice,) = story.rows(schema.invoices)
        self.assertEqual(1, invoice.owed)

    def test_the_rest_of_a_part_payment_restores(self) -> None:
        story = stories.told(
            """
            at: 02-04T00:00:00, pay: acme, amount: "4.00"
            at: 02-05T00:00:00, pay: acme, amount: "6.00"
            """
        )

        self.assertEqual(
            '02-05 00:00:03 status active', story.told('status')[-1]
        )

    def test_what_is_paid_too_much_pays_the_next_invoice(self) -> None:
        story = stories.told(
            'at: 02-04T00:00:00, pay: acme, amount: "15.00"',
            until='2026-03-02T00:00:00Z',
        )

        self.assertEqual(
            ['02-01 to 03-01: 10.00 paid', '03-01 to 04-01: 10.00 open'],
            story.invoices(),
        )
        self.assertEqual(500, story.rows(schema.invoices)[1].owed)

    def test_an_invoice_paid_by_the_balance_is_never_dunned(self) -> None:
        story = stories.told(
            'at: 01-30T00:00:00, pay: acme, amount: "25.00"',
            until='2026-03-10T00:00:00Z',
        )

        self.assertEqual([], story.told('status', 'alarm'))
        self.assertEqual([], story.told('notice', name='reminder'))
        self.assertEqual(
            ['02-01 to 03-01: 10.00 paid', '03-01 to 04-01: 10.00 paid'],
            story.invoices(),
        )

    def test_the_same_payment_recorded_twice_counts_once(self) -> None:
        story = stories.told(
            """
            at: 02-04T00:00:00, pay: acme, amount: "5.00", key: transfer-7
            at: 02-04T01:00:00, pay: acme, amount: "5.00", key: transfer-7
            """,
            until='2026-02-05T00:00:00Z',
        )

        self.assertEqual(1, len(story.rows(schema.payments)))
        self.assertEqual('shelved', story.sub().billing_status)


class OldestTest(base.BaseTestCase):
    """Two invoices past due, of which only the oldest is paid."""

    # Paid until January: two invoices are past due in February.
    GIVEN = {
        'paid_until': '2026-01-15',
        'start': '2026-01-13T00:00:00Z',
        'more': ', anchor_day: 15',
        'ladder': 'invoice_lead: 2d, reminders: [], shelve_grace: 35d, '
        'shelved_span: 3d, deletion_warning: 2d',
    }

    def test_in_grace_the_grace_begins_again(self) -> None:
        story = stories.told(
            'at: 02-18T00:00:00, pay: acme, amount: "10.00"',
            until='2026-03-14T00:00:00Z',
            **self.GIVEN,
        )

        self.assertEqual(['01-15 00:00:00 status grace'], story.told('status'))
        self.assertEqual(
            ['01-15 00:00:00', '02-18 00:00:00'],
            [one[:14] for one in story.told('notice', name='grace')],
        )
        self.assertEqual([], story.moves())

    def test_shelved_it_stays_shelved_and_the_span_begins_again(
        self,
    ) -> None:
        given = {
            **self.GIVEN,
            'ladder': self.GIVEN['ladder'].replace('35d', '32d'),
        }
        story = stories.told(
            'at: 02-17T00:00:00, pay: acme, amount: "10.00"',
            until='2026-02-23T00:00:00Z',
            **given,
        )

        self.assertEqual(
            [
                '01-15 00:00:00 status grace',
                '02-16 00:00:02 status shelved',
                '02-20 00:00:00 status pending_deletion',
                '02-22 00:00:11 status deleted',
            ],
            story.told('status'),
        )

    def test_with_a_deletion_pending_he_is_warned_anew(self) -> None:
        given = {
            **self.GIVEN,
            'ladder': self.GIVEN['ladder'].replace('35d', '32d'),
        }
        story = stories.told(
            'at: 02-20T00:00:00, pay: acme, amount: "10.00"',
            until='2026-02-23T00:00:00Z',
            **given,
        )

        self.assertEqual(
            ['02-19 00:00:02', '02-20 00:00:00'],
            [one[:14] for one in story.told('notice', name='last_warning')],
        )
        self.assertEqual(
            '02-22 00:00:11 status deleted', story.told('status')[-1]
        )

    def test_both_paid_restores(self) -> None:
        story = stories.told(
            """
            at: 02-25T00:00:00, pay: acme, amount: "10.00"
            at: 02-26T00:00:00, pay: acme, amount: "10.00"
            """,
            until='2026-02-27T00:00:00Z',
            **{
                **self.GIVEN,
                'ladder': self.GIVEN['ladder']
                .replace('35d', '32d')
                .replace('shelved_span: 3d', 'shelved_span: 30d'),
            },
        )

        self.assertEqual(
            '02-26 00:00:03 status active', story.told('status')[-1]
        )


class ToleranceTest(base.BaseTestCase):
    def test_a_bank_fee_is_not_dunned(self) -> None:
        story = stories.told(
            'at: 01-30T12:00:00, pay: acme, amount: "9.50"',
            policy='tolerance: 50',
        )

        self.assertEqual([], story.told('status'))

    def test_a_cent_more_is(self) -> None:
        story = stories.told(
            'at: 01-30T12:00:00, pay: acme, amount: "9.49"',
            policy='tolerance: 50',
        )

        self.assertEqual('grace', story.statuses()[0])

    def test_paying_all_but_a_fee_restores(self) -> None:
        story = stories.told(
            'at: 02-04T12:00:00, pay: acme, amount: "9.50"',
            policy='tolerance: 50',
        )

        self.assertEqual('active', story.shows())
        self.assertEqual('active', story.sub().billing_status)

    def test_an_old_fee_does_not_shorten_the_ladder_of_the_next_invoice(
        self,
    ) -> None:
        story = stories.told(
            'at: 01-30T12:00:00, pay: acme, amount: "9.50"',
            policy='tolerance: 50',
            until='2026-03-04T00:00:00Z',
        )

        self.assertEqual(
            ['01-31 00:00:00', '02-28 00:00:00'],
            [one[:14] for one in story.told('notice', name='reminder')],
        )
        self.assertEqual(
            ['03-01 00:00:00 status grace', '03-03 00:00:02 status shelved'],
            story.told('status'),
        )


class TransitTest(base.BaseTestCase):
    def test_money_on_its_way_stops_the_ladder_for_its_span(self) -> None:
        story = stories.told(
            'at: 02-02T12:00:00, pay: acme, pending: true',
            policy='in_transit: 3d',
        )

        self.assertEqual(
            ['02-01 00:00:00 status grace', '02-05 12:00:02 status shelved'],
            story.told('status')[:2],
        )

    def test_money_that_arrives_ends_the_case(self) -> None:
        story = stories.told(
            """
            at: 02-02T12:00:00, pay: acme, amount: "10", pending: true, key: a
            at: 02-04T12:00:00, pay: acme, amount: "10", key: a
            """
        )

        self.assertEqual(['grace', 'active'], story.statuses())
        self.assertEqual([], story.moves())

    def test_it_does_not_restore_what_is_shelved_until_it_arrives(
        self,
    ) -> None:
        story = stories.told(
            """
            at: 02-04T00:00:00, pay: acme, amount: "10", pending: true, key: a
            at: 02-05T12:00:00, pay: acme, amount: "10", key: a
            """
        )

        self.assertEqual(
            '02-05 12:00:03 status active', story.told('status')[-1]
        )

    def test_it_delays_a_warning_and_a_deletion(self) -> None:
        story = stories.told(
            """
            at: 02-05T12:00:00, pay: acme, pending: true, key: a
            at: 02-08T06:00:00, pay: acme, pending: true, key: b
            """,
            policy='in_transit: 1d',
            until='2026-02-12T00:00:00Z',
        )

        self.assertEqual(
            [
                '02-06 12:00:00 status pending_deletion',
                '02-09 06:00:11 status deleted',
            ],
            story.told('status')[-2:],
        )

    def test_money_that_fails_lets_the_ladder_go_on(self) -> None:
        story = stories.Story(
            stories.text(
                'at: 02-02T12:00:00, pay: acme, pending: true',
                policy='in_transit: 3d',
            )
        ).play('02-04 00:00:00')
        (payment,) = story.rows(schema.payments)

        story.db.write(
            payments.fail, story.world.tools, payment.id,
            stories.instant('02-04'),
        )  # fmt: skip
        story.play()

        self.assertIn('payment_failed', story.told('notice', name='failed')[0])
        self.assertEqual(
            '02-05 12:00:02 status shelved', story.told('status')[1]
        )


class ChargeBackTest(base.BaseTestCase):
    def test_a_charge_back_makes_a_new_due_instant(self) -> None:
        story = stories.told(
            """
            at: 01-30T12:00:00, pay: acme
            at: 02-03T09:00:00, charge_back: acme
            """
        )

        self.assertEqual(
            [
                '02-04 09:00:00 status grace',
                '02-06 09:00:02 status shelved',
            ],
            story.told('status'),
        )

    def test_before_the_due_date_it_does_not_come_due_sooner(self) -> None:
        story = stories.told(
            """
            at: 01-30T06:00:00, pay: acme
            at: 01-30T12:00:00, charge_back: acme
            """
        )

        self.assertEqual(
            '02-01 00:00:00 status grace', story.told('status')[0]
        )

    def test_other_money_of_the_customer_pays_what_it_takes_back(
        self,
    ) -> None:
        story = stories.told(
            """
            at: 01-30T06:00:00, pay: acme, amount: "20.00"
            at: 01-30T12:00:00, pay: acme, amount: "10.00"
            at: 02-03T00:00:00, charge_back: acme
            """
        )

        self.assertEqual([], story.told('status'))

    def test_while_restoring_the_restore_is_finished_first(self) -> None:
        for second in (0, 1, 2, 3):
            story = stories.told(
                f"""
                at: 02-04T00:00:00, pay: acme
                at: 02-04T00:00:0{second}, charge_back: acme
                """,
                until='2026-02-09T00:00:00Z',
            )

            self.assertEqual('active', story.statuses()[2])
            self.assertEqual(
                ['lock', 'shelve', 'unshelve', 'unlock', 'lock', 'shelve'],
                story.moves(),
                second,
            )
            self.assertEqual('shelved', story.sub().billing_status)

    def test_another_payment_charged_back_while_shelved_changes_nothing(
        self,
    ) -> None:
        story = stories.told(
            """
            at: 02-03T12:00:00, pay: acme, amount: "4.00"
            at: 02-04T00:00:00, charge_back: acme
            """
        )

        self.assertEqual(
            ['grace', 'shelved', 'pending_deletion', 'deleted'],
            story.statuses(),
        )


class SeveralSubscriptionsTest(base.BaseTestCase):
    TWO = {
        'subscriptions': LAB,
        'servers': """{name: web, flavor: s1}]
      - name: acme-lab
        servers: [{name: lab, flavor: s2}""",
    }

    def test_each_has_its_own_ladder_and_the_oldest_is_paid_first(
        self,
    ) -> None:
        story = stories.told(
            """
            at: 02-04T00:00:00, pay: acme, amount: "10.00"
            at: 02-04T12:00:00, pay: other
            """,
            until='2026-02-05T00:00:00Z',
            **self.TWO,
        )

        self.assertEqual('active', story.shows('web'))
        self.assertEqual('active', story.shows('theirs'))
        self.assertEqual(
            'shelved_offloaded, locked by admin', story.shows('lab')
        )
        self.assertEqual(
            ['active', 'shelved', 'active'],
            [
                story.sub(name).billing_status
                for name in ('acme-1', 'acme-2', 'other-1')
            ],
        )

    def test_one_payment_of_all_restores_both(self) -> None:
        story = stories.told(
            'at: 02-04T00:00:00, pay: acme',
            until='2026-02-05T00:00:00Z',
            **self.TWO,
        )

        self.assertEqual('active', story.shows('web'))
        self.assertEqual('active', story.shows('lab'))
        self.assertEqual(['lock', 'shelve'], story.moves('theirs'))

    def test_a_server_with_a_subscription_of_its_own_goes_its_own_way(
        self,
    ) -> None:
        story = stories.told(
            'at: 02-02T00:00:00, pay: acme, amount: "10.00"',
            servers='{name: web, flavor: s1}, {name: db, flavor: s2}',
            subscriptions="""
      - {name: acme-db, plan: vps, project: acme-prod, start: 2026-01-01,
          paid_until: 2026-02-01, server: db}""",
            until='2026-02-05T00:00:00Z',
        )

        self.assertEqual(
            ['02-01 to 03-01: 10.00 paid', '02-01 to 03-01: 20.00 open'],
            story.invoices(),
        )
        self.assertEqual('active', story.shows('web'))
        self.assertEqual([], story.moves('web'))
        self.assertEqual(['lock', 'shelve'], story.moves('db'))

    def test_a_payment_of_another_currency_pays_nothing(self) -> None:
        story = stories.Story(stories.text()).play('02-04')

        story.db.write(
            payments.record, story.world.tools, story.sub().account_id,
            money.Money(1000, 'USD'), 'k', story.world.clock.now(),
        )  # fmt: skip
        story.play('02-05')

        self.assertEqual('shelved', story.sub().billing_status)
