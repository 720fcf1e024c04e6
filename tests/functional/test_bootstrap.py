# SPDX-License-Identifier: Apache-2.0
"""From nothing to all well on a real cloud, and each thing that is wrong."""

from typing import Any
import uuid

import fixtures

from tests.functional import base
from tests.functional import billing

_PERSONAS = ('billing_admin', 'billing_finance', 'billing_support')
_URL = 'http://127.0.0.1:1'


class BootstrapTest(base.MinicloudTestCase):
    """An installation whose account keystone does not know yet."""

    def setUp(self) -> None:
        super().setUp()
        unique = uuid.uuid4().hex[:6]
        self.kind = f'billing-{unique}'
        self.account = {
            **base.account_options(self.facts),
            'username': f'billing-{unique}',
            'password': 'opensesame',
        }
        self.identity = self.operator.service('identity')
        self.addCleanup(self.forget)
        self.roles_before = {r['name'] for r in self.named('roles')}
        boss = self.facts['users']['admin']
        for name, value in {
            'AUTH_URL': self.facts['auth_url'],
            'USERNAME': 'admin',
            'PASSWORD': boss['password'],
            'PROJECT_NAME': boss['project'],
            'USER_DOMAIN_NAME': 'Default',
            'PROJECT_DOMAIN_NAME': 'Default',
        }.items():
            self.useFixture(fixtures.EnvironmentVariable(f'OS_{name}', value))

    def service(self, **sections: dict[str, str | None]) -> billing.Service:
        return billing.Service(
            self,
            self.addCleanup,
            {
                'nova': dict(self.account),
                'keystone_authtoken': {'auth_section': 'nova'},
                **{
                    name: {**dict(self.account), **given}
                    if name == 'nova'
                    else given
                    for name, given in sections.items()
                },
            },
        )

    def bootstrap(
        self, service: billing.Service, *options: str
    ) -> tuple[int, dict[str, list[str]]]:
        """Its exit code, and its lines by their marks."""
        code, said = service.run(
            'bootstrap', '--service-type', self.kind,
            '--public-url', _URL, '--wait', '5', *options,
        )  # fmt: skip
        found: dict[str, list[str]] = {}
        for line in said.splitlines():
            found.setdefault(line[:13].strip(), []).append(line[13:])
        return code, found

    def named(self, kind: str, **query: str) -> list[dict[str, Any]]:
        answer = self.identity.get(f'/{kind}', params=query)
        return list(answer.json()[kind])

    def endpoint(self) -> dict[str, Any]:
        (service,) = self.named('services', type=self.kind)
        (one,) = self.named(
            'endpoints', service_id=service['id'], interface='public'
        )
        return one

    def forget(self) -> None:
        for service in self.named('services', type=self.kind):
            self.identity.delete(f'/services/{service["id"]}')
        for user in self.named('users', name=self.account['username']):
            self.identity.delete(f'/users/{user["id"]}')
        for role in self.named('roles'):
            if role['name'] in set(_PERSONAS) - self.roles_before:
                self.identity.delete(f'/roles/{role["id"]}')

    def assertWrong(self, found: dict[str, list[str]], *words: str) -> None:
        (line,) = found['WRONG']
        for word in words:
            self.assertIn(word, line)

    def test_from_nothing_to_all_well_and_then_nothing_changes(self) -> None:
        service = self.service()
        code, rehearsed = self.bootstrap(service, '--dry-run')
        self.assertEqual(0, code, rehearsed)
        self.assertEqual([], self.named('services', type=self.kind))

        code, made = self.bootstrap(service)

        self.assertEqual(0, code, made)
        self.assertEqual(rehearsed['would make'], made['made'])
        said = '\n'.join(made['ok'])
        for word in ('logs in', 'quotas are kept by nova', 'clock',
                     'reach patrii_notifications', 'mail server'):  # fmt: skip
            self.assertIn(word, said)
        self.assertEqual(_URL, self.endpoint()['url'])

        code, again = self.bootstrap(service)

        self.assertEqual(0, code, again)
        self.assertEqual({'exists', 'ok', 'note'}, set(again))
        self.assertEqual(
            sorted(made['made'] + made['exists']), sorted(again['exists'])
        )
        keys = self.operator.nova.keypairs
        (user,) = self.named('users', name=self.account['username'])
        self.assertEqual([], keys.list(user_id=user['id']))

    def test_a_changed_endpoint_is_named_and_changed_if_asked(self) -> None:
        service = self.service()
        self.bootstrap(service)
        there = f'/endpoints/{self.endpoint()["id"]}'
        self.identity.patch(there, json={'endpoint': {'url': 'http://x'}})

        code, found = self.bootstrap(service)
        self.assertEqual(1, code)
        self.assertWrong(found, 'http://x', '--update')
        self.assertEqual('http://x', self.endpoint()['url'])

        code, found = self.bootstrap(service, '--update')
        self.assertEqual(0, code, found)
        self.assertEqual(_URL, self.endpoint()['url'])

    def test_a_role_that_was_taken_away_is_given_back(self) -> None:
        service = self.service()
        self.bootstrap(service)
        (user,) = self.named('users', name=self.account['username'])
        (role,) = self.named('roles', name='admin')
        grant = (
            f'/projects/{self.facts["projects"]["service"]}'
            f'/users/{user["id"]}/roles/{role["id"]}'
        )
        self.identity.delete(grant)

        code, found = self.bootstrap(service, '--dry-run')
        self.assertIn('role admin of', found['would make'][0])
        self.assertEqual(1, code)
        self.assertIn('lacks the role admin', '\n'.join(found['WRONG']))

        found = self.bootstrap(service)[1]
        self.assertIn('role admin of', found['made'][0])
        self.assertEqual(204, self.identity.head(grant).status_code)
        # Keystone remembers for a moment what the account might not do.
        base.wait_until(
            lambda: self.bootstrap(service)[0] == 0, 'all to be well', 30
        )

    def test_each_thing_that_is_set_otherwise_is_named(self) -> None:
        service = self.service(
            listener={'topics': 'nobody_hears'},
            nova={'quota_backend': 'keystone'},
            oslo_messaging_rabbit={'amqp_durable_queues': 'false'},
        )
        code, found = self.bootstrap(service)

        self.assertEqual(1, code)
        quota, broker, topic = found['WRONG']
        self.assertIn('quota_backend is keystone', quota)
        self.assertIn('set it to nova', quota)
        self.assertIn('amqp_durable_queues', broker)
        self.assertIn(
            'versioned_notifications_topics = '
            'versioned_notifications,nobody_hears',
            topic,
        )
