# SPDX-License-Identifier: Apache-2.0
"""A small siege on each database; `python -m tests.fire` lays longer ones."""

from oslo_db import exception
from oslotest import base
import sqlalchemy as sa

from tests import failing
from tests.fire import assault
from tests.fire import siege
from tests.fire import verdict


class SiegeTestCase(base.BaseTestCase):
    def besiege(
        self, backend: str, daemons: int, fire: assault.Assault
    ) -> siege.Siege:
        city = self.useFixture(siege.Siege(backend, daemons, rate=20))
        failing.explain(self, 'daemons', lambda: _explained(city))
        fire.fall(city)
        city.end()
        return city


class MariaDBTest(SiegeTestCase):
    def test_four_daemons_under_fire_do_everything_once(self) -> None:
        # A broker that is killed takes longer than all of it together.
        fire = assault.Assault(
            kills=10, daemon_kills=1, freezes=2, databases=1, disks=1,
            locks=2, crowd=5,
        )  # fmt: skip

        city = self.besiege('mysql', 4, fire)

        self.assertEqual([], verdict.wrongs(city))
        self.assertEqual(1, city.fallen['full disk'])


class PostgreSQLTest(SiegeTestCase):
    def test_two_daemons_under_fire_do_everything_once(self) -> None:
        fire = assault.Assault(kills=6, databases=1, disks=1, locks=1, crowd=4)

        city = self.besiege('postgresql', 2, fire)

        self.assertEqual([], verdict.wrongs(city))
        self.assertEqual(1, city.fallen['full disk'])


def _explained(city: siege.Siege) -> str:
    """What the daemons did, as far as the books still answer."""
    try:
        return city.service.explained()
    except (sa.exc.SQLAlchemyError, exception.DBError) as error:
        return str(error)
