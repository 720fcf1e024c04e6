# SPDX-License-Identifier: Apache-2.0
"""What became of a mail: accepted, deferred, refused, or nobody knows."""

import email
import email.policy
import socket
from typing import Any

from oslotest import base

from patrii_billing.domain import mail as mails
from patrii_billing import errors
from patrii_billing.mail import smtp
from tests.unit.mail import samples
from tests.unit.mail import servers

JANE, JOE = 'jane@example.com', 'joe@example.com'
NOBODY = '550 5.1.1 nobody here'


def mail(*to: str, text: str = 'Pay, please.\n') -> mails.Mail:
    return mails.Mail(to or (JANE,), 'Money', text, '<1@acme.example>')


class MailerTestCase(base.BaseTestCase):
    def mailer(self, port: int, **options: Any) -> smtp.SmtpMailer:
        given: dict[str, Any] = {'host': '127.0.0.1', 'timeout': 5}
        return smtp.SmtpMailer(
            smtp.Server(port=port, **(given | options)), samples.LETTERHEAD
        )

    def server(
        self, answers: Any = None, **options: Any
    ) -> servers.MailServer:
        return self.useFixture(servers.MailServer(answers, **options))

    def send(self, answers: Any, *to: str, **options: Any) -> mails.Handover:
        server = self.server(answers)
        return self.mailer(server.port, **options).send(mail(*to))

    def assertAway(self, answers: Any, *to: str, **options: Any) -> str:
        return self._assert(errors.MailAway, answers, to, options)

    def assertDeferred(self, answers: Any, *to: str, **options: Any) -> str:
        return self._assert(errors.MailDeferred, answers, to, options)

    def assertRefused(self, answers: Any, *to: str) -> str:
        return self._assert(errors.MailRefused, answers, to, {})

    def assertUnknown(self, answers: Any, **options: Any) -> str:
        return self._assert(errors.MailUnknown, answers, (), options)

    def _assert(self, kind: Any, answers: Any, to: Any, options: Any) -> str:
        raised = self.assertRaises(
            errors.MailError, self.send, answers, *to, **options
        )
        self.assertIs(kind, type(raised), str(raised))
        return str(raised)


class TestAccepted(MailerTestCase):
    def test_mail_has_the_servers_own_words_for_it(self) -> None:
        self.assertEqual(
            mails.Handover('250 queued as 4XyZ'),
            self.send({'DATA': '250 queued as 4XyZ'}),
        )

    def test_mail_arrives_whole_with_its_dots(self) -> None:
        server = self.server()
        text = '.\n..\nfrom A\n.leading dot\nan accent: é\n'
        self.mailer(server.port).send(mail(text=text))
        [envelope] = server.script.accepted
        self.assertEqual('billing@acme.example', envelope.mail_from)
        self.assertEqual([JANE], envelope.rcpt_tos)
        received = email.message_from_bytes(
            envelope.content, policy=email.policy.default
        )
        self.assertEqual(
            text, '\n'.join(received.get_content().splitlines()) + '\n'
        )
        self.assertEqual('<1@acme.example>', received['Message-ID'])

    def test_by_one_of_two_is_accepted_and_names_the_other(self) -> None:
        self.assertEqual(
            mails.Handover(
                f'250 OK; not {JOE}: 550 no such user',
                {JOE: '550 no such user'},
                (JOE,),
            ),
            self.send({JOE: '550 no such user'}, JANE, JOE),
        )
        self.assertEqual(
            mails.Handover(
                f'250 OK; not {JANE}: 451 greylisted', missed=(JANE,)
            ),
            self.send({JANE: '451 greylisted'}, JANE, JOE),
        )

    def test_stays_accepted_when_the_goodbye_fails(self) -> None:
        spoken = self.useFixture(
            servers.Spoken(
                '220 hello', '250 you', '250 from', '250 to', '354 go on',
                '250 queued',
            )
        )  # fmt: skip
        self.assertEqual(
            '250 queued', self.mailer(spoken.port).send(mail()).answer
        )


