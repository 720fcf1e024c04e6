# SPDX-License-Identifier: Apache-2.0
"""A billing service beside the minicloud, and its books.

Real processes, a database of its own on the minicloud's MariaDB, the
minicloud's RabbitMQ, a real SMTP server, and a ladder of seconds. The tests of
a class share one service, for its customers climb at the same time.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import datetime as dt
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any
import uuid

from oslotest import base as oslo_base
import sqlalchemy as sa

from patrii_billing.cmd import manage
from patrii_billing.domain import money
from patrii_billing.store import database
from patrii_billing.store import schema
from tests import failing
from tests.functional import base
from tests.unit.mail import servers as mail_servers

_BIN = pathlib.Path(sys.executable).parent

LADDER = {
    'invoice_lead': '4s',
    'reminders': '-2s, -1s',
    'shelve_grace': '3s',
    'shelved_span': '3s',
    'deletion_warning': '4s',
    'undo': '1h',
    'settle': '5s',
    'freeze_quota': 'true',
}
_ENGINE = {
    'interval': '1s',
    'lease': '6s',
    'poll': '1s',
    'retry': '1s',
    'retry_max': '4s',
    'blocked': '2s',
    'absence_gap': '1s',
    'sweep_every': '3s',
    'full_sweep_every': '10s',
    'mail_retry': '1s',
}
# Listener, processor, engine, reconciler.
_WORKERS = 4
# What is None is left to its default.
Options = dict[str, dict[str, str | None]]
# There is one standard output to be caught.
_TERMINAL = threading.Lock()


class Mailbox:
    """Accepts every mail and keeps it."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self._server = mail_servers.Controller(
            self, hostname='127.0.0.1', port=0
        )

    async def handle_DATA(
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        self.mails.append(envelope.content.decode(errors='replace'))
        return '250 kept'

    def open(self) -> str:
        """Begin to accept; at which port."""
        self._server.start()
        return str(self._server.port)

    def close(self) -> None:
        self._server.stop()


class Daemon:
    """One patrii-billing-engine with all its workers.

    Of another release where its source is given.
    """

    def __init__(
        self,
        config: pathlib.Path,
        log: pathlib.Path,
        release: pathlib.Path | None = None,
    ) -> None:
        self._log = log.open('ab')
        # In a group of its own, so that a kill takes master and workers.
        self._process = subprocess.Popen(
            [_BIN / 'patrii-billing-engine', '--config-file', config],
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            env=environment(release),
        )

    def kill(self) -> None:
        """kill -9, master and workers at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)
        self._log.close()

    def stop(self) -> None:
        """As an operator stops it; SIGKILL where that takes too long."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        self.kill()

    def wait(self) -> list[str]:
        """Until its workers have begun; their ids."""
        return base.wait_until(
            lambda: len(found := self.workers()) == _WORKERS and found,
            'the workers',
        )

    def workers(self) -> list[str]:
        """The ids of its workers' processes."""
        tasks = pathlib.Path(f'/proc/{self._process.pid}/task')
        return sorted(
            child
            for children in tasks.glob('*/children')
            for child in children.read_text().split()
        )


def environment(release: pathlib.Path | None) -> dict[str, str]:
    """What a program runs with, of a release whose source is there."""
    if release is None:
        return dict(os.environ)
    return {**os.environ, 'PYTHONPATH': str(release)}


class Service:
    """A billing service: its books, its mails, its daemons."""

    # Where the source of the release is that is used, if it is another one.
    release: pathlib.Path | None = None

    def __init__(
        self,
        cloud: base.Minicloud,
        later: Callable[..., Any],
        options: Options | None = None,
    ) -> None:
        """:param later: calls what it is given at the end"""
        self.cloud = cloud
        self._later = later
        folder = tempfile.TemporaryDirectory()
        later(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.log = self.folder / 'engine.log'
        self.log.touch()
        self.mailbox = Mailbox()
        port = self.mailbox.open()
        later(self.mailbox.close)
        self._url = self._make_database()
        self.config = self.folder / 'patrii_billing.conf'
        self.config.write_text(self._options(port, options or {}))
        self.manage('db', 'upgrade')
        self.books = database.Database(connection=self._url)
        later(self.books.engine.dispose)

    # What an operator does.

    def start(self) -> Daemon:
        daemon = Daemon(self.config, self.log, self.release)
        self._later(daemon.stop)
        return daemon

    def manage(self, *arguments: str) -> str:
        """Run patrii-billing-manage; what it printed."""
        code, said = self.run(*arguments)
        if code:
            raise AssertionError(f'{arguments}: {said}')
        return said

    def run(self, *arguments: str) -> tuple[int, str]:
        """patrii-billing-manage: its code and its words.

        In this process, where it is of this release.
        """
        if self.release is not None:
            return self._run_other(*arguments)
        said = io.StringIO()
        with (
            _TERMINAL,
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            code = manage.main(['--config-file', str(self.config), *arguments])
        return code, said.getvalue()

    def _run_other(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [
                _BIN / 'patrii-billing-manage', '--config-file', self.config,
                *arguments,
            ],
            check=False, capture_output=True, text=True,
            env=environment(self.release),
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def subscribe(self, owner: base.Person, **policy: Any) -> str:
        """Import a customer who has to pay by now; his subscription."""
        return self.subscribe_all([(owner, policy)])[0]

    def subscribe_all(
        self, wanted: Iterable[tuple[base.Person, dict[str, Any]]]
    ) -> list[str]:
        """Import customers at once: each with his own policy."""
        accounts = [_account(owner, policy) for owner, policy in wanted]
        self.give({'plans': [_PLAN], 'accounts': accounts})
        return [account['name'] for account in accounts]

    def give(self, document: dict[str, Any]) -> str:
        """Import a document; what was said of it."""
        file = self.folder / f'{uuid.uuid4().hex}.yaml'
        # JSON is YAML.
        file.write_text(json.dumps(document, indent=1))
        return self.manage('import', str(file))

    def pay(self, name: str) -> float:
        """Pay what is owed; when that began (monotonic seconds)."""
        began = time.monotonic()
        accounts = schema.accounts
        owed = self.rows(
            sa.select(sa.func.sum(schema.invoices.c.owed))
            .join(accounts, accounts.c.id == schema.invoices.c.account_id)
            .where(accounts.c.name == name)
        )[0][0]
        self.manage(
            'payment', 'record', '--account', name,
            '--amount', money.plain(int(owed), 'EUR'),
            '--key', uuid.uuid4().hex,
        )  # fmt: skip
        return began

    # What the books say.

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        return self.books.read(lambda conn: list(conn.execute(query)))

    def status(self, name: str) -> str:
        subs = schema.subscriptions
        ((status,),) = self.rows(
            sa.select(subs.c.billing_status).where(subs.c.name == name)
        )
        return str(status)

    def known(self, name: str) -> bool:
        """Whether there is such a subscription."""
        subs = schema.subscriptions
        return bool(self.rows(sa.select(subs.c.id).where(subs.c.name == name)))

    def wait_status(self, name: str, wanted: str, seconds: float = 60) -> None:
        base.wait_until(
            lambda: self.status(name) == wanted,
            f'{name} to be {wanted}',
            seconds,
        )

    def told(self, name: str, what: str) -> list[Any]:
        """The timeline of a subscription of one kind, in order."""
        entries = schema.timeline
        subs = schema.subscriptions
        return self.rows(
            sa.select(entries)
            .join(subs, subs.c.id == entries.c.subscription_id)
            .where(subs.c.name == name, entries.c.what == what)
            .order_by(entries.c.id)
        )

    def wait_told(
        self, name: str, what: str, entry: str, seconds: float = 60
    ) -> Any:
        """Until the timeline tells it; the entry."""

        def found() -> Any:
            return next(
                (row for row in self.told(name, what) if row.name == entry),
                None,
            )

        return base.wait_until(
            found, f'{what} {entry} of {name}', seconds, pause=0.1
        )

    def notice(self, name: str, template: str) -> Any:
        """The newest notice of one kind to a subscription."""
        notices = schema.notices
        subs = schema.subscriptions
        return self.rows(
            sa.select(notices)
            .join(subs, subs.c.id == notices.c.subscription_id)
            .where(subs.c.name == name, notices.c.template == template)
            .order_by(notices.c.id)
        )[-1]

    def custody(self, server: str) -> Any:
        """What became of a server under enforcement, if it came to that."""
        taken = schema.custody
        found = self.rows(taken.select().where(taken.c.server == server))
        return found[-1] if found else None

    def wait_custody(self, server: str, *wanted: str) -> Any:
        def reached() -> Any:
            row = self.custody(server)
            return row if row is not None and row.state in wanted else None

        return base.wait_until(reached, f'{server} to be {wanted}')

    def actions(self, server: str) -> list[Any]:
        """What was asked for of a server, in order."""
        asked = schema.actions
        return self.rows(
            asked.select().where(asked.c.server == server).order_by(asked.c.id)
        )

    def calls(self, server: str) -> list[Any]:
        """What the timeline says that nova was asked for, in order."""
        entries = schema.timeline
        return self.rows(
            entries.select()
            .where(entries.c.server == server, entries.c.what == 'call')
            .order_by(entries.c.id)
        )

    def alarms(self, name: str) -> list[Any]:
        """What the operator was told of one kind."""
        entries = schema.timeline
        return self.rows(
            entries.select().where(
                entries.c.what == 'alarm', entries.c.name == name
            )
        )

    def logged(self, what: str) -> list[str]:
        """The lines of the daemon's log that hold these words."""
        lines = self.log.read_text(errors='replace').splitlines()
        return [line for line in lines if what in line]

    def explained(self) -> str:
        """What the service did and why, to be shown below a failure."""
        told = (
            f'{row.at:%H:%M:%S} {row.account_id} {row.what} {row.name} '
            f'{row.server or ""} {row.why} {row.detail}'
            for row in self.rows(schema.timeline.select())
        )
        return '\n'.join([*told, *self.logged('')[-150:]])

    # Making and clearing away.

    def _make_database(self) -> str:
        url = sa.make_url(self.cloud.facts['database_url'])
        name = f'patrii_billing_{uuid.uuid4().hex[:8]}'
        with self._admin(url) as conn:
            conn.execute(sa.text(f'CREATE DATABASE {name}'))
        self._later(self._drop_database, url, name)
        return url.set(database=name).render_as_string(hide_password=False)

    def _drop_database(self, url: sa.URL, name: str) -> None:
        with self._admin(url) as conn:
            conn.execute(sa.text(f'DROP DATABASE {name}'))

    @contextlib.contextmanager
    def _admin(self, url: sa.URL) -> Iterator[sa.Connection]:
        engine = sa.create_engine(url)
        try:
            with engine.connect() as conn:
                yield conn
        finally:
            engine.dispose()

    def _options(self, smtp_port: str, options: Options) -> str:
        sections: Options = {
            'DEFAULT': {'transport_url': self.cloud.facts['transport_url']},
            'database': {'connection': self._url},
            'oslo_messaging_rabbit': {'amqp_durable_queues': 'true'},
            'nova': {
                **base.account_options(self.cloud.facts),
                'timeout': '5',
            },
            'ladder': dict(LADDER),
            'enforcement': {'dry_run': 'false'},
            'engine': dict(_ENGINE),
            'mail': {
                'driver': 'smtp',
                'smtp_host': '127.0.0.1',
                'smtp_port': smtp_port,
                'smtp_tls': 'none',
                'sender': 'billing@cloud.test',
                'operators': 'ops@cloud.test',
            },
        }
        for section, values in options.items():
            sections.setdefault(section, {}).update(values)
        return '\n'.join(
            f'[{section}]\n'
            + '\n'.join(
                f'{key} = {value}'
                for key, value in values.items()
                if value is not None
            )
            for section, values in sections.items()
        )


class BillingTestCase(oslo_base.BaseTestCase):
    """Tests that share one billing service and its customers."""

    options: Options = {}
    cloud: base.Minicloud
    service: Service

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.cloud = base.Minicloud()
        cls.cloud.enter(cls.addClassCleanup)
        cls.service = Service(cls.cloud, cls.addClassCleanup, cls.options)
        try:
            cls.begin()
        except Exception as error:
            raise AssertionError(cls.service.explained()) from error

    @classmethod
    def begin(cls) -> None:
        """Where a class starts its daemon and prepares its customers."""
        raise NotImplementedError

    def setUp(self) -> None:
        super().setUp()
        failing.explain(self, 'service', self.service.explained)


_PLAN = {
    'name': 'servers',
    'currency': 'EUR',
    'cycle': 'days:28',
    'prices': [
        {'kind': 'flavor', 'resource': 's1', 'unit_price': '10.00'},
        {'kind': 'flavor', 'resource': 's2', 'unit_price': '20.00'},
    ],
}


def _account(owner: base.Person, policy: dict[str, Any]) -> dict[str, Any]:
    """A customer who has paid up to today, and owes from then on."""
    today = dt.datetime.now(dt.UTC).date()
    return {
        'name': owner.name,
        'currency': 'EUR',
        'timezone': 'UTC',
        'contacts': [f'{owner.name}@example.test'],
        'projects': [{'id': owner.project}],
        'subscriptions': [
            {
                'name': owner.name,
                'plan': _PLAN['name'],
                'project': owner.project,
                'start': str(today - dt.timedelta(days=28)),
                'paid_until': str(today),
                'policy': policy,
            }
        ],
    }
