# SPDX-License-Identifier: Apache-2.0
"""Keystone's projects, all of them or none, and whom to write to."""

from typing import Any

from patrii_billing.cloud import projects
from patrii_billing.domain import cloud
from patrii_billing import errors
from tests.unit.cloud import base

PROJECTS = f'{base.KEYSTONE}/projects'
ONE = f'{PROJECTS}/{base.CUSTOMER}'


def project(name: str, **changes: Any) -> dict[str, Any]:
    return {'id': f'id-of-{name}', 'name': name, 'enabled': True} | changes


class ProjectsTestCase(base.CloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.projects = projects.KeystoneProjects(self.connection)


class TestProjects(ProjectsTestCase):
    def test_a_project_is_found_by_its_id(self) -> None:
        shown = project('acme', id=base.CUSTOMER, enabled=False)
        self.web.get(ONE, json={'project': shown})
        self.assertEqual(
            cloud.KeystoneProject(base.CUSTOMER, 'acme', False),
            self.projects.get(base.CUSTOMER),
        )

    def test_none_is_said_only_where_keystone_names_the_project(self) -> None:
        message = f'Could not find project: {base.CUSTOMER}.'
        self.web.get(
            ONE, status_code=404, json={'error': {'message': message}}
        )
        self.assertIsNone(self.projects.get(base.CUSTOMER))
        self.web.get(ONE, status_code=404, text='no such page')
        self.assertRaises(
            errors.CloudUnavailable, self.projects.get, base.CUSTOMER
        )
        self.web.get(ONE, status_code=500)
        self.assertRaises(
            errors.CloudUnavailable, self.projects.get, base.CUSTOMER
        )

    def test_an_id_cannot_lead_to_another_path(self) -> None:
        self.web.get(
            f'{PROJECTS}/..%2Fusers%2Fx', json={'project': project('odd')}
        )
        found = self.projects.get('../users/x')
        self.assertEqual('odd', found.name if found else None)

    def test_a_list_is_read_to_its_end(self) -> None:
        onward = 'http://elsewhere/v3/projects?marker=id-of-a&limit=1'
        self.web.get(
            PROJECTS,
            [
                {
                    'json': {
                        'projects': [project('a')],
                        'links': {'next': onward},
                        'truncated': True,
                    }
                },
                {'json': {'projects': [project('b')], 'links': {}}},
            ],
        )
        self.assertEqual(
            ['a', 'b'], [found.name for found in self.projects.all()]
        )
        first, second = self.sent('GET', '/projects')
        self.assertNotIn('marker', first.qs)
        self.assertEqual(['id-of-a'], second.qs['marker'])
        self.assertEqual('keystone.test', second.hostname)

    def test_a_list_cut_short_is_not_taken_for_the_whole(self) -> None:
        self.web.get(
            PROJECTS, json={'projects': [project('a')], 'truncated': True}
        )
        error = self.assertRaises(errors.CloudUnavailable, self.projects.all)
        self.assertIn('list_limit', str(error))

    def test_a_page_that_fails_is_not_the_end(self) -> None:
        self.web.get(
            PROJECTS,
            [
                {
                    'json': {
                        'projects': [project('a')],
                        'links': {'next': f'{PROJECTS}?marker=id-of-a'},
                    }
                },
                {'status_code': 500},
            ],
        )
        self.assertRaises(errors.CloudUnavailable, self.projects.all)

    def test_an_answer_without_projects_is_unknown(self) -> None:
        self.web.get(PROJECTS, json={})
        self.assertRaises(errors.CloudUnavailable, self.projects.all)


class TestContacts(ProjectsTestCase):
    def assign(self, **users: dict[str, Any]) -> None:
        """Users with a role in the project, as keystone shows them."""
        assigned: list[dict[str, Any]] = [
            {'user': {'id': user}, 'role': {'id': 'r'}} for user in users
        ]
        assigned.append({'group': {'id': 'g'}, 'role': {'id': 'r'}})
        self.web.get(
            f'{base.KEYSTONE}/role_assignments',
            json={'role_assignments': assigned * 2},
        )
        for user, shown in users.items():
            self.web.get(f'{base.KEYSTONE}/users/{user}', json={'user': shown})

    def test_they_are_the_addresses_of_the_projects_users(self) -> None:
        self.assign(
            u1={'name': 'zoe', 'email': 'zoe@acme.test'},
            u2={'name': 'al', 'email': 'al@acme.test'},
            u3={'name': 'also al', 'email': 'al@acme.test'},
        )
        self.assertEqual(
            ('al@acme.test', 'zoe@acme.test'),
            self.projects.contacts(base.CUSTOMER),
        )
        (asked,) = self.sent('GET', '/role_assignments')
        self.assertEqual([base.CUSTOMER], asked.qs['scope.project.id'])
        self.assertIn('effective', asked.url)

    def test_a_name_serves_where_it_is_an_address(self) -> None:
        self.assign(
            u1={'name': 'zoe@acme.test', 'email': None},
            u2={'name': 'robot', 'email': ''},
            u3={'name': 'al@acme.test', 'email': 'not an address'},
        )
        self.assertEqual(
            ('al@acme.test', 'zoe@acme.test'),
            self.projects.contacts(base.CUSTOMER),
        )

    def test_accounts_switched_off_and_our_own_are_left_out(self) -> None:
        self.assign(
            u1={'name': 'al', 'email': 'al@acme.test', 'enabled': False},
            **{base.US: {'name': 'billing', 'email': 'us@cloud.test'}},
        )
        self.assertEqual((), self.projects.contacts(base.CUSTOMER))

    def test_a_user_who_is_gone_meanwhile_is_left_out(self) -> None:
        self.assign(u1={})
        self.web.get(
            f'{base.KEYSTONE}/users/u1',
            status_code=404,
            json={'error': {'message': 'Could not find user: u1.'}},
        )
        self.assertEqual((), self.projects.contacts(base.CUSTOMER))

    def test_trouble_is_not_a_project_without_people(self) -> None:
        self.assign(u1={})
        self.web.get(f'{base.KEYSTONE}/users/u1', status_code=403)
        self.assertRaises(
            errors.CloudRefused, self.projects.contacts, base.CUSTOMER
        )
        self.web.get(f'{base.KEYSTONE}/role_assignments', status_code=503)
        self.assertRaises(
            errors.CloudUnavailable, self.projects.contacts, base.CUSTOMER
        )
