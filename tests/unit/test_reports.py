# SPDX-License-Identifier: Apache-2.0
"""A process tells what it does when it is asked, and no secret with it."""

import os
import pathlib
import signal
import subprocess
import sys
import time

from tests.unit.conf import base
from tests.unit import test_secrets

_PROGRAM = """
import sys, time
from patrii_billing.conf import opts
from patrii_billing import reports
conf = opts.load(sys.argv[1:])
reports.enable(conf, 'a test')
print('ready', flush=True)
while True:
    time.sleep(0.05)
"""


class ReportsTest(base.ConfigTestCase):
    def report(self, text: str, ask: str) -> str:
        """What a process wrote, asked by `signal` or by `file`."""
        path = self.folder / 'secrets.conf'
        path.write_text(text)
        process = subprocess.Popen(
            [sys.executable, '-c', _PROGRAM, '--config-file', str(path)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual('ready\n', process.stdout.readline())
        if ask == 'signal':
            process.send_signal(signal.SIGUSR2)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if ask == 'file':
                later = time.time() + 5
                os.utime(self.folder / 'touched', (later, later))
            found = list(self.folder.glob('a-test_gurumeditation_*'))
            if found and 'webhook' in (told := found[0].read_text()):
                return told
            time.sleep(0.1)
        self.fail('there is no report')

    def options(self, more: str = '') -> str:
        return (
            test_secrets.CONFIG.format(**test_secrets.SECRETS)
            + f'[oslo_reports]\nlog_dir = {self.folder}\n{more}\n'
        )

    def test_a_signal_has_it_tell_its_threads_and_its_configuration(
        self,
    ) -> None:
        told = self.report(self.options(), 'signal')

        for part in ('Threads', 'in <module>', 'shelve_grace'):
            self.assertIn(part, told)

    def test_a_touched_file_does_as_well_and_no_secret_is_told(self) -> None:
        touched = pathlib.Path(self.folder / 'touched')
        touched.touch()

        told = self.report(
            self.options(f'file_event_handler = {touched}'), 'file'
        )

        self.assertIn('[', told)
        for name, secret in test_secrets.SECRETS.items():
            self.assertNotIn(secret, told, name)
