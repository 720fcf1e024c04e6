# SPDX-License-Identifier: Apache-2.0
"""A backup that is put back a day later hurts nobody.

It is taken and put back by the tools of each database, as an operator would.
"""

import datetime as dt
import pathlib
import shutil
import subprocess
from urllib import parse

import sqlalchemy as sa

from patrii_billing.engine import reconcile
from patrii_billing.engine import tick
from patrii_billing.store import watch
from tests.database import backends
from tests.docs import test_operations
from tests.unit.cmd import base

load_tests = backends.load_tests

# He has paid until February, and is to be shelved two days later.
_BACKUP = dt.datetime(2026, 2, 2, 12, tzinfo=dt.UTC)
_NEXT_DAY = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)
_LATER = dt.datetime(2026, 2, 5, 12, tzinfo=dt.UTC)
_MUCH_LATER = dt.datetime(2026, 2, 6, 12, tzinfo=dt.UTC)
_PROGRAMS = {
    ('mysql', 'dump'): 'mariadb-dump',
    ('mysql', 'load'): 'mariadb',
    ('postgresql', 'dump'): 'pg_dump',
    ('postgresql', 'load'): 'psql',
}
_HOUR = dt.timedelta(hours=1)
PAYMENT = (
    'payment', 'record', '--account', 'acme', '--amount', '10.00', '--key',
    'bank-1',
)  # fmt: skip


