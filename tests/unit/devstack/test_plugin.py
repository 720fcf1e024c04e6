# SPDX-License-Identifier: Apache-2.0
"""The DevStack plugin writes files that those who read them understand.

The plugin runs as it is. Where $PATRII_DEVSTACK_DIR names a clone of DevStack,
so does DevStack's own library; elsewhere a short one of ours stands in.
"""

import configparser
import os
import pathlib
import subprocess
import tempfile

from oslo_config import cfg
from oslotest import base
import yaml

from patrii_billing.conf import opts

_HERE = pathlib.Path(__file__).parent
_PROJECT = _HERE.parents[2]
_DEVSTACK = os.environ.get('PATRII_DEVSTACK_DIR')
# As stack.sh sources it, without what asks the machine on the way.
_REAL = (
    'functions-common', 'inc/ini-config', 'functions', 'lib/apache',
    'lib/database', 'lib/rpc_backend', 'lib/keystone',
)  # fmt: skip
_SERVICES = 'key,rabbit,mysql,n-api,n-cond,n-cpu,horizon'
_PIPELINE = """
sinks:
    - name: meter_sink
      publishers:
          - gnocchi://
"""


def _library() -> list[str]:
    if not _DEVSTACK:
        return [f'source {_HERE}/library.sh']
    return [
        f'TOP_DIR={_DEVSTACK} FILES={_DEVSTACK}/files os_PACKAGE=deb',
        *(f'source {_DEVSTACK}/{file}' for file in _REAL),
    ]


class TheDevStackPluginTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.config = self.folder / 'etc' / 'patrii_billing.conf'
        self.pipeline = self.folder / 'ceilometer' / 'pipeline.yaml'
        self.pipeline.parent.mkdir()
        self.pipeline.write_text(_PIPELINE)

    def run_phases(
        self, *phases: str, services: str = _SERVICES, settings: str = ''
    ) -> list[str]:
        """Run the plugin phase by phase; what it asked DevStack to do."""
        done, calls = self.try_phases(phases, services, settings)
        self.assertEqual(0, done.returncode, done.stderr)
        return calls

    def try_phases(
        self, phases: tuple[str, ...], services: str, settings: str = ''
    ) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        calls = self.folder / 'calls'
        calls.touch()
        plugin = _PROJECT / 'devstack'
        script = [
            f'WORK={self.folder} CALLS={calls} PROJECT={_PROJECT}',
            f'ENABLED_SERVICES={services}',
            f'source {_HERE}/surroundings.sh',
            settings,
            *_library(),
            'reach_no_further',
            f'source {plugin}/settings',
            *(f'source {plugin}/plugin.sh {phase}' for phase in phases),
        ]
        done = subprocess.run(
            ['bash', '-c', '\n'.join(script)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done, calls.read_text().splitlines()

    def read(self, *parts: str) -> configparser.ConfigParser:
        # Colours of DevStack's logs hold what would be interpolated.
        ini = configparser.ConfigParser(
            default_section='-', interpolation=None
        )
        with self.folder.joinpath(*parts).open() as file:
            ini.read_file(file)
        return ini

    def load(self) -> cfg.ConfigOpts:
        return opts.load(['--config-file', str(self.config)])

    def test_writes_a_configuration_that_the_daemon_accepts(self) -> None:
        self.run_phases('stack install', 'stack post-config')

        conf = self.load()
        self.assertTrue(conf.enforcement.dry_run)
        self.assertEqual(['patrii_notifications'], conf.listener.topics)
        self.assertEqual('RegionOne', conf.nova.region_name)
        self.assertEqual('keystone', conf.api.auth_strategy)
        self.assertEqual(0o600, self.config.stat().st_mode & 0o777)
        self.assertFalse(conf.ceilometer.enabled)

    def test_keeps_names_that_three_bytes_a_letter_cannot_hold(self) -> None:
        self.run_phases('stack post-config')
        self.assertTrue(
            self.load().database.connection.endswith(
                '/patrii_billing?charset=utf8mb4'
            )
        )

    def test_has_nova_publish_to_a_topic_of_our_own(self) -> None:
        self.run_phases('stack post-config')
        for file in ('nova.conf', 'nova_cell1.conf'):
            nova = self.read('nova', file)
            bus = nova['oslo_messaging_notifications']
            self.assertEqual('messagingv2', bus['driver'])
            self.assertEqual(
                'versioned_notifications,patrii_notifications',
                nova['notifications']['versioned_notifications_topics'],
            )
            # The conductors of a cell call over a bus that we do not hear.
            self.assertEqual(
                self.load().oslo_messaging_notifications.transport_url,
                bus['transport_url'],
            )

    def test_has_ceilometer_publish_to_us_beside_the_others(self) -> None:
        services = _SERVICES + ',ceilometer-anotification'
        for _ in 'once', 'again':
            self.run_phases('stack post-config', services=services)

        (sink,) = yaml.safe_load(self.pipeline.read_text())['sinks']
        self.assertEqual(
            ['notifier://?topic=patrii_metering', 'gnocchi://'],
            sink['publishers'],
        )
        heard = self.load().ceilometer
        self.assertTrue(heard.enabled)
        self.assertEqual('patrii_metering', heard.topic)
        told = self.read('ceilometer', 'ceilometer.conf')['publisher']
        self.assertEqual(heard.secret, told['telemetry_secret'])

    def test_says_that_ceilometer_has_to_come_before_us(self) -> None:
        self.pipeline.unlink()
        done, _ = self.try_phases(
            ('stack post-config',), _SERVICES + ',ceilometer-acentral'
        )
        self.assertEqual(1, done.returncode)
        self.assertIn('ceilometer before patrii-billing', done.stderr)

    def test_serves_the_api_by_its_module_behind_apache(self) -> None:
        done = self.run_phases('stack post-config')

        uwsgi = self.read('etc', 'patrii-billing-uwsgi.ini')['uwsgi']
        self.assertEqual(
            'patrii_billing.wsgi.api:application', uwsgi['module']
        )
        self.assertEqual(
            f'PATRII_BILLING_CONFIG_FILES={self.config}', uwsgi['env']
        )
        self.assertIn('site patrii-billing-api', done)

    def test_brings_the_dashboard_where_horizon_is(self) -> None:
        enabled = 'horizon/openstack_dashboard/local/enabled'
        done = self.run_phases('stack post-config')
        self.assertTrue((self.folder / enabled / '_3850_billing.py').exists())
        self.assertIn('python -m django compilemessages', done)

        self.run_phases('clean')
        self.assertEqual([], list((self.folder / enabled).iterdir()))

    def test_installs_what_the_database_is_reached_by(self) -> None:
        done = self.run_phases('stack install')
        self.assertEqual(['develop cli,pdf,mysql'], done)
        postgresql = _SERVICES.replace('mysql', 'postgresql')
        done = self.run_phases('stack install', services=postgresql)
        self.assertIn('develop cli,pdf,postgresql', done)

    def test_starts_with_a_database_and_an_account_and_stops_again(
        self,
    ) -> None:
        done = self.run_phases(
            'stack pre-install', 'stack extra', 'stack test-config', 'unstack'
        )
        url = 'http://192.0.2.10/billing'
        bootstrap = (
            f'manage --config-file {self.config} bootstrap --update '
            f'--region RegionOne --public-url {url} --internal-url {url} '
            f'--admin-url {url}'
        )
        uwsgi = self.folder / 'etc' / 'patrii-billing-uwsgi.ini'
        self.assertEqual(
            [
                'database patrii_billing',
                'user patrii-billing admin',
                f'{bootstrap} --wait 0',
                'run patrii-billing-engine '
                f'{self.folder}/bin/patrii-billing-engine '
                f'--config-file {self.config}',
                f'run patrii-billing-api uwsgi --ini {uwsgi}',
                f'wait 60 {url}/healthcheck',
                bootstrap,
                'stop patrii-billing-api',
                'stop patrii-billing-engine',
            ],
            done,
        )

    def test_says_at_once_what_it_cannot_do_without(self) -> None:
        done, _ = self.try_phases(('stack pre-install',), 'rabbit,n-api')
        self.assertEqual(1, done.returncode)
        self.assertIn('needs the service key', done.stderr)
        done, _ = self.try_phases(
            ('stack pre-install',), 'key,n-api', 'RABBIT_HOST='
        )
        self.assertIn('needs the message bus', done.stderr)

    def test_cleans_up_what_it_wrote(self) -> None:
        self.run_phases('stack post-config', 'clean')
        self.assertEqual([], list((self.folder / 'etc').iterdir()))
