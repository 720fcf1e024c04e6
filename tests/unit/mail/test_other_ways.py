# SPDX-License-Identifier: Apache-2.0
"""Mails into a folder, mails to nobody, and who speaks them."""

from concurrent import futures
import email
import email.policy
import pathlib

import fixtures
from oslo_config import cfg
from oslotest import base

from patrii_billing.conf import mail as options
from patrii_billing.domain import mail as mails
from patrii_billing import errors
from patrii_billing.mail import folder
from patrii_billing.mail import off
from patrii_billing.mail import voice
from tests.unit.mail import samples

MAIL = mails.Mail(('jane@example.com',), 'Money', 'Pay.\n', '<1@acme.example>')


class TestFolder(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def mailer(self, name: str = 'mail') -> folder.FolderMailer:
        return folder.FolderMailer(str(self.path / name), samples.LETTERHEAD)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.path.glob('mail/*'))

    def test_holds_each_mail_in_a_numbered_file(self) -> None:
        mailer = self.mailer()
        self.assertEqual('written to 00001.eml', mailer.send(MAIL).answer)
        mailer.send(MAIL)
        self.assertEqual(['00001.eml', '00002.eml'], self.names())
        written = email.message_from_bytes(
            (self.path / 'mail/00001.eml').read_bytes(),
            policy=email.policy.default,
        )
        self.assertEqual('Pay.\r\n', written.get_content())
        self.assertEqual('jane@example.com', written['To'])

    def test_is_counted_on_after_a_restart(self) -> None:
        self.mailer().send(MAIL)
        (self.path / 'mail/note.eml').touch()
        self.mailer().send(MAIL)
        self.assertEqual(['00001.eml', '00002.eml', 'note.eml'], self.names())

    def test_loses_nothing_when_several_write_to_it(self) -> None:
        mailers = [self.mailer() for _ in range(4)] * 10
        with futures.ThreadPoolExecutor(4) as pool:
            sent = pool.map(lambda one: one.send(MAIL), mailers)
            answers = {each.answer for each in sent}
        self.assertEqual(40, len(answers))
        self.assertEqual(40, len(self.names()))

    def test_that_cannot_be_written_to_defers(self) -> None:
        (self.path / 'mail').touch()
        self.assertRaises(errors.MailDeferred, self.mailer().send, MAIL)


class TestNoMail(base.BaseTestCase):
    def test_is_never_taken_for_accepted(self) -> None:
        self.assertRaises(errors.MailDeferred, off.NoMailer().send, MAIL)


class TestVoice(base.BaseTestCase):
    def test_writes_and_sends(self) -> None:
        path = self.useFixture(fixtures.TempDir()).path
        spoken = voice.Voice(
            samples.BRAND,
            folder.FolderMailer(path, samples.LETTERHEAD),
            ('ops@acme.example',),
        )
        mail = spoken.compose(samples.minimal())
        self.assertEqual('written to 00001.eml', spoken.send(mail).answer)

    def test_names_the_option_of_a_wrong_operator(self) -> None:
        refused = self.assertRaises(
            errors.InvalidInput,
            voice.Voice, samples.BRAND, off.NoMailer(), ('ops',),
        )  # fmt: skip
        self.assertEqual('[mail] operators', refused.where)

    def test_names_the_option_of_a_language_that_is_none(self) -> None:
        refused = self.assertRaises(
            errors.InvalidInput,
            voice.Voice, samples.BRAND, off.NoMailer(), (), 'nowhere',
        )  # fmt: skip
        self.assertEqual('[mail] operators_locale', refused.where)


class TestOptions(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = cfg.ConfigOpts()
        options.register_opts(self.conf)
        self.conf([])

    def test_refuse_what_is_none_of_their_choices(self) -> None:
        for name, value in (
            ('driver', 'pigeon'),
            ('smtp_tls', 'maybe'),
            ('smtp_port', 70000),
            ('smtp_host', 'no host'),
            ('pay_url', 'javascript:alert(1)'),
            ('timeout', 0),
        ):
            self.assertRaises(
                ValueError, self.conf.set_override, name, value, 'mail'
            )

    def test_are_all_in_the_sample_with_words_for_an_operator(self) -> None:
        [(group, listed)] = options.list_opts()
        self.assertEqual(set(self.conf.mail), {each.dest for each in listed})
        self.assertTrue(group.help and all(each.help for each in listed))

    def test_keep_the_password_out_of_logs(self) -> None:
        secret = [
            each.dest for each in options.list_opts()[0][1] if each.secret
        ]
        self.assertEqual(['smtp_password'], secret)
