# SPDX-License-Identifier: Apache-2.0
"""A whole ladder, as it stands in the mailbox of one who did not pay."""

import dataclasses
import email.message
import io

import pypdf

from patrii_billing.store import accounts
from patrii_billing.store import schema
from patrii_billing import wiring
from tests.mailserver import stories
from tests.unit import stories as told

# What he gets, in that order, and the midnight in Paris that each is about.
ENGLISH = (
    ('invoice', 'Sunday, February 1, 2026, 00:00'),
    ('reminder', 'Sunday, February 1, 2026, 00:00'),
    ('reminder', 'Sunday, February 1, 2026, 00:00'),
    ('grace', 'Tuesday, February 3, 2026, 00:00'),
    ('shelved', 'Sunday, February 1, 2026, 00:00'),
    ('last_warning', 'Thursday, March 5, 2026, 00:00'),
    ('deleted', 'Thursday, March 19, 2026, 00:00'),
)
FRENCH = (
    ('invoice', 'dimanche 1er février 2026'),
    ('reminder', 'dimanche 1er février 2026'),
    ('reminder', 'dimanche 1er février 2026'),
    ('grace', 'mardi 3 février 2026'),
    ('shelved', 'dimanche 1er février 2026'),
    ('last_warning', 'jeudi 5 mars 2026'),
    ('deleted', 'jeudi 19 mars 2026'),
)
# What a deletion rests on is small and plain.
WITH_INVOICE = {'invoice', 'reminder', 'grace'}


class LadderTest(stories.StoryTestCase):
    def ladder(self, locale: str) -> told.Story:
        story = self.story(
            ladder='', timezone='Europe/Paris',
            start='2026-01-24T00:00:00Z', until='2026-03-10T00:00:00Z',
        )  # fmt: skip
        story.db.write(accounts.change, 1, locale=locale)
        story.world.tools = dataclasses.replace(
            story.world.tools, printer=wiring.printer(self.configured())
        )
        story.play()
        self.assertEqual('deleted', story.statuses()[-1])
        return story

    def test_each_mail_arrives_once_and_names_the_right_days(self) -> None:
        self._read(self.ladder('en'), ENGLISH)

    def test_so_it_does_in_french(self) -> None:
        self._read(self.ladder('fr'), FRENCH)

    def _read(
        self, story: told.Story, expected: tuple[tuple[str, str], ...]
    ) -> None:
        mails = self.arrived(self.called('jane'), len(expected))
        templates = {
            f'<{row.message_id}@cloud.example>': row.template
            for row in story.rows(schema.notices, account_id=1)
        }
        self.assertEqual(
            [template for template, _ in expected],
            [templates.pop(mail['Message-ID']) for mail in mails],
        )
        self.assertEqual({}, templates, 'notices that did not arrive')
        self.assertEqual(
            {'<account-1@cloud.example>'},
            {mail['References'] for mail in mails},
        )
        for mail, (template, midnight) in zip(mails, expected, strict=True):
            self.assertIn(midnight, stories.plain(mail), template)
            self._look_at_its_invoice(mail, template in WITH_INVOICE)

    def _look_at_its_invoice(
        self, mail: email.message.EmailMessage, wanted: bool
    ) -> None:
        found = list(mail.iter_attachments())
        self.assertEqual(int(wanted), len(found), mail['Subject'])
        for part in found:
            self.assertEqual('application/pdf', part.get_content_type())
            self.assertEqual('INV-000001.pdf', part.get_filename())
            pages = pypdf.PdfReader(io.BytesIO(part.get_content())).pages
            self.assertIn('INV-000001', pages[0].extract_text())
