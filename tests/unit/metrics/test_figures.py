# SPDX-License-Identifier: Apache-2.0
"""The figures say what an operator must know, and nothing of a customer."""

import dataclasses
import datetime as dt
from typing import Any

from oslotest import base
from prometheus_client import parser

from patrii_billing.store import inbox
from patrii_billing.store import watch
from tests.unit.intake import messages
from tests.unit.metrics import told
from tests.unit import stories

_HOUR = dt.timedelta(hours=1)


class FiguresTest(base.BaseTestCase):
    def story(self, *events: str, until: str) -> stories.Story:
        return stories.Story(
            stories.text(*events, until='2026-04-01T00:00:00Z')
        ).play(until)

    def figures(self, story: stories.Story) -> dict[str, float]:
        return told.figures_of(story.world.tools)

    def expect(self, story: stories.Story, **figures: Any) -> None:
        """:param figures: by name; a dict is of the labels' values"""
        found = self.figures(story)
        for name, wanted in figures.items():
            values = wanted if isinstance(wanted, dict) else {'': wanted}
            for of, value in values.items():
                key = f'{name}[{of}]' if of else name
                self.assertEqual(value, found[key], key)

    def test_a_customer_who_does_not_pay_is_counted_where_he_stands(
        self,
    ) -> None:
        story = self.story(until='02-05 12:00:00')

        self.expect(
            story,
            accounts=1,
            subscriptions={'shelved': 1, 'active': 0, 'deleted': 0},
            invoices_open={'EUR, 0-7': 1, 'EUR, not due': 0},
            invoices_open_amount={'EUR, 0-7': 10.0},
            ladder_steps_late={'warn': 0},
            actions_pending={'restore': 0},
        )

    def test_what_became_of_actions_is_told_for_an_hour(self) -> None:
        story = self.story(until='02-03 00:30:00')
        self.expect(
            story, actions_finished={'done, shelve': 1, 'failed, shelve': 0}
        )

        story.play('02-03 02:00:00')

        self.expect(story, actions_finished={'done, shelve': 0})

    def test_what_comes_within_a_day_is_ahead(self) -> None:
        story = self.story(until='02-02 12:00:00')

        self.expect(
            story,
            subscriptions={'grace': 1},
            ladder_steps_ahead={'shelve': 1, 'delete': 0},
        )

    def test_a_mail_server_that_is_away_is_seen_with_what_waits(self) -> None:
        story = self.story(
            'from: 01-31T12:00:00, to: 02-20T00:00:00, down: mail',
            until='02-01 06:00:00',
        )
        story.world.clock.move_to(story.world.clock.now() + _HOUR)

        found = self.figures(story)

        self.assertGreaterEqual(found['notice_oldest_age_seconds'], 3600)
        self.assertGreaterEqual(found['mail_server_away_seconds'], 3600)
        self.assertGreaterEqual(found['notices_pending'], 1)

    def test_a_server_that_nova_does_not_shelve_is_stuck(self) -> None:
        story = self.story(
            'from: 02-02T00:00:00, to: 02-20T00:00:00, nova: 500',
            until='02-03 00:30:00',
        )

        found = self.figures(story)

        self.assertEqual(1, found['actions_stuck[shelve]'])
        self.assertGreater(found['action_oldest_age_seconds[shelve]'], 900)

    def test_the_switches_and_the_signs_of_life_are_told(self) -> None:
        story = self.story(until='01-20')
        tools = story.world.tools
        now = tools.now()
        before = self.figures(story)
        tools.db.write(
            watch.change, stopped_why='a person', safe_why='a restore',
            heard_at=now, ticked_at=now,
        )  # fmt: skip

        self.assertEqual(0, before['enforcement_stopped'])
        self.assertEqual(0, before['enforcement_safe_mode'])
        self.expect(
            story,
            enforcement_stopped=1,
            enforcement_safe_mode=1,
            enforcement_dry_run=0,
            last_tick_timestamp_seconds=now.timestamp(),
            last_notification_timestamp_seconds=now.timestamp(),
            tolerated_age_seconds={'inbox': 1800},
            cap_limit={'shelve actions within an hour, shelve': 50},
        )

    def test_a_dry_run_is_told(self) -> None:
        tools = self.story(until='01-20').world.tools
        dry = dataclasses.replace(tools.settings, dry_run=True)

        found = told.figures_of(dataclasses.replace(tools, settings=dry))

        self.assertEqual(1, found['enforcement_dry_run'])

    def test_notifications_that_nobody_reads_grow_old(self) -> None:
        story = self.story(until='01-20')
        tools = story.world.tools
        message = {'event_type': 'instance.create.end',
                   'metadata': {'message_id': 'one'}}  # fmt: skip
        letter = messages.letter(message)
        tools.db.write(inbox.store, [letter], tools.now() - 2 * _HOUR)

        self.expect(
            story,
            inbox_messages={'nova': 1, 'ceilometer': 0},
            inbox_oldest_age_seconds={'nova': 7200, 'ceilometer': 0},
        )

    def test_no_figure_names_a_customer_or_what_is_his(self) -> None:
        story = self.story(until='02-04')

        text = told.text(story.world.tools)

        for name in ('acme', 'web', 'INV-', '@'):
            self.assertNotIn(name, text)

    def test_each_figure_says_what_it_is_and_has_its_name_once(self) -> None:
        text = told.text(self.story(until='02-04').world.tools)
        families = list(parser.text_string_to_metric_families(text))

        names = [each.name for each in families]
        self.assertEqual(len(set(names)), len(names))
        for each in families:
            self.assertTrue(each.name.startswith('patrii_billing_'), each)
            self.assertTrue(each.documentation.endswith('.'), each)
