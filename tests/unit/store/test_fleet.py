# SPDX-License-Identifier: Apache-2.0
"""Servers and contracts as people look for them."""

from typing import Any

from oslotest import base
import sqlalchemy as sa

from patrii_billing.simulation import world as worlds
from patrii_billing.store import accounts
from patrii_billing.store import subscriptions
from patrii_billing.store.views import contracts
from patrii_billing.store.views import fleet
from tests import books
from tests.unit import stories

TWO = f'{stories.WEB}, {{name: db, flavor: s1, state: ACTIVE}}'


class FleetTest(base.BaseTestCase):
    def shown(self, story: stories.Story, **given: Any) -> list[sa.Row[Any]]:
        query = fleet.query(**given).order_by(fleet.KEYS['id'])
        return story.db.read(lambda conn: list(conn.execute(query)))

    def one(self, story: stories.Story, name: str = 'web') -> sa.Row[Any]:
        row = story.db.read(fleet.one, worlds.server_id(name))
        assert row is not None
        return row

    def test_a_server_shows_whose_it_is_and_who_pays(self) -> None:
        row = self.one(stories.Story(stories.text()).play('02-02'))

        self.assertEqual(
            ('acme', 'acme-prod', 'acme-1', None, None),
            (row.account, row.project_name, row.subscription, row.custody,
             row.deletion_id),
        )  # fmt: skip

    def test_what_we_did_is_shown_while_its_case_is_open(self) -> None:
        story = stories.Story(
            stories.text('at: 02-05T00:00:00, pay: acme')
        ).play('02-04')
        row = self.one(story)
        self.assertEqual(('shelved', story.case()), (row.custody, row.case_id))
        story.play('02-06')

        self.assertIsNone(self.one(story).custody)

    def test_a_deletion_to_come_and_one_that_was(self) -> None:
        story = stories.Story(stories.text()).play('02-08 00:00:05')
        row = self.one(story)
        self.assertIsNotNone(row.deletion_id)
        self.assertIsNone(row.deletion_ground)
        story.play()

        row = self.one(story)
        self.assertEqual('deleted', row.custody)
        self.assertIsNotNone(row.undo_until)
        self.assertIsNone(row.deletion_id)

    def test_a_subscription_of_its_own_covers_it_in_any_state(self) -> None:
        story = stories.Story(stories.text(servers=TWO)).play('02-02')
        row = story.db.read(subscriptions.by_name, 'acme-1')
        own = story.db.write(
            books.subscription, name='acme-db', account_id=row.account_id,
            plan_id=row.plan_id, project='acme-prod',
            server=worlds.server_id('db'),
        )  # fmt: skip
        self.assertEqual('acme-db', self.one(story, 'db').subscription)
        self.assertEqual('acme-1', self.one(story).subscription)

        story.db.write(subscriptions.change, own, enforces=None)
        self.assertIsNone(self.one(story, 'db').subscription)
        self.assertIsNone(self.one(story, 'db').subscription_id)

    def test_each_filter_narrows(self) -> None:
        story = stories.Story(stories.text(servers=TWO)).play('02-04')
        other = story.db.write(books.account, name='zenith')

        for given, count in (
            ({}, 2),
            ({'account_id': 1}, 2),
            ({'account_id': other}, 0),
            ({'project': 'acme-prod'}, 2),
            ({'project': 'zenith-prod'}, 0),
            ({'name': 'db'}, 1),
            ({'custody': 'shelved'}, 2),
            ({'custody': 'stopped'}, 0),
            ({'deleted': False}, 2),
            ({'deleted': True}, 0),
        ):
            self.assertEqual(count, len(self.shown(story, **given)), given)


class ContractsTest(base.BaseTestCase):
    def test_each_filter_narrows(self) -> None:
        story = stories.Story(stories.text()).play('02-04')
        sub = story.sub()

        for given, count in (
            ({}, 1),
            ({'account_id': sub.account_id}, 1),
            ({'account_id': 99}, 0),
            ({'name': 'acme-1'}, 1),
            ({'name': 'acme'}, 0),
            ({'status': 'shelved'}, 1),
            ({'status': 'active'}, 0),
            ({'contract': 'live'}, 1),
            ({'contract': 'ended'}, 0),
            ({'plan_id': sub.plan_id}, 1),
            ({'plan_id': 99}, 0),
            ({'project': 'acme-prod'}, 1),
            ({'project': 'other'}, 0),
            ({'server': 'web'}, 0),
            ({'parked': False}, 1),
            ({'parked': True}, 0),
        ):
            query = contracts.query(**given)
            found = story.db.read(
                lambda conn, query=query: conn.execute(query).all()
            )
            self.assertEqual(count, len(found), given)

    def test_a_row_says_what_is_owed_and_why_it_is_parked(self) -> None:
        story = stories.Story(stories.text()).play('02-04')
        story.db.write(
            accounts.change, story.sub().account_id, parked_why='odd'
        )
        row = story.db.read(contracts.one, story.sub().id)

        assert row is not None
        self.assertEqual(
            (1000, 'EUR', 'odd', 'vps', 'acme-prod'),
            (row.owed, row.currency, row.parked_why, row.plan,
             row.project_name),
        )  # fmt: skip

    def test_every_hold_there_was_is_listed(self) -> None:
        story = stories.Story(
            stories.text(
                """
                at: 01-31T00:00:00, hold: acme-1, type: pause
                at: 01-31T00:00:00, hold: acme-1, type: abuse
                """
            )
        ).play('02-04')
        query = contracts.holds(story.sub().id)
        found = story.db.read(lambda conn: conn.execute(query).all())

        self.assertEqual(['pause', 'abuse'], [row.type for row in found])
