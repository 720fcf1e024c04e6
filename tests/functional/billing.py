# SPDX-License-Identifier: Apache-2.0
"""A billing service of a test's own beside the minicloud.

Real processes, a database of its own on the minicloud's MariaDB, the
minicloud's RabbitMQ, a real SMTP server, and a ladder of seconds.
"""

from collections.abc import Iterator
import contextlib
import datetime as dt
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any
import uuid

from aiosmtpd import controller as smtp_server
import sqlalchemy as sa

from patrii_billing.store import database
from patrii_billing.store import schema
from tests.functional import base

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


class Mailbox:
    """Accepts every mail and keeps it."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        self.mails.append(envelope.content.decode(errors='replace'))
        return '250 kept'


class Daemon:
    """One patrii-billing-engine with all its workers."""

    def __init__(self, config: pathlib.Path, log: pathlib.Path) -> None:
        self._log = log.open('ab')
        # In a group of its own, so that a kill takes master and workers.
        self._process = subprocess.Popen(
            [_BIN / 'patrii-billing-engine', '--config-file', config],
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
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


class BillingTestCase(base.MinicloudTestCase):
    """A test with a billing service of its own."""

    ladder: dict[str, str] = {}
    options: dict[str, dict[str, str]] = {}

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self._temporary_folder())
        self.log = self.folder / 'engine.log'
        self.mailbox = Mailbox()
        self.smtp = smtp_server.Controller(
            self.mailbox, hostname='127.0.0.1', port=0
        )
        self.smtp.start()
        self.addCleanup(self.smtp.stop)
        self.database_url = self._make_database()
        self.config = self.folder / 'patrii_billing.conf'
        self.config.write_text(self._config())
        self.manage('db', 'upgrade')
        self.books = database.Database(connection=self.database_url)
        self.addCleanup(self._dispose)
        self.addOnException(self._show_log)

    # The service.

    def start(self) -> Daemon:
        daemon = Daemon(self.config, self.log)
        self.addCleanup(daemon.stop)
        return daemon

    def manage(self, *arguments: str) -> str:
        """Run patrii-billing-manage; what it printed."""
        done = subprocess.run(
            [_BIN / 'patrii-billing-manage', '--config-file', self.config,
             *arguments],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        self.assertEqual(
            0, done.returncode, f'{arguments}: {done.stdout}{done.stderr}'
        )
        return done.stdout

    def subscribe(
        self, owner: base.Person, server: str | None = None, **values: str
    ) -> str:
        """Import a customer who has to pay by now; the subscription."""
        name = f'{owner.name}-{uuid.uuid4().hex[:6]}'
        today = dt.datetime.now(dt.UTC).date()
        month_ago = today - dt.timedelta(days=28)
        document = {
            'plans': [{
                'name': f'plan-{name}', 'currency': 'EUR', 'cycle': 'days:28',
                'prices': [
                    {'kind': 'flavor', 'resource': 's1',
                     'unit_price': '10.00'},
                    {'kind': 'flavor', 'resource': 's2',
                     'unit_price': '20.00'},
                ],
            }],
            'accounts': [{
                'name': name, 'currency': 'EUR', 'timezone': 'UTC',
                'contacts': [f'{name}@example.test'],
            }],
            'projects': [{'project': owner.project, 'account': name}],
            'subscriptions': [{
                'name': name, 'plan': f'plan-{name}', 'account': name,
                'project': owner.project, 'start': month_ago.isoformat(),
                'paid_until': today.isoformat(),
                **({'server': server} if server else {}), **values,
            }],
        }  # fmt: skip
        file = self.folder / f'{name}.yaml'
        # JSON is YAML.
        file.write_text(json.dumps(document, indent=1))
        self.manage('import', str(file))
        return name

    def pay(self, name: str, amount: str | None = None) -> float:
        """Pay what is owed; when (monotonic seconds)."""
        if amount is None:
            owed = self.row(
                sa.select(sa.func.sum(schema.invoices.c.owed).label('owed'))
                .join(schema.accounts)
                .where(schema.accounts.c.name == name)
            ).owed
            amount = f'{owed / 100:.2f}'
        began = time.monotonic()
        self.manage(
            'payment', 'record', '--account', name, '--amount', amount,
            '--key', uuid.uuid4().hex,
        )  # fmt: skip
        return began

    # The books.

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        return self.books.read(lambda conn: list(conn.execute(query)))

    def row(self, query: sa.Select[Any]) -> Any:
        (row,) = self.rows(query)
        return row

    def status(self, name: str) -> str:
        subs = schema.subscriptions
        return str(
            self.row(
                sa.select(subs.c.billing_status).where(subs.c.name == name)
            ).billing_status
        )

    def wait_status(self, name: str, *wanted: str, seconds: float = 60) -> str:
        def reached() -> str | None:
            status = self.status(name)
            return status if status in wanted else None

        return self.wait_until(
            reached, f'{name} to be {wanted}', seconds=seconds
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

    def wait_told(self, name: str, what: str, entry: str) -> Any:
        """Until the timeline tells it; the entry."""

        def found() -> Any:
            return next(
                (row for row in self.told(name, what) if row.name == entry),
                None,
            )

        return self.wait_until(found, f'{what} {entry} of {name}')

    # Nova.

    def server(self, server_id: str) -> dict[str, Any]:
        return dict(self.operator.nova.servers.get(server_id).to_dict())

    def nova_actions(self, server_id: str) -> list[str]:
        """What was done to a server, by Nova's own list, oldest first."""
        listed = self.operator.nova.instance_action.list(server_id)
        return [entry.action for entry in reversed(listed)]

    # Making and clearing away.

    def _make_database(self) -> str:
        url = sa.make_url(self.facts['database_url'])
        name = f'patrii_billing_{uuid.uuid4().hex[:8]}'
        with self._admin(url) as conn:
            conn.execute(sa.text(f'CREATE DATABASE {name}'))
        self.addCleanup(self._drop_database, url, name)
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

    def _dispose(self) -> None:
        self.books.engine.dispose()

    def _temporary_folder(self) -> str:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def _show_log(self, _info: Any) -> None:
        if self.log.exists():
            lines = self.log.read_text().splitlines()[-80:]
            print('\n'.join(lines), file=sys.stderr)

    def _config(self) -> str:
        account = self.facts['users']['billing']
        nova = {
            'auth_type': 'password',
            'auth_url': self.facts['auth_url'],
            'username': 'billing',
            'password': account['password'],
            'user_domain_name': 'Default',
            'project_name': account['project'],
            'project_domain_name': 'Default',
            'region_name': self.facts['region'],
            'timeout': '8',
        }
        sections: dict[str, dict[str, str]] = {
            'DEFAULT': {'transport_url': self.facts['transport_url']},
            'database': {'connection': self.database_url},
            'oslo_messaging_rabbit': {'amqp_durable_queues': 'true'},
            'nova': nova,
            'ladder': {**LADDER, **self.ladder},
            'enforcement': {'dry_run': 'false'},
            'engine': {
                'interval': '1s',
                'lease': '10s',
                'retry': '1s',
                'retry_max': '4s',
                'blocked': '2s',
                'absence_gap': '2s',
                'sweep_every': '3s',
                'full_sweep_every': '10s',
                'mail_retry': '1s',
            },
            'mail': {
                'driver': 'smtp',
                'smtp_host': '127.0.0.1',
                'smtp_port': str(self.smtp.server.sockets[0].getsockname()[1]),
                'smtp_tls': 'none',
                'sender': 'billing@cloud.test',
            },
        }
        for section, values in self.options.items():
            sections.setdefault(section, {}).update(values)
        return '\n'.join(
            f'[{section}]\n'
            + '\n'.join(f'{key} = {value}' for key, value in values.items())
            for section, values in sections.items()
        )
