# SPDX-License-Identifier: Apache-2.0
"""What the administrator's pages have one type is taken by the programs.

What they say of an upgrade, a backup and retention is done elsewhere:
tests/fire/test_upgrade.py, tests/database/test_restored.py, whose commands are
those of the page, and tests/unit/cmd/test_purge.py and test_account.py.
"""

from collections.abc import Iterator
import contextlib
from importlib import metadata
import io
import pathlib
import shlex

from oslotest import base

from patrii_billing.cmd import manage

_ADMIN = pathlib.Path(__file__).parents[2] / 'doc/source/admin'
PAGES = ('backup', 'monitoring', 'operations', 'retention', 'upgrade')
# Programs of others.
_OTHERS = {
    'curl', 'kill', 'mariadb', 'mariadb-dump', 'pg_dump', 'psql', 'systemctl',
}  # fmt: skip


def commands(*pages: str) -> Iterator[list[str]]:
    """The words of each command, without what is read and written."""
    for page in pages or PAGES:
        for line in (_ADMIN / f'{page}.rst').read_text().splitlines():
            if line.strip().startswith('$ '):
                words = shlex.split(line.strip()[2:])
                ends = [words.index(each) for each in '<>' if each in words]
                yield words[: min(ends, default=len(words))]


class CommandsTest(base.BaseTestCase):
    def test_each_is_one_that_there_is(self) -> None:
        openstack = {
            entry.name.replace('_', ' ')
            for entry in metadata.entry_points(group='openstack.billing.v1')
        }
        wrong = []
        for words in commands():
            match words[0]:
                case 'patrii-billing-manage':
                    good = self._parses(words[1:])
                case 'patrii-billing-status':
                    good = words[-2:] == ['upgrade', 'check']
                case 'openstack':
                    good = any(
                        ' '.join(words[1:]).startswith(name)
                        for name in openstack
                    )
                case other:
                    good = other in _OTHERS
            if not good:
                wrong.append(' '.join(words))

        self.assertEqual([], wrong)

    def _parses(self, argv: list[str]) -> bool:
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                manage.parser().parse_args(argv)
        except SystemExit:
            return False
        return True
