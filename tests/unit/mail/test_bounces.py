# SPDX-License-Identifier: Apache-2.0
"""A bounce is read for what came back, from whom, and whether for good."""

import email.message
import textwrap

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import bounce
from patrii_billing.mail import bounces

ID = '0123456789abcdef0123456789abcdef'
BOUNCED = f'Message-ID: <{ID}@acme.example>\r\nSubject: Last warning\r\n'
MINE = 'ann@acme.example'


def report(*groups: str, returned: str = BOUNCED, part: str = '') -> bytes:
    """A report of RFC 3464, as postfix writes them."""
    blocks = '\r\n\r\n'.join(
        textwrap.dedent(group).strip().replace('\n', '\r\n')
        for group in ('Reporting-MTA: dns; mx.acme.example', *groups)
    )
    return (
        'Return-Path: <>\r\n'
        'From: MAILER-DAEMON@mx.acme.example (Mail Delivery System)\r\n'
        'Subject: Undelivered Mail Returned to Sender\r\n'
        'Auto-Submitted: auto-replied\r\n'
        'MIME-Version: 1.0\r\n'
        'Content-Type: multipart/report; report-type=delivery-status;'
        ' boundary="B"\r\n\r\n'
        '--B\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n'
        '--B\r\nContent-Type: '
        f'{part or "message/delivery-status"}\r\n\r\n{blocks}\r\n\r\n'
        f'--B\r\nContent-Type: text/rfc822-headers\r\n\r\n{returned}\r\n'
        '--B--\r\n'
    ).encode()


FAILED = """
    Final-Recipient: rfc822; ann@acme.example
    Original-Recipient: rfc822;ann@acme.example
    Action: failed
    Status: 5.1.1
    Diagnostic-Code: smtp; 550 5.1.1 <ann@acme.example>:
        Recipient address rejected: User unknown
    """


class ReportTest(base.BaseTestCase):
    """The standard, RFC 3464."""

    def test_a_mail_to_nobody_is_found_by_its_id(self) -> None:
        read = bounces.read(report(FAILED))

        self.assertEqual(
            bounce.Report(
                (ID,),
                (
                    bounce.Verdict(
                        bounce.Fate.FAILED, (MINE, MINE), '5.1.1',
                        '550 5.1.1 <ann@acme.example>: Recipient address '
                        'rejected: User unknown',
                    ),
                ),
            ),
            read,
        )  # fmt: skip

    def test_each_recipient_has_a_fate_of_his_own(self) -> None:
        late = FAILED.replace('ann@', 'bob@').replace('failed', 'delayed')
        here = FAILED.replace('ann@', 'cy@').replace('failed', 'delivered')

        self.assertEqual(
            [
                ('failed', 'ann@acme.example'),
                ('delayed', 'bob@acme.example'),
                ('delivered', 'cy@acme.example'),
            ],
            [
                (
                    {'passed': 'delivered'}.get(each.fate, each.fate),
                    each.addresses[0],
                )
                for each in verdicts(report(FAILED, late, here))
            ],
        )

    def test_a_forwarded_mail_is_known_by_where_it_was_sent_first(
        self,
    ) -> None:
        group = FAILED.replace(
            'Final-Recipient: rfc822; ann@acme', 'Final-Recipient: RFC822;x@y'
        )
        (verdict,) = verdicts(report(group))

        self.assertEqual('ann@acme.example', verdict.addresses[0])
        self.assertEqual(
            MINE, bounce.recipient(verdict, [MINE, 'bob@acme.example'])
        )

    def test_an_address_is_read_out_of_its_code(self) -> None:
        group = FAILED.replace(
            'rfc822;ann@acme.example', 'rfc822;ann+2Bbills@acme.example'
        )

        self.assertEqual(
            'ann+bills@acme.example', verdicts(report(group))[0].addresses[0]
        )

    def test_an_address_that_was_never_in_code_is_known_as_well(self) -> None:
        group = FAILED.replace(
            'rfc822;ann@acme.example', 'rfc822;ann+42@acme.example'
        )
        (verdict,) = verdicts(report(group))

        self.assertEqual(
            'ann+42@acme.example',
            bounce.recipient(verdict, ['ann+42@acme.example', 'x@y.example']),
        )

    def test_an_answer_without_a_status_is_given_the_one_beside_it(
        self,
    ) -> None:
        head, _, _ = FAILED.partition('Diagnostic-Code')
        group = f'{head}Diagnostic-Code: x-unix; gone\n'

        self.assertEqual('5.1.1 gone', verdicts(report(group))[0].answer)

    def test_an_international_report_is_read(self) -> None:
        group = FAILED.replace('rfc822;', 'utf-8;').replace('ann@', 'änn@')
        read = report(group, part='message/global-delivery-status')

        self.assertEqual('änn@acme.example', verdicts(read)[0].addresses[0])

    def test_a_status_that_says_nothing_is_read_from_the_answer(self) -> None:
        group = FAILED.replace('Status: 5.1.1', 'Status: 5.0.0')

        self.assertEqual('5.1.1', verdicts(report(group))[0].status)

    def test_the_id_is_found_where_only_a_text_speaks_of_it(self) -> None:
        gone = report(FAILED, returned='')
        quoted = gone.replace(
            b'I am sorry.', f'Your mail <{ID}@acme.example>'.encode()
        )

        self.assertEqual((), ids(gone))
        self.assertEqual((ID,), ids(quoted))


