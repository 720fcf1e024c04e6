# SPDX-License-Identifier: Apache-2.0
"""What a real server sends back stops a deletion, and a new contact helps."""

from collections.abc import Mapping
import datetime as dt
import time
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import mail as mails
from patrii_billing.engine import bounces
from patrii_billing.engine import customers
from patrii_billing.engine import ports
from patrii_billing.mail import imap
from patrii_billing.mail import maildir
from patrii_billing.store import attempts
from patrii_billing.store import schema
from patrii_billing.store import undeliverable
from tests.mailserver import postfix
from tests.unit import stories

_SECOND = dt.timedelta(seconds=1)
_SIZE = 1_000_000


class BouncesTest(postfix.MailTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.gone = self.person('jane', 'gone.example')
        self.story = stories.Story(
            stories.text(until='2026-02-20T00:00:00Z'), voice=self.voice()
        )
        self.story.play('01-30 00:00:01')
        self.contacts(self.jane)

    def test_from_a_maildir_to_the_deletion_after_a_new_warning(self) -> None:
        self.warn(self.gone)
        self.assertEqual('pending_deletion', self.status())

        self.read(self.maildir(), 1)

        self.assertEqual('shelved', self.status())
        (mark,) = self.marked().values()
        self.assertEqual(self.gone, mark.address)
        self.assertIn('5.1.1', mark.answer)
        (warning,) = self.warnings()
        self.assertEqual('refused', warning.state)
        *_, last = self.story.db.read(attempts.of, warning.id)
        self.assertEqual(
            ('bounced', [self.gone]), (last.result, last.recipients)
        )

        self.contacts(self.jane)
        self.story.play('02-07 00:01')

        self.assertEqual({}, self.marked())
        self.assertEqual('pending_deletion', self.status())
        self.story.play('02-08 23:59')
        self.assertNotEqual('gone', self.story.shows())
        self.story.play()
        self.assertEqual('gone', self.story.shows())

    def test_one_of_two_who_has_it_still_is_enough(self) -> None:
        self.warn(self.gone, self.jane)

        self.read(self.maildir(), 1)

        self.assertEqual([self.gone], list(self.marked()))
        self.assertEqual('pending_deletion', self.status())

    def test_by_imap_and_nothing_else_is_touched(self) -> None:
        self.warn(self.gone)
        self.voice().send(
            mails.Mail(
                (f'{self.bounces}@cloud.example',),
                'Re: Last warning', 'I am away.\n', '<1@people.example>',
            )
        )  # fmt: skip
        self.arrived(self.bounces, 2)

        self.read(self.imap(), 2)

        self.assertEqual('shelved', self.status())
        self.assertEqual([self.gone], list(self.marked()))
        self.assertEqual(0, self.imap().read(lambda _: None, 10))
        self.arrived(self.bounces, 2)

    def test_what_is_only_late_undoes_nothing(self) -> None:
        self.warn(self.person('jane', 'full.example'))

        self.read(self.maildir(), 1)

        self.assertEqual({}, self.marked())
        self.assertEqual('pending_deletion', self.status())
        told = self.story.rows(schema.timeline, name='last_warning')
        self.assertEqual('delayed', told[-1].detail['result'])

    def warn(self, *contacts: str) -> None:
        """Shelved and warned, by mails to these contacts."""
        self.story.play('02-05')
        self.contacts(*contacts)
        self.story.play('02-07')

    def contacts(self, *addresses: str) -> None:
        story = self.story
        story.db.write(
            customers.change, story.world.tools, story.sub().account_id,
            {'contacts': list(addresses)}, story.world.clock.now(), 'ann',
        )  # fmt: skip

    def read(self, mailbox: ports.Returns, count: int) -> None:
        """Read until so many letters came, or fail."""
        clock = self.story.world.clock
        reader = bounces.Reader(self.story.world.tools, mailbox, _SECOND)
        until = time.monotonic() + postfix.PATIENCE
        found = reader.run()
        while found < count and time.monotonic() < until:
            time.sleep(0.05)
            clock.move_to(clock.now() + _SECOND)
            found += reader.run()
        self.assertEqual(count, found)

    def maildir(self) -> maildir.Maildir:
        return maildir.Maildir(str(self.postfix.folder(self.bounces)), _SIZE)

    def imap(self) -> imap.ImapMailbox:
        server = imap.Server(
            'localhost', self.postfix.port('imaps'), self.bounces, 'secret',
            cafile=self.postfix.cafile,
        )  # fmt: skip
        return imap.ImapMailbox(server, _SIZE)

    def marked(self) -> Mapping[str, sa.Row[Any]]:
        return self.story.db.read(
            undeliverable.of, self.story.sub().account_id
        )

    def warnings(self) -> list[sa.Row[Any]]:
        return self.story.rows(schema.notices, template='last_warning')

    def status(self) -> str:
        return str(self.story.sub().billing_status)
