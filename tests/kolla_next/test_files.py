# SPDX-License-Identifier: Apache-2.0
"""The next kolla-ansible writes for us what the one before it wrote."""

from importlib import metadata
import json
import os
import pathlib

import fixtures
from oslotest import base as oslo_base

from tests.kolla import site


class NextSeriesTest(oslo_base.BaseTestCase):
    def test_it_writes_the_same_files_for_the_same_cloud(self) -> None:
        self.assertEqual('23', metadata.version('kolla-ansible')[:2])
        kept = pathlib.Path(os.environ[site.KEPT])
        self.assertTrue(kept.exists(), 'tox -e kolla comes first')
        before = json.loads(kept.read_text())

        folder = self.useFixture(fixtures.TempDir()).path
        ours = site.Site(
            pathlib.Path(folder), before['settings'], site.REHEARSED
        )
        ours.follow('Add it')
        for name, text in before['given'].items():
            ours.write(name, text)
        ours.run(site.GENCONFIG)

        self.maxDiff = None
        self.assertEqual(before['written'], ours.written())
