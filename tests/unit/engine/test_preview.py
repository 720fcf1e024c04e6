# SPDX-License-Identifier: Apache-2.0
"""A notice can be read before it is sent, and nothing comes of it."""

import dataclasses
import pathlib
from typing import Any

import fixtures
from oslotest import base

from patrii_billing.domain import mail
from patrii_billing.engine import preview
from patrii_billing import errors
from patrii_billing.mail import compose
from patrii_billing.mail import off
from patrii_billing.mail import voice
from patrii_billing.store import schema
from tests.unit import stories

_FOLDER = pathlib.Path(compose.__file__).parent / 'templates' / 'en'
_BRAND = compose.Brand('Demo Cloud', 'cloud.example')


class PreviewTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        # Real words: the house's own templates.
        self.story = stories.Story(stories.text())
        self.story.play('02-04')
        self.tools = _speaking(self.story)

    def read(self, template: str, sub: bool = True, **how: Any) -> Any:
        row = self.story.sub()
        return self.story.db.read(
            preview.of_books, self.tools, template, row.account_id,
            row.id if sub else None, self.story.world.clock.now(), **how,
        )  # fmt: skip

    def test_the_names_are_those_of_the_templates(self) -> None:
        found = {path.name.split('.')[0] for path in _FOLDER.iterdir()}

        self.assertEqual(found - {'layout', '_alarms'}, set(mail.TEMPLATES))

    def test_every_notice_reads_of_books_and_of_samples(self) -> None:
        now = self.story.world.clock.now()
        for template in mail.TEMPLATES:
            for shown in (
                self.read(template),
                self.read(template, sub=False),
                preview.of_sample(self.tools, template, now),
            ):
                self.assertNotEqual('', shown.mail.subject)
                self.assertIn('Demo Cloud', shown.mail.text)

    def test_a_warning_names_what_it_would_name_now(self) -> None:
        shown = self.read('last_warning')

        # Two days from the fourth, and the server that is shelved.
        self.assertIn('February 6, 2026', shown.mail.text)
        self.assertIn('web', shown.mail.text)
        self.assertIn('INV-000001', shown.mail.text)
        self.assertEqual((), shown.invented)

    def test_what_no_book_tells_is_said_to_be_invented(self) -> None:
        self.assertEqual(
            ('context.reason', 'amount'), self.read('payment_failed').invented
        )

    def test_it_tells_where_it_would_go(self) -> None:
        account = self.story.rows(schema.accounts)[0]

        self.assertEqual(
            tuple(account.contacts), self.read('grace').recipients
        )

    def test_nothing_is_written(self) -> None:
        before = self.story.rows(schema.notices)
        self.read('grace')

        self.assertEqual(before, self.story.rows(schema.notices))

    def test_a_template_that_is_broken_says_so(self) -> None:
        folder = self.useFixture(fixtures.TempDir()).path
        place = pathlib.Path(folder) / 'en'
        place.mkdir()
        for part in ('subject', 'txt', 'html'):
            (place / f'grace.{part}.j2').write_text('{{ nonsense }}')
        self.tools = _speaking(self.story, templates=folder)

        error = self.assertRaises(
            errors.MailNotWritten, self.read, 'grace'
        )
        self.assertIn('nonsense', str(error))

    def test_a_locale_can_be_tried(self) -> None:
        self.assertEqual('fr', self.read('grace', locale='fr').locale)


def _speaking(story: stories.Story, templates: str = '') -> Any:
    brand = dataclasses.replace(_BRAND, templates=templates)
    speech = voice.Voice(brand, off.NoMailer(), ('ops@cloud.example',))
    return dataclasses.replace(story.world.tools, voice=speech)
