# SPDX-License-Identifier: Apache-2.0
"""The mail servers themselves do what the other tests rely on."""

import imaplib
import ssl

from patrii_billing.domain import mail as mails
from patrii_billing import errors
from tests.mailserver import postfix


def mail(to: str) -> mails.Mail:
    return mails.Mail((to,), 'Money', 'Pay.\n', '<1@cloud.example>')


class PostfixTest(postfix.MailTestCase):
    def test_a_mail_is_delivered(self) -> None:
        said = self.voice().send(mail(self.jane))
        [found] = self.arrived(self.called('jane'))

        self.assertIn('queued', str(said))
        self.assertEqual('<1@cloud.example>', found['Message-ID'])
        self.assertEqual(
            f'<{self.bounces}@cloud.example>', found['Return-Path']
        )

    def test_a_mailbox_that_nobody_has_is_refused_at_the_door(self) -> None:
        refused = self.assertRaises(
            errors.MailRefused,
            self.voice().send,
            mail(self.person('nobody')),
        )
        self.assertIn('550 5.1.1', str(refused))

    def test_it_can_be_told_to_come_again(self) -> None:
        self.postfix.answer(self.jane, '450 4.2.0 greylisted')
        deferred = self.assertRaises(
            errors.MailDeferred, self.voice().send, mail(self.jane)
        )
        self.assertIn('450 4.2.0', str(deferred))

        self.postfix.answer(self.jane)
        self.voice().send(mail(self.jane))
        self.arrived(self.called('jane'))

    def test_a_mailbox_that_is_gone_bounces(self) -> None:
        self.voice().send(mail(self.person('jane', 'gone.example')))
        [bounce] = self.arrived(self.bounces)

        self.assertEqual('multipart/report', bounce.get_content_type())
        self.assertIn('5.1.1', bounce.as_string())
        self.assertIn('Action: failed', bounce.as_string())

    def test_a_mailbox_that_is_full_is_tried_again(self) -> None:
        self.voice().send(mail(self.person('jane', 'full.example')))
        [bounce] = self.arrived(self.bounces)

        self.assertIn('Action: delayed', bounce.as_string())


class DovecotTest(postfix.MailTestCase):
    def test_a_mailbox_is_read_by_imap(self) -> None:
        self.voice().send(mail(self.jane))
        self.arrived(self.called('jane'))
        trust = ssl.create_default_context(cafile=self.postfix.cafile)
        with imaplib.IMAP4_SSL(
            'localhost', self.postfix.port('imaps'), ssl_context=trust
        ) as imap:
            imap.login(self.called('jane'), 'secret')
            imap.select()
            _, [found] = imap.search(None, 'ALL')

        self.assertEqual(b'1', found)
