# SPDX-License-Identifier: Apache-2.0
"""A quota counts as set when nova shows it, wherever it is kept."""

from typing import Any

from patrii_billing.cloud import quotas
from patrii_billing import errors
from tests.unit.cloud import base

SETS = f'{base.NOVA}/os-quota-sets'
PROJECT = f'{base.KEYSTONE}/projects/{base.CUSTOMER}'
NAMES = {
    'instances': 'servers',
    'cores': 'class:VCPU',
    'ram': 'class:MEMORY_MB',
}

USED = {'instances': 2, 'cores': 4, 'ram': 2048}
FLAT = {'key_pairs': 100, 'floating_ips': 10}


class QuotasTestCase(base.CloudTestCase):
    """Nova and keystone with a memory, each as its driver has it."""

    def setUp(self) -> None:
        super().setUp()
        self.quotas = quotas.NovaQuotas(self.connection)
        self.present = {'instances': 10, 'cores': 20, 'ram': 51200}
        shown = {'id': base.CUSTOMER, 'name': 'acme', 'enabled': True}
        self.web.get(PROJECT, json={'project': shown})
        ours = f'{SETS}/{base.CUSTOMER}'
        self.web.get(ours, json=self.show)
        self.web.get(f'{ours}/detail', json=self.show_usage)
        self.web.put(ours, json=self.update)
        self.web.get(f'{base.KEYSTONE}/services', json={'services': []})
        self.web.get(f'{base.KEYSTONE}/limits', json={'limits': []})

    def show(self, request: Any, context: Any) -> dict[str, Any]:
        return {'quota_set': FLAT | self.present}

    def show_usage(self, request: Any, context: Any) -> dict[str, Any]:
        return {
            'quota_set': {
                name: {'limit': self.present[name], 'in_use': n, 'reserved': 0}
                for name, n in USED.items()
            }
        }

    def update(self, request: Any, context: Any) -> dict[str, Any]:
        asked = request.json()['quota_set']
        forced = asked.pop('force', False)
        below = {
            name for name in USED if -1 < asked.get(name, -1) < USED[name]
        }
        if below and not forced:
            context.status_code = 400
            return {'badRequest': {'message': 'already used'}}
        self.present |= asked
        return {'quota_set': self.present}


class TestQuotas(QuotasTestCase):
    def test_the_quota_is_what_nova_shows(self) -> None:
        self.assertEqual(
            {'instances': 10, 'cores': 20, 'ram': 51200, 'key_pairs': 100},
            self.quotas.get(base.CUSTOMER),
        )

    def test_the_usage_is_what_nova_counts(self) -> None:
        self.assertEqual(USED, self.quotas.usage(base.CUSTOMER))

    def test_only_what_was_asked_for_is_written(self) -> None:
        self.quotas.set(base.CUSTOMER, {'cores': 8})
        (request,) = self.sent('PUT')
        self.assertEqual({'quota_set': {'cores': 8}}, request.json())
        shown = self.quotas.get(base.CUSTOMER)
        self.assertEqual((8, 10), (shown['cores'], shown['instances']))

    def test_any_quota_of_novas_is_written(self) -> None:
        self.quotas.set(base.CUSTOMER, {'key_pairs': 7})
        self.assertEqual(7, self.quotas.get(base.CUSTOMER)['key_pairs'])

    def test_only_by_force_it_goes_below_what_is_in_use(self) -> None:
        below = {'cores': 1, 'instances': 0}
        refusal = self.assertRaises(
            errors.CloudRefused, self.quotas.set, base.CUSTOMER, below
        )
        self.assertIn('already used', refusal.reason)
        self.assertEqual(20, self.quotas.get(base.CUSTOMER)['cores'])
        self.quotas.set(base.CUSTOMER, below, force=True)
        self.assertEqual(1, self.quotas.get(base.CUSTOMER)['cores'])
        self.assertIs(True, self.sent('PUT')[-1].json()['quota_set']['force'])

    def test_nothing_is_written_where_the_cloud_has_no_quotas(self) -> None:
        none = quotas.NovaQuotas(self.connection, quotas.Backend.NONE)
        self.assertEqual({}, none.get(base.CUSTOMER))
        none.set(base.CUSTOMER, {}, force=True)
        refusal = self.assertRaises(
            errors.CloudRefused, none.set, base.CUSTOMER, {'cores': 8}
        )
        self.assertIn('quota_backend', refusal.reason)
        self.assertEqual([], self.sent('PUT'))

    def test_it_may_be_unlimited(self) -> None:
        self.quotas.set(base.CUSTOMER, {'ram': -1})
        self.assertEqual(-1, self.quotas.get(base.CUSTOMER)['ram'])

    def test_a_quota_nova_has_not_is_refused(self) -> None:
        refusal = self.assertRaises(
            errors.CloudRefused, self.quotas.set, base.CUSTOMER, {'gpus': 1}
        )
        self.assertIn('gpus', refusal.reason)
        self.assertEqual([], self.sent('PUT'))

    def test_a_project_that_is_not_there_is_named(self) -> None:
        message = 'Could not find project: nobody.'
        self.web.get(
            f'{base.KEYSTONE}/projects/nobody',
            status_code=404,
            json={'error': {'code': 404, 'message': message}},
        )
        for path in ('nobody', 'nobody/detail'):
            self.web.get(f'{SETS}/{path}', status_code=400)
        for call in (
            self.quotas.get,
            self.quotas.usage,
            lambda project: self.quotas.set(project, {'cores': 1}),
        ):
            refusal = self.assertRaises(errors.CloudRefused, call, 'nobody')
            self.assertEqual(404, refusal.code)
            self.assertIn('nobody', refusal.reason)
        self.assertEqual([], self.sent('PUT'))

    def test_an_answer_without_quotas_is_unknown(self) -> None:
        self.web.get(f'{SETS}/{base.CUSTOMER}', json={'quota_set': {}})
        self.assertRaises(
            errors.CloudUnavailable, self.quotas.get, base.CUSTOMER
        )


