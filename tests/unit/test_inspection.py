# SPDX-License-Identifier: Apache-2.0
"""An installation from nothing to all well, and each thing that is wrong."""

import datetime as dt
import json
from typing import Any
import uuid

import fixtures
from oslo_config import cfg

from patrii_billing.conf import opts
from patrii_billing.domain import finding
from patrii_billing import inspection
from patrii_billing.intake import probe
from tests.unit.cloud import base
from tests.unit.cloud import keystones

HERE = 'http://billing.test:8792'
KEYS = f'{base.NOVA}/os-keypairs'
SETS = f'{base.NOVA}/os-quota-sets/{base.OURS}'
TOPIC = 'patrii_notifications'


class InspectionTestCase(base.CloudTestCase):
    """An OpenStack of recorded answers, and a broker in memory."""

    def setUp(self) -> None:
        super().setUp()
        for name in ('OS_AUTH_URL', 'OS_AUTH_TYPE', 'OS_PASSWORD'):
            self.useFixture(fixtures.EnvironmentVariable(name))
        self.keystone = keystones.Keystone(self.web)
        self.folder = self.useFixture(fixtures.TempDir()).path
        self.topics = ['versioned_notifications', TOPIC]
        self.groups = 10
        self.ahead = dt.timedelta()
        self.exchange = f'nova-{uuid.uuid4().hex}'
        self.sections: dict[str, dict[str, Any]] = {
            'DEFAULT': {'transport_url': 'kombu+memory:///'},
            'database': {'connection': f'sqlite:///{self.folder}/books.db'},
            'nova': base.OPTIONS,
            'keystone_authtoken': {'auth_section': 'nova'},
            'listener': {'exchange': self.exchange},
            'mail': {'driver': 'none'},
        }
        self.nova_answers()

    def token(self, request: Any, context: Any) -> dict[str, Any]:
        """One that was issued just now; the recorded ones are older."""
        shown = super().token(request, context)
        now = dt.datetime.now(dt.UTC) + self.ahead
        shown['token']['issued_at'] = f'{now:%Y-%m-%dT%H:%M:%S.%fZ}'
        return shown

    def nova_answers(self) -> None:
        self.web.get(SETS, json=self.quota)
        self.web.get(f'{SETS}/defaults', json=self.quota)
        self.web.put(SETS, json=self.set_quota)
        self.web.get(KEYS, json={'keypairs': []})
        self.web.post(KEYS, json=self.notify)
        self.web.get(f'{HERE}/healthcheck', text='OK')

    def quota(self, _request: Any, _context: Any) -> dict[str, Any]:
        limits = {'instances': 10, 'cores': 20, 'ram': 51200}
        return {'quota_set': {**limits, 'server_groups': self.groups}}

    def set_quota(self, request: Any, context: Any) -> dict[str, Any]:
        self.groups = request.json()['quota_set']['server_groups']
        return self.quota(request, context)

    def notify(self, request: Any, _context: Any) -> dict[str, Any]:
        """Tell of a key pair on each of nova's topics, as nova does."""
        pair = request.json()['keypair']
        self.web.delete(f'{KEYS}/{pair["name"]}', status_code=204)
        with probe.opened(self.conf()) as opened:
            channel = opened._broker.channel()
            body = json.dumps({'oslo.message': json.dumps(pair)})
            for topic in self.topics:
                channel.basic_publish(
                    channel.prepare_message(body),
                    self.exchange,
                    f'{topic}.info',
                )
        return {'keypair': pair}

    def conf(self) -> cfg.ConfigOpts:
        text = '\n'.join(
            f'[{section}]\n'
            + '\n'.join(f'{name} = {value}' for name, value in given.items())
            for section, given in self.sections.items()
        )
        (file,) = self.create_tempfiles([('conf', text)])
        return opts.load(['--config-file', file])

    def look(self, **changes: Any) -> list[finding.Finding]:
        wanted: dict[str, Any] = {
            'service_type': 'billing',
            'service_name': 'patrii-billing',
            'regions': (),
            'urls': {'public': None},
            'default_url': HERE,
            'update': False,
            'dry_run': False,
            'wait': 1.0,
        }
        site = inspection.Site(
            self.conf(), inspection.Wanted(**(wanted | changes))
        )
        return [found for step in inspection.STEPS for found in step(site)]

    def declare_exchange(self) -> None:
        with probe.opened(self.conf()) as opened:
            opened._broker.channel().exchange_declare(
                exchange=self.exchange, type='topic'
            )

    def marks(self, found: list[finding.Finding]) -> set[str]:
        return {each.mark.value for each in found}

    def wrong(self, **changes: Any) -> str:
        """The one thing that is wrong."""
        (one,) = (
            found.text
            for found in self.look(**changes)
            if found.mark is finding.Mark.WRONG
        )
        return one


