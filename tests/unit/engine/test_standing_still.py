# SPDX-License-Identifier: Apache-2.0
"""A worker that stood still, or died, and what others did meanwhile.

Each was found by the simulator, and is told here as plainly as it can be.
"""

import dataclasses
import datetime as dt
from unittest import mock

from oslotest import base

from patrii_billing.domain import money
from patrii_billing.domain import server as nova
from patrii_billing.engine import payments
from patrii_billing.engine import tick
from patrii_billing.simulation import world as worlds
from patrii_billing.store import actions
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests.unit import stories

_SECOND = dt.timedelta(seconds=1)


class StandingStillTest(base.BaseTestCase):
    def pay(self, story: stories.Story, minor: int = 1000) -> None:
        story.db.write(
            payments.record, story.world.tools, 1, money.Money(minor, 'EUR'),
            'transfer-1', story.world.clock.now(),
        )  # fmt: skip

    def turn(self, story: stories.Story, side: str) -> None:
        """One turn of one side of an engine, which ticked up to here."""
        story.db.write(watch.change, ticked_at=story.world.clock.now())
        tick.run(story.world.tools, tick.SIDE_BY_SIDE[side])

    def stand_still_after(self, story: stories.Story, unit: str) -> None:
        """Let the next such unit's worker stand still past its lease."""
        clock, write = story.world.clock, story.db.write
        still = [story.world.tools.settings.lease + _SECOND]

        def written(work, *args, **kwargs):
            answer = write(work, *args, **kwargs)
            if still and getattr(work, '__name__', '') == unit:
                clock.move_to(clock.now() + still.pop())
            return answer

        patch = mock.patch.object(story.db, 'write', written)
        patch.start()
        self.addCleanup(patch.stop)

    def test_no_call_is_made_by_a_lease_that_is_over(self) -> None:
        story = stories.Story(stories.text()).play('02-03')
        self.turn(story, 'books')
        self.stand_still_after(story, 'renew')

        self.turn(story, 'cloud')

        self.assertEqual([], story.moves())
        story.tick(6)
        self.assertEqual(['lock', 'shelve'], story.moves())

    def test_the_law_is_asked_again_by_who_stood_still_after_it(self) -> None:
        story = stories.Story(stories.text()).play('02-08 00:00:02')
        self.turn(story, 'books')
        self.stand_still_after(story, 'destructive')

        self.turn(story, 'cloud')

        self.assertEqual(['lock', 'shelve'], story.moves())

    def test_who_stood_still_thaws_no_quota_with_a_lease_that_is_over(
        self,
    ) -> None:
        story = stories.Story(
            stories.text(policy='freeze_quota: true')
        ).play('02-02')
        self.pay(story)
        self.stand_still_after(story, 'renew')
        put = mock.patch.object(story.world.quotas, 'set')
        with put as called:
            self.turn(story, 'cloud')

        called.assert_not_called()

    def test_a_payment_ends_a_delete_that_was_never_sent(self) -> None:
        # It was committed, its worker died before the call, and an operator
        # put a lock of his own over ours.
        story = stories.Story(stories.text()).play('02-08 00:00:02')
        self.turn(story, 'books')
        [row] = [
            row
            for row in story.rows(schema.actions, type='delete')
            if row.state == 'pending'
        ]
        with story.db.engine.begin() as conn:
            conn.execute(
                schema.actions.update()
                .where(schema.actions.c.id == row.id)
                .values(committed_at=story.world.clock.now())
            )
        story.lock('web', 'admin', 'do not touch')

        self.pay(story)
        story.tick(5)

        self.assertEqual(
            'cancelled', story.db.read(actions.get, row.id).state
        )
        self.assertNotIn('delete', story.moves())
        restores = story.rows(schema.actions, type='restore')
        self.assertEqual(['done'], [one.state for one in restores])
        self.assertIn('unshelve', story.moves())

    def test_a_restore_that_saw_how_it_was_looks_again_when_it_is_unlocked(
        self,
    ) -> None:
        # He pays while it is shelved, and nova shows once more how it was.
        story = stories.Story(stories.text()).play('02-03')
        self.turn(story, 'books')
        self.turn(story, 'cloud')
        web, get = worlds.server_id('web'), story.nova.get
        self.pay(story)
        story.world.clock.move_to(story.world.clock.now() + 60 * _SECOND)
        before = [
            dataclasses.replace(get(web), vm_state='active', task_state=None)
        ]
        stale = mock.patch.object(
            story.nova, 'get',
            lambda server: before.pop() if before else get(server),
        )  # fmt: skip
        with stale:
            story.tick(10)

        self.assertEqual('active', story.shows())
        self.assertEqual('active', story.sub().billing_status)

    def test_who_pays_when_all_is_deleted_has_his_quota_back(self) -> None:
        story = stories.Story(
            stories.text(
                policy='freeze_quota: true',
                servers='{name: web, flavor: s1, state: ACTIVE}, '
                '{name: db, flavor: s1, state: ACTIVE, locked: admin}',
            )
        ).play()
        self.assertEqual('deleted', story.sub().billing_status)
        quota = story.world.quotas.quotas['acme-prod']
        self.assertNotEqual(10, quota['instances'])

        self.pay(story, 2000)
        story.tick(3)

        self.assertEqual(10, quota['instances'])
        self.assertIn(worlds.server_id('db'), story.nova.guests)
        self.assertIs(
            nova.Locker.ADMIN,
            story.nova.guests[worlds.server_id('db')].locker,
        )