class TestQuotasThatDoNotTake(QuotasTestCase):
    def update(self, request: Any, context: Any) -> dict[str, Any]:
        """As the drivers do that keep no quotas: 200, and nothing else."""
        return {'quota_set': self.present}

    def test_without_limits_in_keystone_it_is_refused(self) -> None:
        refusal = self.assertRaises(
            errors.CloudRefused, self.quotas.set, base.CUSTOMER, {'cores': 8}
        )
        self.assertEqual(409, refusal.code)
        self.assertIn('class:VCPU', refusal.reason)

    def test_told_to_write_to_nova_alone_it_asks_keystone_nothing(
        self,
    ) -> None:
        alone = quotas.NovaQuotas(self.connection, quotas.Backend.NOVA)
        refusal = self.assertRaises(
            errors.CloudRefused, alone.set, base.CUSTOMER, {'cores': 8}
        )
        self.assertIn('did not take', refusal.reason)
        self.assertIn('quota_backend is nova', refusal.reason)

    def test_a_quota_that_is_so_already_needs_nothing(self) -> None:
        self.quotas.set(base.CUSTOMER, {'cores': 20})
        self.assertEqual(20, self.quotas.get(base.CUSTOMER)['cores'])


class TestUnifiedLimits(QuotasTestCase):
    """Nova shows keystone's limits, and writes none."""

    def setUp(self) -> None:
        super().setUp()
        self.regions: tuple[str | None, ...] = ('RegionOne',)
        self.limits: dict[str, dict[str, Any]] = {}
        self.registered = dict(
            zip(NAMES.values(), (10, 20, 51200), strict=True)
        )
        keystone = base.KEYSTONE
        self.web.get(
            f'{keystone}/services', json={'services': [{'id': 's-nova'}]}
        )
        self.web.get(f'{keystone}/registered_limits', json=self.list_defaults)
        self.web.get(f'{keystone}/limits', json=self.list_limits)
        self.web.post(f'{keystone}/limits', json=self.create)

    def list_defaults(self, request: Any, context: Any) -> dict[str, Any]:
        return {
            'registered_limits': [
                {
                    'resource_name': name,
                    'service_id': 's-nova',
                    'region_id': region,
                    'default_limit': limit,
                }
                for name, limit in self.registered.items()
                for region in self.regions
            ]
        }

    def list_limits(self, request: Any, context: Any) -> dict[str, Any]:
        return {'limits': list(self.limits.values())}

    def create(self, request: Any, context: Any) -> dict[str, Any]:
        context.status_code = 201
        (new,) = request.json()['limits']
        new = {'region_id': None} | new | {'id': f'l{len(self.limits)}'}
        self.limits[new['id']] = new
        address = f'{base.KEYSTONE}/limits/{new["id"]}'
        self.web.patch(address, json=self.change)
        self.web.delete(address, json=self.delete)
        return {'limits': [new]}

    def change(self, request: Any, context: Any) -> dict[str, Any]:
        """Keystone takes a change to 0 for no change."""
        limit = self.limits[request.path.rsplit('/', 1)[1]]
        asked = request.json()['limit']['resource_limit']
        limit['resource_limit'] = asked or limit['resource_limit']
        return {'limit': limit}

    def delete(self, request: Any, context: Any) -> None:
        context.status_code = 204
        del self.limits[request.path.rsplit('/', 1)[1]]

    def show(self, request: Any, context: Any) -> dict[str, Any]:
        found = dict(self.registered)
        for limit in self.limits.values():
            if limit['region_id'] == 'RegionOne':
                found[limit['resource_name']] = limit['resource_limit']
        return {
            'quota_set': {
                name: found.get(resource, 0)
                for name, resource in NAMES.items()
            }
        }

    def update(self, request: Any, context: Any) -> dict[str, Any]:
        return self.show(request, context)

    def test_a_quota_is_written_to_keystone(self) -> None:
        self.quotas.set(base.CUSTOMER, {'cores': 8, 'instances': 4})
        shown = self.quotas.get(base.CUSTOMER)
        self.assertEqual((4, 8), (shown['instances'], shown['cores']))
        self.assertEqual(
            {base.CUSTOMER},
            {limit['project_id'] for limit in self.limits.values()},
        )

    def test_told_to_write_to_keystone_nova_is_only_read(self) -> None:
        keystone = quotas.NovaQuotas(self.connection, quotas.Backend.KEYSTONE)
        keystone.set(base.CUSTOMER, {'cores': 8})
        self.assertEqual(8, keystone.get(base.CUSTOMER)['cores'])
        self.assertEqual([], self.sent('PUT'))

    def test_a_limit_that_is_there_is_changed(self) -> None:
        for cores in (8, 12, 0, 20):
            self.quotas.set(base.CUSTOMER, {'cores': cores})
            self.assertEqual(cores, self.quotas.get(base.CUSTOMER)['cores'])
        self.assertEqual(1, len(self.limits))

    def test_the_limit_of_our_region_is_the_one(self) -> None:
        connection = self.connect(region_name='RegionOne')
        regional = quotas.NovaQuotas(connection)
        for cores, regions in (
            (7, (None, 'RegionOne', 'RegionTwo')),
            (8, ('RegionTwo', 'RegionOne', None)),
        ):
            self.regions = regions
            regional.set(base.CUSTOMER, {'cores': cores})
            self.assertEqual(
                [('RegionOne', cores)],
                [
                    (limit['region_id'], limit['resource_limit'])
                    for limit in self.limits.values()
                ],
            )

    def test_a_limit_for_a_region_nova_does_not_read_is_refused(self) -> None:
        self.regions = (None,)
        refusal = self.assertRaises(
            errors.CloudRefused, self.quotas.set, base.CUSTOMER, {'cores': 8}
        )
        self.assertIn('did not take', refusal.reason)

    def test_a_resource_without_a_registered_limit_is_named(self) -> None:
        del self.registered['class:VCPU']
        refusal = self.assertRaises(
            errors.CloudRefused, self.quotas.set, base.CUSTOMER, {'cores': 8}
        )
        self.assertIn('class:VCPU', refusal.reason)
        self.assertEqual({}, self.limits)


