# SPDX-License-Identifier: Apache-2.0
"""A daemon that cannot be meant does not start, and says why in a line."""

import contextlib
import io
import subprocess
import sys

from patrii_billing.cmd import engine
from tests.unit.conf import base

# The console script's own line.
START = 'import sys; from patrii_billing.cmd import engine; sys.exit({})'


class EngineTest(base.ConfigTestCase):
    def refusal(self, text: str) -> str:
        return self.refused(self.write(text))

    def refused(self, path: str) -> str:
        """Start with this configuration, in vain; the line that is said."""
        self.patch(
            sys, 'argv', ['patrii-billing-engine', '--config-file', path]
        )
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertEqual(1, engine.main())
        (line,) = said.getvalue().splitlines()
        return line

    def test_an_unknown_option_is_one_line(self) -> None:
        self.assertIn(
            '[ladder] shelve_grase',
            self.refusal('[ladder]\nshelve_grase = 48h'),
        )

    def test_a_value_that_cannot_be_meant_is_one_line(self) -> None:
        self.assertIn(
            '[ladder] shelve_grace',
            self.refusal('[ladder]\nshelve_grace = soon'),
        )

    def test_no_worker_at_all_is_one_line(self) -> None:
        self.assertIn(
            'workers',
            self.refusal("""
[listener]
workers = 0
[engine]
workers = 0
processor_workers = 0
reconciler_workers = 0
"""),
        )

    def test_a_missing_file_is_one_line(self) -> None:
        self.assertIn(
            '/nowhere/billing.conf', self.refused('/nowhere/billing.conf')
        )

    def test_the_database_must_be_named(self) -> None:
        path = self.folder / 'empty.conf'
        path.write_text('[engine]\nworkers = 1\n')

        said = self.refused(str(path))

        self.assertIn('connection', said)
        self.assertIn('database', said)

    def test_the_program_fails_and_prints_nothing_else(self) -> None:
        path = self.write('[DEFAULT]\ndebug = perhaps')
        program = START.format('engine.main()')

        done = subprocess.run(
            [sys.executable, '-c', program, '--config-file', path],
            capture_output=True, check=False, text=True, timeout=50,
        )  # fmt: skip

        self.assertEqual((1, ''), (done.returncode, done.stdout))
        (line,) = done.stderr.splitlines()
        self.assertIn('debug', line)
