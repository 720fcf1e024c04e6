# SPDX-License-Identifier: Apache-2.0
"""What was kept of a deleted server can be given back, until it is purged."""

from oslotest import base

from patrii_billing.engine import undo
from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from tests.unit import stories

WEB = worlds.server_id('web')


class UndoTest(base.BaseTestCase):
    def test_the_snapshot_is_handed_over_and_never_purged(self) -> None:
        story = stories.Story(stories.text(until='2026-02-12T00:00:00Z')).play(
            '02-09'
        )

        words = undo.delete(story.world.tools, WEB, 'ann')
        story.play()

        self.assertEqual([f'image-{WEB} given to acme-prod'], list(words))
        self.assertIn(f'image-{WEB}', story.nova.images)
        self.assertNotIn('purge', ' '.join(story.told('action')))
        (entry,) = story.rows(schema.timeline, what='undo')
        self.assertEqual('ann', entry.by)

    def test_what_could_not_be_saved_is_said(self) -> None:
        story = stories.Story(stories.text()).play('02-07')
        story.nova.images.clear()  # its disk was a volume of its owner
        story.play()

        words = undo.delete(story.world.tools, WEB, 'ann')

        self.assertEqual(['not saved: it has no snapshot'], list(words))

    def test_after_the_undo_span_there_is_nothing_to_give(self) -> None:
        story = stories.told(until='2026-02-12T00:00:00Z')

        self.assertRaises(
            errors.NotFound, undo.delete, story.world.tools, WEB, 'ann'
        )

    def test_a_server_that_was_not_deleted_by_us_has_nothing(self) -> None:
        story = stories.told('at: 02-04T00:00:00, pay: acme')

        for server in (WEB, 'unknown'):
            self.assertRaises(
                errors.NotFound, undo.delete, story.world.tools, server, 'ann'
            )

    def test_what_was_protected_for_a_delete_that_was_stopped_is_removed(
        self,
    ) -> None:
        story = stories.Story(stories.text()).play('02-08 00:00:02')
        story.nova.delete = _unavailable
        story.tick(3)
        self.assertEqual({f'image-{WEB}'}, story.nova.protected)
        del story.nova.delete

        # Nova has not deleted it, and now he pays.
        story.world.scenario = stories.Story(
            stories.text('at: 02-08T00:00:10, pay: acme')
        ).world.scenario
        story._run._events = list(story.world.scenario.events)
        story.play()

        self.assertEqual('active', story.shows())
        self.assertEqual(set(), story.nova.protected)
        self.assertEqual({}, story.nova.images)


def _unavailable(server: str) -> str:
    raise errors.CloudUnavailable('nova is away')


class PromiseTest(base.BaseTestCase):
    def test_all_is_kept_until_the_day_that_the_mail_names(self) -> None:
        story = stories.Story(
            stories.text(
                'resume: true, at: 02-08T09:00:00',
                servers=f'{stories.WEB}, {stories.WEB.replace("web", "db")}',
            ),
            max_deletes_per_hour=1,
        ).play()

        (mail,) = story.rows(schema.notices, template='deleted')
        kept = [one.undo_until for one in story.rows(schema.custody)]
        self.assertEqual([mail.names, mail.names], kept)
