# SPDX-License-Identifier: Apache-2.0
"""The first release hands over to this one while the workers of both run."""

from oslotest import base

from tests import failing
from tests.fire import handover
from tests.fire import siege

# The last one that worked with the schema 0001.
_FIRST = '945015b0e200cc8044e362aa36a57ee8a9bedb13'


class UpgradeTest(base.BaseTestCase):
    def test_nothing_is_done_twice_late_or_wrong(self) -> None:
        release = self.useFixture(handover.Release(_FIRST)).path
        city = self.useFixture(siege.Siege('mysql', 1, 10, release))
        failing.explain(self, 'daemons', city.service.explained)

        self.assertEqual([], handover.carry_out(city, release))
