# SPDX-License-Identifier: Apache-2.0
"""The drivers are found by their entry points, with nothing to edit."""

import configparser
from importlib import metadata
import pathlib

from oslo_config import cfg
from oslotest import base

from patrii_billing.conf import opts
from patrii_billing import drivers
from patrii_billing import wiring

ROOT = pathlib.Path(__file__).resolve().parents[3]


class EntryPointTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        setup = configparser.ConfigParser()
        setup.read(ROOT / 'setup.cfg', encoding='utf-8')
        listed = setup['options.entry_points'][wiring.ENGINES]
        self.found = dict(
            line.split(' = ') for line in listed.strip().splitlines()
        )

    def test_every_driver_has_one(self) -> None:
        folder = pathlib.Path(str(drivers.__file__)).parent

        self.assertEqual(
            sorted(path.parent.name for path in folder.glob('*/driver.py')),
            sorted(self.found),
        )

    def test_one_that_is_not_configured_is_none(self) -> None:
        conf = cfg.ConfigOpts()
        opts.register_opts(conf)
        conf([], default_config_files=[])
        for name, target in self.found.items():
            point = metadata.EntryPoint(name, target, wiring.ENGINES)

            self.assertIsNone(point.load()(conf))
