# SPDX-License-Identifier: Apache-2.0
"""Two engines on the same books never do the same thing."""

import datetime as dt
import itertools

from oslotest import base

from patrii_billing.domain import money
from patrii_billing.engine import payments
from patrii_billing.store import schema
from tests.unit import fuses
from tests.unit import stories

SECOND = dt.timedelta(seconds=1)


class TwoEnginesTest(base.BaseTestCase):
    """One stands still at a place, for a moment or for longer than its lease.

    Not when the call is already on its way: it is given up before the lease
    ends.
    """

    def interleaved(
        self, text: str, since: str, moves: list[str], paid: bool = False
    ) -> None:
        story = stories.Story(text).play(since)
        back = story.remember()
        lease = story.world.tools.settings.lease + SECOND
        for pause in (0 * SECOND, lease):
            for place in itertools.count(1):

                def other() -> None:
                    clock = story.world.clock
                    clock.move_to(clock.now() + pause)  # noqa: B023
                    story.tick(6)

                fuse = fuses.Fuse(place, other)
                with fuses.fused(
                    story, fuse, before_calls=False, after_commits=True
                ):
                    if paid:
                        pay(story)
                    story.tick(6)
                if fuse.left > 0:
                    break
                story.world.clock.move_to(story.world.clock.now() + lease)
                story.tick(10)
                self.assertEqual(
                    moves, story.moves(), f'place {place}, {pause}'
                )
                self.assertEqual(
                    [], story.rows(schema.actions, state='pending')
                )
                if not pause:
                    self.assert_told_once(story)
                back()
            self.assertGreater(place, 12)

    def assert_told_once(self, story: stories.Story) -> None:
        # A mail that was sent and not written down goes out again, as the
        # same message: no mail server can be asked whether it has it.
        sent = [mail.message_id for mail in story.world.mailbox.sent]
        self.assertEqual(sorted(set(sent)), sorted(sent))

    def test_a_server_is_shelved_once(self) -> None:
        self.interleaved(stories.text(), '02-03', ['lock', 'shelve'])

    def test_a_server_is_restored_once(self) -> None:
        self.interleaved(
            stories.text(
                servers='{name: web, flavor: s1, state: SHUTOFF, '
                'locked: owner}'
            ),
            '02-04',
            ['lock', 'shelve', 'unshelve', 'stop', 'unlock', 'lock'],
            paid=True,
        )

    def test_a_server_is_deleted_once(self) -> None:
        self.interleaved(
            stories.text(), '02-08 00:00:02', ['lock', 'shelve', 'delete']
        )

    def test_an_invoice_is_issued_and_told_once(self) -> None:
        story = stories.Story(stories.text()).play('01-30')
        back = story.remember()
        for place in range(1, 6):
            fuse = fuses.Fuse(place, lambda: story.tick(2))
            with fuses.fused(story, fuse):
                story.tick(2)

            self.assertEqual(1, len(story.rows(schema.invoices)))
            self.assertEqual(1, len(story.mails('invoice')))
            back()


def pay(story: stories.Story) -> None:
    story.db.write(
        payments.record, story.world.tools, 1, money.Money(1000, 'EUR'),
        'transfer-1', story.world.clock.now(),
    )  # fmt: skip
