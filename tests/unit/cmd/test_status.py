# SPDX-License-Identifier: Apache-2.0
"""What an upgrade check finds."""

import contextlib
import io
import json
import pathlib
from typing import Any
from unittest import mock

from patrii_billing.cmd import status
from patrii_billing.engine import ports
from patrii_billing.sim import engine as engines
from patrii_billing.store import accounts
from patrii_billing.store import plans
from patrii_billing import wiring
from tests.unit.cmd import base


class UpgradeCheckTest(base.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.complaints: list[str] = []
        patch = mock.patch.object(
            wiring, 'complaints', lambda conf: self.complaints
        )
        patch.start()
        self.addCleanup(patch.stop)

    def check(self) -> tuple[int, dict[str, Any]]:
        """(exit code, what was found by the name of the check)."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = status.main(
                ['--config-file', self.config, 'upgrade', 'check', '--json']
            )
        found = json.loads(out.getvalue())['checks']
        return code, {one['check']: one['details'] for one in found}

    def test_all_is_well(self) -> None:
        self.manage('db', 'upgrade')
        self.load()

        code, found = self.check()

        self.assertEqual(0, code)
        self.assertEqual({None}, set(found.values()))
        self.assertEqual(
            ['Configuration', 'Secrets', 'Database schema',
             'Database durability', 'Plans and policies', 'Cloud',
             'Other engine'],
            list(found),
        )  # fmt: skip

    def test_an_old_database_is_a_failure(self) -> None:
        code, found = self.check()

        self.assertEqual(2, code)
        self.assertIn('db upgrade', found['Database schema'])

    def test_a_cloud_that_is_away_is_a_warning(self) -> None:
        self.manage('db', 'upgrade')
        self.complaints = ['nova is away', 'glance is away']

        code, found = self.check()

        self.assertEqual(1, code)
        self.assertEqual('nova is away; glance is away', found['Cloud'])

    def with_lynx(self) -> engines.Engine:
        lynx = engines.Engine(self.clock)
        patch = mock.patch.object(
            wiring, 'bridges',
            lambda conf: {'lynx': ports.Bridge('lynx', lynx)},
        )  # fmt: skip
        patch.start()
        self.addCleanup(patch.stop)
        self.manage('db', 'upgrade')
        return lynx

    def test_another_engine_that_is_there_is_named(self) -> None:
        self.with_lynx()

        code, found = self.check()

        self.assertEqual(0, code)
        self.assertEqual('a simulated engine', found['Other engine'])

    def test_another_engine_that_is_away_is_a_warning(self) -> None:
        self.with_lynx().away = 'connection refused'

        code, found = self.check()

        self.assertEqual(1, code)
        self.assertIn('see [lynx]', found['Other engine'])

    def test_what_this_release_cannot_read_is_named(self) -> None:
        self.manage('db', 'upgrade')
        db = self.tools().db
        db.write(
            plans.add, 'old', 'DEM', 'fortnight', base.NEW_YEAR,
            policy={'shelve_grace': 'soon'},
        )  # fmt: skip
        db.write(
            accounts.add, 'acme', base.NEW_YEAR, currency='EUR',
            timezone='Mars/Olympus',
        )  # fmt: skip

        code, found = self.check()

        self.assertEqual(2, code)
        for part in ('DEM', 'fortnight', 'Mars/Olympus', "'soon'"):
            self.assertIn(part, found['Plans and policies'])

    def test_an_unknown_option_is_a_failure(self) -> None:
        self.manage('db', 'upgrade')
        self.config = self.write(
            'billing.conf',
            f"""
            [database]
            connection = {self.url}
            [enforcement]
            dry_runn = true
        """,
        )

        code, found = self.check()

        self.assertEqual(2, code)
        self.assertIn('dry_runn', found['Configuration'])

    def test_secrets_that_everybody_can_read_are_a_warning(self) -> None:
        self.manage('db', 'upgrade')
        pathlib.Path(self.config).chmod(0o644)

        code, found = self.check()

        self.assertEqual(1, code)
        self.assertIn('[database] connection', found['Secrets'])
        self.assertIn(f'chmod 640 {self.config}', found['Secrets'])
        self.assertNotIn(self.url, found['Secrets'])

    def test_what_is_read_by_its_group_alone_is_well(self) -> None:
        self.manage('db', 'upgrade')
        pathlib.Path(self.config).chmod(0o640)

        self.assertIsNone(self.check()[1]['Secrets'])

    def test_a_missing_file_is_one_line(self) -> None:
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            code = status.main(
                ['--config-file', '/nowhere.conf', 'upgrade', 'check']
            )

        self.assertEqual(255, code)
        self.assertEqual(1, len(err.getvalue().splitlines()))
