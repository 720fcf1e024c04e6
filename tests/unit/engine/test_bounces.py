# SPDX-License-Identifier: Apache-2.0
"""What came back takes with it what rests on it, and nothing else."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import bounce
from patrii_billing.engine import bounces
from patrii_billing.engine import customers
from patrii_billing.engine import evidence
from patrii_billing import errors
from patrii_billing.store import attempts
from patrii_billing.store import notices
from patrii_billing.store import schema
from patrii_billing.store import undeliverable
from patrii_billing.store import watch
from tests.unit.engine import test_resending as desks
from tests.unit import stories

ANN, BOB, CY = 'ann@acme.example', 'bob@acme.example', 'cy@acme.example'
OUT = 'shelved_offloaded, locked by admin'
_MINUTE = dt.timedelta(minutes=1)


class Desk(desks.Desk):
    """A story of acme, where Ann and Bob are written to."""

    def contacts(self, *addresses: str) -> None:
        self.db.write(
            customers.change, self.world.tools, self.sub().account_id,
            {'contacts': list(addresses)}, self.now(), 'ann',
        )  # fmt: skip

    def back(
        self,
        *addresses: str,
        template: str = 'last_warning',
        status: str = '5.1.1',
        fate: bounce.Fate = bounce.Fate.FAILED,
    ) -> bounce.Tray | None:
        verdicts = tuple(
            bounce.Verdict(fate, (one,), status, f'550 {status} {one}')
            for one in addresses
        )
        ids = (self.notice(template).message_id,)
        return self.settle(bounce.Report(ids, verdicts))

    def settle(self, report: bounce.Report) -> bounce.Tray | None:
        return self.db.write(
            bounces.settle, self.world.tools, report, self.now()
        )

    def alarmed(self) -> list[str]:
        return [row.name for row in self.rows(schema.timeline, what='alarm')]

    def marked(self) -> list[str]:
        return sorted(self.db.read(undeliverable.of, self.sub().account_id))

    def noted(self, template: str = 'last_warning') -> list[str]:
        noted = self.db.read(attempts.of, self.notice(template).id)
        return [one.result for one in noted]


def desk(day: str, *contacts: str) -> Desk:
    """A story with contacts, played to a day: it is warned on the 6th."""
    story = Desk(stories.text(until='2026-02-25T00:00:00Z'))
    story.play('01-30 00:00:01')
    story.contacts(*(contacts or (ANN, BOB)))
    story.play(day)
    return story


class WarningTest(base.BaseTestCase):
    """A deletion rests on those who have the warning still."""

    def test_one_of_two_is_enough(self) -> None:
        story = desk('02-07')

        self.assertEqual(bounce.Tray.READ, story.back(ANN))

        self.assertEqual([ANN], story.marked())
        self.assertEqual('accepted', story.notice('last_warning').state)
        self.assertIn('delivery_failed', story.alarmed())
        story.play()
        self.assertEqual(['02-08 00:00:13 status deleted'], story.deleted())

    def test_without_any_nothing_is_deleted(self) -> None:
        story = desk('02-07')
        story.back(ANN)
        story.back(BOB)

        self.assertEqual('shelved', story.sub().billing_status)
        self.assertEqual('refused', story.notice('last_warning').state)
        self.assertEqual([ANN, BOB], story.marked())
        story.play('02-07 23:00')
        self.assertEqual(OUT, story.shows())

    def test_a_bounce_that_is_read_twice_counts_once(self) -> None:
        story = desk('02-07')
        for _ in range(2):
            story.back(ANN)
            story.back(BOB)

        self.assertEqual(2, story.noted().count('bounced'))
        entries = story.rows(schema.timeline, name='last_warning')
        self.assertEqual(
            [ANN, BOB],
            [
                entry.detail['address']
                for entry in entries
                if entry.detail['result'] == 'bounced'
            ],
        )

    def test_what_will_pass_undoes_the_warning_and_marks_nobody(self) -> None:
        story = desk('02-07', ANN)

        story.back(ANN, status='5.2.2')

        self.assertEqual([], story.marked())
        self.assertEqual('shelved', story.sub().billing_status)
        story.play()
        # He was warned again, a whole span before.
        self.assertEqual(['02-11 00:00:11 status deleted'], story.deleted())

    def test_what_is_late_is_told_and_changes_nothing(self) -> None:
        story = desk('02-07', ANN)

        story.back(ANN, fate=bounce.Fate.DELAYED, status='4.4.1')

        self.assertEqual('accepted', story.notice('last_warning').state)
        self.assertIn(
            '02-07 00:00:00 notice last_warning delayed',
            [one.replace('02-06 23:59:59', '02-07 00:00:00')
             for one in story.play('02-07 00:00:01').told('notice')],
        )  # fmt: skip

    def test_where_nobody_can_tell_who_nobody_was_warned(self) -> None:
        story = desk('02-07')

        story.back('hidden@elsewhere.example')

        self.assertEqual('refused', story.notice('last_warning').state)
        self.assertEqual([], story.marked())

    def test_where_nobody_understands_why_it_was_not_given(self) -> None:
        story = desk('02-07', ANN)
        ids = (story.notice('last_warning').message_id,)

        for _ in range(2):
            tray = story.settle(bounce.Report(ids))
            self.assertEqual(bounce.Tray.UNCLEAR, tray)

        self.assertEqual([], story.marked())
        self.assertEqual('shelved', story.sub().billing_status)
        self.assertEqual(1, story.noted().count('bounced'))

    def test_one_whom_it_was_sent_to_before_is_not_taken_for_another(
        self,
    ) -> None:
        story = desk('02-07', ANN)
        row = story.notice('last_warning')
        for result, to in (('unknown', BOB), ('accepted', ANN)):
            story.db.write(
                attempts.record, row.id, story.now(), result, '250', [to]
            )

        story.back(BOB)

        self.assertEqual([], story.marked())
        self.assertEqual('accepted', story.notice('last_warning').state)

    def test_a_later_copy_is_what_it_counts_from_then(self) -> None:
        story = desk('02-07', ANN)
        first = story.notice('last_warning')
        story.contacts(CY)
        copy = story.resend()
        story.play('02-07 12:00')

        report = bounce.Report(
            (first.message_id,),
            (bounce.Verdict(bounce.Fate.FAILED, (ANN,), '5.1.1'),),
        )
        story.settle(report)

        given = story.db.read(notices.by_id, copy.id).accepted_at
        same = story.db.read(notices.by_id, first.id)
        self.assertEqual(('accepted', given), (same.state, same.accepted_at))
        story.play()
        (line,) = story.deleted()
        self.assertTrue(line.startswith('02-09 00:00'), line)

    def test_a_letter_is_not_taken_back_by_a_mail(self) -> None:
        story = desk('02-07', ANN)
        story.back(ANN)
        warning = story.notice('last_warning')
        story.db.write(
            evidence.record, story.world.tools, warning.key, story.now(),
            'a registered letter', 'ann', story.now(),
        )  # fmt: skip

        story.back('hidden@elsewhere.example')
        story.back(ANN)

        self.assertEqual('accepted', story.notice('last_warning').state)

    def test_after_the_delete_the_operator_is_told_at_once(self) -> None:
        story = desk('02-08 12:00', ANN)
        self.assertEqual('gone', story.shows())

        story.back(ANN)

        story.play('02-08 12:01')
        self.assertIn('bounced_late', story.alarms())
        self.assertEqual('deleted', story.sub().billing_status)

    def test_a_bounce_of_what_is_being_sent_waits(self) -> None:
        story = desk('02-07', ANN)
        until = story.now() + _MINUTE
        story.db.write(
            lambda conn: conn.execute(
                schema.notices.update().values(lease_until=until)
            )
        )

        self.assertIsNone(story.back(ANN))
        self.assertEqual('accepted', story.notice('last_warning').state)


class OtherNoticesTest(base.BaseTestCase):
    def test_a_grace_that_comes_back_stops_nothing(self) -> None:
        story = desk('02-02', ANN)

        story.back(ANN, template='grace')

        self.assertEqual('refused', story.notice('grace').state)
        self.assertIn('delivery_failed', story.alarmed())
        story.play('02-04')
        self.assertEqual(OUT, story.shows())

    def test_an_alarm_that_comes_back_raises_no_other(self) -> None:
        story = desk('02-07', ANN)
        story.back(ANN)
        story.play('02-07 00:01')
        count = len(story.rows(schema.notices, template='operator'))

        story.back('operator@cloud.example', template='operator')

        self.assertEqual(
            count, len(story.rows(schema.notices, template='operator'))
        )

    def test_a_bounce_of_nobody_we_know_is_left_alone(self) -> None:
        story = desk('02-01')
        verdict = bounce.Verdict(bounce.Fate.FAILED, (ANN,), '5.1.1')

        self.assertEqual(
            bounce.Tray.OTHER,
            story.settle(bounce.Report(('f' * 32,), (verdict,))),
        )
        self.assertEqual([], story.marked())

    def test_a_bounce_that_names_no_mail_is_for_a_person(self) -> None:
        story = desk('02-01')
        verdict = bounce.Verdict(bounce.Fate.FAILED, (ANN,), '5.1.1')

        self.assertEqual(
            bounce.Tray.UNCLEAR, story.settle(bounce.Report((), (verdict,)))
        )
        self.assertEqual([], story.marked())


class ContactsTest(base.BaseTestCase):
    """A person says whom to write to."""

    def test_the_warning_goes_to_new_contacts_by_itself(self) -> None:
        story = desk('02-07', ANN)
        story.back(ANN)

        story.contacts(CY)
        story.play('02-07 00:01')

        self.assertEqual([], story.marked())
        self.assertIn((CY,), [one.to for one in story.world.mailbox.sent])
        self.assertEqual('pending_deletion', story.sub().billing_status)
        story.play()
        (line,) = story.deleted()
        self.assertTrue(line.startswith('02-09 00:00'), line)

    def test_an_address_that_is_said_again_is_as_good_as_new(self) -> None:
        story = desk('02-07')
        story.back(ANN)

        story.contacts(ANN, BOB)

        self.assertEqual([], story.marked())
        entries = story.rows(schema.timeline, name='deliverable')
        self.assertEqual(
            [(ANN, 'ann')], [(one.why, one.by) for one in entries]
        )


class Mailbox:
    """A mailbox with letters in it, or none to be reached."""

    def __init__(self, *reports: bounce.Report | None) -> None:
        self.letters = [
            bounce.Letter(f'letter {n}', each)
            for n, each in enumerate(reports)
        ]
        self.put: list[bounce.Tray | None] = []
        self.away = False

    def read(self, take: Any, limit: int) -> int:
        if self.away:
            raise errors.MailboxAway('no answer')
        taken, self.letters = self.letters[:limit], self.letters[limit:]
        self.put += [take(one) for one in taken]
        return len(taken)


class ReaderTest(base.BaseTestCase):
    def test_each_letter_goes_where_it_belongs(self) -> None:
        story = desk('02-07', ANN)
        told = bounce.Report(
            (story.notice('last_warning').message_id,),
            (bounce.Verdict(bounce.Fate.FAILED, (ANN,), '5.1.1'),),
        )
        mailbox = Mailbox(told, None, bounce.Report())

        self.assertEqual(3, reader(story, mailbox).run())

        self.assertEqual(['read', 'other', 'unclear'], mailbox.put)
        self.assertEqual('shelved', story.sub().billing_status)
        self.assertIn('bounce_unclear', story.alarmed())

    def test_it_is_read_by_one_host_at_a_time_and_every_so_often(self) -> None:
        story = desk('02-01')
        one, other = reader(story, Mailbox(None)), reader(story, Mailbox(None))

        self.assertEqual([1, 0], [one.run(), other.run()])
        story.world.clock.move_to(story.now() + _MINUTE)
        self.assertEqual(1, other.run())

    def test_a_mailbox_counts_as_read_when_nothing_is_left_in_it(self) -> None:
        story = Desk(stories.text(), batch=2)
        mailbox = reader(story, Mailbox(None, None, None))

        self.assertEqual(2, mailbox.run())
        self.assertIsNone(story.db.read(watch.get).bounces_read_at)
        # It goes on at once.
        self.assertEqual(1, mailbox.run())
        self.assertIsNotNone(story.db.read(watch.get).bounces_read_at)

    def test_a_mailbox_that_cannot_be_read_stops_deletions(self) -> None:
        story = Desk(
            stories.text(until='2026-02-12T00:00:00Z'),
            unread_after=dt.timedelta(hours=6),
        )
        story.play('02-07')
        mailbox = Mailbox()
        reader(story, mailbox).run()
        story.play('02-09')
        self.assertEqual(OUT, story.shows())
        mailbox.away = True
        reader(story, mailbox).run()
        self.assertIn('bounces_unread', story.alarmed())

        mailbox.away = False
        story.play('02-09 00:02')
        reader(story, mailbox).run()
        story.play('02-09 03:00')

        self.assertEqual('gone', story.shows())
        self.assertIsNotNone(story.db.read(watch.get).bounces_read_at)


def reader(story: Desk, mailbox: Mailbox) -> bounces.Reader:
    return bounces.Reader(story.world.tools, mailbox, _MINUTE)
