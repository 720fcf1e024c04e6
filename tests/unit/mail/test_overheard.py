# SPDX-License-Identifier: Apache-2.0
"""What a mail server said to a test is told, and never the password."""

import base64

from oslotest import base

from patrii_billing.domain.lifecycle import Attempt
from patrii_billing.domain import mail as mails
from patrii_billing.mail import folder
from patrii_billing.mail import off
from patrii_billing.mail import smtp
from tests.unit.mail import samples
from tests.unit.mail import servers

_MAIL = mails.Mail(
    ('ops@acme.example', 'gone@acme.example'), 'Hello', 'World', '<1@acme>'
)


class ReportTest(base.BaseTestCase):
    def serve(self, answers: dict[str, str], **options: object) -> int:
        server = servers.MailServer(answers, **options)
        return int(self.useFixture(server).port)

    def report(self, port: int, **options: object) -> mails.Report:
        server = smtp.Server(host='localhost', port=port, **options)
        return smtp.SmtpMailer(server, samples.LETTERHEAD).report(_MAIL)

    def test_each_recipient_has_an_answer(self) -> None:
        told = self.report(
            self.serve({'gone@acme.example': '550 5.1.1 nobody here'})
        )

        self.assertEqual(Attempt.ACCEPTED, told.result)
        self.assertEqual(
            {
                'ops@acme.example': '250 OK',
                'gone@acme.example': '550 5.1.1 nobody here',
            },
            told.recipients,
        )
        self.assertEqual(('', ''), (told.tls, told.user))

    def test_encryption_and_login_are_named_and_the_password_is_not(
        self,
    ) -> None:
        secrets = {'user': 'billing', 'password': 'secret'}
        for tls, given in (
            (smtp.Tls.TLS, {'ssl_context': servers.tls(),
                            'auth_require_tls': False}),
            (smtp.Tls.STARTTLS, {'tls_context': servers.tls()}),
        ):  # fmt: skip
            port = self.serve(
                {}, authenticator=servers.credentials, auth_required=True,
                **given,
            )  # fmt: skip
            told = self.report(
                port, tls=tls, cafile=str(servers.CERTIFICATE), **secrets
            )

            self.assertEqual(Attempt.ACCEPTED, told.result, told.answer)
            self.assertRegex(told.tls, '^TLSv1')
            self.assertEqual('billing', told.user)
            said = '\n'.join(told.dialogue)
            self.assertIn('> AUTH ', said)
            self.assertIn('***', said)
            for form in (b'secret', b'\0billing\0secret'):
                self.assertNotIn(base64.b64encode(form).decode(), said)
            self.assertNotIn('secret', said)

    def test_who_is_not_let_in_is_not_said_to_be(self) -> None:
        port = self.serve(
            {}, authenticator=servers.credentials, auth_required=True,
            auth_require_tls=False,
        )  # fmt: skip
        told = self.report(port, user='billing', password='wrong')

        self.assertEqual(Attempt.DEFERRED, told.result)
        self.assertEqual('', told.user)
        self.assertIn('535', told.answer)
        self.assertIn('< 535', '\n'.join(told.dialogue))

    def test_what_cannot_be_reached_or_is_refused_is_told(self) -> None:
        for result, port in (
            (Attempt.DEFERRED, 9),
            (Attempt.REFUSED, self.serve({'RCPT': '550 5.1.1 nobody'})),
            (Attempt.DEFERRED, self.serve({'DATA': '451 4.3.0 later'})),
        ):
            told = self.report(port)
            self.assertEqual(result, told.result, told.answer)
            self.assertEqual(f'localhost:{port}', told.server)

    def test_other_ways_tell_as_well(self) -> None:
        path = self.useFixture(servers.fixtures.TempDir()).path
        written = folder.FolderMailer(path, samples.LETTERHEAD).report(_MAIL)

        self.assertEqual('written to 00001.eml', written.answer)
        self.assertEqual(Attempt.DEFERRED, off.NoMailer().report(_MAIL).result)
