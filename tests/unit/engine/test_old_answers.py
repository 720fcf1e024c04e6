# SPDX-License-Identifier: Apache-2.0
"""Nova's answer may be older than what was done to the server since."""

import dataclasses
from typing import Any
from unittest import mock

from oslotest import base

from patrii_billing.domain import server as nova
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

    def test_seed_7014700_a_shelving_that_it_does_not_show_is_undone(
        self,
    ) -> None:
        """Who paid while his server was being shelved did not get it back.

        By an old answer nothing was left to do but to take our lock off; and
        whether that was done was not known, for Nova's word on it was lost.
        """
        story = stories.Story(
            stories.text(f'at: {PAID.replace(" ", "T")}, pay: acme')
        )
        get, unlock = story.nova.get, story.nova.unlock
        paid_at = stories.instant(PAID)

        def get_old(server: str) -> Any:
            now, shown = story.world.clock.now(), get(server)
            if shown.vm_state not in nova.SHELVED or now > paid_at:
                return shown
            task = 'shelving' if now < paid_at else None
            return dataclasses.replace(
                shown, vm_state='active', task_state=task
            )

        def unlock_unheard(server: str) -> str:
            unlock(server)
            raise errors.CloudUnavailable('timed out')

        with (
            mock.patch.object(story.nova, 'get', get_old),
            mock.patch.object(story.nova, 'unlock', unlock_unheard),
        ):
            story.play('02-03 01:00:00')

        self.assertEqual('active', story.shows())
        self.assertEqual('active', story.sub().billing_status)
