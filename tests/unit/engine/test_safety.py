# SPDX-License-Identifier: Apache-2.0
"""What keeps enforcement within bounds, and what makes it stop."""

import dataclasses
import datetime as dt

from oslotest import base

from patrii_billing.engine import evidence
from patrii_billing.engine import notify
from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests.unit import stories

OUT = 'shelved_offloaded, locked by admin'
MANY = ', '.join(f'{{name: s{n}, flavor: s1}}' for n in range(4))
_HOUR = dt.timedelta(hours=1)


class WarningTest(base.BaseTestCase):
    """Nothing is deleted without a warning that was accepted."""

    def test_a_warning_that_is_refused_deletes_nothing(self) -> None:
        story = stories.told(
            'at: 02-04T00:00:00, bounce: acme', until='2026-03-01T00:00:00Z'
        )

        self.assertEqual(['grace', 'shelved'], story.statuses())
        self.assertEqual(OUT, story.shows())
        self.assertIn('warning_not_accepted', story.alarms())

    def test_a_mailbox_that_lives_again_is_warned_with_the_full_span(
        self,
    ) -> None:
        story = stories.Story(
            stories.text(
                'at: 02-04T00:00:00, bounce: acme',
                until='2026-02-12T00:00:00Z',
            )
        ).play('02-07')
        story.revive()
        story.play()

        self.assertEqual(
            [
                '02-08 00:00:02 status pending_deletion',
                '02-10 00:00:13 status deleted',
            ],
            story.told('status')[-2:],
        )

    def test_a_warning_given_by_letter_counts_from_that_day(self) -> None:
        story = stories.Story(
            stories.text(
                'at: 02-04T00:00:00, bounce: acme',
                until='2026-02-12T00:00:00Z',
            )
        ).play('02-07 12:00:00')
        (warning,) = story.rows(schema.notices, template='last_warning')
        now = story.world.clock.now()
        story.db.write(
            evidence.record, story.world.tools, warning.key, now,
            'a registered letter', 'ann', now,
        )  # fmt: skip
        self.assertEqual('pending_deletion', story.sub().billing_status)
        story.play()

        self.assertEqual(
            '02-09 12:00:11 status deleted', story.told('status')[-1]
        )

    def test_a_warning_that_bounces_takes_the_deletion_back(self) -> None:
        story = stories.told(
            'at: 02-07T00:00:00, bounce: acme', until='2026-02-20T00:00:00Z'
        )

        self.assertEqual(
            [
                '02-06 00:00:02 status pending_deletion',
                '02-07 00:00:00 status shelved',
            ],
            story.told('status')[2:],
        )
        self.assertEqual(OUT, story.shows())
        self.assertNotIn('delete', story.moves())

    def test_after_a_bounce_it_takes_a_whole_new_warning(self) -> None:
        story = stories.Story(
            stories.text(
                'at: 02-07T23:59:00, bounce: acme',
                until='2026-02-13T00:00:00Z',
            )
        ).play('02-09')
        self.assertEqual(OUT, story.shows())
        story.revive()
        story.play()

        self.assertEqual(
            [
                '02-09 23:59:00 status pending_deletion',
                '02-11 23:59:11 status deleted',
            ],
            story.told('status')[-2:],
        )

    def test_a_bounce_while_nova_deletes_stops_what_is_not_sent(
        self,
    ) -> None:
        story = stories.told(
            """
            from: 02-08T00:00:00, to: 02-08T06:00:00, nova: 500
            at: 02-08T03:00:00, bounce: acme
            """
        )

        self.assertEqual(OUT, story.shows())

    def test_reminders_and_grace_that_are_refused_stop_nothing(
        self,
    ) -> None:
        story = stories.told('at: 01-30T00:00:00, bounce: acme')

        self.assertEqual(['grace', 'shelved'], story.statuses())
        self.assertIn('notice_refused', story.alarms())

    def test_only_the_newest_warning_counts(self) -> None:
        # He pays the older of two debts and is warned anew; that bounces.
        story = stories.told(
            """
            at: 02-20T00:00:00, pay: acme, amount: "10.00"
            at: 02-20T06:00:00, bounce: acme
            """,
            paid_until='2026-01-15',
            start='2026-01-13T00:00:00Z',
            more=', anchor_day: 15',
            ladder='invoice_lead: 2d, reminders: [], shelve_grace: 32d, '
            'shelved_span: 3d, deletion_warning: 2d',
            until='2026-03-01T00:00:00Z',
        )

        self.assertEqual('shelved', story.sub().billing_status)
        self.assertEqual(OUT, story.shows())

    def test_nobody_is_warned_who_paid_before_the_mail_went_out(
        self,
    ) -> None:
        for since, paid, until, template in (
            (
                '01-30T23:00:00', '01-31T01:00:00', '01-31T03:00:00',
                'reminder',
            ),
            ('01-31T23:00:00', '02-01T01:00:00', '02-01T03:00:00', 'grace'),
            (
                '02-05T23:00:00', '02-06T01:00:00', '02-06T03:00:00',
                'last_warning',
            ),
        ):  # fmt: skip
            story = stories.told(
                f"""
                from: {since}, to: {until}, down: mail
                at: {paid}, pay: acme
                """
            )

            self.assertEqual([], story.mails(template))
            *_, line = story.told('notice', name=template)
            self.assertIn('cancelled', line)

    def test_a_mail_is_sent_once_even_if_sending_takes_long(self) -> None:
        story = stories.Story(stories.text()).play('01-29')
        other = story.world.tools
        send = story.world.mailbox.send

        def slowly(mail: object) -> str:
            story.world.mailbox.send = send
            answer = send(mail)
            later = story.world.clock.now() + dt.timedelta(minutes=1)
            story.world.clock.move_to(later)
            notify.run(other, later)
            return answer

        story.world.mailbox.send = slowly
        story.play()

        self.assertEqual(1, len(story.mails('invoice')))


