# SPDX-License-Identifier: Apache-2.0
"""A contract is entered, and what of it may change."""

import datetime as dt
from typing import Any
from unittest import mock

from oslotest import base

from patrii_billing.domain import cloud
from patrii_billing.domain import server as nova
from patrii_billing.engine import agreeing
from patrii_billing.engine import quota
from patrii_billing.engine import subscribing
from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from patrii_billing.store import accounts
from patrii_billing.store import plans
from patrii_billing.store import schema
from patrii_billing.store import servers
from tests import books
from tests.unit import stories

TODAY = '2026-02-03'
CORES = (('quota', 'cores', '2.00'),)


class ContractTestCase(base.BaseTestCase):
    """On 3 February zenith has a project with a server, and no contract."""

    def setUp(self) -> None:
        super().setUp()
        self.story = stories.Story(stories.text()).play('02-03')
        self.world = self.story.world
        self.tools = self.world.tools
        self.zenith = self.tools.db.write(books.account, name='zenith')
        self.tools.db.write(books.project, self.zenith, 'zenith-prod')
        self.world.projects.projects['zenith-prod'] = cloud.KeystoneProject(
            'zenith-prod', 'zenith-prod'
        )
        self.world.quotas.quotas['zenith-prod'] = {'cores': 4, 'ram': 8192}
        self.plan = self.tools.db.read(plans.by_name, 'vps').id

    def body(self, **values: Any) -> dict[str, Any]:
        return {
            'name': 'zenith-1', 'plan_id': self.plan,
            'project_id': 'zenith-prod', 'start': TODAY, **values,
        }  # fmt: skip

    def create(self, **values: Any) -> int:
        body = self.body(**values)
        seen = subscribing.look(self.tools, body)
        return self.tools.db.write(
            subscribing.create, self.tools, body, seen, self.tools.now(),
            'ann',
        )  # fmt: skip

    def refused(self, **values: Any) -> tuple[str, str]:
        """(field, reason)"""
        error = self.assertRaises(errors.InvalidInput, self.create, **values)
        return error.where, error.reason

    def change(self, **values: Any) -> Any:
        sub = self.story.sub('zenith-1')
        return self.tools.db.write(
            subscribing.change, self.tools, sub.id, values, self.tools.now(),
            'ann',
        )  # fmt: skip


