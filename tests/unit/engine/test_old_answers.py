# SPDX-License-Identifier: Apache-2.0
"""Nova's answer may be older than what was done to the server since."""

import dataclasses
from typing import Any
from unittest import mock

from oslotest import base

from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from tests.unit import stories

WEB = worlds.server_id('web')
PAID = '02-03 00:00:10'


class OldAnswerTest(base.BaseTestCase):
    def test_seed_8003141_a_lock_that_it_does_not_show_is_taken_off(
        self,
    ) -> None:
        """Who paid right after our lock had his server back, and locked."""
        story = stories.Story(
            stories.text(f'at: {PAID.replace(" ", "T")}, pay: acme')
        )
        away = errors.CloudUnavailable('503')
        with mock.patch.object(story.nova, 'shelve', side_effect=away):
            story.play('02-03 00:00:05')
        shown = story.nova.guests[WEB].shown
        self.assertEqual('active, locked by admin', story.shows())
        real = story.nova.get

        def get(server: str) -> Any:
            if story.world.clock.now() > stories.instant(PAID):
                return real(server)
            return dataclasses.replace(shown, locked=False, locked_reason=None)

        with mock.patch.object(story.nova, 'get', get):
            story.play('02-03 01:00:00')

        self.assertEqual('active', story.shows())
        self.assertEqual('active', story.sub().billing_status)
