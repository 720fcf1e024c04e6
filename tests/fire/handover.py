# SPDX-License-Identifier: Apache-2.0
"""A release hands over to this one host by host, on one database.

The older one comes from the history of this repository; of any commit:
`python -m tests.fire.handover COMMIT --backend postgresql`, with the services
of the environment `siege`.
"""

import argparse
import pathlib
import subprocess
import sys
import time

import fixtures

from patrii_billing.store import migrate
from tests.fire import siege
from tests.fire import verdict

_ROOT = pathlib.Path(__file__).parents[2]
# Listener, processor, engine, reconciler.
_WORKERS = 4
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
        unpack = ['tar', '--extract', '--directory', self.path]
        subprocess.run(unpack, input=packed.stdout, check=True)


def carry_out(city: siege.Siege, release: pathlib.Path) -> list[str]:
    """Upgrade a city that began with a release; all that went wrong."""
    service = city.service
    city.daemons[0].wait()
    city.wave('debtor', 'payer')
    _live(city)
    service.release = None
    service.manage('db', 'expand')
    city.daemons.append(service.start())
    city.daemons[1].wait()
    city.wave('debtor', 'racer')
    # A customer whom a host enters that was not upgraded yet.
    service.release = release
    city.wave('payer')
    service.release = None
    _live(city)
    working = [len(each.workers()) for each in city.daemons]
    city.daemons.pop(0).stop()
    service.manage('db', 'contract')
    city.wave('payer')
    city.end()
    return [*_wrongs(city, working), *verdict.wrongs(city)]


def _live(city: siege.Siege) -> None:
    until = time.monotonic() + _PHASE
    while time.monotonic() < until:
        city.let_pay()
        time.sleep(0.3)


def _wrongs(city: siege.Siege, working: list[int]) -> list[str]:
    found = []
    if working != [_WORKERS, _WORKERS]:
        found.append(f'workers of both were {working}')
    left = migrate.missing(city.service.books.engine)
    if left:
        found.append(f'the database lacks {left}')
    listed = city.service.manage('subscription', 'list')
    for one in city.customers:
        if one.name not in listed:
            found.append(f'{one.name} is not listed')
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog='tests.fire.handover')
    parser.add_argument('commit', help='of the release that hands over')
    parser.add_argument(
        '--backend', choices=('mysql', 'postgresql'), default='mysql'
    )
    given = parser.parse_args()
    with Release(given.commit) as release:
        city = siege.Siege(given.backend, 1, 10, release.path)
        with city:
            wrongs = carry_out(city, release.path)
            print(city.told())
    print(*(wrongs or ['all is as it must be']), sep='\n')
    return 1 if wrongs else 0


if __name__ == '__main__':
    sys.exit(main())
