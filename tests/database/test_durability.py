# SPDX-License-Identifier: Apache-2.0
"""A server of databases that may forget what it has committed is named."""

import sqlalchemy as sa

from patrii_billing.store import durability
from tests.database import backends

load_tests = backends.load_tests

# How each is told to forget, and to keep.
_SETTINGS = {
    'mysql': ('SET GLOBAL innodb_flush_log_at_trx_commit =', '2', '1'),
    'postgresql': ('SET synchronous_commit =', 'off', 'on'),
}


class DurabilityTest(backends.EmptyDatabaseTestCase):
    def test_what_loses_commits_is_named_until_it_is_mended(self) -> None:
        if self.backend == 'sqlite':
            self.assertEqual([], self.database.read(durability.risks))
            return
        setting, forget, keep = _SETTINGS[self.backend]
        with self.database.engine.connect() as conn:
            conn.execute(sa.text(f'{setting} {forget}'))
            forgetful = self.risks(conn, setting)
            conn.execute(sa.text(f'{setting} {keep}'))

            self.assertIn(f'is {forget}: a crash', ' '.join(forgetful))
            self.assertEqual([], self.risks(conn, setting))

    def risks(self, conn: sa.Connection, setting: str) -> list[str]:
        """What is said of that one: others are off to make tests fast."""
        name = setting.split()[-2]
        return [one for one in durability.risks(conn) if name in one]
