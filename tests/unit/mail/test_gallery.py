# SPDX-License-Identifier: Apache-2.0
"""All notices can be looked at on one page, before a customer does."""

import dataclasses
import datetime as dt
import pathlib
import re

import fixtures
from oslotest import base

from patrii_billing.domain import mail as mails
from patrii_billing.mail import gallery
from patrii_billing.mail import render
from tests.unit.mail import samples

_NOW = dt.datetime(2026, 2, 5, 14, 30, tzinfo=dt.UTC)


class GalleryTest(base.BaseTestCase):
    def with_own(self, name: str, text: str) -> dict[str, str]:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        brand = dataclasses.replace(samples.BRAND, templates=str(folder))
        return gallery.pages(brand, _NOW)

    def test_it_shows_every_notice_in_every_language_light_and_dark(
        self,
    ) -> None:
        pages = gallery.pages(samples.BRAND, _NOW)
        for template in mails.TEMPLATES:
            for language in samples.LANGUAGES:
                for kind in ('', '.dark'):
                    name = f'{language}-{template}-usual{kind}.html'
                    self.assertIn(f'lang="{language}"', pages[name])
                    self.assertIn(f'src="{name}"', pages[gallery.INDEX])

    def test_what_it_links_to_is_there_and_nothing_else_is_asked_for(
        self,
    ) -> None:
        pages = gallery.pages(samples.BRAND, _NOW)
        asked = re.findall('src="([^"]+)"', pages[gallery.INDEX])

        self.assertEqual(
            set(pages) - {gallery.INDEX}, set(asked)
        )
        self.assertNotIn('<script', pages[gallery.INDEX])
        self.assertNotIn('http', pages[gallery.INDEX].split('<pre')[0])

    def test_a_screen_is_dark_where_it_is_asked_to_be(self) -> None:
        pages = gallery.pages(samples.BRAND, _NOW)

        self.assertIn('@media all', pages['en-grace-usual.dark.html'])
        self.assertIn('@media not all', pages['en-grace-usual.html'])

    def test_words_of_ones_own_are_shown(self) -> None:
        pages = self.with_own('en/grace.subject.j2', 'Hurry, please')

        self.assertIn('Hurry, please', pages[gallery.INDEX])

    def test_a_plan_is_shown_where_it_differs(self) -> None:
        pages = self.with_own('plans/gold/en/grace.subject.j2', 'Dear golden')

        self.assertIn('Grace, plan gold', pages[gallery.INDEX])
        self.assertIn('Dear golden', pages[gallery.INDEX])
        self.assertNotIn('Invoice, plan gold', pages[gallery.INDEX])

    def test_a_template_that_is_broken_is_shown_as_such(self) -> None:
        pages = self.with_own('en/grace.txt.j2', '{{ nonsense }}')

        self.assertIn('grace.txt.j2:1: ', pages[gallery.INDEX])
        self.assertIn('class="broken"', pages[gallery.INDEX])

    def test_languages_and_plans_are_those_of_the_folders(self) -> None:
        self.assertEqual(list(samples.LANGUAGES), render.languages(()))
        self.assertEqual([], render.plans(''))
