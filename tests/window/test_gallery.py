# SPDX-License-Identifier: Apache-2.0
"""The page with all notices can be used without scripts and by everybody."""

import datetime as dt
import pathlib

import fixtures
from oslotest import base

from patrii_billing.mail import gallery
from tests.unit.mail import samples
from tests.window import browser

_NOW = dt.datetime(2026, 2, 5, 14, 30, tzinfo=dt.UTC)
_SCREENS = (375, 1440)


def some() -> list[gallery.Exhibit]:
    """Enough to choose from; the browser is slow to watch each frame."""
    return [
        one
        for one in gallery.exhibits(samples.BRAND, _NOW)
        if one.template in ('invoice', 'last_warning')
    ]


class GalleryTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        pages = gallery.pages(samples.BRAND, _NOW)
        pages[gallery.INDEX] = gallery.index(samples.BRAND, some())
        for name, page in pages.items():
            (folder / name).write_text(page, encoding='utf-8')
        self.tab = browser.tab(java_script_enabled=False)
        self.addCleanup(self.tab.context.close)
        self.url = (folder / gallery.INDEX).as_uri()
        self.tab.goto(self.url)

    def framed(self) -> str:
        """The words of the mail that is on the screen."""
        frame = self.tab.locator('iframe:visible')
        self.assertEqual(1, frame.count())
        return frame.content_frame.locator('h1').inner_text()

    def test_the_first_mail_is_shown_at_once(self) -> None:
        self.assertIn('Invoice INV-000017', self.framed())

    def test_a_mail_is_shown_in_the_language_that_is_chosen(self) -> None:
        self.tab.click('a[href="#last_warning-usual"]')
        self.assertIn('Last warning', self.framed())

        self.tab.click('label:has-text("fr")')
        self.assertIn('Dernier avertissement', self.framed())

    def test_it_shows_a_mail_as_a_screen_would(self) -> None:
        frame = self.tab.locator('iframe:visible')
        self.assertEqual(377, frame.bounding_box()['width'])

        self.tab.set_viewport_size({'width': 1440, 'height': 900})
        self.tab.click('label:has-text("800 px")')
        self.tab.click('label:has-text("Dark")')
        self.assertEqual(802, frame.bounding_box()['width'])
        body = frame.content_frame.locator('body')
        self.assertEqual(
            'rgb(21, 23, 28)',
            body.evaluate('e => getComputedStyle(e).backgroundColor'),
        )

    def test_its_texts_are_beside_it_or_alone(self) -> None:
        self.tab.click('label:has-text("Text")')
        self.assertEqual(0, self.tab.locator('iframe:visible').count())
        self.assertIn(
            'INV-000017', self.tab.locator('pre:visible').inner_text()
        )


class GalleryForEverybodyTest(base.BaseTestCase):
    def test_it_fits_every_screen_and_everybody_can_use_it(self) -> None:
        page = gallery.index(samples.BRAND, some())
        tab = browser.tab()
        self.addCleanup(tab.context.close)
        tab.set_content(page)
        for width in _SCREENS:
            for scheme in browser.SCHEMES:
                # As high as the list is long: what is scrolled away cannot be
                # judged.
                browser.look(tab, width, scheme, height=3000)
                self.assertEqual([], browser.overflows(tab))
                self.assertEqual([], browser.colours(tab))
                browser.picture(tab, f'gallery-{width}-{scheme}')
        self.assertEqual([], browser.inaccessible(tab))
