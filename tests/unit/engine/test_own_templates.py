# SPDX-License-Identifier: Apache-2.0
"""A template that breaks keeps nobody waiting, and does not go unnoticed."""

import dataclasses
from unittest import mock

from oslotest import base

from patrii_billing.domain import mail
from patrii_billing.store import schema
from tests.unit import stories

FAULT = '/etc/words/{}.txt.j2:3: UndefinedError: {!r} is undefined'


class TestTemplatesOfOnesOwn(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.contents: list[mail.NoticeContent] = []
        self.broken = {'invoice', 'reminder'}
        self.story = stories.Story(stories.text())
        self.compose = self.story.world.mailbox.compose
        patch = mock.patch.object(
            self.story.world.mailbox, 'compose', self.composed
        )
        patch.start()
        self.addCleanup(patch.stop)
        self.story.play()

    def composed(self, content: mail.NoticeContent) -> mail.Mail:
        self.contents.append(content)
        fault = ''
        if content.template in self.broken:
            fault = FAULT.format(content.template, len(self.contents))
        return dataclasses.replace(self.compose(content), fault=fault)

    def test_that_break_are_told_to_the_operator_once(self) -> None:
        alarms = self.story.rows(schema.notices, template='operator')
        broken = [
            row.context['why'].split(': ')[0]
            for row in alarms
            if row.context['name'] == 'template_broken'
        ]
        self.assertEqual(
            ['/etc/words/invoice.txt.j2:3', '/etc/words/reminder.txt.j2:3'],
            broken,
        )

    def test_that_break_keep_no_mail(self) -> None:
        self.assertNotEqual([], self.story.mails('invoice'))
        self.assertNotEqual([], self.story.mails('grace'))

    def test_are_those_of_the_plan(self) -> None:
        plans = {
            content.plan
            for content in self.contents
            if content.template == 'grace'
        }
        self.assertEqual({'vps'}, plans)