class WindowTest(base.BaseTestCase):
    OFFICE = '{hours: 09:00-17:00, weekdays: [mon, wed]}'

    def test_shelving_and_deleting_wait_for_their_hours(self) -> None:
        # 3 February 2026 is a Tuesday.
        story = stories.told(
            policy=f'shelve_window: {self.OFFICE}, '
            f'delete_window: {self.OFFICE}',
            until='2026-02-12T00:00:00Z',
        )

        self.assertEqual(
            [
                '02-01 00:00:00 status grace',
                '02-04 09:00:02 status shelved',
                '02-07 09:00:02 status pending_deletion',
                '02-09 09:00:13 status deleted',
            ],
            story.told('status'),
        )
        self.assertIn('02-04T09:00:00', story.mails('grace')[0])
        self.assertIn('02-09T09:00:02', story.mails('last_warning')[0])

    def test_a_daemon_that_comes_back_at_night_waits_for_them(self) -> None:
        story = stories.told(
            'from: 02-04T16:00:00, to: 02-04T20:00:00, down: daemon',
            policy='shelve_window: {hours: 16:30-17:00}',
            until='2026-02-06T00:00:00Z',
            ladder=stories.SHORT + ', shelve_grace: 88h',
        )

        self.assertEqual(
            '02-05 16:30:02 status shelved', story.told('status')[-1]
        )

    def test_what_nova_refused_in_its_hours_waits_for_the_next(
        self,
    ) -> None:
        story = stories.told(
            'from: 02-03T08:00:00, to: 02-03T20:00:00, nova: 500',
            policy='shelve_window: {hours: 09:00-17:00}',
            until='2026-02-05T00:00:00Z',
        )

        self.assertEqual('02-04 09:0', story.told('status')[-1][:10])

    def test_a_server_made_at_night_waits_for_the_morning(self) -> None:
        story = stories.told(
            'at: 02-03T20:00:00, boot: late, project: acme-prod',
            policy='shelve_window: {hours: 09:00-17:00}',
            until='2026-02-04T12:00:00Z',
        )

        self.assertEqual(
            '02-04 09:00:02 action late shelve done', story.told('action')[-1]
        )

    def test_what_was_begun_is_finished(self) -> None:
        story = stories.Story(
            stories.text(
                policy='shelve_window: {hours: 09:00-17:00}',
                until='2026-02-04T00:00:00Z',
            )
        ).play('02-03 16:59:58')
        story.world.clock.move_to(stories.instant('02-03 16:59:59'))
        story.play()

        self.assertEqual(['lock', 'shelve'], story.moves())

    def test_restores_wait_for_no_hours(self) -> None:
        story = stories.told(
            'at: 02-04T03:00:00, pay: acme',
            policy='shelve_window: {hours: 09:00-17:00}',
        )

        self.assertEqual(
            '02-04 03:00:03 status active', story.told('status')[-1]
        )


