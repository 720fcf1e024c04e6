# SPDX-License-Identifier: Apache-2.0
"""What may stand in the configuration, and what is said of the rest."""

import io
import pathlib
import re

from keystoneauth1 import loading
from oslo_config import cfg
from oslo_config import generator

from patrii_billing.conf import opts
from tests.unit.conf import base

_GENERATOR = (
    pathlib.Path(__file__).parents[3]
    / 'etc/patrii_billing/patrii-billing-config-generator.conf'
)
# Given to a command, and in no file.
_OF_COMMANDS = {
    'config_dir', 'config_file', 'config_source', 'shell_completion',
}  # fmt: skip


class RefusalsTest(base.ConfigTestCase):
    def refusal(self, text: str) -> str:
        error = self.assertRaises(cfg.Error, self.load, text)
        self.assertNotIn('\n', str(error))
        return str(error)

    def test_a_misspelt_option_is_named_with_its_section(self) -> None:
        said = self.refusal('[ladder]\nshelve_grase = 48h')

        self.assertIn('[ladder] shelve_grase', said)
        self.assertIn('billing.conf', said)

    def test_a_misspelt_section_is_named(self) -> None:
        self.assertIn('[lader]', self.refusal('[lader]\nnet = 7d'))

    def test_a_value_of_the_wrong_type_is_named(self) -> None:
        said = self.refusal('[engine]\nworkers = many')

        self.assertIn('[engine] workers', said)
        self.assertIn('many', said)

    def test_a_value_that_is_too_small_is_named(self) -> None:
        self.assertIn(
            '[listener] batch_size', self.refusal('[listener]\nbatch_size = 0')
        )

    def test_a_value_that_is_no_choice_is_named(self) -> None:
        said = self.refusal('[enforcement]\nshelve_weekdays = mon, tues')

        self.assertIn('[enforcement] shelve_weekdays', said)

    def test_a_misspelt_option_of_a_library_is_named(self) -> None:
        said = self.refusal(
            '[oslo_messaging_rabbit]\namqp_durable_queue = true'
        )

        self.assertIn('[oslo_messaging_rabbit] amqp_durable_queue', said)

    def test_a_misspelt_option_of_the_keystone_plugin_is_named(self) -> None:
        said = self.refusal('[nova]\nusrname = billing')

        self.assertIn('[nova] usrname', said)

    def test_a_keystone_plugin_nobody_has_is_named(self) -> None:
        said = self.refusal('[nova]\nauth_type = handshake')

        self.assertIn('[nova] auth_type', said)
        self.assertIn('handshake', said)

    def test_a_line_that_assigns_nothing_is_named(self) -> None:
        self.assertIn('billing.conf', self.refusal('what is this'))

    def test_a_file_that_is_missing_is_named(self) -> None:
        error = self.assertRaises(
            cfg.Error, opts.load, ['--config-file', '/nowhere/billing.conf']
        )

        self.assertIn('/nowhere/billing.conf', str(error))

    def test_a_file_in_the_folder_of_extras_is_read_as_closely(self) -> None:
        (self.folder / 'more').mkdir()
        self.write('[engine]\nworker = 1', 'more/more.conf')

        error = self.assertRaises(
            cfg.Error,
            opts.load,
            ['--config-file', self.write(),
             '--config-dir', str(self.folder / 'more')],
        )  # fmt: skip

        self.assertIn('[engine] worker in', str(error))
        self.assertIn('more.conf', str(error))

    def test_a_wrong_value_on_the_command_line_is_no_success(self) -> None:
        ended = self.assertRaises(
            SystemExit, self.load, '[DEFAULT]\ndebug = perhaps'
        )

        self.assertEqual(1, ended.code)