class CreateTest(ContractTestCase):
    def test_a_new_contract_bills_what_is_there(self) -> None:
        self.world.nova.boot(
            nova.Server(
                'z1', 'zenith-prod', 'shop', 's2', 'active', host='host',
                host_status='UP', created_at=stories.instant('01-05'),
            )
        )  # fmt: skip
        number = self.create()
        self.story.play('02-04')

        (line,) = [
            line
            for line in self.story.rows(schema.lines, subscription_id=number)
        ]
        self.assertEqual(('z1', 2000), (line.resource, line.net))
        (entry,) = self.story.rows(schema.timeline, what='subscription')
        self.assertEqual(
            ('added', 'ann', 'vps, bills from 2026-02-03', number),
            (entry.name, entry.by, entry.why, entry.subscription_id),
        )

    def test_a_project_that_changes_hands_meanwhile_is_billed_to_nobody(
        self,
    ) -> None:
        other = self.tools.db.write(books.account, name='other')
        lock = accounts.lock

        def give_away(conn: Any, account_id: int) -> None:
            conn.execute(
                schema.projects.update()
                .where(schema.projects.c.id == 'zenith-prod')
                .values(account_id=other)
            )
            lock(conn, account_id)

        with mock.patch.object(accounts, 'lock', give_away):
            self.assertRaises(errors.StaleWrite, self.create)

    def test_the_quota_that_it_bills_is_adopted(self) -> None:
        plan = self.tools.db.write(books.plan, name='cores', prices=CORES)
        number = self.create(plan_id=plan)
        self.story.play('02-04')

        (line,) = self.story.rows(schema.lines, subscription_id=number)
        self.assertEqual(('cores', 800), (line.resource, line.net))

    def test_a_quota_changed_before_the_start_is_billed(self) -> None:
        plan = self.tools.db.write(books.plan, name='cores', prices=CORES)
        number = self.create(plan_id=plan, start='2026-02-05')
        self.story.play('02-04')
        lines, total = self.tools.db.write(
            quota.foretell, self.tools, self.story.sub('zenith-1'),
            {'cores': 6}, self.tools.now(),
        )  # fmt: skip
        self.assertEqual((2, 400), (len(lines), total))

        self.tools.db.write(
            quota.request, number, {'cores': 6}, self.tools.now()
        )
        self.story.play('02-06')

        held = self.tools.db.read(servers.quota_levels, 'zenith-prod')
        self.assertEqual('quota change', held['cores'].why)

    def test_it_says_no_more_than_it_must(self) -> None:
        self.create()
        row = self.story.sub('zenith-1')

        self.assertEqual(
            (3, 'zenith-prod', {}, None, dt.date(2026, 2, 3)),
            (row.anchor_day, row.enforces, row.policy, row.enforce_from,
             row.billed_until),
        )  # fmt: skip

    def test_it_says_all_that_can_be_said(self) -> None:
        self.create(
            start='2025-06-01', paid_until='2026-02-15', anchor_day=15,
            enforces=False, enforce_from='2026-03-01',
            policy={'shelve_grace': '72h'},
        )  # fmt: skip
        row = self.story.sub('zenith-1')

        self.assertEqual(
            (15, None, {'shelve_grace': '72h'}, stories.instant('03-01'),
             dt.date(2026, 2, 15)),
            (row.anchor_day, row.enforces, row.policy, row.enforce_from,
             row.billed_until),
        )  # fmt: skip

    def test_a_trial_is_not_billed(self) -> None:
        plan = self.tools.db.write(books.plan, name='trial', trial_days=14)
        self.create(plan_id=plan)
        row = self.story.sub('zenith-1')

        self.assertEqual(
            ('trial', dt.date(2026, 2, 17)), (row.contract, row.billed_until)
        )

    def test_the_same_again_is_the_same(self) -> None:
        number = self.create(anchor_day=7)

        self.assertEqual(number, self.create(anchor_day=7))
        self.assertEqual(number, self.create())

    def test_another_of_that_name_is_refused(self) -> None:
        self.create(anchor_day=7)

        for values in (
            {'anchor_day': 8},
            {'start': '2026-02-04'},
            {'enforces': False},
            {'policy': {'net': '30d'}},
        ):
            error = self.assertRaises(errors.Conflict, self.create, **values)
            self.assertIn(next(iter(values)), str(error))

    def test_what_cannot_be_is_refused_by_its_field(self) -> None:
        for field, reason, values in (
            ('start', 'is past', {'start': '2026-02-01'}),
            ('paid_until', 'is before start', {'paid_until': '2026-01-01'}),
            ('plan_id', 'there is no plan 99', {'plan_id': 99}),
            (
                'project_id', 'belongs to no account',
                {'project_id': 'nobody-prod'},
            ),
            (
                'account_id', 'the project belongs to zenith',
                {'account_id': 1},
            ),
            (
                'server_id', "nova has no server 'x' in that project",
                {'server_id': 'x'},
            ),
            (
                'server_id', 'in that project',
                {'server_id': worlds.server_id('web')},
            ),
            (
                'project_id', 'acme-1 enforces it already',
                {'project_id': 'acme-prod'},
            ),
            (
                'policy.shelve_grace', 'is not a span',
                {'policy': {'shelve_grace': 'soon'}},
            ),
        ):  # fmt: skip
            error = self.assertRaises(
                errors.BillingError, self.create, **values
            )
            (mistake,) = getattr(error, 'mistakes', (error,))
            self.assertEqual(field, mistake.where)
            self.assertIn(reason, mistake.reason)

    def test_a_plan_of_another_currency_is_refused(self) -> None:
        plan = self.tools.db.write(books.plan, name='dollars', currency='USD')

        self.assertEqual(
            ('plan_id', 'dollars is in USD, and zenith pays in EUR'),
            self.refused(plan_id=plan),
        )

    def test_a_quota_that_cannot_be_billed_is_refused(self) -> None:
        plan = self.tools.db.write(books.plan, name='cores', prices=CORES)
        self.world.quotas.quotas['zenith-prod'] = {'cores': -1}

        self.assertEqual('project_id', self.refused(plan_id=plan)[0])

    def test_without_the_cloud_nothing_is_entered(self) -> None:
        self.world.nova.down = 'away'

        self.assertRaises(errors.CloudUnavailable, self.create)
        self.assertRaises(errors.NotFound, self.story.sub, 'zenith-1')

    def test_two_at_once_under_one_name_make_one(self) -> None:
        body = self.body()
        self.create()
        self.patch(subscribing, '_known', lambda conn, name: None)
        self.patch(
            agreeing.imported, 'enforcing', lambda conn, target: None
        )

        self.assertRaises(
            errors.Conflict, self.tools.db.write, subscribing.create,
            self.tools, body, None, self.tools.now(), 'ann',
        )  # fmt: skip


class ChangeTest(ContractTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.create(policy={'net': '30d', 'invoice_lead': '3d'})

    def test_its_name_its_policy_and_its_day(self) -> None:
        changed = self.change(
            name='zenith-2', policy={'net': None, 'undo': '3d'},
            enforce_from='2026-03-01T00:00:00Z',
        )  # fmt: skip
        row = self.story.sub('zenith-2')

        self.assertEqual({'name', 'policy', 'enforce_from'}, {*changed})
        self.assertEqual({'invoice_lead': '3d', 'undo': '3d'}, row.policy)
        self.assertEqual(stories.instant('03-01'), row.enforce_from)
        *_, entry = self.story.rows(schema.timeline, what='subscription')
        self.assertEqual(('changed', 'ann'), (entry.name, entry.by))
        self.assertEqual('zenith-1', entry.detail['was']['name'])

    def test_null_takes_away(self) -> None:
        self.change(enforce_from='2026-03-01')
        self.change(enforce_from=None, policy=None)
        row = self.story.sub('zenith-1')

        self.assertEqual((None, {}), (row.enforce_from, row.policy))

    def test_by_another_lead_the_next_invoice_has_another_day(self) -> None:
        self.story.play('02-04')
        self.assertEqual(
            stories.instant('02-28'), self.story.sub('zenith-1').charge_at
        )
        self.change(policy={'invoice_lead': '5d'})

        self.assertEqual(
            stories.instant('02-26'), self.story.sub('zenith-1').charge_at
        )

    def test_the_same_again_changes_nothing(self) -> None:
        self.assertEqual([], self.change(name='zenith-1'))
        self.assertEqual([], self.change(policy={'net': '30d'}))

    def test_the_name_of_another_is_refused(self) -> None:
        self.assertRaises(errors.Conflict, self.change, name='acme-1')

    def test_what_is_no_policy_is_refused(self) -> None:
        error = self.assertRaises(
            errors.InvalidDocument, self.change, policy={'grace': '3d'}
        )

        self.assertEqual(
            ['policy.grace'], [each.where for each in error.mistakes]
        )
