# SPDX-License-Identifier: Apache-2.0
"""Somebody follows our page on kolla, and the cloud has billing."""

import contextlib
import getpass
import grp
from importlib import resources
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Any

import fixtures
from oslotest import base as oslo_base
import requests
import sqlalchemy as sa
import yaml

from patrii_billing.cmd import manage
from patrii_billing.conf import opts
from patrii_billing.store import schema
from tests.functional import api
from tests.functional import base
from tests.functional import billing
from tests.kolla import container
from tests.kolla import site

_BIN = pathlib.Path(sys.prefix) / 'bin'
_FOLDER = '/var/log/kolla/patrii-billing'
_SERVICES = ('patrii-billing-api', 'patrii-billing-engine')
# The minicloud's nova has no quorum queues; kolla's has.
_OWN = """
[oslo_messaging_rabbit]
rabbit_quorum_queue = false
amqp_durable_queues = true
[ladder]
shelve_grace = 3d
"""
_GENERATOR = 'etc/patrii_billing/patrii-billing-config-generator.conf'
_ACTION = 'kolla-ansible {} -i $inventory -p {}'
# Kolla's start script, which goes on with the command of the container.
_START = """
patrii-billing-manage() { echo "$@"; }
. ./extend_start.sh
echo it goes on
"""
# To these the page adds lines, which are taken out again by hand.
_ADDED_TO = {
    'inventory', 'passwords.yml', 'kolla-build.conf', 'config/nova.conf',
}  # fmt: skip


def _settings(
    cloud: base.Minicloud, service: billing.Service, port: int
) -> dict[str, Any]:
    """What a deployed cloud has said of itself, and of its mail server."""
    account = cloud.facts['users']['billing']
    books = service.books.engine.url
    return {
        'config_owner_user': getpass.getuser(),
        'config_owner_group': grp.getgrgid(os.getgid()).gr_name,
        'database_address': books.host,
        'database_port': books.port,
        'enable_prometheus': True,
        # Somebody listens there, as haproxy would.
        'haproxy_monitor_port': books.port,
        'keystone_internal_url': cloud.facts['auth_url'],
        'keystone_public_url': cloud.facts['auth_url'],
        'notify_transport_url': cloud.facts['transport_url'],
        'openstack_region_name': cloud.facts['region'],
        'openstack_service_workers': 1,
        'patrii_billing_api_listen_port': port,
        'patrii_billing_metrics_port': api.free_port(),
        'patrii_billing_database_name': books.database,
        'patrii_billing_database_password': books.password,
        'patrii_billing_keystone_user': 'billing',
        'patrii_billing_keystone_project': account['project'],
        'patrii_billing_keystone_password': account['password'],
        'patrii_billing_mail_sender': 'billing@cloud.test',
        'patrii_billing_smtp_host': '127.0.0.1',
    }


