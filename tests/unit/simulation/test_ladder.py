# SPDX-License-Identifier: Apache-2.0
"""Each row of the ladder comes at its hour, whatever was away before."""

import datetime as dt

from oslotest import base

from patrii_billing.simulation import reading
from patrii_billing.simulation import run
from tests.unit import stories

WHOLE_LADDER = [
    '01-25 00:00:00 invoice INV-000001 open',
    '01-25 00:00:00 notice invoice accepted',
    '01-29 00:00:00 notice reminder accepted',
    '01-31 00:00:00 notice reminder accepted',
    '02-01 00:00:00 status grace',
    '02-01 00:00:00 notice grace accepted',
    '02-03 00:00:02 action web shelve done',
    '02-03 00:00:02 status shelved',
    '02-03 00:00:02 notice shelved accepted',
    '02-26 00:00:02 notice last_warning accepted',
    '02-26 00:00:02 status pending_deletion',
    '03-05 00:00:13 action web delete done',
    '03-05 00:00:13 status deleted',
    '03-05 00:00:13 notice deleted accepted',
    '03-19 00:00:13 action web purge done',
]
NOTICES = [
    'invoice', 'reminder', 'grace', 'shelved', 'last_warning', 'deleted',
]  # fmt: skip


def away(what: str, since: str, until: str) -> str:
    given = f'down: {what}' if what != 'nova: 500' else what
    return f'from: {since}:00, to: {until}:00, {given}'


class LadderTest(base.BaseTestCase):
    def test_an_unpaid_customer_walks_every_step_at_its_hour(self) -> None:
        story = stories.whole(until='2026-03-20T00:00:00Z')

        self.assertEqual(
            WHOLE_LADDER,
            story.told('invoice', 'notice', 'status', 'action', 'alarm'),
        )
        self.assertEqual(['lock', 'shelve', 'delete'], story.moves())
        self.assertEqual(
            ['02-01 to 03-01: 10.00 open'], story.invoices()
        )  # one that is shelved gets no new invoice

    def test_the_same_scenario_is_told_the_same_way_twice(self) -> None:
        read = reading.read(stories.text('at: 02-05T00:00:00, pay: acme'))

        self.assertEqual(list(run.run(read)), list(run.run(read)))

    def test_a_servers_snapshot_outlives_it_until_the_undo_span_is_over(
        self,
    ) -> None:
        story = stories.Story(stories.text(until='2026-02-12T00:00:00Z'))

        story.play('02-10 00:00:00')
        self.assertEqual('gone', story.shows())
        self.assertEqual(1, len(story.nova.protected))

        story.play()
        self.assertEqual({}, story.nova.images)
        self.assertEqual(set(), story.nova.protected)

    def test_days_are_days_of_the_customer_when_the_clocks_change(
        self,
    ) -> None:
        # In Paris clocks go forward on 29 March 2026.
        story = stories.whole(
            start='2026-02-21T00:00:00Z',
            until='2026-05-01T00:00:00Z',
            paid_until='2026-03-01',
            timezone='Europe/Paris',
        )

        self.assertEqual(
            [
                '02-28 23:00:00 status grace',
                '03-02 23:00:02 status shelved',
                '03-25 23:00:02 status pending_deletion',
                '04-01 22:00:13 status deleted',
            ],
            story.told('status'),
        )

    def test_hours_of_grace_are_elapsed_when_the_clocks_change(self) -> None:
        story = stories.whole(
            start='2026-03-20T00:00:00Z',
            until='2026-04-02T00:00:00Z',
            paid_until='2026-03-28',
            timezone='Europe/Paris',
            more=', anchor_day: 28',
        )

        self.assertEqual(
            ['03-27 23:00:00 status grace', '03-29 23:00:02 status shelved'],
            story.told('status'),
        )

    def test_mails_name_the_hour_of_what_they_announce(self) -> None:
        story = stories.whole()

        self.assertEqual(
            ['acme-1 web 2026-02-03T00:00:00+00:00'], story.mails('grace')
        )
        self.assertEqual(
            ['acme-1 web 2026-03-05T00:00:02+00:00'],
            story.mails('last_warning'),
        )

    def test_reminders_are_as_many_as_the_policy_says(self) -> None:
        for policy, expected in (
            ('reminders: []', []),
            (
                'reminders: [-5d, -2d, -6h]',
                ['01-27 00:00:00', '01-30 00:00:00', '01-31 18:00:00'],
            ),
        ):
            story = stories.whole(policy=policy, until='2026-02-02T00:00:00Z')

            self.assertEqual(
                [f'{at} notice reminder accepted' for at in expected],
                story.told('notice', name='reminder'),
            )
            self.assertEqual(
                ['02-01 00:00:00 status grace'], story.told('status')
            )

    def test_an_account_may_have_a_ladder_of_its_own(self) -> None:
        story = stories.whole(
            account_policy='shelve_grace: 1h, shelved_span: 1d, undo: 1d',
            policy='deletion_warning: 2d',
            until='2026-02-08T00:00:00Z',
        )

        self.assertEqual(
            [
                '02-01 00:00:00 status grace',
                '02-01 01:00:02 status shelved',
                '02-02 01:00:02 status pending_deletion',
                '02-04 01:00:13 status deleted',
            ],
            story.told('status'),
        )


