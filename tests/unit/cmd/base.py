# SPDX-License-Identifier: Apache-2.0
"""Commands run in this process, on a file of SQLite and a simulated cloud."""

import contextlib
import datetime as dt
import io
import pathlib
import textwrap
from typing import Any
from unittest import mock

import fixtures
from oslotest import base

from patrii_billing.cmd import manage
from patrii_billing.domain import cloud
from patrii_billing.domain import server as nova
from patrii_billing.engine import ports
from patrii_billing.engine import reconcile
from patrii_billing.engine import settings
from patrii_billing.engine import tick
from patrii_billing.engine import tools as toolbox
from patrii_billing.sim import clock as clocks
from patrii_billing.sim import cloud as clouds
from patrii_billing.sim import mailbox
from patrii_billing.store import database
from patrii_billing.store import due
from patrii_billing import wiring

NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
# Books without a customer, as a file.
_upgraded: list[bytes] = []

# Paid until 1 February; nothing else.
CUSTOMER = """
    plans:
      - name: vps
        currency: EUR
        cycle: month
        prices: [{kind: flavor, resource: s1, unit_price: "10.00"}]
    accounts:
      - name: acme
        timezone: Europe/Paris
        contacts: [billing@acme.example]
        projects: [{name: acme-prod}]
        subscriptions:
          - {name: acme-1, plan: vps, project: acme-prod,
             start: 2025-06-01, paid_until: 2026-02-01}
"""


class CommandTestCase(base.BaseTestCase):
    """One operator, and a cloud with a project and its server `web`."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.url = self.books_url()
        self.config = self.write(
            'billing.conf',
            f"""
            [database]
            connection = {self.url}
            sqlite_synchronous = false
        """,
        )
        pathlib.Path(self.config).chmod(0o640)
        self.clock = clocks.Clock(NEW_YEAR)
        self.nova = clouds.Nova(self.clock)
        self.projects = clouds.Projects()
        self.cloud = ports.Cloud(
            self.nova, clouds.Keeper(self.nova), clouds.Quotas(self.nova),
            self.projects,
        )  # fmt: skip
        self.projects.projects['acme-prod-id'] = cloud.KeystoneProject(
            'acme-prod-id', 'acme-prod'
        )
        self.nova.boot(
            nova.Server(
                'web-id', 'acme-prod-id', 'web', 's1', 'active',
                created_at=NEW_YEAR - dt.timedelta(days=90),
                host='host', host_status='UP',
            )
        )  # fmt: skip
        self.mailbox = mailbox.Voice()
        for target, name, value in (
            (wiring, 'cloud', lambda conf: self.cloud),
            (wiring.SystemClock, 'now', lambda clock: self.clock.now()),
        ):
            patch = mock.patch.object(target, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def books_url(self) -> str:
        """Where the books are to be; nothing is there yet."""
        return f'sqlite:///{self.folder}/books.db'

    def open_books(self) -> None:
        """New books: a copy of the first that `db upgrade` has made."""
        file = self.folder / 'books.db'
        if not _upgraded:
            self.manage('db', 'upgrade')
            _upgraded.append(file.read_bytes())
        file.write_bytes(_upgraded[0])

    def write(self, name: str, content: str) -> str:
        """A file in the test's folder; its path."""
        path = self.folder / name
        path.write_text(textwrap.dedent(content), encoding='utf-8')
        return str(path)

    def run_it(
        self, *argv: str, stdin: bytes = b'', config: str | None = None
    ) -> tuple[int, str, str]:
        """(exit code, stdout, stderr) of a command."""
        out, err = io.StringIO(), io.StringIO()
        given = io.TextIOWrapper(io.BytesIO(stdin))
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            mock.patch('sys.stdin', given),
        ):
            try:
                code = manage.main(
                    ['--config-file', config or self.config, *argv]
                )
            except SystemExit as end:
                code = int(end.code or 0)
        return code, out.getvalue(), err.getvalue()

    def manage(self, *argv: str, stdin: bytes = b'') -> str:
        """What a command says that succeeds."""
        code, out, err = self.run_it(*argv, stdin=stdin)
        self.assertEqual((0, ''), (code, err))
        return out

    def refused(self, *argv: str, config: str | None = None) -> str:
        """The one line of a command that fails, less the program's name."""
        code, _, err = self.run_it(*argv, config=config)
        self.assertEqual(1, code)
        [line] = err.splitlines()
        head = 'patrii-billing-manage: error: '
        self.assertEqual(head, line[: len(head)])
        return line.removeprefix(head)

    def load(self, content: str = CUSTOMER) -> str:
        return self.manage('import', self.write('new.yaml', content))

    def tools(self, **values: Any) -> toolbox.Tools:
        """The daemon's, on the same books."""
        books = database.Database(
            connection=self.url, sqlite_synchronous=False
        )
        self.addCleanup(books.engine.dispose)
        ever = dt.timedelta(days=365)  # sleeping is no cause for alarm
        given = {
            'dry_run': False, 'silence': None, 'safe_gap': ever,
            'clock_gap': None, 'sweep_age': ever,
            'blocked': dt.timedelta(hours=1), **values,
        }  # fmt: skip
        return toolbox.Tools(
            db=books, cloud=self.cloud, voice=self.mailbox, clock=self.clock,
            settings=settings.Settings(**given),
        )  # fmt: skip

    def run_until(self, end: dt.datetime) -> None:
        """Let the daemon run, waking it when something is due."""
        tools = self.tools()
        while True:
            reconcile.run(tools, self.clock.now())
            while tick.run(tools):
                pass
            if self.clock.now() >= end:
                return
            soon = self.clock.now() + dt.timedelta(seconds=5)
            wakes = tools.db.read(due.instants).values()
            next_at = max(soon, min(wakes, default=end))
            self.clock.move_to(min(next_at, end))