class BeginningTest(base.BaseTestCase):
    """Calm by default: dry run, and the day from which to enforce."""

    def test_a_dry_run_does_nothing_and_mails_no_customer(self) -> None:
        story = stories.Story(
            stories.text(dry_run='true'), blocked=6 * _HOUR
        ).play()

        self.assertEqual(['grace'], story.statuses())
        self.assertEqual([], story.moves())
        self.assertEqual('active', story.shows())
        self.assertEqual([], story.world.mailbox.sent)
        self.assertEqual(
            ['02-03 00:00:00 action web shelve dry_run'],
            story.told('action'),
        )
        self.assertEqual(
            {'suppressed'}, {one.split()[-1] for one in story.told('notice')}
        )

    def test_it_freezes_no_quota_either(self) -> None:
        story = stories.told(
            dry_run='true',
            policy='freeze_quota: true',
            until='2026-02-02T00:00:00Z',
        )

        self.assertEqual(8, story.world.quotas.quotas['acme-prod']['cores'])

    def test_whoever_was_only_warned_in_a_dry_run_is_warned_first(
        self,
    ) -> None:
        for switched in ('02-01 12:00:00', '02-03 12:00:00', '02-06'):
            story = stories.Story(
                stories.text(dry_run='true', until='2026-02-17T00:00:00Z'),
                blocked=6 * _HOUR,
            ).play(switched)
            self.assertEqual([], story.world.mailbox.sent)
            enforcing = dataclasses.replace(
                story.world.tools.settings, dry_run=False
            )
            story.world.tools = dataclasses.replace(
                story.world.tools, settings=enforcing
            )
            story.play()

            (told,) = [
                one
                for one in story.told('notice', name='grace')
                if 'accepted' in one
            ]
            (shelved,) = story.told('status', name='shelved')
            at = stories.instant(shelved[:14])
            warned = stories.instant(told[:14])
            self.assertGreaterEqual(at - warned, dt.timedelta(hours=48))
            self.assertEqual('gone', story.shows())

    def test_nobody_is_dunned_before_the_day_to_enforce_from(self) -> None:
        story = stories.told(
            more=', enforce_from: 2026-02-05T00:00:00Z',
            until='2026-02-08T00:00:00Z',
        )

        self.assertEqual(
            ['02-05 00:00:00 status grace', '02-07 00:00:02 status shelved'],
            story.told('status'),
        )


class CapTest(base.BaseTestCase):
    def test_at_the_cap_it_stops_until_an_operator_goes_on(self) -> None:
        story = stories.Story(
            stories.text(
                """
                at: 02-03T12:00:00, resume: true
                at: 02-03T14:00:00, resume: true
                """,
                servers=MANY,
                until='2026-02-04T00:00:00Z',
            ),
            max_shelves_per_hour=2,
        )

        story.play('02-03 12:00:00')
        self.assertEqual(2, self.out(story))
        self.assertEqual(['cap_reached'], story.alarms())
        self.assertEqual('grace', story.sub().billing_status)
        story.play()
        self.assertEqual(4, self.out(story))
        self.assertEqual('shelved', story.sub().billing_status)

    def test_a_share_of_the_fleet_caps_deletions(self) -> None:
        story = stories.Story(
            stories.text(servers=MANY, until='2026-02-10T00:00:00Z'),
            min_delete_cap=1,
            max_delete_share=50,
            blocked=6 * _HOUR,
        ).play()

        self.assertEqual(2, self.out(story))
        self.assertEqual(['cap_reached'], story.alarms())
        self.assertEqual('pending_deletion', story.sub().billing_status)

    def test_purging_is_under_the_cap_as_well(self) -> None:
        story = stories.Story(
            stories.text(servers=MANY, until='2026-02-12T00:00:00Z'),
            max_deletes_per_hour=4,
        ).play('02-10')
        self.assertEqual(4, len(story.nova.protected))
        tools = story.world.tools
        story.world.tools = dataclasses.replace(
            tools,
            settings=dataclasses.replace(
                tools.settings, max_deletes_per_hour=1
            ),
        )
        story.play()

        self.assertEqual(3, len(story.nova.protected))
        self.assertEqual(['cap_reached'], story.alarms())

    def test_restores_go_on_at_the_cap(self) -> None:
        story = stories.Story(
            stories.text(
                'at: 02-03T12:00:00, pay: acme',
                servers=MANY,
                until='2026-02-04T00:00:00Z',
            ),
            max_shelves_per_hour=2,
        ).play()

        self.assertEqual(0, self.out(story))
        self.assertEqual('active', story.sub().billing_status)

    def out(self, story: stories.Story) -> int:
        return sum(story.shows(f's{n}') == OUT for n in range(4))


