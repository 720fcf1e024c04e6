# SPDX-License-Identifier: Apache-2.0
"""An operator has what is paid for given back now."""

import datetime as dt

from oslotest import base

from patrii_billing.domain.lifecycle import HoldType
from patrii_billing.engine import hastening
from patrii_billing.engine import holds
from patrii_billing import errors
from patrii_billing.store import schema
from tests.unit import stories

OUT = 'shelved_offloaded, locked by admin'


class RestoreTest(base.BaseTestCase):
    def restore(self, story: stories.Story) -> list[str]:
        rows = story.db.write(
            hastening.restore, story.world.tools, story.sub().id,
            story.world.clock.now(), 'ann', 'the host is back',
        )  # fmt: skip
        return [row.type for row in rows]

    def stuck(self) -> stories.Story:
        """Paid on the 4th, but nova could not give it back for an hour."""
        story = stories.Story(
            stories.text(
                """
                from: 02-04T00:00:00, to: 02-04T01:00:00, nova: 500
                at: 02-04T00:00:00, pay: acme
                """,
            ),
            retry_max=dt.timedelta(hours=6),
        )
        return story.play('02-04 01:00:01')

    def test_what_waits_for_its_next_try_is_tried_now(self) -> None:
        story = self.stuck()
        self.assertEqual(OUT, story.shows())

        self.assertEqual(['restore'], self.restore(story))
        story.play('02-04 01:01:00')

        self.assertEqual('active', story.shows())
        (entry,) = story.rows(schema.timeline, what='request')
        self.assertEqual(
            ('restore', 'ann', 'the host is back'),
            (entry.name, entry.by, entry.why),
        )

    def test_left_to_itself_it_would_have_waited(self) -> None:
        self.assertEqual(OUT, self.stuck().play('02-04 01:01:00').shows())

    def test_a_frozen_quota_is_given_back_as_well(self) -> None:
        story = stories.Story(
            stories.text(
                """
                from: 02-04T00:00:00, to: 02-05T00:00:00, nova: 500
                at: 02-04T00:00:00, pay: acme
                """,
                policy='freeze_quota: true',
            )
        ).play('02-04 12:00:00')

        self.assertEqual(
            ['quota_change', 'restore'], sorted(self.restore(story))
        )

    def test_nothing_is_given_back_that_is_not_paid(self) -> None:
        story = stories.Story(stories.text()).play('02-04')
        error = self.assertRaises(errors.Conflict, self.restore, story)

        self.assertEqual(
            'acme-1 is not paid: 10.00 EUR of INV-000001 past due', str(error)
        )
        self.assertEqual(OUT, story.play('02-05').shows())

    def test_nor_while_an_abuse_hold_is_in_force(self) -> None:
        story = stories.Story(
            stories.text(
                """
                at: 02-04T00:00:00, hold: acme-1, type: abuse
                at: 02-04T12:00:00, pay: acme
                """
            )
        ).play('02-05')
        error = self.assertRaises(errors.Conflict, self.restore, story)

        self.assertIn('abuse hold', str(error))

    def test_where_nothing_was_taken_nothing_is_given(self) -> None:
        story = stories.Story(stories.text()).play('01-31')
        error = self.assertRaises(errors.Conflict, self.restore, story)

        self.assertIn('acme-1 is active', str(error))


class ProlongTest(base.BaseTestCase):
    def held(self, kind: HoldType) -> tuple[stories.Story, int]:
        """From the 2nd to the 4th, a day before it would be shelved."""
        story = stories.Story(stories.text(until='2026-02-15T00:00:00Z')).play(
            '02-02'
        )
        hold_id = story.db.write(
            holds.place, story.world.tools, story.sub().id, kind,
            dt.date(2026, 2, 4), 'he will', 'ann', story.world.clock.now(),
        )  # fmt: skip
        return story, hold_id

    def prolong(
        self, story: stories.Story, hold_id: int, until: dt.date | None
    ) -> None:
        story.db.write(
            holds.prolong, story.world.tools, hold_id, until, 'once more',
            'ann', story.world.clock.now(),
        )  # fmt: skip

    def test_a_hold_can_end_later_or_sooner(self) -> None:
        for kind in HoldType:
            for day, shelved in ((6, '02-07'), (3, '02-04')):
                story, hold_id = self.held(kind)
                story.play('02-02 12:00:00')
                self.prolong(story, hold_id, dt.date(2026, 2, day))
                story.play('02-08')

                self.assertEqual(
                    f'{shelved} 00:00:02 status shelved',
                    story.told('status', name='shelved')[0],
                )

    def test_who_did_it_is_told(self) -> None:
        story, hold_id = self.held(HoldType.PROMISE)
        self.prolong(story, hold_id, dt.date(2026, 2, 6))

        begun, prolonged = story.rows(schema.timeline, what='hold')
        self.assertEqual('promise prolonged', prolonged.name)
        self.assertEqual(
            '2026-02-06T00:00:00+00:00', prolonged.detail['until']
        )

    def test_a_promise_has_an_end(self) -> None:
        story, hold_id = self.held(HoldType.PROMISE)

        self.assertRaises(
            errors.InvalidInput, self.prolong, story, hold_id, None
        )
        self.assertRaises(
            errors.InvalidInput, self.prolong, story, hold_id,
            dt.date(2026, 2, 2),
        )  # fmt: skip

    def test_what_is_over_is_neither_prolonged_nor_released(self) -> None:
        story, hold_id = self.held(HoldType.PROMISE)
        story.play('02-05')

        self.assertRaises(
            errors.Conflict, self.prolong, story, hold_id,
            dt.date(2026, 2, 9),
        )  # fmt: skip
        self.assertRaises(
            errors.Conflict, story.db.write, holds.release_one,
            story.world.tools, hold_id, 'ann', story.world.clock.now(),
        )  # fmt: skip

    def test_a_pause_without_end_is_given_one(self) -> None:
        story, hold_id = self.held(HoldType.PAUSE)
        self.prolong(story, hold_id, None)
        story.play('02-06')
        self.assertEqual('held', story.sub().billing_status)
        self.prolong(story, hold_id, dt.date(2026, 2, 8))
        story.play()

        self.assertEqual(
            ['02-09 00:00:02 status shelved'],
            story.told('status', name='shelved'),
        )

    def test_it_is_released_by_its_id(self) -> None:
        story, hold_id = self.held(HoldType.ABUSE)
        story.db.write(
            holds.release_one, story.world.tools, hold_id, 'ann',
            story.world.clock.now(), 'cleared up',
        )  # fmt: skip

        *_, entry = story.rows(schema.timeline, what='hold')
        self.assertEqual(
            ('abuse ended', 'cleared up', 'ann'),
            (entry.name, entry.why, entry.by),
        )
        self.assertEqual('grace', story.sub().billing_status)
