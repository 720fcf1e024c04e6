# SPDX-License-Identifier: Apache-2.0
"""What keystone lacks is made, once, and what differs is named."""

from typing import Any

from patrii_billing.cloud import registry
from patrii_billing.domain import finding
from patrii_billing import errors
from tests.unit.cloud import base
from tests.unit.cloud import keystones

HERE = 'http://billing.test:8792'
URLS: dict[str, str | None] = {'public': None, 'internal': None}
MINE = registry.Account(
    section='nova',
    username='billing',
    password='secret',
    user_domain=('name', 'Default'),
    project='service',
    project_domain=('id', 'default'),
    roles=('admin', 'service'),
)


class RegistryTestCase(base.CloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.keystone = keystones.Keystone(self.web)

    def marks(self, findings: Any) -> list[str]:
        self.said = list(findings)
        return [found.mark.value for found in self.said]

    def catalogue(
        self,
        regions: tuple[str, ...] = ('RegionOne', 'RegionTwo'),
        urls: dict[str, str | None] = URLS,
        **how: bool,
    ) -> list[str]:
        asked = registry.Registry(self.connection, **how)
        return self.marks(
            asked.catalogue('billing', 'patrii-billing', regions, urls, HERE)
        )

    def account(self, **how: bool) -> list[str]:
        return self.marks(
            registry.Registry(self.connection, **how).account(MINE)
        )

    def wrong(self) -> str:
        (one,) = (f for f in self.said if f.mark is finding.Mark.WRONG)
        return one.text


class TestCatalogue(RegistryTestCase):
    def test_what_is_missing_is_made_in_each_region(self) -> None:
        self.assertEqual(['made'] * 5, self.catalogue())

        service = self.keystone.named('services', 'patrii-billing')
        made = {
            (one['region_id'], one['interface'], one['url'])
            for one in self.keystone.things['endpoints']
            if one['service_id'] == service['id']
        }
        self.assertEqual(
            {
                (region, interface, HERE)
                for region in ('RegionOne', 'RegionTwo')
                for interface in ('public', 'internal')
            },
            made,
        )

    def test_a_second_run_changes_nothing(self) -> None:
        self.catalogue()
        self.keystone.writes.clear()

        self.assertEqual(['exists'] * 5, self.catalogue())
        self.assertEqual([], self.keystone.writes)

    def test_a_dry_run_makes_nothing(self) -> None:
        self.assertEqual(['would make'] * 5, self.catalogue(dry_run=True))
        self.assertEqual([], self.keystone.writes)

    def test_an_address_that_differs_is_named_and_left(self) -> None:
        self.catalogue()
        self.keystone.writes.clear()

        other: dict[str, str | None] = {'public': 'https://b.test'}
        found = self.catalogue(('RegionOne',), other)

        self.assertEqual(['exists', 'WRONG'], found)
        self.assertIn(HERE, self.wrong())
        self.assertIn('--update', self.wrong())
        self.assertEqual([], self.keystone.writes)

    def test_it_is_changed_where_that_is_asked_for(self) -> None:
        self.catalogue()
        other: dict[str, str | None] = {'public': 'https://b.test'}

        found = self.catalogue(('RegionOne',), other, update=True)

        self.assertEqual(['exists', 'changed'], found)
        self.assertEqual(['exists'] * 2, self.catalogue(('RegionOne',), other))

    def test_an_address_nobody_named_is_left_as_it_is(self) -> None:
        own: dict[str, str | None] = {'public': 'https://b.test'}
        self.catalogue(('RegionOne',), own)
        self.assertEqual(
            ['exists'] * 2,
            self.catalogue(('RegionOne',), {'public': None}, update=True),
        )

    def test_one_that_is_switched_off_is_named(self) -> None:
        self.catalogue(('RegionOne',), {'public': None})
        self.keystone.things['endpoints'][-1]['enabled'] = False

        self.catalogue(('RegionOne',), {'public': None})

        self.assertIn('enabled False', self.wrong())

    def test_a_region_that_keystone_has_not_is_named(self) -> None:
        found = self.catalogue(('Mars', 'RegionOne'), {'public': None})

        self.assertEqual(['made', 'WRONG', 'made'], found)
        self.assertIn('region create Mars', self.wrong())

    def test_two_services_of_one_type_are_named(self) -> None:
        for name in ('another', 'patrii-billing'):
            self.keystone.add(
                'services', type='billing', name=name, enabled=True
            )
        self.catalogue((), {})
        self.assertIn('2 services', self.wrong())

    def test_the_regions_are_those_of_nova(self) -> None:
        asked = registry.Registry(self.connection)
        self.assertEqual(['RegionOne', 'RegionTwo'], asked.regions('compute'))
        self.assertEqual([], asked.regions('billing'))
        self.catalogue()
        self.assertEqual([HERE], asked.addresses('billing'))


class TestAccount(RegistryTestCase):
    def test_the_user_and_his_roles_are_made(self) -> None:
        self.assertEqual(['exists', *['made'] * 3], self.account())

        user = self.keystone.named('users', 'billing')
        self.assertEqual(
            ('secret', 'default'), (user['password'], user['domain_id'])
        )
        self.assertEqual(2, len(self.keystone.grants))

    def test_a_second_run_changes_nothing(self) -> None:
        self.account()
        self.keystone.writes.clear()

        self.assertEqual(['exists'] * 4, self.account())
        self.assertEqual([], self.keystone.writes)

    def test_a_role_that_was_taken_away_is_given_again(self) -> None:
        self.account()
        self.keystone.grants.pop()

        self.assertEqual(1, self.account().count('made'))

    def test_a_dry_run_in_an_empty_keystone_makes_nothing(self) -> None:
        self.keystone.things['roles'].clear()

        found = self.account(dry_run=True)

        self.assertEqual(['exists', *['would make'] * 5], found)
        self.assertEqual([], self.keystone.writes)

    def test_a_domain_that_does_not_exist_is_said(self) -> None:
        self.keystone.things['domains'].clear()
        error = self.assertRaises(errors.CloudRefused, self.account)
        self.assertIn('no domain Default', str(error))

    def test_the_personas_roles_are_made_once(self) -> None:
        asked = registry.Registry(self.connection)
        self.assertEqual(['made'], self.marks(asked.roles(['billing_admin'])))
        self.assertEqual(
            ['exists'], self.marks(asked.roles(['billing_admin']))
        )