class AwayTest(base.BaseTestCase):
    """Downtime moves deadlines later; it merges, shortens and skips none."""

    def assert_nothing_is_skipped(self, story: stories.Story) -> None:
        self.assertEqual(
            NOTICES,
            [
                line['name']
                for line in story.lines
                if line['kind'] == 'notice' and line['result'] == 'accepted'
            ],
        )
        at = {
            line['name']: dt.datetime.fromisoformat(line['at'])
            for line in story.lines
            if line['kind'] in ('notice', 'status')
        }
        hours = {
            ('reminder', 'grace'): 24,
            ('grace', 'shelved'): 48,
            ('shelved', 'last_warning'): 72,
            ('last_warning', 'deleted'): 48,
        }
        for (before, after), span in hours.items():
            self.assertGreaterEqual(
                at[after] - at[before], dt.timedelta(hours=span)
            )
        self.assertGreaterEqual(at['grace'], stories.instant('02-01'))
        self.assertEqual(['lock', 'shelve', 'delete'], story.moves())

    def test_a_daemon_away_over_a_step_only_delays(self) -> None:
        for since, until in (
            ('01-30T00:00', '01-30T05:00'),  # the invoice
            ('01-30T23:00', '01-31T04:00'),  # the reminder
            ('01-31T23:00', '02-01T04:30'),  # grace
            ('02-02T23:00', '02-03T03:00'),  # shelving
            ('02-05T23:00', '02-06T04:00'),  # the last warning
            ('02-07T23:00', '02-08T03:00'),  # the deletion
        ):
            story = stories.told(away('daemon', since, until))
            self.assert_nothing_is_skipped(story)
            self.assertEqual([], story.alarms())

    def test_a_daemon_away_over_several_steps_merges_none(self) -> None:
        story = stories.told(
            away('daemon', '01-30T06:00', '02-04T00:00')
            + '\nat: 02-04T12:00:00, resume: true',
            until='2026-02-20T00:00:00Z',
        )

        self.assert_nothing_is_skipped(story)
        self.assertEqual(
            [
                '02-04 00:00:00 notice reminder accepted',
                '02-05 00:00:00 notice grace accepted',
                '02-07 00:00:02 notice shelved accepted',
            ],
            story.told('notice')[1:4],
        )

    def test_a_mail_server_away_over_a_step_only_delays(self) -> None:
        for since, until in (
            ('01-30T00:00', '01-30T05:00'),
            ('01-30T23:00', '01-31T14:00'),
            ('01-31T23:00', '02-01T03:00'),
            ('02-02T23:00', '02-03T03:00'),
            ('02-05T23:00', '02-06T04:00'),
            ('02-07T23:00', '02-08T03:00'),
        ):
            story = stories.told(
                away('mail', since, until), until='2026-02-10T00:00:00Z'
            )
            self.assert_nothing_is_skipped(story)

    def test_a_late_last_warning_names_a_later_day(self) -> None:
        story = stories.told(
            away('mail', '02-05T23:00', '02-08T04:00'),
            until='2026-02-12T00:00:00Z',
        )

        (mail,) = story.mails('last_warning')
        (accepted,) = story.told('notice', name='last_warning')
        self.assertEqual('02-08 04:', accepted[:9])
        self.assertEqual('2026-02-10T' + accepted[6:14], mail.split()[-1][:19])
        self.assertIn(f'02-10 {accepted[6:11]}', story.told('action')[-1])

    def test_a_nova_away_over_a_step_only_delays(self) -> None:
        for what in ('nova', 'nova: 500'):
            for since, until in (
                ('02-02T23:00', '02-03T05:00'),
                ('02-07T23:00', '02-08T05:00'),
            ):
                story = stories.told(away(what, since, until))
                self.assert_nothing_is_skipped(story)

    def test_a_nova_away_for_days_only_delays(self) -> None:
        story = stories.Story(
            stories.text(
                away('nova', '02-02T00:00', '02-06T05:00'),
                until='2026-02-13T00:00:00Z',
            ),
            retry_max=dt.timedelta(hours=1),
        ).play()

        self.assert_nothing_is_skipped(story)
        self.assertEqual('02-06 05:', story.told('action')[-2][:9])

    def test_shelved_is_said_only_when_nova_confirmed_it(self) -> None:
        story = stories.Story(
            stories.text(away('nova', '02-03T00:01', '02-03T06:00'))
        )
        story.play('02-03 00:00:00')
        self.assertEqual('grace', story.sub().billing_status)
        self.assertEqual('active', story.shows())

        story.play('02-03 00:00:01')
        self.assertEqual('grace', story.sub().billing_status)
        self.assertEqual('shelving', story.guest().shown.task_state)

        story.play('02-03 00:00:10')
        self.assertEqual('shelved', story.sub().billing_status)


class SafeModeTest(base.BaseTestCase):
    def test_a_service_that_slept_for_long_takes_nothing_until_resumed(
        self,
    ) -> None:
        story = stories.Story(
            stories.text(
                away('daemon', '02-02T12:00', '02-03T12:00')
                + '\nat: 02-04T00:00:00, resume: true',
                until='2026-02-05T00:00:00Z',
            )
        )

        story.play('02-04 00:00:00')
        self.assertEqual(['safe_mode'], story.alarms())
        self.assertEqual([], story.moves())
        self.assertEqual(
            ['02-03 12:00:00 action web shelve blocked'],
            story.told('action'),
        )

        story.play()
        self.assertEqual(['lock', 'shelve'], story.moves())

    def test_it_deletes_nothing_until_resumed_either(self) -> None:
        story = stories.told(away('daemon', '02-07T12:00', '02-08T12:00'))

        self.assertEqual('shelved_offloaded, locked by admin', story.shows())
        self.assertEqual(['lock', 'shelve'], story.moves())

    def test_it_restores_who_pays(self) -> None:
        story = stories.told(
            away('daemon', '02-04T12:00', '02-05T12:00')
            + '\nat: 02-06T00:00:00, pay: acme',
            until='2026-02-07T00:00:00Z',
        )

        self.assertEqual(['safe_mode'], story.alarms())
        self.assertEqual('active', story.shows())
        self.assertEqual(
            '02-06 00:00:03 status active', story.told('status')[-1]
        )
