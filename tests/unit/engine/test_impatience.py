# SPDX-License-Identifier: Apache-2.0
"""Nova hangs: the operator knows of those who have paid and wait."""

import datetime as dt
from typing import Any
from unittest import mock

from oslotest import base

from patrii_billing.engine import tick
from patrii_billing import errors
from patrii_billing.store import schema
from tests.unit import stories

PAID = 'at: 02-04T00:00:00, pay: acme'
_SECOND = dt.timedelta(seconds=1)


class HangTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.story = stories.Story(stories.text(PAID)).play('02-03 23:00:00')
        self.seconds = 0

    def hang(self, *_: Any) -> None:
        """No answer for so long; the other threads tick on meanwhile."""
        clock = self.story.world.clock
        for _ in range(self.seconds):
            clock.move_to(clock.now() + _SECOND)
            tick.run(self.story.world.tools, tick.SIDE_BY_SIDE['mail'])
        raise errors.CloudUnavailable('no answer')

    def pay_into_it(self, seconds: int) -> None:
        self.seconds = seconds
        with mock.patch.object(self.story.nova, 'get', self.hang):
            self.story.play('02-04 00:00:01')

    def test_the_operator_is_mailed_within_a_minute(self) -> None:
        self.pay_into_it(seconds=55)

        self.assertEqual(['restores_late'], self.story.alarms())
        (mail,) = self.story.rows(schema.notices, template='operator')
        waited = mail.accepted_at - stories.instant('02-04 00:00:00')
        self.assertLess(waited, dt.timedelta(minutes=1))

    def test_he_is_told_once_an_hour_however_many_wait(self) -> None:
        self.pay_into_it(seconds=600)

        self.assertEqual(1, self.story.alarms().count('restores_late'))

    def test_an_answer_in_time_is_nothing_to_tell_of(self) -> None:
        self.pay_into_it(seconds=25)
        self.story.play()

        self.assertEqual([], self.story.alarms())
        self.assertEqual('active', self.story.shows())

    def test_of_a_shelve_that_hangs_he_is_not_told_so_soon(self) -> None:
        self.story = stories.Story(stories.text()).play('02-02 23:00:00')
        self.seconds = 55
        with mock.patch.object(self.story.nova, 'get', self.hang):
            self.story.play('02-03 00:00:01')

        self.assertEqual([], self.story.alarms())

    def test_a_server_that_nova_does_not_begin_to_build_is_told_of(
        self,
    ) -> None:
        self.story.play('02-04 00:00:01')
        guest = self.story.guest()
        self.assertEqual('unshelving', guest.shown.task_state)
        guest.settles_at = None
        self.story.play('02-04 00:01:00')

        self.assertEqual(['restores_late'], self.story.alarms())

    def test_building_itself_may_take_its_time(self) -> None:
        self.story.play('02-04 00:00:01')
        self.story.nova.set(self.story.guest().shown.id, task_state='spawning')
        self.story.guest().settles_at = None
        self.story.play('02-04 00:05:00')

        self.assertEqual([], self.story.alarms())