class AddedToKollaTest(oslo_base.BaseTestCase):
    """One cloud, to which billing is added once and looked at by all."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        kept = pathlib.Path(os.environ[site.KEPT])
        kept.unlink(missing_ok=True)
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.cloud = base.Minicloud()
        cls.cloud.enter(stack.callback)
        cls.service = billing.Service(cls.cloud, stack.callback)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        cls.port = api.free_port()
        cls.site = site.Site(
            pathlib.Path(folder),
            _settings(cls.cloud, cls.service, cls.port),
        )
        cls.site.write('config/patrii_billing.conf', _OWN)
        cls.site.follow(
            'Add it', _ACTION.format('prechecks', '$play'),
            _ACTION.format('deploy', '$kolla/all.yml'),
        )  # fmt: skip
        cls.deployed = cls.site.asked()
        cls.site.keep(kept)

    def conf(self, service: str) -> Any:
        path = self.site.etc / service / 'patrii_billing.conf'
        return opts.load(['--config-file', str(path)])

    def dockerfile(self, name: str) -> list[str]:
        text = (self.site.images / name / 'Dockerfile').read_text()
        return text.replace('\\\n', '').splitlines()

    # The images.

    def test_each_image_is_built_on_the_one_below(self) -> None:
        for name, below in (
            ('base', 'openstack-base'),
            ('api', 'patrii-billing-base'),
            ('engine', 'patrii-billing-base'),
        ):
            first, *rest = self.dockerfile(
                f'patrii-billing/patrii-billing-{name}'
            )
            self.assertRegex(first, f'^FROM kolla/{below}:.*-debian-')
            if name != 'base':
                self.assertEqual('USER patrii-billing', rest[-1])

    def test_the_base_has_the_package_and_what_draws_invoices(self) -> None:
        lines = self.dockerfile('patrii-billing/patrii-billing-base')
        self.assertIn(
            'ADD patrii-billing-base-archive /patrii-billing-base-source',
            lines,
        )
        text = '\n'.join(lines)
        self.assertRegex(
            text,
            'pip .*-c /requirements/upper-constraints.txt '
            r'"/patrii-billing\[facturx,mysql\]"',
        )
        self.assertRegex(text, 'apt-get .*install.* libpangoft2-1.0-0')
        # The accounts of all images are made in the very first.
        first = '\n'.join(self.dockerfile('base'))
        self.assertIn('--gid 42800 patrii-billing', first)

    def test_horizon_gets_the_dashboard_beside_its_own(self) -> None:
        text = '\n'.join(self.dockerfile('horizon'))
        for file in (
            'patrii_billing/horizon/enabled/_3850_billing.py',
            'openstack_dashboard/local/enabled/',
        ):
            self.assertIn(file, text)
        self.assertTrue(
            (site.ROOT / 'patrii_billing/horizon/enabled/_3850_billing.py')
            .is_file()
        )  # fmt: skip

    # What is written to the hosts.

    def test_the_service_takes_its_files_as_they_are(self) -> None:
        for service in _SERVICES:
            conf = self.conf(service)
            self.assertTrue(conf.enforcement.dry_run)
            self.assertEqual('3d', conf.ladder.shelve_grace)
            self.assertEqual('internal', *conf.nova.valid_interfaces)
            self.assertEqual(f'{service}.log', conf.log_file)
            self.assertFalse(conf.oslo_messaging_rabbit.rabbit_quorum_queue)
        self.assertEqual(40, len(self.conf(_SERVICES[0]).web.secret))

    def test_kollas_own_validation_finds_nothing_amiss(self) -> None:
        done = subprocess.run(
            [
                _BIN / 'oslo-config-validator', '--config-file', _GENERATOR,
                '--input-file',
                self.site.etc / 'patrii-billing-engine/patrii_billing.conf',
            ],
            cwd=site.ROOT,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        self.assertEqual(0, done.returncode, done.stdout)

    def test_logs_are_rotated_and_gathered_with_the_others(self) -> None:
        self.assertIn(
            f'"{_FOLDER}/*.log"\n', self.site.read('cron/logrotate.conf')
        )
        gathered = self.site.read('fluentd/fluentd.conf')
        for files in ('*.log', '*-uwsgi.log'):
            ours = re.escape(f'{_FOLDER}/{files}')
            self.assertRegex(gathered, f'  path .*,{ours}\n')

    def test_the_load_balancer_asks_how_each_api_fares(self) -> None:
        lines = self.site.read(
            'haproxy/services.d/patrii-billing-api.cfg'
        ).splitlines()
        for line in (
            '    bind 127.0.0.1:8792',
            '    option httpchk GET /healthcheck',
            '    http-check expect status 200',
        ):
            self.assertIn(line, lines)
        (server,) = (line for line in lines if line.startswith('    server '))
        self.assertIn(f' 127.0.0.1:{self.port} check ', server)

    def test_what_prometheus_is_given_names_each_daemon(self) -> None:
        ours = self.conf('patrii-billing-engine').metrics
        (job,) = yaml.safe_load(self.site.read('prometheus.yml'))[
            'scrape_configs'
        ]
        self.assertEqual(
            [{'targets': [f'{ours.listen}:{ours.port}']}],
            job['static_configs'],
        )
        alerts = yaml.safe_load(
            self.site.read('config/prometheus/patrii_billing.rules')
        )
        self.assertTrue(alerts['groups'])

    # What the container engine is asked for.

    def test_it_is_registered_and_bootstrapped_before_it_starts(self) -> None:
        said = [
            asked.get('module_name') or f'{asked["action"]} {asked["name"]}'
            for asked in self.deployed
        ]
        wanted = [
            'recreate_or_restart_container haproxy',
            'openstack.cloud.catalog_service',
            'openstack.cloud.endpoint',
            'openstack.cloud.identity_user',
            'openstack.cloud.role_assignment',
            'mysql_db',
            'mysql_user',
            'start_container bootstrap_patrii_billing',
            'recreate_or_restart_container patrii_billing_api',
            'recreate_or_restart_container patrii_billing_engine',
        ]
        self.assertEqual(wanted, [
            name for name in dict.fromkeys(said) if name in wanted
        ])  # fmt: skip

    def test_keystone_is_told_of_two_endpoints_and_four_roles(self) -> None:
        made = {
            name: [
                asked['module_args'] for asked in self.deployed
                if asked.get('module_name') == f'openstack.cloud.{name}'
            ]
            for name in ('catalog_service', 'endpoint', 'identity_role',
                         'role_assignment')
        }  # fmt: skip
        (one,) = made['catalog_service']
        self.assertEqual('billing', one['service_type'])
        self.assertEqual(
            ['internal', 'public'],
            [each['endpoint_interface'] for each in made['endpoint']],
        )
        for each in made['endpoint']:
            self.assertEqual('http://127.0.0.1:8792', each['url'])
        self.assertEqual(
            ['admin', 'billing_admin', 'billing_finance', 'billing_support'],
            [each['name'] for each in made['identity_role']],
        )
        self.assertEqual(
            ['admin', 'service'],
            [each['role'] for each in made['role_assignment']],
        )

    def test_an_upgrade_takes_away_what_is_old_when_all_are_new(self) -> None:
        self.site.run(_ACTION.format('upgrade', '$play'))
        said = [
            (asked['name'], *(asked.get('environment') or ()))
            for asked in self.site.asked()
            if 'patrii' in asked['name']
            and asked['action'] != 'compare_container'
        ]
        strategy = 'KOLLA_CONFIG_STRATEGY'
        self.assertEqual(
            [
                ('bootstrap_patrii_billing', 'KOLLA_BOOTSTRAP', strategy),
                ('patrii_billing_api',),
                ('patrii_billing_engine',),
                (
                    'finish_upgrade_patrii_billing',
                    'KOLLA_FINISH_UPGRADE', strategy,
                ),
            ],
            said,
        )  # fmt: skip

    # What the containers do.

    def test_the_containers_bill_the_cloud(self) -> None:
        """The daemon hears nova, the API answers who has a token."""
        engine = container.Container(self.site, 'patrii-billing-engine')
        door = container.Container(self.site, 'patrii-billing-api')
        for each in (engine, door):
            each.start(self.addCleanup)
        customer = self.cloud.make_customer()
        self.service.config = engine.conf
        self.service.subscribe(customer)
        server = self.cloud.boot(customer)

        base.wait_until(
            lambda: self.service.rows(
                sa.select(schema.servers).where(schema.servers.c.id == server)
            ),
            'the server in the books',
        )
        heard = self.service.rows(sa.select(schema.inbox.c.event_type))
        self.assertIn(('instance.create.end',), heard)
        base.wait_until(
            lambda: self.answers(door, '/healthcheck'), 'the API', 180
        )
        self.assertEqual(401, self.get('/v1/accounts').status_code)
        token = str(self.cloud.operator.session.get_token())
        listed = self.get('/v1/accounts', token).json()
        self.assertEqual(
            [customer.name], [one['name'] for one in listed['accounts']]
        )
        self.assertEqual(200, self.get('/ui/login').status_code)
        self.assertHealthy('patrii_billing_engine')
        for each in (engine, door):
            self.assertTrue(each.runs, each.said())
            self.assertNotIn('Traceback', each.said())

    def assertHealthy(self, name: str) -> None:
        """As the container engine would ask, by kolla's own scripts."""
        (asked, *_) = (
            asked
            for asked in self.deployed
            if asked.get('action') == 'recreate_or_restart_container'
            and asked['name'] == name
        )
        _, command = asked['healthcheck']['test']
        script, *words = command.split()
        path = resources.files('kolla') / 'docker' / 'base' / script
        subprocess.run(['bash', path, *words], check=True)

    def answers(self, door: container.Container, path: str) -> bool:
        self.assertTrue(door.runs, door.said())
        with contextlib.suppress(requests.ConnectionError):
            return self.get(path).status_code == 200
        return False

    def get(self, path: str, token: str = '') -> requests.Response:
        headers = {'X-Auth-Token': token} if token else {}
        return requests.get(
            f'http://127.0.0.1:{self.port}{path}', headers=headers, timeout=30
        )

    def test_the_database_is_seen_to_before_anything_starts(self) -> None:
        for variable, words in (
            ('KOLLA_BOOTSTRAP', 'db expand'),
            ('KOLLA_FINISH_UPGRADE', 'db contract'),
        ):
            self.assertEqual([words], self.start_api(variable))
            self.assertTrue(manage.parser().parse_args(words.split()).run)
        self.assertEqual(['it goes on'], self.start_api('OTHER'))

    def start_api(self, variable: str) -> list[str]:
        """What the API's start script does, with a variable set."""
        done = subprocess.run(
            ['bash', '-euo', 'pipefail', '-c', _START],
            cwd=site.ROOT / 'kolla/docker/patrii-billing/patrii-billing-api',
            env={**os.environ, variable: ''},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout.splitlines()


class RemovedFromKollaTest(oslo_base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.site = site.Site(pathlib.Path(folder), {}, site.REHEARSED)

    def test_nothing_of_ours_is_left(self) -> None:
        before = self.site.files() - {'patrii-billing.tar.gz'}
        self.site.follow('Add it')
        self.assertEqual(3, len(self.site.links()))
        self.site.follow('Remove it')
        self.assertEqual([], self.site.links())
        self.assertEqual(set(), self.site.files() - before - _ADDED_TO)
