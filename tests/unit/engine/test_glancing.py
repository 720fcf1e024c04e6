# SPDX-License-Identifier: Apache-2.0
"""Who looks often for what is asked of the cloud pays little for it."""

import datetime as dt

from oslotest import base

from patrii_billing.domain import money
from patrii_billing.engine import payments
from patrii_billing.engine import tick
from patrii_billing.store import actions
from patrii_billing.store import watch
from tests.unit.engine import test_batches
from tests.unit import stories

_SECOND = dt.timedelta(seconds=1)


class GlanceTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.story = stories.Story(stories.text()).play('02-03 23:00:00')
        self.tools = self.story.world.tools

    def glance(self) -> int:
        self.story.db.write(watch.change, ticked_at=self.tools.now())
        return tick.side_by_side(self.tools)['cloud']()

    def pay(self) -> None:
        self.story.db.write(
            payments.record, self.tools, 1, money.Money(1000, 'EUR'),
            'transfer-1', self.tools.now(),
        )  # fmt: skip

    def test_where_nothing_is_asked_for_it_is_one_read(self) -> None:
        with test_batches.counted(self.story.db.engine) as statements:
            look = tick.side_by_side(self.tools)['cloud']

            self.assertEqual(0, look())

        reads = [text for text in statements if text != 'BEGIN']
        self.assertEqual(1, len(reads), reads)

    def test_a_payers_server_is_asked_for_at_once(self) -> None:
        self.pay()

        self.assertEqual(1, self.glance())

        self.assertEqual('unshelve', self.story.moves()[-1])

    def test_what_another_has_in_hand_is_left_until_his_lease_is_over(
        self,
    ) -> None:
        self.pay()
        lease = self.tools.settings.lease
        self.story.db.write(actions.claim, self.tools.now(), lease, 1)

        self.assertEqual(0, self.glance())

        clock = self.story.world.clock
        clock.move_to(clock.now() + lease + _SECOND)
        self.assertEqual(1, self.glance())
