# SPDX-License-Identifier: Apache-2.0
"""The options that lead to the cloud."""

from keystoneauth1 import loading as ks_loading
from oslo_config import cfg
from oslotest import base

from patrii_billing.conf import nova


class TestNovaOptions(base.BaseTestCase):
    def test_a_call_to_the_cloud_never_waits_for_ever(self) -> None:
        conf = self.registered()
        conf([])
        self.assertEqual(60, conf.nova.timeout)

    def test_keystoneauth_finds_all_it_reads(self) -> None:
        conf = self.registered()
        conf([])
        session = ks_loading.load_session_from_conf_options(conf, nova.GROUP)
        adapter = ks_loading.load_adapter_from_conf_options(
            conf, nova.GROUP, session=session
        )
        self.assertEqual(60, session.timeout)
        self.assertEqual('compute', adapter.service_type)
        self.assertEqual(['internal', 'public'], adapter.interface)

    def test_an_interface_may_be_named_as_older_files_name_it(self) -> None:
        conf = self.registered()
        (file,) = self.create_tempfiles(
            [('nova', '[nova]\ninterface = public\n')]
        )
        conf(['--config-file', file])
        self.assertEqual(['public'], conf.nova.valid_interfaces)

    def test_one_configuration_does_not_change_another(self) -> None:
        first = self.registered()
        first([])
        first.set_override('auth_type', 'password', nova.GROUP)
        extra = cfg.StrOpt('of_the_first_alone')
        first.register_opt(extra, group=nova.GROUP)
        second = self.registered()
        second([])
        self.assertIsNone(second.nova.auth_type)
        self.assertNotIn('of_the_first_alone', second.nova)

    def test_each_option_is_listed_once_and_has_a_help(self) -> None:
        ((group, options),) = nova.list_opts()
        self.assertEqual(nova.GROUP, group.name)
        names = [option.dest for option in options]
        self.assertEqual(len(set(names)), len(names))
        self.assertIn('auth_url', names)
        self.assertEqual([], [o.dest for o in options if not o.help])

    def test_what_is_registered_is_listed(self) -> None:
        ((_, options),) = nova.list_opts()
        conf = self.registered()
        conf([])
        self.assertLessEqual(set(conf.nova), {o.dest for o in options})

    def registered(self) -> cfg.ConfigOpts:
        conf = cfg.ConfigOpts()
        nova.register_opts(conf)
        return conf
