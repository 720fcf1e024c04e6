# SPDX-License-Identifier: Apache-2.0
"""Stories of a customer whose mails go through real mail servers.

Days pass on the story's clock, mails in real time: what has arrived is
waited for.
"""

import dataclasses
import datetime as dt
import email.message
from typing import Any

import sqlalchemy as sa

from patrii_billing.mail import voice as speech
from patrii_billing.store import accounts
from patrii_billing.store import schema
from tests.mailserver import postfix
from tests.unit import stories

# Tried seldom: each attempt takes its own time.
PACE = {
    # Also how often one mail tries for all while the server is away.
    'retry_max': dt.timedelta(hours=12),
    'mail_retry': dt.timedelta(hours=18),
    'mail_retry_max': dt.timedelta(hours=24),
    'mail_give_up': dt.timedelta(hours=24),
}


class StoryTestCase(postfix.MailTestCase):
    """The short ladder of tests.unit.stories, told to a real mailbox.

    Shelved on 3 February; the last warning is due on the 6th, and where it is
    accepted at once web is deleted on the 8th.
    """

    def story(self, **given: Any) -> stories.Story:
        story = stories.Story(
            stories.text(**{'until': '2026-02-12T00:00:00Z', **given}),
            voice=self.voice(),
            **PACE,
        )
        self.reach(story, self.jane)
        return story

    def until_the_warning(self, **given: Any) -> stories.Story:
        """He was told of everything so far; now the last warning is due."""
        story = self.story(**given).play('02-05 12:00:00')
        self.assertEqual(['grace', 'shelved'], story.statuses())
        return story

    def reach(self, story: stories.Story, *addresses: str) -> None:
        """The customer has these contacts now."""
        story.db.write(accounts.change, 1, contacts=list(addresses))

    def by(self, story: stories.Story, voice: speech.Voice) -> None:
        """Mails go this way from now on."""
        story.world.tools = dataclasses.replace(story.world.tools, voice=voice)

    def notice(
        self, story: stories.Story, template: str = 'last_warning'
    ) -> sa.Row[Any]:
        """The newest of a template."""
        return story.rows(schema.notices, template=template)[-1]

    def copies(
        self,
        story: stories.Story,
        count: int,
        template: str = 'last_warning',
    ) -> list[email.message.EmailMessage]:
        """What he has got of the newest notice, told by its Message-ID."""
        notice = self.notice(story, template)
        return self._arrived(notice, self.called('jane'), count)

    def alarm(
        self, story: stories.Story, name: str
    ) -> email.message.EmailMessage:
        """The mail that the operators have got about an alarm."""
        [notice, *_] = [
            row
            for row in story.rows(schema.notices, template='operator')
            if row.context['name'] == name
        ]
        return self._arrived(notice, self.operators, 1)[0]

    def _arrived(
        self, notice: sa.Row[Any], mailbox: str, count: int
    ) -> list[email.message.EmailMessage]:
        message_id = f'<{notice.message_id}@cloud.example>'
        return self.arrived(
            mailbox, count, lambda mail: mail['Message-ID'] == message_id
        )


def plain(mail: email.message.EmailMessage) -> str:
    """Its plain text without its line breaks."""
    body = mail.get_body(('plain',))
    return ' '.join(body.get_content().split()) if body else ''
