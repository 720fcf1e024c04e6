# SPDX-License-Identifier: Apache-2.0
"""Lost notifications cost lateness, not money."""

import datetime as dt
from typing import Any
from unittest import mock

from oslotest import base
from sqlalchemy import event

from patrii_billing.domain import server as nova
from patrii_billing.engine import observe
from patrii_billing.engine import reconcile
from patrii_billing.engine import switches
from patrii_billing import errors
from patrii_billing.store import schema
from patrii_billing.store import servers
from tests import books
from tests import crowd
from tests.unit import stories

LIFE = """
    at: 01-30T12:00:00, pay: acme
    at: 02-10T12:00:00, boot: db, project: acme-prod, flavor: s2
    at: 02-12T12:00:00, resize: web, flavor: s2
    at: 02-14T06:00:00, boot: brief, project: acme-prod
    at: 02-14T18:00:00, delete: brief
    at: 02-20T12:00:00, delete: db
    """


def _deaf(*args: object) -> None:
    """Nova's notifications are lost."""


class ReconcileTest(base.BaseTestCase):
    def test_the_sweep_brings_the_same_bills_as_the_notifications(
        self,
    ) -> None:
        heard = stories.told(LIFE, until='2026-03-02T00:00:00Z')
        with mock.patch.object(observe, 'observe', _deaf):
            deaf = stories.told(LIFE, until='2026-03-02T00:00:00Z')

        self.assertEqual(heard.invoices(), deaf.invoices())
        self.assertEqual(self.lines(heard), self.lines(deaf))

    def test_each_notification_lost_brings_the_same_bills(self) -> None:
        heard = stories.told(LIFE, until='2026-03-02T00:00:00Z')
        real = observe.observe
        for lost in range(1, 6):
            count = iter(range(100))

            def sometimes(*args: object) -> None:
                if next(count) != lost:  # noqa: B023
                    real(*args)

            with mock.patch.object(observe, 'observe', sometimes):
                story = stories.told(LIFE, until='2026-03-02T00:00:00Z')
            self.assertEqual(self.lines(heard), self.lines(story), lost)

    def test_the_sweep_alone_finds_whom_to_shelve(self) -> None:
        with mock.patch.object(observe, 'observe', _deaf):
            story = stories.told(
                'at: 02-05T06:00:00, boot: late, project: acme-prod',
                until='2026-02-07T00:00:00Z',
            )

        self.assertEqual(['lock', 'shelve'], story.moves('web'))
        self.assertEqual(['lock', 'shelve'], story.moves('late'))

    def test_a_deletion_that_nova_denies_is_not_believed(self) -> None:
        story = stories.Story(stories.text()).play('01-31')
        (row,) = story.rows(schema.servers)
        story.db.write(
            lambda conn: conn.execute(
                schema.servers.update().values(
                    missed_at=stories.instant('01-31')
                )
            )
        )
        story.play('02-01')

        (row,) = story.rows(schema.servers)
        self.assertIsNone(row.deleted_at)
        self.assertIsNone(row.missed_at)

    def lines(self, story: stories.Story) -> list[tuple[object, ...]]:
        return [
            (r.kind, r.resource, r.starts, r.ends, r.ratio, r.amount)
            for r in story.rows(schema.lines)
        ]

    def test_a_nova_that_does_not_answer_is_no_sweep(self) -> None:
        story = stories.told(until='2026-02-01T00:00:00Z')
        tools, clock = story.world.tools, story.world.clock
        (before,) = story.rows(schema.watch)
        clock.move_to(clock.now() + 2 * tools.settings.full_sweep_every)
        story.nova.down = 'Nova answers 503'

        self.assertRaises(
            errors.CloudUnavailable, reconcile.run, tools, tools.now()
        )

        (after,) = story.rows(schema.watch)
        self.assertEqual(before.swept_at, after.swept_at)


class FleetTest(books.BooksTestCase):
    def test_servers_that_are_as_known_cost_no_statement_of_their_own(
        self,
    ) -> None:
        few, many = self.statements(5), self.statements(50)

        self.assertEqual(few, many)

    def test_two_sweeps_that_cross_doubt_nobody(self) -> None:
        tools = self.fleet(5)
        first = tools.now()
        second = first + dt.timedelta(seconds=10)
        pages = tools.cloud.servers.pages

        def crossing(since: dt.datetime | None) -> Any:
            yield from pages(since)
            # The other one, which has begun earlier, ends only now.
            with mock.patch.object(tools.cloud.servers, 'pages', pages):
                reconcile.run(tools, first)

        with mock.patch.object(tools.cloud.servers, 'pages', crossing):
            reconcile.run(tools, second)

        self.assertEqual(
            0, tools.db.read(servers.count_missed, switches.EVER)
        )

    def statements(self, fleet: int) -> int:
        """Of a sweep over so many servers, which were all seen before."""
        tools = self.fleet(fleet)
        reconcile.run(tools, tools.now())
        said: list[str] = []
        event.listen(
            tools.db.engine, 'before_cursor_execute',
            lambda _c, _u, statement, *_: said.append(statement),
        )  # fmt: skip
        later = tools.now() + 2 * tools.settings.full_sweep_every
        self.assertEqual(fleet, reconcile.run(tools, later))
        return len(said)

    def fleet(self, size: int) -> Any:
        tools = crowd.tools(self.useFixture(books.Books()).database)
        for number in range(size):
            tools.cloud.servers.boot(
                nova.Server(
                    id=f'server-{number}', project='acme-prod', name='web',
                    flavor='s1', vm_state='active', created_at=books.NOW,
                )
            )  # fmt: skip
        return tools
