# SPDX-License-Identifier: Apache-2.0
"""A worker may be killed anywhere; the next one brings it to its end."""

from collections.abc import Iterator
import contextlib
import datetime as dt
import itertools

from oslotest import base

from patrii_billing.domain import money
from patrii_billing.engine import payments
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from tests.unit import fuses
from tests.unit import stories

SECOND = dt.timedelta(seconds=1)
Places = Iterator[tuple[int, stories.Story]]


class Killed(BaseException):
    """As by kill -9: nobody catches it."""


def kill() -> None:
    raise Killed


class CrashTest(base.BaseTestCase):
    def killed(self, text: str, since: str, paid: bool = False) -> Places:
        """The story from an instant on, killed at each place once."""
        story = stories.Story(text).play(since)
        back = story.remember()
        for place in itertools.count(1):
            fuse = fuses.Fuse(place, kill)
            with (
                fuses.fused(story, fuse),
                contextlib.suppress(Killed),
            ):
                go_on(story, paid)
            if fuse.left > 0:
                self.assertGreater(place, 20)  # it has met them all
                return
            # Its leases run out, and a new process takes over.
            lease = story.world.tools.settings.lease + SECOND
            story.world.clock.move_to(story.world.clock.now() + lease)
            go_on(story, paid)
            yield place, story
            back()

    def assert_once(
        self, story: stories.Story, moves: list[str], place: int
    ) -> None:
        self.assertEqual(moves, story.moves(), f'killed at place {place}')
        pending = story.rows(schema.actions, state='pending')
        self.assertEqual([], pending)

    def test_shelving_is_done_once(self) -> None:
        for place, story in self.killed(stories.text(), '02-03'):
            self.assert_once(story, ['lock', 'shelve'], place)
            self.assertEqual('shelved', story.sub().billing_status)
            self.assertEqual(1, len(set(ids(story, 'shelved'))))

    def test_stopping_instead_is_done_once(self) -> None:
        text = stories.text(
            servers='{name: web, flavor: s1, state: ERROR, locked: owner}'
        )
        for place, story in self.killed(text, '02-03'):
            self.assert_once(story, ['lock', 'stop'], place)
            self.assertEqual('shelved', story.sub().billing_status)

    def test_restoring_is_done_once(self) -> None:
        text = stories.text(
            servers='{name: web, flavor: s1, state: PAUSED, locked: owner}',
        )
        restored = ['unshelve', 'pause', 'unlock', 'lock']
        for place, story in self.killed(text, '02-04', paid=True):
            self.assert_once(story, ['lock', 'shelve', *restored], place)
            self.assertEqual('paused, locked by owner', story.shows())
            self.assertEqual('active', story.sub().billing_status)
            self.assertEqual(1, len(story.rows(schema.payments)))

    def test_paying_in_the_middle_of_shelving_restores(self) -> None:
        for place, story in self.killed(
            stories.text(), '02-03 00:00:01', True
        ):
            moves = story.moves()
            self.assertEqual(sorted(set(moves)), sorted(moves), place)
            self.assertEqual('active', story.shows(), place)
            self.assertEqual('active', story.sub().billing_status)

    def test_deleting_is_done_once_and_keeps_the_snapshot(self) -> None:
        for place, story in self.killed(stories.text(), '02-08 00:00:02'):
            self.assert_once(story, ['lock', 'shelve', 'delete'], place)
            self.assertEqual('deleted', story.sub().billing_status)
            self.assertEqual(
                {f'image-{worlds.server_id("web")}'}, story.nova.protected
            )
            self.assertEqual(1, len(set(ids(story, 'deleted'))))

    def test_a_frozen_quota_is_put_back_as_it_was(self) -> None:
        text = stories.text(policy='freeze_quota: true')
        own = {'cores': 8, 'instances': 10, 'ram': 20480}
        for since in ('02-01', '02-02'):
            for place, story in self.killed(text, since, paid=since > '02-01'):
                go_on(story, paid=True)
                self.assertEqual(
                    own, story.world.quotas.quotas['acme-prod'], place
                )
                self.assertEqual('active', story.sub().billing_status)


def go_on(story: stories.Story, paid: bool) -> None:
    """A payment, if there is one, and what a daemon does in 20 seconds."""
    if paid:
        story.db.write(
            payments.record, story.world.tools, 1, money.Money(1000, 'EUR'),
            'transfer-1', story.world.clock.now(),
        )  # fmt: skip
    story.tick(20)


def ids(story: stories.Story, template: str) -> list[str]:
    """The message ids of the mails of a template."""
    return [
        mail.message_id
        for mail in story.world.mailbox.sent
        if mail.subject.startswith(template)
    ]