class ForeignTest(base.BaseTestCase):
    """Servers that never heard of a standard."""

    def test_exim(self) -> None:
        read = bounces.read(
            letter(
                'Mailer-Daemon@mx.example',
                f"""\
                This message was created automatically by mail delivery
                software.  A message that you sent could not be delivered:

                  ann@acme.example
                    550 5.1.1 user unknown

                ------ This is a copy of the message's headers ------

                Message-ID: <{ID}@acme.example>
                """,
                **{'X-Failed-Recipients': MINE},
            )
        )

        self.assertEqual((ID,), read.message_ids if read else None)
        self.assertEqual(
            [('failed', (MINE,), '5.1.1')],
            [(each.fate, each.addresses, each.status)
             for each in (read.verdicts if read else ())],
        )  # fmt: skip

    def test_qmail(self) -> None:
        read = bounces.read(
            letter(
                'MAILER-DAEMON@mx.example',
                f"""\
                Hi. This is the qmail-send program at mx.example.
                I'm afraid I wasn't able to deliver your message to the
                following addresses.
                This is a permanent error; I've given up. Sorry it didn't
                work out.

                <ann@acme.example>:
                Sorry, no mailbox here by that name. (#5.1.1)

                --- Below this line is a copy of the message.

                Return-Path: <billing@acme.example>
                Message-ID: <{ID}@acme.example>
                """,
            )
        )

        self.assertEqual((ID,), read.message_ids if read else None)
        self.assertEqual(
            [(MINE,)],
            [each.addresses for each in (read.verdicts if read else ())],
        )

    def test_what_no_one_understands_is_told_apart_from_what_is_none(
        self,
    ) -> None:
        self.assertEqual(
            bounce.Report(),
            bounces.read(letter('postmaster@mx.example', 'It went wrong.')),
        )


class NoBounceTest(base.BaseTestCase):
    """What people and their programs write."""

    def test_an_answer(self) -> None:
        self.assertIsNone(
            bounces.read(
                letter(
                    MINE, f'I shall pay.\n> <{ID}@acme.example>',
                    **{'In-Reply-To': f'<{ID}@acme.example>'},
                )
            )
        )  # fmt: skip

    def test_a_program_that_answers_in_his_absence(self) -> None:
        self.assertIsNone(
            bounces.read(
                letter(
                    MINE, 'I am away until Monday.',
                    **{
                        'Return-Path': '<>',
                        'Auto-Submitted': 'auto-replied',
                        'In-Reply-To': f'<{ID}@acme.example>',
                    },
                )
            )
        )  # fmt: skip

    def test_that_it_was_opened(self) -> None:
        opened = report(FAILED, part='message/disposition-notification')
        self.assertIsNone(
            bounces.read(
                opened.replace(
                    b'report-type=delivery-status',
                    b'report-type=disposition-notification',
                ).replace(b'MAILER-DAEMON', b'postmaster')
            )
        )


class HostileTest(base.BaseTestCase):
    @hypothesis.settings(deadline=None, max_examples=200)
    @hypothesis.given(st.binary(max_size=2000))
    def test_any_bytes_are_answered(self, data: bytes) -> None:
        read = bounces.read(data)

        self.assertTrue(read is None or not read.verdicts)

    @hypothesis.settings(deadline=None, max_examples=200)
    @hypothesis.given(st.binary(max_size=300), st.integers(0, 1200))
    def test_any_damage_to_a_report_is_borne(
        self, data: bytes, at: int
    ) -> None:
        whole = report(FAILED)

        read = bounces.read(whole[:at] + data + whole[at + len(data) :])

        for each in read.verdicts if read else ():
            for text in (*each.addresses, each.answer, each.status):
                self.assertTrue(text.isprintable())
                text.encode()

    def test_letters_in_letters_without_end(self) -> None:
        data = b'Content-Type: message/rfc822\r\n\r\n' * 3000

        self.assertIsInstance(bounces.read(data), bounce.Report | None)


def letter(sender: str, text: str, **fields: str) -> bytes:
    written = email.message.EmailMessage()
    written['From'] = sender
    written['Subject'] = 'failure notice'
    for name, value in fields.items():
        written[name] = value
    written.set_content(textwrap.dedent(text))
    return written.as_bytes()


def verdicts(data: bytes) -> tuple[bounce.Verdict, ...]:
    read = bounces.read(data)
    return read.verdicts if read else ()


def ids(data: bytes) -> tuple[str, ...]:
    read = bounces.read(data)
    return read.message_ids if read else ()
