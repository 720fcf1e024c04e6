# SPDX-License-Identifier: Apache-2.0
"""What notices say is what the books and the law say at that moment."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import mail
from patrii_billing.domain import money
from tests.unit.engine import test_holding
from tests.unit import stories

_SPAN = '02-02T00:00:00', '02-04T00:00:00'


def told(events: str = '', **given: str) -> dict[str, mail.NoticeContent]:
    """The last content of each template of a story that was played."""
    return heard(stories.Story(stories.text(events, **given)))


def heard(story: stories.Story) -> dict[str, mail.NoticeContent]:
    found: dict[str, mail.NoticeContent] = {}
    mailbox: Any = story.world.mailbox
    compose = mailbox.compose

    def listening(content: mail.NoticeContent) -> mail.Mail:
        found[content.template] = content
        composed: mail.Mail = compose(content)
        return composed

    mailbox.compose = listening
    story.play()
    return found


class StepsTest(base.BaseTestCase):
    def test_each_names_the_next_step_and_none_comes_sooner(self) -> None:
        found = told()

        for template, names, soonest in (
            ('invoice', None, '02-03'),
            ('reminder', None, '02-03'),
            ('grace', '02-03', None),
            ('shelved', '02-06 00:00:02', '02-08 00:00:02'),
            ('last_warning', '02-08 00:00:02', None),
            ('deleted', '02-10 00:00:13', None),
        ):
            content = found[template]
            for at, expected in (
                (content.names, names), (content.soonest, soonest)
            ):  # fmt: skip
                wanted = None if expected is None else self.at(expected)
                self.assertEqual(wanted, at, template)

    def at(self, text: str) -> dt.datetime:
        return stories.instant(text)

    def test_nothing_is_foretold_where_there_is_no_server(self) -> None:
        found = told(servers='')

        for content in found.values():
            if content.template in ('invoice', 'reminder'):
                self.assertIsNone(content.soonest)

    def test_a_reminder_knows_which_one_of_how_many_it_is(self) -> None:
        found = told()

        self.assertEqual(
            {'number': '1', 'of': '1'}, dict(found['reminder'].context)
        )

    def test_an_invoice_says_what_is_left_of_itself(self) -> None:
        content = told()['invoice']

        self.assertEqual(money.Money(1000, 'EUR'), content.invoice_owed)
        self.assertEqual(content.invoice_total, content.invoice_owed)

    def test_restored_names_what_is_back(self) -> None:
        found = told('at: 02-04T00:00:00, pay: acme')

        self.assertEqual(
            ['web'], [name for _, name in found['restored'].servers]
        )

    def test_a_payment_taken_back_names_what_follows(self) -> None:
        found = told(
            """
            at: 01-31T00:00:00, pay: acme
            at: 02-02T00:00:00, charge_back: acme
            """
        )

        self.assertEqual(
            money.Money(1000, 'EUR'), found['payment_failed'].amount
        )


class HoldTest(base.BaseTestCase):
    def test_its_begin_and_its_end_are_told(self) -> None:
        for kind in ('promise', 'pause', 'abuse'):
            found = told(test_holding.held(kind, *_SPAN))
            begun, ended = found['hold_begun'], found['hold_ended']
            self.assertEqual(kind, begun.context['type'])
            self.assertEqual(stories.instant('02-04'), begun.names)
            self.assertEqual(kind, ended.context['type'])
            # A day of the grace was left.
            self.assertEqual(stories.instant('02-05'), ended.names)

    def test_of_a_promise_that_was_kept_the_receipt_tells(self) -> None:
        paid = 'at: 02-03T00:00:00, pay: acme'
        found = told(test_holding.held('promise', *_SPAN, paid))

        self.assertIn('payment_received', found)
        self.assertNotIn('hold_ended', found)
