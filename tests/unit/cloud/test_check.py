# SPDX-License-Identifier: Apache-2.0
"""What an operator is told of his cloud before it is relied on."""

from patrii_billing.cloud import check
from patrii_billing.cloud import quotas
from tests.unit.cloud import base


class CheckTestCase(base.CloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.web.get(
            f'{base.KEYSTONE}/roles', json={'roles': [{'id': 'r-member'}]}
        )
        self.web.get(
            f'{base.KEYSTONE}/services', json={'services': [{'id': 's'}]}
        )
        self.register()
        self.defaults(instances=10, cores=20, ram=51200)

    def register(self, *names: str) -> None:
        limits = [{'resource_name': n, 'region_id': None} for n in names]
        self.web.get(
            f'{base.KEYSTONE}/registered_limits',
            json={'registered_limits': limits},
        )

    def defaults(self, **quota: int) -> None:
        self.web.get(
            f'{base.NOVA}/os-quota-sets/{base.OURS}/defaults',
            json={'quota_set': quota},
        )

    def wrong(self) -> str:
        """The one thing that is wrong."""
        (line,) = check.check(self.connection)
        return line


class TestCheck(CheckTestCase):
    def test_a_cloud_in_order_gives_no_line(self) -> None:
        self.assertEqual([], check.check(self.connection))

    def test_nothing_is_changed_by_looking(self) -> None:
        check.check(self.connection)
        self.assertEqual(
            {'GET', 'POST'}, {r.method for r in self.web.request_history}
        )
        self.assertEqual(
            len(self.sent('POST')), len(self.sent('POST', '/auth/tokens'))
        )

    def test_an_account_without_the_role_admin(self) -> None:
        self.roles = ['member']
        self.assertIn('lacks the role admin', self.wrong())

    def test_a_role_members_do_not_have(self) -> None:
        self.web.get(f'{base.KEYSTONE}/roles', json={'roles': []})
        self.assertIn('keystone has no role member', self.wrong())

    def test_limits_in_keystone_that_are_not_all_there(self) -> None:
        self.register('servers', 'class:MEMORY_MB')
        self.assertIn('class:VCPU', self.wrong())
        self.register('servers', 'class:MEMORY_MB', 'class:VCPU')
        self.assertEqual([], check.check(self.connection))

    def test_a_nova_that_limits_nothing(self) -> None:
        self.defaults(instances=-1, cores=-1, ram=-1)
        self.assertIn('NoopQuotaDriver', self.wrong())
        backend = quotas.Backend.NONE
        self.assertEqual([], check.check(self.connection, backend=backend))

    def test_a_keystone_that_is_away_is_said_in_each_line(self) -> None:
        self.web.post(f'{base.KEYSTONE}/auth/tokens', status_code=503)
        lines = check.check(self.connection)
        self.assertEqual(5, len(lines))
        for line in lines:
            self.assertIn('503', line)


class TestCheckOfAnOldNova(CheckTestCase):
    highest_microversion = '2.60'

    def test_it_is_named_by_what_it_speaks(self) -> None:
        lines = check.check(self.connection)
        self.assertTrue(lines)
        for line in lines:
            self.assertIn('2.60', line)


class TestCheckOfAnOlderNova(CheckTestCase):
    highest_microversion = '2.84'

    def test_it_cannot_keep_volumes(self) -> None:
        self.assertIn('volumes', self.wrong())


class TestCheckWithoutImages(CheckTestCase):
    services = (
        ('compute', base.NOVA),
        ('identity', base.KEYSTONE),
    )

    def test_no_snapshot_can_be_kept(self) -> None:
        self.assertIn('no image service', self.wrong())
