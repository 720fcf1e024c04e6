# SPDX-License-Identifier: Apache-2.0
"""The invoice goes with the mails that bring it or ask to pay it."""

import dataclasses
from typing import Any

from oslotest import base

from patrii_billing.domain import document
from patrii_billing import errors
from patrii_billing.store import schema
from tests.unit import stories


class Printer:
    """Writes the number of the invoice, unless it is broken."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault

    def render(
        self,
        invoice: document.Invoice,
        wanted: document.Format = document.Format.HTML,
        locale: str = '',
    ) -> bytes:
        if self.fault is not None:
            raise self.fault
        return f'{invoice.number} {wanted} {locale}'.encode()


def _with(printer: Any, events: str = '') -> stories.Story:
    story = stories.Story(stories.text(events))
    tools = dataclasses.replace(story.world.tools, printer=printer)
    story.world.tools = tools
    return story


class EnclosingTest(base.BaseTestCase):
    def enclosed(self, story: stories.Story) -> dict[str, tuple[str, ...]]:
        return {
            mail.subject.partition(':')[0]: tuple(
                f'{one.name}: {one.data.decode()}' for one in mail.attachments
            )
            for mail in story.world.mailbox.sent
        }

    def test_it_goes_with_what_asks_to_pay_and_with_nothing_else(self) -> None:
        invoice = ('INV-000001.pdf: INV-000001 pdf en',)

        self.assertEqual(
            {
                'invoice': invoice,
                'reminder': invoice,
                'grace': invoice,
                'shelved': (),
                'last_warning': (),
                'deleted': (),
            },
            self.enclosed(_with(Printer()).play()),
        )

    def test_it_does_not_go_where_nothing_writes_it(self) -> None:
        self.assertEqual((), self.enclosed(_with(None).play())['invoice'])

    def test_a_mail_does_not_wait_for_a_document_that_cannot_be(self) -> None:
        for fault in (errors.ExtraMissing('no pdf'), OSError('no disk')):
            story = _with(Printer(fault)).play('02-02')

            self.assertEqual((), self.enclosed(story)['invoice'])
            self.assertEqual((), self.enclosed(story)['grace'])

    def test_the_operator_is_told_once_a_day_of_what_is_wrong(self) -> None:
        story = _with(Printer(errors.ExtraMissing('no pdf'))).play('02-02')

        whys = [
            row.context['why']
            for row in story.rows(schema.notices, template='operator')
        ]
        self.assertEqual(3, len(whys))  # 30 and 31 January, 1 February
        self.assertEqual({'INV-000001: no pdf'}, set(whys))

    def test_an_error_of_the_service_is_not_told_word_by_word(self) -> None:
        story = _with(Printer(OSError('/secret'))).play('01-31')

        [told] = story.rows(schema.notices, template='operator')
        self.assertIn('see its log', told.context['why'])
