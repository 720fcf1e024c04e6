# SPDX-License-Identifier: Apache-2.0
"""A server is deleted only after a warning that a mail server accepted.

Whatever becomes of the mail, days go on far beyond the warning's span.
"""

import email.utils
import socket
from typing import Any

from patrii_billing.store import schema
from tests.mailserver import stories
from tests.mailserver import wire
from tests.unit.mail import servers
from tests.unit import stories as told

OUT = 'shelved_offloaded, locked by admin'
# The span is over; each attempt takes seconds.
SOON = '2026-02-10T00:00:00Z'
_DELETED = ['grace', 'shelved', 'pending_deletion', 'deleted']


class WarningTestCase(stories.StoryTestCase):
    def assertNothingDeleted(self, story: told.Story) -> None:
        """Nor is it going to be, and the operator knows why."""
        self.assertEqual(['grace', 'shelved'], story.statuses())
        self.assertEqual(OUT, story.shows())
        self.assertNotIn('delete', story.moves())
        self.assertIsNone(self.notice(story).accepted_at)
        self.assertTrue(story.alarms())

    def assertDeletedOn(self, day: str, story: told.Story) -> None:
        """And the mail that was accepted named that day, a span ahead."""
        self.assertEqual(_DELETED, story.statuses())
        self.assertEqual('gone', story.shows())
        deleted = told.instant(story.told('status')[-1][:14])
        self.assertEqual(told.instant(day).date(), deleted.date())
        accepted = self.notice(story).accepted_at
        self.assertLessEqual(2, (deleted - accepted).days)
        names = self.notice(story).names
        self.assertLessEqual(names, deleted)

    def warned_by(self, voice: Any, **given: Any) -> told.Story:
        """The last warning, and all after it, goes this way."""
        story = self.until_the_warning(**given)
        self.by(story, voice)
        return story.play()


class AcceptedTest(WarningTestCase):
    def test_it_is_in_his_mailbox_and_days_later_he_is_deleted(self) -> None:
        story = self.until_the_warning().play('02-07')
        [warning] = self.copies(story, 1)
        self.assertEqual('pending_deletion', story.statuses()[-1])
        self.assertEqual(OUT, story.shows())
        story.play()

        self.assertDeletedOn('02-08', story)
        self.assertIn('queued', self.notice(story).answer)
        self.assertEqual(
            ('Acme Cloud', 'billing@cloud.example'),
            email.utils.parseaddr(warning['From']),
        )
        self.assertEqual(self.jane, warning['To'])
        self.assertEqual(
            f'<{self.bounces}@cloud.example>', warning['Return-Path']
        )
        self.assertEqual('auto-generated', warning['Auto-Submitted'])
        self.assertEqual('<account-1@cloud.example>', warning['References'])
        text = stories.plain(warning)
        self.assertIn('February 8, 2026', text)
        self.assertIn(f'web ({told.worlds.server_id("web")})', text)

    def test_by_one_of_two_people_is_enough(self) -> None:
        story = self.until_the_warning()
        self.reach(story, self.person('nobody'), self.jane)
        story.play()

        self.copies(story, 1)
        self.assertDeletedOn('02-08', story)


class DeferredTest(WarningTestCase):
    def test_as_long_as_he_is_to_come_again_nothing_is_deleted(self) -> None:
        story = self.until_the_warning()
        self.postfix.answer(self.jane, '450 4.2.1 mailbox locked')
        story.play()

        self.assertNothingDeleted(story)
        self.copies(story, 0)
        self.assertEqual('pending', self.notice(story).state)
        self.assertIn('450 4.2.1', self.notice(story).answer)
        self.alarm(story, 'delivery_late')

    def test_the_span_begins_with_the_mail_that_is_accepted(self) -> None:
        story = self.until_the_warning(until='2026-02-20T00:00:00Z')
        self.postfix.answer(self.jane, '450 4.2.0 greylisted')
        story.play('02-09 12:00:00')
        self.assertEqual(OUT, story.shows())
        self.postfix.answer(self.jane)
        story.play()

        [warning] = self.copies(story, 1)
        accepted = self.notice(story).accepted_at
        self.assertLess(told.instant('02-09 12:00:00'), accepted)
        names = self.notice(story).names
        self.assertDeletedOn(f'{names:%m-%d}', story)
        self.assertIn(f'{names:%B %-d, %Y}', stories.plain(warning))


class RefusedTest(WarningTestCase):
    def test_a_mailbox_that_nobody_has_is_never_warned(self) -> None:
        story = self.until_the_warning()
        self.reach(story, self.person('nobody'))
        story.play()

        self.assertNothingDeleted(story)
        # The next one goes to the user that keystone knows; nor has he one.
        first, *others = story.rows(schema.notices, template='last_warning')
        self.assertIn('550 5.1.1', first.answer)
        self.assertEqual(
            {'refused'}, {notice.state for notice in (first, *others)}
        )
        self.alarm(story, 'delivery_failed')

    def test_a_mail_refused_for_what_it_says_is_no_warning(self) -> None:
        server = self.useFixture(
            servers.MailServer({'DATA': '554 5.7.1 looks like spam'})
        )
        story = self.warned_by(self.voice(server.port))

        self.assertNothingDeleted(story)
        self.assertTrue(server.script.accepted)


