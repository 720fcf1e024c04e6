# SPDX-License-Identifier: Apache-2.0
"""A receipt whose fate is unknown is left so: nobody is thanked twice."""

from tests.mailserver import stories
from tests.mailserver import wire
from tests.unit import stories as told

PAID = 'at: 02-02T09:00:00, pay: acme, amount: "10.00"'
RECEIPT = 'payment_received'


class ReceiptTest(stories.StoryTestCase):
    def _paid(self, lost: wire.Lost) -> told.Story:
        """The way is broken when he pays, and whole a day later."""
        way = self.useFixture(wire.Wire(self.postfix.port('plain'), lost))
        story = self.story(events=PAID).play('02-02 08:00:00')
        self.by(story, self.voice(way.port))
        story.play('02-03 08:00:00')
        way.loses = wire.Lost.NOTHING
        return story.play()

    def test_one_that_he_has_is_never_sent_again(self) -> None:
        story = self._paid(wire.Lost.ANSWER)

        self.copies(story, 1, RECEIPT)
        self.assertEqual(
            ['02-02 09:00:00 notice payment_received unknown'],
            story.told('notice', name=RECEIPT),
        )
        self.assertIn('no answer came', self.notice(story, RECEIPT).answer)

    def test_nor_is_one_that_was_lost(self) -> None:
        story = self._paid(wire.Lost.MAIL)

        self.copies(story, 0, RECEIPT)
        self.assertEqual('unknown', self.notice(story, RECEIPT).state)
        # The money counts all the same.
        self.assertEqual(['grace', 'active'], story.statuses())

    def test_one_that_is_deferred_comes_once_it_can(self) -> None:
        story = self.story(events=PAID)
        self.postfix.answer(self.jane, '450 4.2.0 greylisted')
        story.play('02-03')
        self.copies(story, 0, RECEIPT)
        self.postfix.answer(self.jane)
        story.play()

        self.copies(story, 1, RECEIPT)
        self.assertEqual('accepted', self.notice(story, RECEIPT).state)
