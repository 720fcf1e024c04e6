# SPDX-License-Identifier: Apache-2.0
"""A cloud that kolla-ansible is said to run on this host.

Kolla's own files are copied, with its modules that need a container engine
stood in for; the settings are those of a minicloud. Then somebody follows
our page.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import yaml

from tests.docs import pages

ROOT = pathlib.Path(__file__).parents[2]
PAGE = 'install/kolla.rst'
_INSTALLED = pathlib.Path(sys.prefix) / 'share' / 'kolla-ansible'
_STOOD_IN_FOR = ('kolla_container', 'kolla_container_facts', 'kolla_toolbox')
# What other roles have made on the hosts of a cloud that runs.
_THERE = ('haproxy/services.d', 'proxysql/users', 'proxysql/rules')
_PROMETHEUS = 'prometheus/prometheus.yml.d/50-patrii-billing.yml'
# After our playbook, what other roles do for us: they see to everybody's
# logs, and Prometheus reads parts of its file as templates.
_ALL = f"""
- import_playbook: patrii-billing.yml
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {{name: cron, tasks_from: config}}
    - ansible.builtin.include_role: {{name: fluentd, tasks_from: config}}
    - ansible.builtin.template:
        src: "{{{{ node_custom_config }}}}/{_PROMETHEUS}"
        dest: "{{{{ node_config_directory }}}}/prometheus.yml"
        mode: "0600"
"""
# Images cannot be built here, but the files that they are built by.
WITHOUT_ENGINE = """
set -eu
kolla-build() {
    command kolla-build "$@" --template-only --work-dir "$IMAGES"
}
"""
# Nothing but the files.
REHEARSED = """
set -eu
kolla-build() { :; }
kolla-genpwd() { :; }
kolla-ansible() { :; }
"""
GENCONFIG = 'command kolla-ansible genconfig -i $inventory -p $play'
# The variable that says where one series leaves for the next what it was
# given and what it wrote.
KEPT = 'KOLLA_KEPT'
_GIVEN = ('passwords.yml', 'config/patrii_billing.conf')
_OURS = ('patrii-billing-', 'haproxy/services.d/', 'proxysql/')


class Site:
    def __init__(
        self,
        folder: pathlib.Path,
        settings: dict[str, Any],
        before: str = WITHOUT_ENGINE,
    ) -> None:
        """
        :param settings: variables of this cloud
        :param before: shell that comes before all commands
        """
        self.folder = folder
        self._settings = settings
        self._before = before
        self.etc = folder / 'etc'
        self.images = folder / 'images' / 'docker'
        self._environment = folder / 'environment'
        self._asked = folder / 'asked'
        self._asked.touch()
        self._install()
        self._deploy()

    def _install(self) -> None:
        """Kolla-ansible, and our package as pip installs it."""
        there = self._environment / 'share' / 'kolla-ansible' / 'ansible'
        shutil.copytree(_INSTALLED / 'ansible', there, symlinks=True)
        stand_in = pathlib.Path(__file__).with_name('engine_stand_in.py')
        for name in _STOOD_IN_FOR:
            shutil.copy(stand_in, there / 'action_plugins' / f'{name}.py')
        (there / 'all.yml').write_text(_ALL)
        ours = self._environment / 'share' / 'patrii-billing'
        ours.mkdir()
        (ours / 'kolla').symlink_to(ROOT / 'kolla')
        (self._environment / 'etc').symlink_to(ROOT / 'etc')

    def _deploy(self) -> None:
        for name in _THERE:
            (self.etc / name).mkdir(parents=True)
        examples = _INSTALLED / 'etc_examples' / 'kolla'
        shutil.copy(examples / 'globals.yml', self.etc)
        self.write('passwords.yml', _with_keys(examples / 'passwords.yml'))
        (self.etc / 'patrii-billing.tar.gz').touch()
        hosts = _INSTALLED / 'ansible' / 'inventory' / 'all-in-one'
        here = (
            'ansible_connection=local ansible_become=false '
            f'ansible_python_interpreter={sys.executable}'
        )
        self.write(
            'inventory',
            hosts.read_text().replace('ansible_connection=local', here),
        )
        # JSON is YAML; the last of these files has its way.
        self.write(
            'globals.d/zz-site.yml',
            json.dumps({
                'network_interface': 'lo',
                'kolla_internal_vip_address': '127.0.0.1',
                'node_config_directory': str(self.etc),
                **self._settings,
            }),
        )  # fmt: skip

    def write(self, name: str, text: str) -> None:
        path = self.etc / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, name: str) -> str:
        return (self.etc / name).read_text()

    def follow(self, heading: str, *more: str) -> str:
        """Run what stands under a heading of our page; what was said.

        :param more: commands that come after it, in the same shell
        """
        return self.run(*_commands(heading), *more)

    def run(self, *commands: str) -> str:
        """Run commands as the page has them; what was said."""
        script = '\n'.join([self._before, *_commands('Kolla'), *commands])
        done = subprocess.run(
            ['bash', '-c', script.replace('/etc/kolla', str(self.etc))],
            env={
                **os.environ,
                'ANSIBLE_PIPELINING': 'true',
                'IMAGES': str(self.images.parent),
                'KOLLA_ASKED': str(self._asked),
                'KOLLA_CONFIG_PATH': str(self.etc),
                'LC_ALL': 'C.UTF-8',
                'PATH': f'{sys.prefix}/bin:{os.environ["PATH"]}',
                'VIRTUAL_ENV': str(self._environment),
            },
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise AssertionError(done.stdout[-20000:])
        return done.stdout

    def asked(self) -> list[dict[str, Any]]:
        """What the container engine was asked for since the last time."""
        lines = self._asked.read_text().splitlines()
        self._asked.write_text('')
        return [json.loads(line) for line in lines]

    def links(self) -> list[pathlib.Path]:
        """What of ours is among the files of kolla-ansible."""
        there = self._environment / 'share' / 'kolla-ansible'
        return sorted(there.rglob('patrii-billing*'))

    def files(self) -> set[str]:
        """What there is below /etc/kolla."""
        return {
            str(path.relative_to(self.etc))
            for path in self.etc.rglob('*')
            if path.is_file()
        }

    def written(self) -> dict[str, str]:
        """What our role has written, as it reads in /etc/kolla."""
        return {
            name: self.read(name).replace(str(self.etc), '/etc/kolla')
            for name in self.files()
            if name.startswith(_OURS)
        }

    def keep(self, path: pathlib.Path) -> None:
        """Leave to others what this cloud is given, and what came of it."""
        given = {name: self.read(name) for name in _GIVEN}
        kept = {
            'settings': self._settings,
            'given': given,
            'written': self.written(),
        }
        path.write_text(json.dumps(kept))


def _with_keys(passwords: pathlib.Path) -> str:
    """The passwords of a cloud that has its keys, which take long to make."""
    made = {
        name: dict.fromkeys(value, 'made') if value else value
        for name, value in yaml.safe_load(passwords.read_text()).items()
    }
    return str(yaml.safe_dump(made))


def _commands(heading: str) -> list[str]:
    return [
        command.typed
        for block in pages.blocks(PAGE)
        if block.is_run and _heading(block.line) == heading
        for command in block.commands()
    ]


def _heading(line: int) -> str:
    """What a line of the page stands under."""
    above = (pages.ROOT / PAGE).read_text().splitlines()[:line]
    under = max(i for i, text in enumerate(above) if set(text) == {'='})
    return above[under - 1]
