# SPDX-License-Identifier: Apache-2.0
"""The DevStack plugin writes files that our own configuration can read.

DevStack's functions are stood in for by a few lines of shell that write the
same ini files; the plugin itself runs as it is.
"""

import configparser
import pathlib
import subprocess
import tempfile

from oslotest import base

from patrii_billing.conf import opts

_PLUGIN = pathlib.Path(__file__).parents[2] / 'devstack'
_STUBS = """
set -eu
define_plugin() { :; }
enable_service() { ENABLED_SERVICES="${ENABLED_SERVICES:-},$1"; }
is_service_enabled() { return 0; }
echo_summary() { :; }
sudo() { mkdir -p "${@: -1}"; }
setup_develop() { echo "develop $1" >> "$CALLS"; }
recreate_database() { echo "database $1" >> "$CALLS"; }
create_service_user() { echo "user $*" >> "$CALLS"; }
run_process() { echo "run $1" >> "$CALLS"; }
stop_process() { echo "stop $1" >> "$CALLS"; }
get_python_exec_prefix() { echo "$DATA_DIR/bin"; }
database_connection_url() { echo "mysql+pymysql://root@localhost/$1"; }
iniset_rpc_backend() { iniset "$2" DEFAULT transport_url rabbit://localhost/; }
iniset() {
    python3 - "$@" <<'PY'
import configparser, sys
file, section, key, value = sys.argv[1:]
ini = configparser.ConfigParser(default_section='-')
ini.read(file)
if section not in ini:
    ini[section] = {}
ini[section][key] = value
with open(file, 'w') as out:
    ini.write(out)
PY
}
DEST=$DATA_DIR STACK_USER=stack ENABLE_DEBUG_LOG_LEVEL=True
KEYSTONE_SERVICE_URI=http://localhost/identity SERVICE_PASSWORD=secret
SERVICE_DOMAIN_NAME=Default SERVICE_PROJECT_NAME=service
REGION_NAME=RegionOne NOVA_CONF=$DATA_DIR/nova.conf
PATRII_BILLING_CONF_DIR=$DATA_DIR/etc
mkdir -p "$DATA_DIR/bin"
printf '#!/bin/sh\\necho "manage $*" >> "$CALLS"\\n' \\
    > "$DATA_DIR/bin/patrii-billing-manage"
chmod +x "$DATA_DIR/bin/patrii-billing-manage"
export CALLS
"""


class TheDevStackPluginTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_phases(self, *phases: str) -> list[str]:
        """Run the plugin phase by phase; what it asked DevStack to do."""
        calls = self.folder / 'calls'
        calls.touch()
        script = [
            f'DATA_DIR={self.folder}',
            f'CALLS={calls}',
            _STUBS,
            f'source {_PLUGIN}/settings',
            *(f'source {_PLUGIN}/plugin.sh {phase}' for phase in phases),
        ]
        done = subprocess.run(
            ['bash', '-c', '\n'.join(script)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return calls.read_text().splitlines()

    def test_writes_a_configuration_that_the_daemon_accepts(self) -> None:
        self.run_phases('stack install', 'stack post-config')
        file = self.folder / 'etc' / 'patrii_billing.conf'
        conf = opts.load(['--config-file', str(file)])
        self.assertTrue(conf.enforcement.dry_run)
        self.assertEqual(['patrii_notifications'], conf.listener.topics)
        self.assertEqual('patrii-billing', conf.nova.username)
        self.assertEqual(0o600, file.stat().st_mode & 0o777)

    def test_has_nova_publish_to_a_topic_of_our_own(self) -> None:
        self.run_phases('stack post-config')
        nova = configparser.ConfigParser(default_section='-')
        nova.read(self.folder / 'nova.conf')
        self.assertEqual(
            'messagingv2', nova['oslo_messaging_notifications']['driver']
        )
        self.assertEqual(
            'versioned_notifications,patrii_notifications',
            nova['notifications']['versioned_notifications_topics'],
        )

    def test_starts_with_a_database_and_an_account_and_stops_again(
        self,
    ) -> None:
        done = self.run_phases('stack post-config', 'stack extra', 'unstack')
        self.assertEqual('database patrii_billing', done[0])
        self.assertEqual('user patrii-billing admin', done[1])
        self.assertTrue(done[2].endswith('db upgrade'), done[2])
        self.assertEqual(
            ['run patrii-billing-engine', 'stop patrii-billing-engine'],
            done[3:],
        )

    def test_cleans_up_what_it_wrote(self) -> None:
        self.run_phases('stack post-config', 'clean')
        self.assertFalse(
            (self.folder / 'etc' / 'patrii_billing.conf').exists()
        )