class RestoredTestCase(base.CommandTestCase):
    backend: str

    def setUp(self) -> None:
        super().setUp()
        self.manage('db', 'upgrade')
        self.load()

    def books_url(self) -> str:
        return self.useFixture(backends.Scratch(self.backend)).url

    # What an operator does.

    def backup(self) -> pathlib.Path:
        url, file = sa.make_url(self.url), self.folder / 'backup'
        if self.backend == 'sqlite':
            shutil.copy(str(url.database), file)
            return file
        with file.open('wb') as out:
            subprocess.run(self._program('dump'), check=True, stdout=out)
        return file

    def put_back(self, file: pathlib.Path) -> None:
        """Into a new database, which the service then works on."""
        self.url = self.books_url()
        self.write('billing.conf', f'[database]\nconnection = {self.url}\n')
        if self.backend == 'sqlite':
            shutil.copy(file, str(sa.make_url(self.url).database))
            return
        with file.open('rb') as content:
            subprocess.run(
                self._program('load'), check=True, stdin=content,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def _program(self, what: str) -> list[str]:
        """As the page of the documentation has it, in this place."""
        url = sa.make_url(self.url)
        wanted = _PROGRAMS[self.backend, what]
        [found] = [
            words
            for words in test_operations.commands('backup')
            if words[0] == wanted
        ]
        if self.backend == 'mysql':
            socket = f'--socket={url.query["unix_socket"]}'
            place = str(url.database)
            found[1:1] = [socket, '--user=root']
        else:
            where = {name: url.query[name] for name in ('host', 'port')}
            place = (
                f'postgresql://{url.username}@/{url.database}'
                f'?{parse.urlencode(where)}'
            )
        return [each.replace('patrii_billing', place) for each in found]

    # What the daemon does, with the bounds that it has by default.

    def work(self, until: dt.datetime) -> None:
        tools = self.tools(safe_gap=6 * _HOUR, sweep_age=3 * _HOUR)
        while True:
            reconcile.run(tools, self.clock.now())
            while tick.run(tools):
                pass
            if self.clock.now() >= until:
                return
            # Less than it may sleep, and longer than is good for a test.
            self.clock.move_to(min(self.clock.now() + 5 * _HOUR, until))

    def status(self) -> str:
        [_, line] = self.manage('subscription', 'list').splitlines()
        return line.split()[2]

    def done(self) -> set[str]:
        """What became of his server in nova."""
        server = self.nova.get('web-id')
        assert server is not None
        return {server.vm_state} | ({'locked'} if server.locked else set())


class BackupTest(RestoredTestCase):
    scenarios = backends.EmptyDatabaseTestCase.scenarios

    def test_who_paid_since_is_left_alone_until_a_person_agreed(self) -> None:
        self.run_until(_BACKUP)
        backup = self.backup()
        self.manage(*PAYMENT)
        self.run_until(_NEXT_DAY)
        self.assertEqual('active', self.status())

        self.put_back(backup)
        self.work(_LATER)

        # By these books he should be off for two days.
        self.assertEqual('grace', self.status())
        self.assertEqual({'active'}, self.done())
        self.assertIn(
            'nothing ran from 2026-02-02', self.manage('enforcement')
        )
        swept = self.tools().db.read(watch.get).swept_at
        self.assertLess(_LATER - swept, 3 * _HOUR)

        self.manage(*PAYMENT)
        self.manage('resume', '--yes')
        self.work(_MUCH_LATER)
        self.assertEqual('active', self.status())
        self.assertEqual({'active'}, self.done())


class StoryTest(RestoredTestCase):
    """The same on one kind of database."""

    backend = 'sqlite'

    def test_who_did_not_pay_waits_for_a_person_too(self) -> None:
        self.run_until(_BACKUP)
        self.put_back(self.backup())
        self.clock.move_to(_NEXT_DAY)

        self.work(_LATER)
        self.assertEqual({'active'}, self.done())

        self.manage('resume', '--yes')
        self.work(_MUCH_LATER)
        self.assertEqual('shelved', self.status())
        self.assertEqual({'shelved_offloaded', 'locked'}, self.done())

    def test_a_young_backup_hurts_nobody_where_it_is_stopped_first(
        self,
    ) -> None:
        """By the page, for no gap tells of it."""
        self.run_until(_BACKUP + 10 * _HOUR)
        self.put_back(self.backup())
        [stop] = [
            words[1:]
            for words in test_operations.commands('backup')
            if words[1:2] == ['stop']
        ]
        self.manage(*stop)

        self.work(_BACKUP + 14 * _HOUR)

        self.assertEqual({'active'}, self.done())
        said = self.manage('enforcement')
        self.assertIn(stop[-1], said)
        self.assertNotIn('nothing ran', said)

    def test_numbers_that_were_mailed_since_are_not_given_again(self) -> None:
        backup = self.backup()
        self.run_until(_NEXT_DAY)
        self.assertIn('INV-000001', self.manage('invoice', 'list'))
        self.put_back(backup)
        [skip, _] = [
            words[1:]
            for words in test_operations.commands('backup')
            if words[1:3] == ['series', 'skip-to']
        ]
        self.manage(*skip)

        self.work(_NEXT_DAY)

        self.assertIn(f'INV-{skip[3]}', self.manage('invoice', 'list'))
        self.assertIn('skip-to', self.manage('enforcement'))
        gaps = self.manage('report', 'numbers', '--format', 'csv')
        self.assertIn(f'INV,1,{int(skip[3]) - 1},', gaps)
        self.assertIn(skip[-1], gaps)

    def test_invoices_wait_for_a_person_where_he_wants_it_so(self) -> None:
        backup = self.backup()
        self.put_back(backup)
        self.tools().db.write(watch.change, ticked_at=self.clock.now())
        self.clock.move_to(_NEXT_DAY)
        tools = self.tools(safe_gap=6 * _HOUR, clock_gap=20 * _HOUR)

        tick.run(tools)
        self.assertNotIn('INV', self.manage('invoice', 'list'))
        self.assertIn('skip-to', self.manage('enforcement'))

        self.manage('resume', '--yes')
        tick.run(tools)
        self.assertIn('INV-000001', self.manage('invoice', 'list'))

    def test_a_server_that_was_shelved_since_is_told_at_once(self) -> None:
        """Even of a backup so young that no gap would tell of it."""
        self.run_until(_BACKUP + 10 * _HOUR)
        backup = self.backup()
        self.run_until(_BACKUP + 13 * _HOUR)
        self.assertEqual({'shelved_offloaded', 'locked'}, self.done())

        self.put_back(backup)
        self.work(_BACKUP + 14 * _HOUR)

        self.assertEqual({'shelved_offloaded', 'locked'}, self.done())
        self.assertIn('web-id is locked for case', self.manage('enforcement'))

    def test_who_pays_meanwhile_is_given_back_his_servers(self) -> None:
        self.run_until(_NEXT_DAY)
        self.assertEqual('shelved', self.status())
        self.put_back(self.backup())
        self.clock.move_to(_LATER)
        self.work(_LATER)
        self.assertIn('nothing ran', self.manage('enforcement'))

        self.manage(*PAYMENT)
        self.work(_LATER + _HOUR)

        self.assertEqual('active', self.status())
        self.assertEqual({'active'}, self.done())
