# SPDX-License-Identifier: Apache-2.0
"""Who follows the installation page on a bare Debian has a service."""

import configparser
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from oslotest import base as oslo_base
import sqlalchemy as sa

from patrii_billing.store import schema
from tests.docs import pages
from tests.functional import api
from tests.functional import base
from tests.install import machine
from tests import services

_PROJECT = pathlib.Path(__file__).parents[2]
_MANAGE = pathlib.Path(sys.executable).with_name('patrii-billing-manage')
# As a shell says which block it was that failed.
_PASTE = "echo '### {where}'\n{text}"
_PIP = 'install/pip.rst'
_VERIFY = 'install/verify.rst'
_NAME = re.compile(r'^export (\w+)=', re.M)
_DRAWING = """
from patrii_billing.document import pdf
assert pdf.pdf('<p>Facture</p>').startswith(b'%PDF')
"""
_DRAW = """
[Service]
Type=oneshot
ExecStart=/opt/patrii-billing/bin/python /usr/local/lib/drawing.py
"""


class TheInstallationPageTest(oslo_base.BaseTestCase):
    """The page is pasted once, and each test looks at what came of it."""

    cloud: base.Minicloud
    debian: machine.Machine
    said: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.cloud = base.Minicloud()
        cls.cloud.enter(cls.addClassCleanup)
        pip = machine.pip_settings()
        cls.debian = machine.Machine(
            pathlib.Path(os.environ['PATRII_TEST_DEBIAN']),
            machine.folders_of(pip),
            cls.addClassCleanup,
        )
        cls.values = cls.own_values()
        cls.openrc()
        subprocess.run(
            ['git', 'clone', '--quiet', _PROJECT,
             cls.debian.root / 'root/patrii-billing'],
            check=True,
        )  # fmt: skip
        cls.make_database()
        cls.addClassCleanup(cls.forget)
        cls.said = cls.debian.run(cls.pasted(_PIP, _VERIFY), pip)

    @classmethod
    def own_values(cls) -> dict[str, str]:
        url = sa.make_url(cls.cloud.facts['database_url'])
        return {
            'RELEASE': '/root/patrii-billing',
            'TRANSPORT_URL': cls.cloud.facts['transport_url'],
            'DATABASE_HOST': f'{url.host}:{url.port}',
            'DATABASE_PASSWORD': 'opensesame',
            'SERVICE_PASSWORD': 'opensesame too',
            'API_URL': f'http://127.0.0.1:{api.free_port()}',
            'FLAVOR': 's1',
            'IMAGE': cls.cloud.facts['image_id'],
        }

    @classmethod
    def openrc(cls) -> None:
        one = {
            'OS_AUTH_URL': cls.cloud.facts['auth_url'],
            'OS_USERNAME': 'operator',
            'OS_PASSWORD': cls.cloud.facts['users']['operator']['password'],
            'OS_PROJECT_NAME': 'operators',
            'OS_USER_DOMAIN_NAME': 'Default',
            'OS_PROJECT_DOMAIN_NAME': 'Default',
            'OS_REGION_NAME': cls.cloud.facts['region'],
        }
        file = cls.debian.root / 'root/admin-openrc'
        file.write_text(_exports(one))

    @classmethod
    def make_database(cls) -> None:
        """As on the server of the database, which has none of ours yet."""
        socket = cls.cloud.facts['database_socket']
        (block,) = _blocks(_PIP, 'mariadb')
        forget = (
            'DROP DATABASE IF EXISTS patrii_billing; DROP USER IF EXISTS '
            "patrii_billing, 'patrii_billing'@'127.0.0.1';"
        )
        with tempfile.TemporaryDirectory() as home:
            pathlib.Path(home, '.my.cnf').write_text(
                f'[client]\nsocket = {socket}\n'
            )
            subprocess.run(
                ['bash', '-e', '-c', f'mariadb -e "{forget}"\n{block.text}'],
                check=True,
                env={**os.environ, **cls.values, 'HOME': home},
            )

    @classmethod
    def forget(cls) -> None:
        """Leave the cloud as it was, so that one may paste again."""
        cls.openstack(
            'server delete --all-projects --wait web',
            'project delete acme',
            'service delete billing',
            'user delete patrii-billing',
        )

    @classmethod
    def pasted(cls, *named: str) -> str:
        """One shell's input: all blocks of the pages, with our values."""
        pasted = ['set -e']
        for page in named:
            for block in _blocks(page):
                text = block.text
                if block.classes == ['values']:
                    own = {key: cls.values[key] for key in _NAME.findall(text)}
                    text = f'. /root/admin-openrc\n{_exports(own)}'
                elif block.classes:
                    continue
                pasted.append(_PASTE.format(where=block.where, text=text))
        # The only port that may be taken here; the page's own is fixed.
        port = cls.values['API_URL'].rpartition(':')[2]
        return '\n'.join(pasted).replace(
            'systemctl daemon-reload',
            f'sed -i s/:8792/:{port}/ /etc/systemd/system/*.service\n'
            'systemctl daemon-reload',
        )

    def test_both_services_run_as_a_user_without_rights(self) -> None:
        said = self.debian.run(
            'systemctl show --property=ActiveState,NRestarts,User '
            'patrii-billing-engine patrii-billing-api'
        )
        for line in (
            'ActiveState=active', 'NRestarts=0', 'User=patrii-billing',
        ):  # fmt: skip
            self.assertEqual(2, said.splitlines().count(line), said)

    def test_systemd_finds_nothing_amiss_in_the_units(self) -> None:
        units = 'patrii-billing-engine.service patrii-billing-api.service'
        said = self.debian.run(f'systemd-analyze verify {units} 2>&1')
        self.assertNotIn('patrii-billing', said)
        for unit in units.split():
            # 0 is a sandbox that nothing leaves, 10 none at all.
            code, said = self.debian.attempt(
                f'systemd-analyze security --threshold=20 {unit}'
            )
            self.assertEqual(0, code, said)

    def test_the_daemon_heard_of_the_server(self) -> None:
        (server,) = json.loads(
            self.openstack('billing server list --account acme -f json')
        )
        self.assertEqual('web', server['Name'])
        told = schema.inbox
        url = sa.make_url(self.cloud.facts['database_url']).set(
            password=self.values['DATABASE_PASSWORD']
        )
        engine = sa.create_engine(url)
        self.addCleanup(engine.dispose)
        with engine.connect() as conn:
            heard = conn.scalars(
                sa.select(told.c.state).where(
                    told.c.event_type == 'instance.create.end',
                    told.c.body.contains(server['ID']),
                )
            ).all()
        self.assertEqual(['done'], heard)

    def test_the_service_looked_over_itself_and_found_all_well(self) -> None:
        self.assertNotIn('WRONG', self.said)
        again = self.said.partition(_VERIFY)[2]
        self.assertIn('the API answers at', again)
        self.assertIn('listen to patrii_notifications', again)

    def test_a_new_service_only_rehearses(self) -> None:
        said = self.openstack('billing enforcement show -f json')
        self.assertIs(True, json.loads(said)['Dry Run'])

    def test_the_sandbox_lets_invoices_be_drawn(self) -> None:
        unit = 'patrii-billing-drawing.service'
        for file, text in {
            'usr/local/lib/drawing.py': _DRAWING,
            f'etc/systemd/system/{unit}': _DRAW,
        }.items():
            (self.debian.root / file).write_text(text)
        code, said = self.debian.attempt(
            f'systemctl daemon-reload; systemctl start {unit} || '
            f'(journalctl --no-pager -u {unit}; exit 1)'
        )
        self.assertEqual(0, code, said)

    def test_a_misspelt_option_is_told_at_the_start(self) -> None:
        config = '/etc/patrii_billing/patrii_billing.conf'
        code, said = self.debian.attempt(
            f'cp -p {config} /root/kept\n'
            f'echo fodler = x >> {config}\n'
            'systemctl restart patrii-billing-engine && exit 2\n'
            'journalctl --no-pager -n 20 -u patrii-billing-engine\n'
            f'cp -p /root/kept {config}\n'
            'systemctl restart patrii-billing-engine'
        )
        self.assertEqual(0, code, said)
        self.assertIn('fodler', said)

    def test_what_the_page_asks_of_nova_is_what_this_nova_has(self) -> None:
        block = next(
            block
            for block in pages.blocks('install/cloud.rst')
            if block.language == 'ini'
        )
        asked = configparser.ConfigParser()
        asked.read_string(block.text)
        has = configparser.ConfigParser(interpolation=None, strict=False)
        has.read(pathlib.Path(self.cloud.facts['dir']) / 'etc/nova/nova.conf')
        for section in asked.sections():
            for option, value in asked.items(section):
                self.assertEqual(value, has.get(section, option))

    def test_postgresql_is_made_ready_as_well(self) -> None:
        (block,) = _blocks(_PIP, 'postgresql')
        server = sa.make_url(services.postgresql_url())
        subprocess.run(
            ['bash', '-e', '-c', block.text],
            check=True,
            cwd='/',
            env={
                **os.environ,
                **self.values,
                'PGHOST': str(server.query['host']),
                'PGPORT': str(server.query['port']),
            },
        )
        url = server.set(
            username='patrii_billing',
            password=self.values['DATABASE_PASSWORD'],
            database='patrii_billing',
        ).render_as_string(hide_password=False)
        (config,) = self.create_tempfiles(
            [('pg', f'[database]\nconnection = {url}\n')]
        )
        command = [_MANAGE, '--config-file', config, 'db']
        subprocess.run([*command, 'upgrade'], check=True)

    @classmethod
    def openstack(cls, *commands: str) -> str:
        path = '/opt/patrii-billing/bin'
        lines = [f'{path}/openstack {words}' for words in commands]
        return cls.debian.run('\n'.join(['. /root/admin-openrc', *lines]))


def _blocks(page: str, kind: str | None = None) -> list[pages.Block]:
    """What is to be pasted, in order; all, or what is of one kind."""
    return [
        block
        for block in pages.blocks(page)
        if block.language == 'bash' and kind in (None, *block.classes)
    ]


def _exports(values: dict[str, str]) -> str:
    return ''.join(
        f'export {name}={shlex.quote(value)}\n'
        for name, value in values.items()
    )
