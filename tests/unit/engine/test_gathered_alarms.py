# SPDX-License-Identifier: Apache-2.0
"""Nova fails for many at once: the operator gets few mails that say it all."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.engine import notify
from patrii_billing.engine import tell
from patrii_billing.store import notices
from patrii_billing.store import schema
from tests.unit import stories

_SECOND = dt.timedelta(seconds=1)
_MINUTE = 60 * _SECOND


class GatheredTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.story = stories.Story(stories.text())
        self.tools = self.story.world.tools
        self.clock = self.story.world.clock

    def fail(self, *servers: str, name: str = 'restore_stuck') -> None:
        for server in servers:
            self.tools.db.write(
                tell.operator, self.tools.now(), name, f'{name}:{server}',
                f'no host has room for {server}', server=server,
            )  # fmt: skip

    def mails(self, seconds: int) -> list[list[str]]:
        """The servers in each mail that is sent within so many seconds."""
        before = len(self.sent())
        for _ in range(seconds):
            notify.run(self.tools, self.tools.now())
            self.clock.move_to(self.clock.now() + _SECOND)
        return [row.servers for row in self.sent()[before:]]

    def sent(self) -> list[Any]:
        return [
            row
            for row in self.story.rows(schema.notices, template='operator')
            if row.accepted_at is not None
        ]

    def test_the_first_is_told_at_once(self) -> None:
        self.fail('a')

        self.assertEqual(1, len(self.mails(1)))

    def test_what_fails_together_is_told_together_and_whole(self) -> None:
        servers = [f's-{number}' for number in range(50)]
        self.fail(*servers)

        self.assertEqual([servers], self.mails(60))
        (first,) = self.sent()
        self.assertEqual(
            [f'no host has room for {server}' for server in servers[1:]],
            [one['why'] for one in first.context['also']],
        )

    def test_what_fails_soon_after_is_told_within_a_minute(self) -> None:
        self.fail('a')
        self.mails(1)
        for server in 'bcdef':
            self.fail(server)
            self.assertEqual([], self.mails(5))

        self.assertEqual([list('bcdef')], self.mails(10))

    def test_however_long_it_goes_on_two_mails_come_a_minute(self) -> None:
        count = 0
        for number in range(120):
            self.fail(f's-{number}')
            count += len(self.mails(1))

        self.assertEqual(4, count)

    def test_each_of_them_stands_on_the_timeline(self) -> None:
        self.fail('a', 'b', 'c')
        self.mails(1)
        self.fail('a', 'b', 'c')

        self.assertEqual([], self.mails(60))
        found = self.story.rows(schema.timeline, what='alarm')
        self.assertEqual(['a', 'b', 'c'], [row.server for row in found])

    def test_another_alarm_waits_for_none(self) -> None:
        self.fail('a')
        self.fail('b', name='shelve_stuck')

        self.assertEqual(2, len(self.mails(1)))

    def test_what_another_worker_has_in_hand_is_left_to_him(self) -> None:
        self.fail('a')
        now = self.tools.now()
        (held,) = self.tools.db.write(notices.claim, now, _MINUTE, 1)
        self.fail('b', 'c')

        self.assertEqual([['b', 'c']], self.mails(1))
        row = self.tools.db.read(notices.by_id, held.id)
        self.assertEqual('pending', row.state)
