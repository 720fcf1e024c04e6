# SPDX-License-Identifier: Apache-2.0
"""A monitor sees who works, and how another engine is read."""

import dataclasses
import datetime as dt

from oslotest import base

from patrii_billing.store import inbox
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests.unit import ally
from tests.unit.engine import test_drift
from tests.unit.intake import messages
from tests.unit.metrics import told
from tests.unit import stories

_MINUTE = dt.timedelta(minutes=1)


class WorkersTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.story = stories.Story(stories.text(until='2026-04-01T00:00:00Z'))
        self.tools = self.story.play('01-20').world.tools
        self.now = self.tools.now()

    def signs(self) -> dict[str, dt.datetime]:
        """By worker; one that never left a trace is not there."""
        found = told.figures_of(self.tools)
        name = 'worker_last_sign_timestamp_seconds['
        return {
            key.removeprefix(name).rstrip(']'): dt.datetime.fromtimestamp(
                value, dt.UTC
            )
            for key, value in found.items()
            if key.startswith(name)
        }

    def letters(self, *names: str, came: dt.datetime) -> None:
        self.tools.db.write(
            inbox.store,
            [
                messages.letter(
                    {'event_type': 'x', 'metadata': {'message_id': name}}
                )
                for name in names
            ],
            came,
        )

    def claim(self, limit: int) -> None:
        lease = self.tools.settings.lease
        with self.tools.db.engine.begin() as conn:
            self.held = inbox.claim(conn, self.now, lease, limit)

    def test_each_worker_is_known_by_what_only_it_writes(self) -> None:
        self.tools.db.write(
            watch.change,
            ticked_at=self.now,
            heard_at=self.now - _MINUTE,
            swept_at=self.now - 2 * _MINUTE,
        )

        self.assertEqual(
            {
                'engine': self.now,
                'listener': self.now - _MINUTE,
                'reconciler': self.now - 2 * _MINUTE,
            },
            self.signs(),
        )

    def test_a_processor_is_seen_by_the_newest_message_that_was_read(
        self,
    ) -> None:
        came = self.now - 5 * _MINUTE
        self.letters('one', 'two', came=came)
        self.assertNotIn('processor', self.signs())

        self.claim(1)
        self.tools.db.write(inbox.settle, self.held[0], inbox.PARKED, 'why')

        self.assertEqual(came, self.signs()['processor'])

    def test_a_processor_far_behind_is_seen_to_work(self) -> None:
        self.letters('one', 'two', came=self.now - 600 * _MINUTE)

        self.claim(2)

        self.assertEqual(self.now, self.signs()['processor'])

    def test_the_last_mail_is_told(self) -> None:
        name = 'last_mail_timestamp_seconds'
        self.assertNotIn(name, told.figures_of(self.tools))

        self.story.play('02-01 12:00:00')

        handed = max(row.at for row in self.story.rows(schema.attempts))
        found = told.figures_of(self.tools)
        self.assertEqual(handed.timestamp(), found[name])


class DriftTest(test_drift.DriftTestCase):
    def test_a_quota_changed_past_the_books_is_told_until_it_is_put_right(
        self,
    ) -> None:
        story = self.story('report')
        self.set_by_hand(story, cores=12)
        story.play('02-13')
        name = 'quota_drift_projects'
        self.assertEqual(1, told.figures_of(story.world.tools)[name])

        self.set_by_hand(story, cores=8)
        story.play('02-16')

        self.assertEqual(0, told.figures_of(story.world.tools)[name])


class BridgesTest(base.BaseTestCase):
    def test_an_engine_that_is_read_is_told_with_what_waits(self) -> None:
        story = ally.Ally()
        story.acme(plan='unknown')
        story.lynx.customer('c9', 'Baker')
        story.read()

        found = told.figures_of(story.tools)

        self.assertEqual(
            story.now.timestamp(),
            found['bridge_last_read_timestamp_seconds[lynx]'],
        )
        self.assertEqual(0, found['bridge_failures[lynx]'])
        for kind, waiting in {'customer': 2, 'contract': 1, 'bill': 0}.items():
            key = f'bridge_records_waiting[lynx, {kind}]'
            self.assertEqual(waiting, found[key], kind)
        self.assertEqual(1800, found['tolerated_age_seconds[bridge]'])

    def test_an_engine_that_is_away_fails_and_its_reading_grows_old(
        self,
    ) -> None:
        story = ally.Ally()
        story.read()
        began = story.now
        story.lynx.away = 'it is down'
        for _ in range(3):
            story.world.clock.move_to(story.now + 10 * _MINUTE)
            story.read()

        found = told.figures_of(story.tools)

        self.assertEqual(3, found['bridge_failures[lynx]'])
        self.assertEqual(
            began.timestamp(),
            found['bridge_last_read_timestamp_seconds[lynx]'],
        )

    def test_an_engine_that_was_never_read_has_no_such_instant(self) -> None:
        found = told.figures_of(ally.Ally().tools)

        self.assertEqual(0, found['bridge_failures[lynx]'])
        self.assertNotIn('bridge_last_read_timestamp_seconds[lynx]', found)

    def test_nobody_waits_for_an_engine_that_is_not_connected_any_more(
        self,
    ) -> None:
        story = ally.Ally()
        story.read()

        found = told.figures_of(dataclasses.replace(story.tools, bridges={}))

        self.assertEqual([], [key for key in found if 'bridge' in key])
