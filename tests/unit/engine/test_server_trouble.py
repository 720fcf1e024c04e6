# SPDX-License-Identifier: Apache-2.0
"""A database that is full or away is about no customer in particular."""

from typing import Any
from unittest import mock

import fixtures
from oslotest import base
import sqlalchemy as sa

from patrii_billing.engine import charge
from patrii_billing.engine import permit
from patrii_billing.store import schema
from tests.unit import stories

FULL = sa.exc.OperationalError(
    'INSERT', {}, Exception(1114, 'The table is full')
)


def is_full(*_args: Any, **_kwargs: Any) -> None:
    raise FULL


class ServerTroubleTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())

    def test_no_customer_is_put_off_for_a_full_disk(self) -> None:
        story = stories.Story(stories.text()).play('01-28')
        with mock.patch.object(charge, '_charge', is_full):
            self.assertRaises(sa.exc.OperationalError, self.charge, story)

        self.assertEqual([], story.alarms())
        self.charge(story)
        self.assertEqual(1, len(story.invoices()))

    def test_an_action_that_meets_it_says_so_in_a_line(self) -> None:
        story = stories.Story(stories.text()).play('02-03')
        with mock.patch.object(permit, 'destructive', is_full):
            story.tick(1)

        self.assertIn('the database: ', self.log.output)
        self.assertNotIn('Traceback', self.log.output)
        (row,) = story.rows(schema.actions)
        self.assertEqual('pending', row.state)
        story.tick(75)
        self.assertEqual(['lock', 'shelve'], story.moves())

    def charge(self, story: stories.Story) -> None:
        tools = story.world.tools
        story.db.write(
            lambda conn: conn.execute(
                schema.subscriptions.update().values(charge_at=tools.now())
            )
        )
        charge.run(tools, tools.now())


