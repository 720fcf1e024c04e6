# SPDX-License-Identifier: Apache-2.0
"""Whatever a customer calls himself, a mail stays the mail that was meant."""

import dataclasses
import datetime as dt
import email
import email.message
import email.policy
import functools
from typing import Any

import html5lib
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import mail as mails
from patrii_billing.mail import message
from patrii_billing import wording
from tests.unit.mail import samples

NOON = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)
SHEET = mails.Attachment('INV-000017.pdf', b'%PDF')
HEADERS = [
    'From', 'To', 'Reply-To', 'Subject', 'Date', 'Message-ID', 'References',
    'Auto-Submitted', 'MIME-Version', 'Content-Type',
]  # fmt: skip
SPITE = st.sampled_from(
    ['\r\nBcc: all@example.org', '\n\n', '\r', '\0', '\x0b', '\u2028', '<b>',
     '</td></table>', '<!--', ']]>', '&amp;', '"', "'", '{{ 7*7 }}',
     '{% include "/etc/passwd" %}', '=?utf-8?q?x?=', '\u202e', 'שלום', '🚀',
     'a\u0301', '\ud800', '%(account)s', '--=', 'x' * 300]
)  # fmt: skip
NAMES = st.lists(st.one_of(SPITE, st.text(max_size=20)), max_size=8).map(
    ''.join
)


def parts(
    notice: mails.NoticeContent,
) -> tuple[email.message.EmailMessage, str, Any]:
    """The message as it is read, its text, and its page as a browser's."""
    data = message.written(samples.written(notice), samples.LETTERHEAD, NOON)
    read = email.message_from_bytes(data, policy=email.policy.default)
    text, page = (
        part.get_content()
        for part in read.walk()
        if part.get_content_maintype() == 'text'
    )
    return read, text, html5lib.parse(page, namespaceHTMLElements=False)


@functools.cache
def tamed(template: str) -> tuple[email.message.EmailMessage, str, Any]:
    """The same mail to somebody with a good name."""
    notice = samples.hostile(template, 'tame')
    return parts(dataclasses.replace(notice, attachments=(SHEET,)))


def elements(page: Any) -> list[str]:
    return [str(each.tag) for each in page.iter()]


class HostileTest(base.BaseTestCase):
    @hypothesis.given(st.sampled_from(samples.TEMPLATES), NAMES)
    @hypothesis.settings(max_examples=40, deadline=None)
    def test_a_name_adds_no_header_no_part_and_no_element(
        self, template: str, name: str
    ) -> None:
        read, text, page = parts(
            dataclasses.replace(
                samples.hostile(template, name), attachments=(SHEET,)
            )
        )
        calm, _, tame = tamed(template)

        self.assertEqual(HEADERS, list(read.keys()))
        self.assertEqual(
            [part.get_content_type() for part in calm.walk()],
            [part.get_content_type() for part in read.walk()],
        )
        words = wording.name(name)
        if words:
            self.assertEqual(elements(tame), elements(page))
        for sign in ('\0', '\u202e', '\u2028'):
            self.assertNotIn(sign, text)

    @hypothesis.given(st.sampled_from(samples.TEMPLATES), NAMES)
    @hypothesis.settings(max_examples=20, deadline=None)
    def test_it_is_read_as_the_text_that_it_is(
        self, template: str, name: str
    ) -> None:
        _, _, page = parts(samples.hostile(template, name))
        shown = ' '.join(''.join(page.itertext()).split())

        self.assertIn(' '.join(wording.name(name).split()), shown)

    def test_two_hundred_servers_are_all_named(self) -> None:
        many = tuple(
            (f'{n:08}-1a2b-4c3d-8e9f-0123456789ab', f'worker-{n}')
            for n in range(200)
        )
        mail = samples.written(samples.full('last_warning', servers=many))
        data = message.written(mail, samples.LETTERHEAD, NOON)

        for id, name in many:
            self.assertIn(f'- {name} ({id})', mail.text)
            self.assertIn(id, mail.html)
        # Gmail cuts a page off at 102 kB: the rest is behind a link.
        self.assertLess(len(mail.html), 100_000)
        self.assertLess(len(data), 250_000)