class AcceptanceTest(base.ConfigTestCase):
    def test_what_is_needed_is_enough(self) -> None:
        self.assertEqual('billing', self.load().nova.username)

    def test_options_of_the_libraries_are_known(self) -> None:
        conf = self.load("""
[DEFAULT]
debug = true
transport_url = rabbit://user:pass@broker.example:5672/
graceful_shutdown_timeout = 30
[database]
max_retries = -1
[oslo_messaging_rabbit]
amqp_durable_queues = true
[oslo_messaging_notifications]
transport_url = rabbit://user:pass@events.example:5672/
""")

        self.assertTrue(conf.oslo_messaging_rabbit.amqp_durable_queues)

    def test_a_former_name_of_an_option_is_known(self) -> None:
        conf = self.load('[DEFAULT]\nrpc_thread_pool_size = 7')

        self.assertEqual(7, conf.executor_thread_pool_size)

    def test_what_other_programs_read_is_their_matter(self) -> None:
        self.load("""
[keystone_authtoken]
memcached_servers = localhost:11211
[oslo_policy]
policy_file = policy.yaml
""")

    def test_the_account_may_stand_in_a_section_of_its_own(self) -> None:
        path = self.folder / 'own.conf'
        path.write_text("""
[nova]
auth_section = account
[account]
auth_type = password
username = elsewhere
""")

        conf = opts.load(['--config-file', str(path)])

        self.assertEqual('elsewhere', conf.account.username)

    def test_the_case_of_a_section_does_not_matter(self) -> None:
        self.assertEqual(3, self.load('[Engine]\nworkers = 3').engine.workers)

    def test_one_configuration_does_not_change_another(self) -> None:
        self.load('[engine]\nworkers = 3')

        self.assertEqual(1, self.load().engine.workers)


class MisspeltTest(base.ConfigTestCase):
    def refusal(self, text: str) -> str:
        return str(self.assertRaises(cfg.Error, self.load, text))

    def test_the_nearest_name_is_told_of_a_misspelt_option(self) -> None:
        self.assertIn(
            '[ladder] shelve_grase in',
            said := self.refusal('[ladder]\nshelve_grase = 48h'),
        )
        self.assertTrue(said.endswith('; shelve_grace?'), said)

    def test_the_nearest_name_is_told_of_a_misspelt_section(self) -> None:
        self.assertTrue(
            self.refusal('[enforcment]\ndry_run = true').endswith(
                'unknown section; enforcement?'
            )
        )

    def test_an_option_in_a_wrong_section_is_told_where_it_belongs(
        self,
    ) -> None:
        self.assertTrue(
            self.refusal('[DEFAULT]\ndry_run = true').endswith(
                'unknown option; it belongs to [enforcement]'
            )
        )

    def test_nothing_is_guessed_of_what_is_like_nothing(self) -> None:
        self.assertTrue(
            self.refusal('[engine]\nzzz = 1').endswith('unknown option')
        )


class ListTest(base.ConfigTestCase):
    def test_each_option_is_listed_once_with_a_help(self) -> None:
        listed = [
            f'[{group.name}] {option.name}'
            for group, options in opts.list_opts()
            for option in options
        ]

        self.assertEqual(len(set(listed)), len(listed))
        self.assertEqual([], [
            option.name
            for _, options in opts.list_opts()
            for option in options
            if not option.help
        ])  # fmt: skip

    def test_the_sample_names_every_option_that_is_read(self) -> None:
        conf = self.load()
        generating = cfg.ConfigOpts()
        generator.register_cli_opts(generating)
        generating(['--config-file', str(_GENERATOR)], default_config_files=[])
        sample = io.StringIO()
        generator.generate(generating, sample)

        named = set()
        section = ''
        for line in sample.getvalue().splitlines():
            if line.startswith('['):
                section = line.strip('[]').lower()
            elif found := re.match(r'#\s?([\w-]+) ?=', line):
                named.add((section, found[1].replace('-', '_')))
        # Of the plugin of keystone that was chosen, which has its own.
        plugin = {
            each.dest for each in loading.get_auth_plugin_conf_options(
                'password'
            )
        }  # fmt: skip
        self.assertEqual(
            set(),
            {
                (group.name.lower() if group else 'default', info['opt'].dest)
                for info, group in conf._all_opt_infos()
                if info['opt'].dest not in plugin | _OF_COMMANDS
            }
            - named,
        )

    def test_the_sample_has_all_groups_the_daemon_reads(self) -> None:
        groups = {group.name for group, _ in opts.list_opts()}

        self.assertEqual(
            {
                'api', 'billing', 'bounces', 'bridge', 'ceilometer',
                'document', 'enforcement', 'engine', 'events', 'ladder',
                'listener', 'mail', 'metrics', 'nova', 'odoo', 'retention',
                'tryton', 'web', 'webhook:name', 'webhook_source:name',
                'webhooks',
            },
            groups,
        )  # fmt: skip

    def test_every_file_of_options_is_registered(self) -> None:
        folder = pathlib.Path(opts.__file__).parent
        found = {path.stem for path in folder.glob('*.py')}

        listed = {group.name for group, _ in opts.list_opts()}
        files = {name for name in listed if ':' not in name}
        self.assertEqual(
            found - {'__init__', 'checks', 'opts', 'database'}, files
        )