class DroppedTest(WarningTestCase):
    """The connection is lost after DATA: nobody knows."""

    def test_a_mail_that_is_lost_with_it_is_no_warning(self) -> None:
        self._drop(wire.Lost.MAIL)

    def test_nor_is_one_that_he_has_for_nobody_said_so(self) -> None:
        self._drop(wire.Lost.ANSWER)

    def _drop(self, lost: wire.Lost) -> None:
        way = self.useFixture(wire.Wire(self.postfix.port('plain'), lost))
        story = self.warned_by(self.voice(way.port))

        self.assertNothingDeleted(story)
        tries = self.notice(story).attempts
        self.assertLess(1, tries)
        self.copies(story, tries if lost is wire.Lost.ANSWER else 0)

    def test_it_is_sent_again_until_somebody_says_yes(self) -> None:
        way = self.useFixture(
            wire.Wire(self.postfix.port('plain'), wire.Lost.ANSWER)
        )
        story = self.until_the_warning()
        self.by(story, self.voice(way.port))
        story.play('02-07')
        before = self.notice(story).attempts
        way.loses = wire.Lost.NOTHING
        story.play()

        # All with one Message-ID: his mail program can tell.
        self.copies(story, before + 1)
        names = self.notice(story).names
        self.assertLess(told.instant('02-09'), names)
        self.assertDeletedOn(f'{names:%m-%d}', story)


class SlowTest(WarningTestCase):
    def test_an_answer_that_comes_too_late_is_none(self) -> None:
        """He has it, and postfix would say so in another second."""
        story = self.warned_by(self.voice('late', timeout=1), until=SOON)

        self.assertNothingDeleted(story)
        self.copies(story, self.notice(story).attempts)

    def test_a_server_that_greets_too_late_gets_no_mail(self) -> None:
        story = self.warned_by(self.voice('mute', timeout=1), until=SOON)

        self.assertNothingDeleted(story)
        self.copies(story, 0)

    def test_one_that_takes_its_time_is_waited_for(self) -> None:
        story = self.warned_by(self.voice('late'))

        self.copies(story, 1)
        self.assertDeletedOn('02-08', story)


class ProtectedTest(WarningTestCase):
    """Encryption and login: nothing crosses the wire without them."""

    def assertWaits(self, port: str | int = 'smtp', **given: Any) -> None:
        story = self.warned_by(self.voice(port, **given), until=SOON)

        self.assertNothingDeleted(story)
        self.assertEqual('pending', self.notice(story).state)
        self.copies(story, 0)

    def assertArrives(self, port: str, **given: Any) -> None:
        cafile = self.postfix.cafile
        story = self.warned_by(self.voice(port, smtp_cafile=cafile, **given))

        [warning] = self.copies(story, 1)
        self.assertIn('TLS', ' '.join(warning.get_all('Received')))
        self.assertDeletedOn('02-08', story)

    def test_a_certificate_that_nobody_vouches_for(self) -> None:
        self.assertWaits(smtp_tls='starttls')

    def test_a_certificate_of_another_name(self) -> None:
        self.assertWaits(
            smtp_tls='starttls', smtp_host='127.0.0.1',
            smtp_cafile=self.postfix.cafile,
        )  # fmt: skip

    def test_a_server_that_cannot_encrypt(self) -> None:
        self.assertWaits('plain', smtp_tls='starttls')

    def test_a_server_that_does_not_speak_tls_at_all(self) -> None:
        self.assertWaits('plain', smtp_tls='tls', timeout=1)

    def test_a_password_that_is_wrong(self) -> None:
        self.assertWaits(
            'submission', smtp_tls='starttls', smtp_user='billing',
            smtp_password='guessed', smtp_cafile=self.postfix.cafile,
        )  # fmt: skip

    def test_no_login_where_one_is_asked_for(self) -> None:
        # Refused recipient by recipient, and none of them is at fault.
        self.assertWaits(
            'submission', smtp_tls='starttls',
            smtp_cafile=self.postfix.cafile,
        )  # fmt: skip

    def test_where_nobody_listens(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = free.getsockname()[1]
        self.assertWaits(port)

    def test_all_is_well_with_starttls(self) -> None:
        self.assertArrives('smtp', smtp_tls='starttls')

    def test_all_is_well_with_tls_from_the_first_byte(self) -> None:
        self.assertArrives('smtps', smtp_tls='tls')

    def test_all_is_well_with_a_login(self) -> None:
        self.assertArrives(
            'submission', smtp_tls='starttls', smtp_user='billing',
            smtp_password='secret',
        )  # fmt: skip