class TestDriver(base.CloudTestCase):
    """Who keeps the quotas is found out by trying on our own project."""

    def setUp(self) -> None:
        super().setUp()
        self.quotas = quotas.NovaQuotas(self.connection)
        self.present = {'instances': 10, 'cores': 20, 'ram': 51200}
        self.groups = 10
        self.takes = True
        ours = f'{SETS}/{base.OURS}'
        self.web.get(ours, json=self.show)
        self.web.get(f'{ours}/defaults', json=self.show)
        self.web.put(ours, json=self.update)

    def show(self, _request: Any, _context: Any) -> dict[str, Any]:
        return {'quota_set': {**self.present, 'server_groups': self.groups}}

    def update(self, request: Any, context: Any) -> dict[str, Any]:
        if self.takes:
            self.groups = request.json()['quota_set']['server_groups']
        return self.show(request, context)

    def test_a_nova_that_shows_what_was_written_keeps_them(self) -> None:
        self.assertIs(quotas.Backend.NOVA, self.quotas.driver())
        self.assertEqual(10, self.groups)

    def test_an_unlimited_one_is_put_back_as_well(self) -> None:
        self.groups = -1
        self.assertIs(quotas.Backend.NOVA, self.quotas.driver())
        self.assertEqual(-1, self.groups)

    def test_one_that_says_yes_and_does_nothing_asks_keystone(self) -> None:
        self.takes = False
        self.assertIs(quotas.Backend.KEYSTONE, self.quotas.driver())

    def test_one_without_any_limit_keeps_none(self) -> None:
        self.present = dict.fromkeys(self.present, -1)
        self.assertIs(quotas.Backend.NONE, self.quotas.driver())
        self.assertEqual([], self.sent('PUT'))
