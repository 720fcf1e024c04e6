# SPDX-License-Identifier: Apache-2.0
"""A server that is told of twice, late or out of order has one history."""

import dataclasses
import datetime as dt
from typing import Any
from unittest import mock

from oslotest import base

from patrii_billing.domain import facts
from patrii_billing.domain import server as nova
from patrii_billing.engine import observe
from patrii_billing.engine import seeing
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import schema
from patrii_billing.store import servers
from tests.unit import stories

SECOND = dt.timedelta(seconds=1)


class HistoryTest(base.BaseTestCase):
    """A server that was s1 and has been s2 since 30 January."""

    def setUp(self) -> None:
        super().setUp()
        resize = 'at: 01-30T12:00:00, resize: web, flavor: s2'
        self.story = stories.Story(stories.text(resize)).play('01-31')
        (self.row,) = self.story.rows(schema.servers)
        self.history = self.levels()

    def levels(self) -> list[tuple[str, dt.datetime]]:
        return [
            (row.resource, row.at) for row in self.story.rows(schema.levels)
        ]

    def see(self, flavor: str, at: dt.datetime, **more: Any) -> None:
        (shown,) = [
            one
            for page in self.story.nova.pages()
            for one in page
            if one.id == self.row.id
        ]
        shown = dataclasses.replace(
            shown, flavor=flavor, updated_at=at, **more
        )
        self.write(seeing.see, shown)

    def write(self, work: object, what: nova.Server | facts.Fact) -> None:
        tools = self.story.world.tools
        self.story.db.write(work, tools, what, tools.now())

    def comes_too_late(self, tools: toolbox.Tools, fact: facts.Fact) -> bool:
        """Whether it would; nothing is written."""
        with self.story.db.engine.connect() as conn:
            in_time = observe.observe(conn, tools, fact, tools.now())
            conn.rollback()
        return not in_time

    def test_what_a_sweep_sees_of_it_as_it_is_known_writes_nothing(
        self,
    ) -> None:
        for at in (self.row.told_at - SECOND, self.row.told_at + SECOND):
            self.see('s2', at)

        self.assertEqual(self.history, self.levels())

    def test_a_page_that_was_read_before_the_resize_undoes_nothing(
        self,
    ) -> None:
        self.story.world.clock.move_to(self.row.told_at + SECOND)
        self.see('s1', self.row.told_at - SECOND)

        self.assertEqual(self.history, self.levels())
        (row,) = self.story.rows(schema.servers)
        self.assertEqual('s2', row.flavor)

    def test_while_a_resize_is_not_confirmed_it_costs_nothing(self) -> None:
        later = self.row.told_at + SECOND
        for state in ({'vm_state': 'resized'}, {'task_state': 'resize_prep'}):
            self.see('s3', later, **state)
        self.see('s2', later + SECOND)

        self.assertEqual(self.history, self.levels())

    def test_a_sweep_alone_finds_a_confirmed_one(self) -> None:
        later = self.row.told_at + SECOND
        self.see('s3', later)

        self.assertEqual([*self.history, ('s3', later)], self.levels())

    def test_told_by_both_at_one_moment_it_is_written_once(self) -> None:
        later = self.row.told_at + SECOND
        stale = mock.patch.object(servers, 'get', return_value=self.row)
        fact = facts.ServerResized(
            server=self.row.id,
            project=self.row.project,
            at=later + SECOND / 2,
            flavor=facts.Flavor('3', 's3', 1, 512, 1, 0),
        )
        self.write(observe.observe, fact)
        with stale:  # read before the other's commit
            self.see('s3', later)

        self.assertEqual([*self.history, ('s3', fact.at)], self.levels())

    def test_a_server_that_two_tell_of_at_one_moment_is_added_once(
        self,
    ) -> None:
        fact = facts.ServerCreated(
            server='11111111-2222-3333-4444-555555555555',
            project=self.row.project,
            at=self.row.told_at,
            flavor=facts.Flavor('1', 's1', 1, 512, 1, 0),
            created_at=self.row.told_at,
            state='active',
        )
        self.write(observe.observe, fact)
        real, looks = servers.some, []

        def some(conn: Any, ids: Any) -> Any:
            looks.append(ids)
            # The first look is before the other's commit.
            return real(conn, ids) if len(looks) > 1 else {}

        with mock.patch.object(servers, 'some', some):
            self.write(observe.observe, fact)

        self.assertEqual(2, len(looks))
        self.assertEqual(1, self.levels()[2:].count(('s1', fact.at)))

    def test_one_told_long_after_nova_showed_it_comes_not_too_late(
        self,
    ) -> None:
        # The broker was down, a sweep found it minutes after, and whoever
        # tells of another one tells what nova has denied since.
        minute = dt.timedelta(minutes=1)
        tools = self.story.play('01-31 12:00:00').world.tools
        tools = dataclasses.replace(
            tools,
            settings=dataclasses.replace(
                tools.settings, sweep_every=10 * minute
            ),
        )
        for flavor, ago, is_late in (
            ('s2', -5 * minute, False),
            ('s2', 5 * minute, False),
            ('s3', -5 * minute, True),
            ('s1', 5 * minute, True),
            ('s2', 60 * minute, True),
        ):
            fact = facts.ServerResized(
                server=self.row.id,
                project=self.row.project,
                at=self.row.told_at - ago,
                flavor=facts.Flavor('2', flavor, 1, 512, 1, 0),
            )
            self.assertIs(
                is_late,
                self.comes_too_late(tools, fact),
                f'{flavor} {ago}',
            )

    def test_a_resize_between_two_that_are_known_is_written(self) -> None:
        at = self.row.told_at - dt.timedelta(hours=6)
        fact = facts.ServerResized(
            server=self.row.id,
            project=self.row.project,
            at=at,
            flavor=facts.Flavor('3', 's3', 1, 512, 1, 0),
        )
        for _ in range(2):
            self.write(observe.observe, fact)

        self.assertEqual([*self.history, ('s3', at)], self.levels())
        (row,) = self.story.rows(schema.servers)
        self.assertEqual('s2', row.flavor)
