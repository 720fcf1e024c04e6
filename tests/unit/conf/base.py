# SPDX-License-Identifier: Apache-2.0
"""A configuration file for a test."""

import pathlib

import fixtures
from oslo_config import cfg
from oslotest import base

from patrii_billing.conf import opts

# As little as the daemon can do with.
LEAST = """
[database]
connection = sqlite:////nowhere/books.db
[nova]
auth_type = password
auth_url = http://keystone.example/v3
username = billing
password = secret
"""


class ConfigTestCase(base.BaseTestCase):
    """Each test has a folder for its configuration."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def write(self, text: str = '', name: str = 'billing.conf') -> str:
        """Write a file with what is needed, and this; its path."""
        path = self.folder / name
        path.write_text(LEAST + text, encoding='utf-8')
        return str(path)

    def load(self, text: str = '') -> cfg.ConfigOpts:
        return opts.load(['--config-file', self.write(text)])
