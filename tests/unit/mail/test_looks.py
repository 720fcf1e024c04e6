# SPDX-License-Identifier: Apache-2.0
"""A brand's colours can be read, its logo is seen, and its styles stay."""

import dataclasses
import email
import email.policy
import itertools
import pathlib
import re

import fixtures
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing import errors
from patrii_billing.mail import compose
from patrii_billing.mail import looks
from patrii_billing.mail import message
from tests.unit.mail import samples

PNG = b'\x89PNG\r\n\x1a\n' + bytes(100)
AA = 4.5


class TestColours(base.BaseTestCase):
    def test_differ_as_much_as_the_standard_says(self) -> None:
        self.assertEqual(21, looks.contrast('#000000', '#ffffff'))
        self.assertEqual(1, looks.contrast('#808080', '#808080'))
        # The lightest grey that can be read on white.
        self.assertAlmostEqual(4.54, looks.contrast('#ffffff', '#767676'), 2)

    @hypothesis.given(st.integers(0, 0xFFFFFF))
    def test_of_any_brand_can_be_read(self, colour: int) -> None:
        colours = looks.colours(f'#{colour:06x}')
        self.assertLessEqual(AA, looks.contrast(colours.ink, colours.accent))
        self.assertLessEqual(AA, looks.contrast(colours.link, '#ffffff'))

    def test_of_words_can_be_read_on_every_ground(self) -> None:
        for sheet in ('layout.css', 'screen.css'):
            css = (samples.FOLDER / sheet).read_text()
            words = re.findall(r'[ {]color: (#\w{6})', css)
            grounds = re.findall(r'background-color: (#\w{6})', css)
            if sheet == 'screen.css':
                grounds.remove('#ffffff')  # no words stand on the logo's
            self.assertTrue(words and grounds, sheet)
            for word, ground in itertools.product(words, grounds):
                self.assertLessEqual(
                    AA, looks.contrast(word, ground), (sheet, word, ground)
                )

    def test_that_are_none_are_refused(self) -> None:
        for text in ('', 'red', '#fff', '#1f4fa3;', '#1f4fa3\n'):
            refused = self.assertRaises(
                errors.InvalidInput,
                compose.Brand,
                'A',
                'a.example',
                accent=text,
            )
            self.assertEqual('[mail] accent', refused.where)


class TestStyles(base.BaseTestCase):
    def test_stand_at_their_elements(self) -> None:
        html = samples.written(samples.full('grace')).html
        self.assertRegex(html, r'<a class="pay"[^>]* style="[^"]*#1f4fa3')
        self.assertNotIn('data-css-inline', html)

    def test_for_the_dark_and_for_small_screens_stay_together(self) -> None:
        html = samples.written(samples.full('grace')).html
        self.assertEqual(1, html.count('<style'))
        self.assertIn('prefers-color-scheme: dark', html)
        self.assertIn('max-width: 480px', html)

    def test_leave_the_words_alone(self) -> None:
        for text in ('<b>&amp;"\'', '{x} /* */ <style>', '</style>'):
            mail = samples.written(samples.full('grace', account=text))
            said = samples.Outline(mail.html)
            plain = samples.Outline(
                samples.written(samples.full('grace', account='x')).html
            )
            self.assertEqual(plain.elements, said.elements)


class TestLogo(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def brand(self, content: bytes) -> compose.Brand:
        path = self.folder / 'logo.png'
        path.write_bytes(content)
        return dataclasses.replace(samples.BRAND, logo=str(path))

    def test_is_a_part_of_the_mail_inside_its_page(self) -> None:
        mail = compose.compose(self.brand(PNG), samples.full('grace'))
        data = message.written(
            mail,
            samples.LETTERHEAD,
            samples.full().due_at,  # type: ignore[arg-type]
        )
        self.assertTrue(data.isascii())
        read = email.message_from_bytes(data, policy=email.policy.default)
        self.assertEqual('multipart/alternative', read.get_content_type())
        text, related = read.iter_parts()
        self.assertEqual('text/plain', text.get_content_type())
        self.assertEqual('multipart/related', related.get_content_type())
        page, picture = related.iter_parts()
        self.assertEqual('text/html', page.get_content_type())
        self.assertEqual('image/png', picture.get_content_type())
        self.assertEqual('inline', picture.get_content_disposition())
        self.assertEqual(PNG, picture.get_content())
        id = picture['Content-ID'].strip('<>')
        self.assertIn(f'src="cid:{id}"', page.get_content())

    def test_has_the_name_beside_it_for_who_sees_no_pictures(self) -> None:
        html = compose.compose(self.brand(PNG), samples.full('grace')).html
        self.assertIn('alt="Acme Cloud"', html)
        self.assertIn('Kind regards,<br>Acme Cloud', html)

    def test_is_inside_the_page_where_a_browser_shows_it(self) -> None:
        mail = compose.compose(self.brand(PNG), samples.full('grace'))
        page = looks.standalone(mail)
        self.assertNotIn('cid:', page)
        self.assertIn('src="data:image/png;base64,', page)

    def test_that_mail_programs_do_not_show_is_refused(self) -> None:
        for content in (b'<svg/>', b'', b'RIFF1234WEBP', PNG + bytes(100_000)):
            looks.logo.cache_clear()
            refused = self.assertRaises(
                errors.InvalidInput, self.brand, content
            )
            self.assertEqual('[mail] logo', refused.where)
        self.assertRaises(
            errors.InvalidInput,
            dataclasses.replace, samples.BRAND, logo='/nowhere',
        )  # fmt: skip


class TestLetterOfTheHouse(base.BaseTestCase):
    def test_says_how_to_reach_its_people(self) -> None:
        brand = dataclasses.replace(
            samples.BRAND,
            phone='+33 1 23',
            support_url='https://acme.example/help',
            address=('1 rue de la Paix', '75002 Paris <Cedex>'),
            footer='SAS au capital de 1 €',
        )
        for language in samples.LANGUAGES:
            mail = compose.compose(
                brand, samples.full('grace', locale=language)
            )
            for words in (
                '+33 1 23',
                'https://acme.example/help',
                '1 rue de la Paix',
                'SAS au capital de 1 €',
            ):
                self.assertIn(words, mail.text)
                self.assertIn(words, mail.html)
            self.assertIn('75002 Paris <Cedex>', mail.text)
            self.assertIn('75002 Paris &lt;Cedex&gt;', mail.html)