class TestKept(MailerTestCase):
    def test_connection_carries_mail_after_mail(self) -> None:
        server = self.server()
        mailer = self.mailer(server.port)
        with mailer.kept():
            for _ in range(3):
                mailer.send(mail())
        self.assertEqual(1, server.script.greeted)
        self.assertEqual(3, len(server.script.accepted))
        mailer.send(mail())
        self.assertEqual(2, server.script.greeted)

    def test_connection_is_given_up_after_anything_but_a_yes(self) -> None:
        server = self.server({JOE: NOBODY, 'DATA': '250 OK'})
        mailer = self.mailer(server.port)
        with mailer.kept():
            mailer.send(mail())
            self.assertRaises(errors.MailRefused, mailer.send, mail(JOE))
            mailer.send(mail())
        self.assertEqual(2, server.script.greeted)
        self.assertEqual(
            [[JANE]] * 2, [one.rcpt_tos for one in server.script.accepted]
        )

    def test_connection_that_the_server_tired_of_is_made_anew(self) -> None:
        answers: dict[str, Any] = {}
        server = self.server(answers)
        mailer = self.mailer(server.port)
        for tired in ('421 enough', servers.drop):
            with mailer.kept():
                mailer.send(mail())
                answers['MAIL'] = servers.once(server.script, tired)
                self.assertEqual('250 OK', mailer.send(mail()).answer)
        self.assertEqual(4, len(server.script.accepted))

    def test_mail_of_unknown_fate_is_not_sent_on_another(self) -> None:
        answers: dict[str, Any] = {}
        server = self.server(answers)
        mailer = self.mailer(server.port)
        with mailer.kept():
            mailer.send(mail())
            answers['DATA'] = servers.drop
            self.assertRaises(errors.MailUnknown, mailer.send, mail())
        self.assertEqual(2, len(server.script.accepted))