class TestInspection(InspectionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.declare_exchange()

    def test_from_nothing_to_all_well_and_then_nothing_changes(self) -> None:
        first = self.look()
        self.assertEqual(
            {'made', 'changed', 'exists', 'ok', 'note'}, self.marks(first)
        )
        self.keystone.writes.clear()

        again = self.look()

        self.assertEqual({'exists', 'ok', 'note'}, self.marks(again))
        self.assertEqual([], self.keystone.writes)
        self.assertEqual(10, self.groups)
        self.assertEqual(len(first), len(again))

    def test_a_dry_run_changes_nothing(self) -> None:
        found = self.look(dry_run=True)

        self.assertLessEqual(
            {'would make', 'would change', 'exists'}, self.marks(found)
        )
        self.assertNotIn('WRONG', self.marks(found))
        self.assertEqual([], self.keystone.writes)
        self.assertEqual([], self.sent('PUT') + self.sent('POST', 'keypairs'))
        self.assertEqual(
            self.marks(found), self.marks(self.look(dry_run=True))
        )

    def test_notifications_that_go_elsewhere_are_named(self) -> None:
        self.topics = ['versioned_notifications']
        said = self.wrong(wait=0.2)
        self.assertIn('versioned_notifications_topics', said)
        self.assertIn(TOPIC, said)

    def test_a_nova_that_notifies_of_nothing_is_named(self) -> None:
        self.topics = []
        self.assertIn('driver = messagingv2', self.wrong(wait=0.2))

    def test_a_quota_backend_that_is_another_is_named(self) -> None:
        self.sections['nova'] = {
            **base.OPTIONS, 'quota_backend': 'keystone',
        }  # fmt: skip
        self.assertIn('set it to nova', self.wrong())

    def test_a_clock_that_goes_wrong_is_named(self) -> None:
        self.ahead = dt.timedelta(minutes=-2)
        self.assertIn('-120 s', self.wrong())

    def test_an_api_that_is_another_program_is_named(self) -> None:
        self.web.get(f'{HERE}/healthcheck', status_code=404)
        self.assertIn('is not this API', self.wrong())

    def test_a_mail_server_that_is_away_is_named(self) -> None:
        self.sections['mail'] = {'smtp_host': '127.0.0.1', 'smtp_port': 9}
        self.assertIn('127.0.0.1:9', self.wrong())

    def test_an_api_without_an_account_is_named(self) -> None:
        del self.sections['keystone_authtoken']
        self.assertIn('auth_section = nova', self.wrong())

    def test_an_api_that_believes_everybody_is_named(self) -> None:
        self.sections['api'] = {'auth_strategy': 'noauth'}
        self.assertIn('auth_strategy = keystone', self.wrong())

    def test_an_account_of_its_own_for_the_api_is_made(self) -> None:
        self.sections['keystone_authtoken'] = {
            **base.OPTIONS, 'username': 'billing-api',
        }  # fmt: skip
        del self.sections['keystone_authtoken']['timeout']
        for name in ('connect_retry_delay', 'status_code_retry_delay'):
            del self.sections['keystone_authtoken'][name]
        self.look()
        user = self.keystone.named('users', 'billing-api')
        granted = {role for _, who, role in self.keystone.grants
                   if who == user['id']}  # fmt: skip
        service = self.keystone.named('roles', 'service')['id']
        self.assertEqual({service}, granted)

    def test_an_account_that_cannot_log_in_is_named_once(self) -> None:
        self.useFixture(
            fixtures.EnvironmentVariable('OS_AUTH_URL', base.KEYSTONE)
        )
        self.useFixture(fixtures.EnvironmentVariable('OS_PASSWORD', 'theirs'))
        self.useFixture(fixtures.EnvironmentVariable('OS_USERNAME', 'boss'))
        self.useFixture(
            fixtures.EnvironmentVariable('OS_PROJECT_NAME', 'service')
        )
        token = self.token

        def refuse(request: Any, context: Any) -> dict[str, Any]:
            if 'theirs' in request.text:
                return token(request, context)
            context.status_code = 401
            return {'error': {'message': 'who are you', 'code': 401}}

        self.web.post(f'{base.KEYSTONE}/auth/tokens', json=refuse)
        self.assertIn('[nova] password', self.wrong())


class TestInspectionWithoutExchange(InspectionTestCase):
    def test_a_broker_that_nova_never_sent_to_is_named(self) -> None:
        self.assertIn(f'no exchange {self.exchange}', self.wrong())
