# SPDX-License-Identifier: Apache-2.0
"""Every mail reads well in a real browser, on any screen."""

import dataclasses
import datetime as dt
import itertools
import pathlib
import re
import struct
from xml.etree import ElementTree
import zlib

import fixtures
import html5lib
from oslotest import base
from playwright import sync_api
import testscenarios

from patrii_billing.domain import mail as mails
from patrii_billing.domain import samples as law
from patrii_billing.mail import compose
from patrii_billing.mail import looks
from tests.unit.mail import samples
from tests.window import browser

load_tests = testscenarios.load_tests_apply_scenarios

NOW = dt.datetime(2026, 2, 5, 14, 30, tzinfo=dt.UTC)
BRAND = compose.Brand(
    name='Acme Cloud',
    domain='acme.example',
    pay_url='https://acme.example/pay',
    support='support@acme.example',
    support_url='https://acme.example/help',
    phone='+33 1 23 45 67 89',
    address=('Acme Cloud SAS', '12 rue de l’Exemple', '75010 Paris'),
    footer='SAS au capital de 10 000 €, RCS Paris 123 456 789',
)
_CASES = 4
# Of each kind one: the unit tests have them all in every template.
HOSTILE = [
    text
    for text in samples.HOSTILE
    if re.search(r'script|alert|x{1000}|[\u0590-\u05ff]|Söhne', text)
]


def logo() -> bytes:
    """A picture of a plain colour, twice as high as it is shown."""
    row = b'\0' + b'\x1f\x4f\xa3' * 320
    size = struct.pack('>IIBBBBB', 320, 96, 8, 2, 0, 0, 0)
    parts = {
        b'IHDR': size,
        b'IDAT': zlib.compress(row * 96),
        b'IEND': b'',
    }
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        struct.pack('>I', len(data))
        + kind
        + data
        + struct.pack('>I', zlib.crc32(kind + data))
        for kind, data in parts.items()
    )


def shown(mail: mails.Mail) -> sync_api.Page:
    tab = browser.shared_tab()
    tab.set_content(looks.standalone(mail))
    return tab


class EveryMailTest(base.BaseTestCase):
    scenarios = [
        (f'{template} {language}', {'template': template,
                                    'language': language})
        for template in mails.TEMPLATES
        for language in samples.LANGUAGES
    ]  # fmt: skip
    template: str
    language: str

    def mails(self) -> dict[str, mails.Mail]:
        cases = law.cases(self.template, NOW, self.language)
        # Alarms differ in a sentence or two.
        some = itertools.islice(cases.items(), _CASES)
        return {
            f'{self.template}-{case}-{self.language}': compose.compose(
                BRAND, notice
            )
            for case, notice in some
        }

    def test_fits_every_screen_and_everybody_can_read_it(self) -> None:
        for name, mail in self.mails().items():
            self.assertEqual({}, browser.faults(shown(mail), name), name)

    def test_is_valid_and_says_its_language_and_direction(self) -> None:
        for name, mail in self.mails().items():
            root = _tree(mail.html)
            self.assertEqual(self.language, root.get('lang'), name)
            self.assertEqual('ltr', root.get('dir'), name)

    def test_says_in_words_all_that_it_says(self) -> None:
        for name, mail in self.mails().items():
            root = _tree(mail.html)
            self.assertEqual([], root.findall('.//img'), name)
            self.assertNotIn('background-image', mail.html)
            heading = root.find('.//h1')
            self.assertEqual(mail.subject, ''.join(heading.itertext()), name)
            for link in root.findall('.//a'):
                self.assertNotEqual('', ''.join(link.itertext()).strip())


def _tree(page: str) -> ElementTree.Element:
    """The tree of a page; raises ParseError where it is not valid."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root: ElementTree.Element = parser.parse(page)
    return root


class BrandTest(base.BaseTestCase):
    scenarios = [
        (accent, {'accent': accent})
        for accent in ('#ffcc00', '#777777', '#0a0a2a', '#ff5d8f')
    ]
    accent: str

    def test_every_colour_of_a_brand_can_be_read(self) -> None:
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'logo'
        path.write_bytes(logo())
        brand = dataclasses.replace(
            BRAND, accent=self.accent, logo=str(path)
        )
        for template in ('last_warning', 'invoice'):
            notice = law.cases(template, NOW)[law.USUAL]
            mail = compose.compose(brand, notice)
            page = shown(mail)
            name = f'brand{self.accent[1:]}-{template}'

            self.assertEqual({}, browser.faults(page, name))
            picture = page.locator('img')
            self.assertEqual('Acme Cloud', picture.get_attribute('alt'))
            # All that is left of it where style sheets are dropped.
            self.assertEqual(48, picture.bounding_box()['height'])


class HostileTest(base.BaseTestCase):
    scenarios = [
        (template, {'template': template}) for template in mails.TEMPLATES
    ]
    template: str

    def test_names_can_hold_anything(self) -> None:
        for text in HOSTILE:
            notice = dataclasses.replace(
                samples.hostile(self.template, text),
                servers=tuple((samples.WEB, name) for name in samples.HOSTILE),
            )
            page = shown(compose.compose(BRAND, notice))
            browser.look(page, browser.SCREENS['narrow'], 'light')
            self.assertEqual([], browser.overflows(page), repr(text))
            strange = page.locator('script, img, svg, iframe').count()
            self.assertEqual(0, strange, repr(text))