class TestDeferred(MailerTestCase):
    def test_where_nobody_listens(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = free.getsockname()[1]
        raised = self.assertRaises(
            errors.MailAway, self.mailer(port).send, mail()
        )
        self.assertIn(f'127.0.0.1:{port}', str(raised))

    def test_where_the_host_has_no_address(self) -> None:
        for host in ('nowhere.invalid', 'a..b'):
            self.assertRaises(
                errors.MailAway, self.mailer(25, host=host).send, mail()
            )

    def test_where_the_server_asks_to_come_again(self) -> None:
        for command in ('RCPT', 'DATA'):
            why = self.assertDeferred({command: '451 not now'})
            self.assertEqual('451 not now', why)
        why = self.assertAway({'MAIL': '451 not now'})
        self.assertEqual('451 not now', why)

    def test_where_the_server_closes_in_between(self) -> None:
        # It may do so for one recipient, who must not stop all others.
        self.assertDeferred({JOE: '421 shutting down'}, JANE, JOE)

    def test_where_it_hangs_up_before_the_mail_is_sent(self) -> None:
        for command in ('EHLO', 'MAIL'):
            self.assertAway({command: servers.drop})
        self.assertDeferred({'RCPT': servers.drop})

    def test_where_it_is_slow_before_the_mail_is_sent(self) -> None:
        for command in ('EHLO', 'MAIL'):
            self.assertAway({command: servers.dawdle}, timeout=0.3)
        # Of one recipient's domain perhaps, which must not stop all others.
        self.assertDeferred({'RCPT': servers.dawdle}, timeout=0.3)

    def test_where_it_does_not_greet(self) -> None:
        for spoken in (
            servers.Spoken('554 no service here'),
            servers.Spoken('hello?'),
            servers.Spoken('220 hello', 'what?'),
        ):
            port = self.useFixture(spoken).port
            self.assertRaises(
                errors.MailAway, self.mailer(port).send, mail()
            )

    def test_where_it_says_a_little_at_a_time_and_never_ends(self) -> None:
        hello = ('220 hello',)
        for spoken in ((), hello, (*hello, '250 you', '250 from')):
            drip = self.useFixture(servers.Drip(*spoken))
            mailer = self.mailer(drip.port, timeout=0.2)
            self.assertRaises(errors.MailDeferred, mailer.send, mail())

    def test_where_it_stops_reading_in_the_middle(self) -> None:
        lines = ('220 hello', '250 you', '250 from', '250 to', '354 go on')
        for stays in (True, False):
            spoken = self.useFixture(servers.Spoken(*lines, stays=stays))
            mailer = self.mailer(spoken.port, timeout=0.5)
            long = mail(text='Pay, please.\n' * 700_000)
            self.assertRaises(errors.MailDeferred, mailer.send, long)

    def test_where_what_it_holds_against_us_is_ours_to_mend(self) -> None:
        for command, answer in (
            ('MAIL', '550 your domain may not send'),
            ('MAIL', '530 log in first'),
        ):
            self.assertEqual(answer, self.assertAway({command: answer}))
        for answer in (
            '530 log in first',
            '554 5.7.1 relay access denied',
            '550 relay not permitted',
            '550 5.7.26 not authenticated',
            '550 5.1.8 sender address rejected: no such domain',
            '504 5.5.2 <localhost>: need a fully-qualified hostname',
            '554 no',
        ):
            self.assertEqual(answer, self.assertDeferred({'RCPT': answer}))
            self.assertEqual(
                answer,
                self.assertDeferred({JANE: answer, JOE: NOBODY}, JANE, JOE),
            )

    def test_where_one_recipient_of_two_may_yet_be_accepted(self) -> None:
        why = self.assertDeferred(
            {JANE: '550 no such user', JOE: '452 mailbox full'}, JANE, JOE
        )
        self.assertEqual('452 mailbox full', why)

    def test_where_the_mailbox_is_full_and_may_be_emptied(self) -> None:
        for answer in ('552 no room', '550 5.2.2 over quota'):
            why = self.assertDeferred({JANE: answer, JOE: NOBODY}, JANE, JOE)
            self.assertEqual(answer, why)


class TestRefused(MailerTestCase):
    def test_where_no_recipient_is_known(self) -> None:
        why = self.assertRefused({'RCPT': '550 no such user'}, JANE, JOE)
        self.assertEqual('550 no such user', why)

    def _refused(self, answers: Any, *to: str) -> dict[str, str]:
        raised = self.assertRaises(
            errors.MailRefused, self.send, answers, *to
        )
        return raised.refused  # type: ignore[no-any-return]

    def test_addresses_that_are_of_no_use_are_named(self) -> None:
        for answer in (
            '550 no such user',
            '550 5.1.1 no such user',
            '554 5.1.2 no such domain',
            '550 5.2.1 mailbox disabled',
            '553 not one of ours',
        ):
            self.assertEqual(
                {JANE: answer, JOE: NOBODY},
                self._refused({JANE: answer, JOE: NOBODY}, JANE, JOE),
            )

    def test_addresses_are_not_blamed_for_what_is_against_us(self) -> None:
        for answer in ('550 5.6.7 not in this alphabet', '501 what?'):
            self.assertEqual({}, self._refused({'RCPT': answer}))
        some = self.send({JANE: '550 5.7.1 not for you'}, JANE, JOE)
        self.assertEqual(({}, (JANE,)), (some.refused, some.missed))
        self.assertEqual({}, self._refused({'DATA': '550 5.1.1 spam'}))

    def test_where_the_mail_itself_is_not_wanted(self) -> None:
        why = self.assertRefused({'DATA': '554 looks like spam'})
        self.assertEqual('554 looks like spam', why)

    def test_where_the_mail_may_not_even_begin(self) -> None:
        spoken = self.useFixture(
            servers.Spoken(
                '220 hello', '250 you', '250 from', '250 to', '554 no, not you'
            )
        )
        self.assertRaises(
            errors.MailRefused, self.mailer(spoken.port).send, mail()
        )


class TestUnknown(MailerTestCase):
    def test_where_the_connection_broke_after_the_mail_was_sent(self) -> None:
        self.assertIn(
            'no answer came', self.assertUnknown({'DATA': servers.drop})
        )

    def test_where_the_answer_comes_too_late(self) -> None:
        self.assertUnknown({'DATA': servers.dawdle}, timeout=1.5)

    def test_where_the_answer_is_none(self) -> None:
        for line in ('what?', '354 go on', '250' + 'x' * 10000):
            spoken = self.useFixture(
                servers.Spoken(
                    '220 hello', '250 you', '250 from', '250 to', '354 go on',
                    line,
                )
            )  # fmt: skip
            self.assertRaises(
                errors.MailUnknown, self.mailer(spoken.port).send, mail()
            )


class TestLogin(MailerTestCase):
    def options(self) -> dict[str, Any]:
        return {
            'authenticator': servers.credentials,
            'auth_required': True,
            'auth_require_tls': False,
        }

    def test_opens_a_server_that_asks_for_it(self) -> None:
        server = self.server(**self.options())
        self.mailer(server.port, user='billing', password='secret').send(
            mail()
        )
        self.assertEqual([(True, False)], server.script.came)

    def test_that_fails_is_no_word_about_the_mail(self) -> None:
        server = self.server(**self.options())
        for login in (
            {'user': 'billing', 'password': 'wrong'},
            {'user': 'billing', 'password': 'sécret'},
            {},
        ):
            mailer = self.mailer(server.port, **login)
            self.assertRaises(errors.MailDeferred, mailer.send, mail())

    def test_at_a_server_without_logins_is_deferred(self) -> None:
        self.assertAway({}, user='billing', password='secret')

    def test_never_shows_its_password(self) -> None:
        self.assertNotIn(
            'secret', repr(smtp.Server(user='billing', password='secret'))
        )


class TestTls(MailerTestCase):
    def starttls(self, **options: Any) -> servers.MailServer:
        return self.server(tls_context=servers.tls(), **options)

    def both(self) -> Any:
        yield self.server(ssl_context=servers.tls()), smtp.Tls.TLS
        yield self.starttls(require_starttls=True), smtp.Tls.STARTTLS

    def test_with_a_certificate_that_signed_itself_is_refused(self) -> None:
        for server, tls in self.both():
            raised = self.assertRaises(
                errors.MailDeferred,
                self.mailer(server.port, tls=tls).send,
                mail(),
            )
            self.assertIn('certificate', str(raised).lower())
            self.assertEqual([], server.script.accepted)

    def test_with_a_certificate_that_is_trusted_by_name_is_taken(self) -> None:
        for server, tls in self.both():
            self.mailer(
                server.port, tls=tls, cafile=str(servers.CERTIFICATE)
            ).send(mail())
            self.assertEqual([(False, True)], server.script.came)

    def test_with_any_certificate_is_taken_where_told_so(self) -> None:
        for server, tls in self.both():
            self.mailer(server.port, tls=tls, insecure=True).send(mail())
            self.assertEqual([(False, True)], server.script.came)

    def test_with_the_certificate_of_another_host_is_refused(self) -> None:
        server = self.starttls()
        mailer = self.mailer(
            server.port,
            host='127.0.0.2',
            tls=smtp.Tls.STARTTLS,
            cafile=str(servers.CERTIFICATE),
        )
        self.assertRaises(errors.MailDeferred, mailer.send, mail())

    def test_is_not_given_up_where_the_server_has_none(self) -> None:
        server = self.server()
        for tls in (smtp.Tls.STARTTLS, smtp.Tls.TLS):
            mailer = self.mailer(server.port, tls=tls, timeout=1)
            self.assertRaises(errors.MailDeferred, mailer.send, mail())
        self.assertEqual([], server.script.accepted)

    def test_and_login_work_together(self) -> None:
        server = self.starttls(
            authenticator=servers.credentials, auth_required=True
        )
        self.mailer(
            server.port, tls=smtp.Tls.STARTTLS, insecure=True,
            user='billing', password='secret',
        ).send(mail())  # fmt: skip
        self.assertEqual([(True, True)], server.script.came)

    def test_without_its_file_of_authorities_is_deferred(self) -> None:
        server = self.starttls()
        mailer = self.mailer(
            server.port, tls=smtp.Tls.STARTTLS, cafile='/nowhere.pem'
        )
        self.assertRaises(errors.MailDeferred, mailer.send, mail())


class TestGreeting(MailerTestCase):
    def test_a_server_that_answers_is_greeted_and_gets_no_mail(self) -> None:
        server = self.server()
        self.assertTrue(self.mailer(server.port).greet().startswith('250'))

    def test_one_that_is_away_is_named(self) -> None:
        error = self.assertRaises(errors.MailDeferred, self.mailer(9).greet)
        self.assertIn('127.0.0.1:9', str(error))

    def test_a_login_that_it_does_not_know_is_an_error(self) -> None:
        server = self.server()
        mailer = self.mailer(server.port, user='us', password='secret')
        self.assertRaises(errors.MailDeferred, mailer.greet)
