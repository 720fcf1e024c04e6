# SPDX-License-Identifier: Apache-2.0
"""Which addresses, domains and ids are fit for a header."""

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import mail
from patrii_billing import errors
from tests.unit.domain import refusing


class TestAddress(base.BaseTestCase):
    def test_of_the_usual_form_is_taken_as_it_is(self) -> None:
        for text in ('a@b.example', "o'neil+x.y@mail.acme.example", 'r@host'):
            self.assertEqual(text, mail.address(text))

    def test_loses_the_blanks_around_it(self) -> None:
        self.assertEqual('a@b.example', mail.address(' a@b.example\n'))

    def test_with_a_domain_beyond_ascii_gets_its_ascii_form(self) -> None:
        self.assertEqual(
            'info@xn--bcher-kva.example', mail.address('info@bücher.example')
        )

    def test_that_is_none_is_refused_by_name(self) -> None:
        for text in (
            '',
            'jane',
            '@acme.example',
            'jane@',
            'jane@acme..example',
            'jane@-acme.example',
            'ja ne@acme.example',
            '.jane@acme.example',
            'Jane <jane@acme.example>',
            'jane@acme.example,joe@acme.example',
            'jane@acme.example\r\nBcc: joe@acme.example',
            'jane\r\nRCPT TO:<joe@b.example>@acme.example',
            'jäne@acme.example',
            f'{"j" * 65}@acme.example',
            f'jane@{"a" * 64}.example',
            f'jane@{"a." * 100}example',
        ):
            refused = self.assertRaises(
                errors.InvalidInput, mail.address, text, 'contacts[0]'
            )
            self.assertEqual('contacts[0]', refused.where)

    def test_that_is_refused_is_told_in_words_and_in_part(self) -> None:
        long = 'j' * 100
        for text, words in (
            ('jane', "address: 'jane' is not a mail address"),
            (long, f"address: {'j' * 80!r} is not a mail address"),
            ('jane@-acme', "address: '-acme' is not a domain"),
            (f'jane@{"-" * 100}', f"address: {'-' * 80!r} is not a domain"),
        ):
            self.assertEqual(words, refusing.told(mail.address, text))

    def test_is_as_long_as_the_wire_allows_and_no_longer(self) -> None:
        longest = '.'.join(['a' * 62, 'b' * 62, 'c' * 63])
        self.assertEqual(189, len(longest))
        whole = f'{"j" * 64}@{longest}'
        self.assertEqual(whole, mail.address(whole))
        self.assertEqual(
            f"domain: {longest[:80]!r} is not a domain",
            refusing.told(mail.domain, f'{longest}.d'),
        )

    @hypothesis.given(st.text() | st.emails())
    def test_never_holds_what_ends_a_line_or_a_command(
        self, text: str
    ) -> None:
        try:
            good = mail.address(text)
        except errors.InvalidInput:
            return
        self.assertTrue(good.isascii() and good.isprintable(), good)
        self.assertEqual(1, good.count('@'))
        self.assertFalse(set(good) & set(' <>,;:"\\()[]'), good)


class TestMessageId(base.BaseTestCase):
    def test_is_an_id_in_a_domain(self) -> None:
        self.assertEqual(
            '<0a1b@b.example>', mail.message_id('0a1b', 'b.example')
        )

    def test_that_is_refused_is_told_in_words_and_in_part(self) -> None:
        for local, words in (
            ('a b', "message_id: 'a b' is not an id for a message"),
            (
                ' ' * 100,
                f'message_id: {" " * 80!r} is not an id for a message',
            ),
        ):
            self.assertEqual(
                words, refusing.told(mail.message_id, local, 'b.example')
            )

    def test_refuses_what_would_leave_its_header(self) -> None:
        for local in ('', 'a b', 'a>', 'a\r\nX: y', 'a@b'):
            self.assertRaises(
                errors.InvalidInput, mail.message_id, local, 'b.example'
            )