class SwitchTest(base.BaseTestCase):
    def test_the_kill_switch_stops_what_takes_and_not_what_gives(
        self,
    ) -> None:
        story = stories.Story(
            stories.text('at: 02-05T00:00:00, pay: acme')
        ).play('02-02')
        story.db.write(watch.change, stopped_why='a wrong import')
        story.play('02-04')
        self.assertEqual('active', story.shows())
        self.assertEqual([], story.moves())

        story.db.write(watch.resume, story.world.clock.now())
        story.play('02-04 12:00:00')
        self.assertEqual(OUT, story.shows())
        story.db.write(watch.change, stopped_why='a wrong import')
        story.play()
        self.assertEqual('active', story.shows())

    def test_a_lock_of_a_case_that_the_books_do_not_know(self) -> None:
        story = stories.Story(stories.text()).play('02-02')
        story.lock('web', 'admin', 'patrii-billing:lost unpaid invoice')
        story.play('02-03 12:00:00')

        self.assertIn('safe_mode', story.alarms())
        self.assertIn('lost', story.rows(schema.watch)[0].safe_why)
        self.assertEqual([], story.moves())

    def test_a_clock_that_steps_back(self) -> None:
        story = stories.Story(stories.text()).play('02-02')
        story.world.clock.move_to(stories.instant('02-01 12:00:00'))
        story._run._running = False  # its clock jumped
        story.play('02-04')

        self.assertIn('safe_mode', story.alarms())
        self.assertEqual([], story.moves())

    def test_a_clock_that_differs_a_little_between_hosts_is_no_matter(
        self,
    ) -> None:
        story = stories.Story(stories.text()).play('02-02')
        story.db.write(
            watch.change, ticked_at=stories.instant('02-02 00:01:00')
        )
        story._run._running = False
        story.play('02-04')

        self.assertEqual([], story.alarms())
        self.assertEqual(OUT, story.shows())

    def test_silence_pauses_what_takes(self) -> None:
        story = stories.Story(
            stories.text(), silence=dt.timedelta(hours=24)
        ).play('02-04')
        self.assertEqual(['silence'], story.alarms()[:1])
        self.assertEqual([], story.moves())

        story.db.write(watch.heard, stories.instant('02-04'))
        story.play('02-05')
        self.assertEqual(OUT, story.shows())

    def test_books_not_compared_with_nova_pause_what_takes(self) -> None:
        story = stories.Story(stories.text(), sweep_age=_HOUR).play('02-03')
        story.nova.pages = _fail
        story.play('02-04')

        self.assertEqual(['silence'], story.alarms())
        self.assertEqual([], story.moves())

    def test_an_empty_list_of_servers_proves_nothing(self) -> None:
        story = stories.Story(stories.text()).play('02-04')
        story.nova.pages = lambda since=None: iter(([],))
        story.play('02-05 12:00:00')

        (row,) = story.rows(schema.servers)
        self.assertIsNone(row.deleted_at)
        self.assertEqual(
            worlds.server_id('web'), story.rows(schema.custody)[0].server
        )


def _fail(since: dt.datetime | None = None) -> object:
    raise errors.CloudUnavailable('a cell is away')
