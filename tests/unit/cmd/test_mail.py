# SPDX-License-Identifier: Apache-2.0
"""An operator looks at the mails of his customers."""

from tests.unit.cmd import base
from tests.unit.mail import servers


class PreviewTest(base.CommandTestCase):
    def test_every_notice_is_written_into_a_folder(self) -> None:
        folder = self.folder / 'new' / 'mails'
        said = self.manage('mail', 'preview', '--to', str(folder))

        self.assertIn(f'open {folder}/index.html.', said)
        self.assertIn(
            'Last warning', (folder / 'index.html').read_text('utf-8')
        )
        self.assertTrue((folder / 'fr-grace-usual.dark.html').exists())


class TestMailTest(base.CommandTestCase):
    def tried(self, port: int, *more: str) -> tuple[int, str, str]:
        config = self.write(
            'mail.conf',
            f"""
            [mail]
            smtp_host = 127.0.0.1
            smtp_port = {port}
            """,
        )
        return self.run_it(
            'mail', 'test', '--to', 'ops@acme.example', *more, config=config
        )

    def test_a_server_that_takes_it_is_quoted(self) -> None:
        server = self.useFixture(servers.MailServer())
        code, out, err = self.tried(
            server.port, '--notice', 'grace', '--locale', 'fr'
        )

        self.assertEqual((0, ''), (code, err))
        self.assertIn('Result: accepted', out)
        self.assertIn('Subject: [test] Paiement en retard', out)
        self.assertIn('TLS: none', out)
        self.assertIn('Logged in: no', out)
        self.assertEqual(
            ['ops@acme.example'], server.script.accepted[0].rcpt_tos
        )

    def test_one_that_refuses_the_address_makes_it_fail(self) -> None:
        server = self.useFixture(
            servers.MailServer({'RCPT': '550 5.1.1 no such user'})
        )
        code, out, err = self.tried(server.port)

        self.assertEqual(1, code)
        self.assertIn('To ops@acme.example: 550 5.1.1 no such user', out)
        self.assertIn('refused for good', err)

    def test_one_that_is_not_there_is_named(self) -> None:
        code, out, err = self.tried(9)

        self.assertEqual(1, code)
        self.assertIn('127.0.0.1:9', out)
        self.assertIn('smtp_host', err)
