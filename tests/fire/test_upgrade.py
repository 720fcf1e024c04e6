# SPDX-License-Identifier: Apache-2.0
"""A release takes over from one before, while the workers of both run.

The older ones come from the history of this repository.
"""

import io
import pathlib
import subprocess
import tarfile
import time

import fixtures
from oslotest import base
from testtools import content

from patrii_billing.store import migrate
from tests.fire import siege
from tests.fire import verdict

_ROOT = pathlib.Path(__file__).parents[2]
# The last ones that worked with the schemas 0001 and 0003.
FIRST = '945015b0e200cc8044e362aa36a57ee8a9bedb13'
BEFORE = '726a091587780686b2c0f9636d311973a22ca6f9'
# Seconds that each phase lasts, so that something of all is under way.
_PHASE = 3


class Release(fixtures.Fixture):
    """The source of a release."""

    def __init__(self, commit: str) -> None:
        self._commit = commit

    def _setUp(self) -> None:
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        packed = subprocess.run(
            ['git', 'archive', self._commit, 'patrii_billing'],
            cwd=_ROOT,
            check=True,
            stdout=subprocess.PIPE,
        )
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(self.path, filter='data')


class UpgradeTestCase(base.BaseTestCase):
    def upgrade(self, backend: str, commit: str) -> siege.Siege:
        """From a release to this one, host by host; how it went."""
        release = self.useFixture(Release(commit)).path
        city = self.useFixture(siege.Siege(backend, 1, 10, release))
        service = city.service
        self.addOnException(
            lambda _info: self.addDetail(
                'daemons', content.text_content(service.explained())
            )
        )
        city.daemons[0].wait()
        city.wave('debtor', 'payer')
        self.live(city)
        service.release = None
        service.manage('db', 'expand')
        city.daemons.append(service.start())
        city.daemons[1].wait()
        city.wave('debtor', 'racer')
        # A customer whom a host enters that was not upgraded yet.
        service.release = release
        city.wave('payer')
        service.release = None
        self.live(city)
        working = [len(each.workers()) for each in city.daemons]
        self.assertEqual([4, 4], working)
        city.daemons.pop(0).stop()
        service.manage('db', 'contract')
        city.wave('payer')
        city.end()
        return city

    def live(self, city: siege.Siege) -> None:
        until = time.monotonic() + _PHASE
        while time.monotonic() < until:
            city.let_pay()
            time.sleep(0.3)

    def check(self, city: siege.Siege) -> None:
        self.assertEqual([], verdict.wrongs(city))
        current, head = migrate.version(city.service.books.engine)
        self.assertEqual(head, current)
        found = city.service.manage('subscription', 'list')
        for one in city.customers:
            self.assertIn(one.name, found)


class FirstReleaseTest(UpgradeTestCase):
    def test_the_first_release_hands_over_to_this_one(self) -> None:
        self.check(self.upgrade('mysql', FIRST))


class ReleaseBeforeTest(UpgradeTestCase):
    def test_the_release_before_hands_over_to_this_one(self) -> None:
        self.check(self.upgrade('postgresql', BEFORE))
