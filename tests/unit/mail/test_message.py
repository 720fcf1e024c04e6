# SPDX-License-Identifier: Apache-2.0
"""What stands on the envelope and in the head of each mail."""

import datetime as dt
import email
import email.message
import email.policy

from oslotest import base

from patrii_billing.domain import mail as mails
from patrii_billing import errors
from patrii_billing.mail import message
from tests.unit.mail import samples

NOON = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)


def read(data: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.default)


class TestMessage(base.BaseTestCase):
    def write(self, **notice: object) -> email.message.EmailMessage:
        mail = samples.written(samples.full('grace', **notice))
        return read(message.written(mail, samples.LETTERHEAD, NOON))

    def test_says_who_when_and_that_a_program_wrote_it(self) -> None:
        self.assertEqual(
            {
                'From': 'Acme Cloud <billing@acme.example>',
                'To': 'a@b.example, c@d.example',
                'Reply-To': 'support@acme.example',
                'Date': 'Tue, 03 Feb 2026 12:00:00 +0000',
                'Message-ID': '<0123abcd@mail.acme.example>',
                'References': '<account-7@mail.acme.example>',
                'Auto-Submitted': 'auto-generated',
            },
            {
                key: value
                for key, value in self.write(
                    recipients=('a@b.example', 'c@d.example')
                ).items()
                if key not in ('Subject', 'MIME-Version', 'Content-Type')
            },
        )

    def test_has_the_text_first_and_then_the_page(self) -> None:
        written = self.write(account='Söhne 🚀')
        self.assertEqual('multipart/alternative', written.get_content_type())
        text, page = written.iter_parts()
        self.assertIn('Hello Söhne 🚀,', text.get_content())
        self.assertEqual('text/html', page.get_content_type())
        self.assertIn('Hello Söhne 🚀,', page.get_content())

    def test_brings_documents_beside_both(self) -> None:
        sheet = mails.Attachment('INV-000017.pdf', b'%PDF-1.7\0')
        written = self.write(attachments=(sheet,))

        self.assertEqual('multipart/mixed', written.get_content_type())
        words, document = written.iter_parts()
        self.assertEqual('multipart/alternative', words.get_content_type())
        self.assertEqual('application/pdf', document.get_content_type())
        self.assertEqual('attachment', document.get_content_disposition())
        self.assertEqual('INV-000017.pdf', document.get_filename())
        self.assertEqual(b'%PDF-1.7\0', document.get_content())

    def test_is_ascii_in_short_lines_on_the_wire(self) -> None:
        for text in samples.HOSTILE:
            mail = samples.written(samples.hostile('operator', text))
            data = message.written(mail, samples.LETTERHEAD, NOON)
            self.assertTrue(data.isascii())
            self.assertNotIn(b'\n', data.replace(b'\r\n', b''))
            self.assertLessEqual(max(map(len, data.split(b'\r\n'))), 78)
            self.assertEqual(mail.subject, read(data)['Subject'].strip())

    def test_keeps_long_ids_readable(self) -> None:
        id = f'<{"0a" * 16}@{"sub." * 20}acme.example>'
        mail = mails.Mail(('a@b.example',), 's', 't', id, references=id)
        data = message.written(mail, samples.LETTERHEAD, NOON)
        self.assertEqual(2, data.replace(b'\r\n ', b' ').count(id.encode()))

    def test_that_would_break_its_head_is_refused(self) -> None:
        for mail in (
            mails.Mail(('a@b.example',), 's\r\nX: y', 't', '<a@b>'),
            mails.Mail(('a@b.example\r\nX: y',), 's', 't', '<a@b>'),
            mails.Mail(('a@b.example',), 's', 't', '<a@b>\r\nX: y'),
            mails.Mail(('a@b.example',), 's', 't', '<a@b>', '', 'a\nX: y'),
            mails.Mail(('a@b.example',), 's', '\udcff', '<a@b>'),
        ):
            self.assertRaises(
                errors.MailRefused,
                message.written, mail, samples.LETTERHEAD, NOON,
            )  # fmt: skip


class TestLetterhead(base.BaseTestCase):
    def test_takes_bounces_at_the_sender_unless_told_otherwise(self) -> None:
        self.assertEqual(
            'billing@acme.example', samples.LETTERHEAD.bounces_to()
        )
        self.assertEqual(
            'bounces@acme.example',
            message.Letterhead(
                'billing@acme.example', envelope_from='bounces@acme.example'
            ).bounces_to(),
        )

    def test_names_the_option_that_is_wrong(self) -> None:
        for option, values in (
            ('sender', ('Acme, Inc. <billing@acme.example>',)),
            ('sender', ('Acme Cloud',)),
            ('reply_to', ('a@b.example', 'support')),
            ('envelope_from', ('a@b.example', '', 'bounces\r\n@b.example')),
        ):
            refused = self.assertRaises(
                errors.InvalidInput, message.Letterhead, *values
            )
            self.assertEqual(f'[mail] {option}', refused.where)
