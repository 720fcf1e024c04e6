# SPDX-License-Identifier: Apache-2.0
"""A billing service in full work, on which calamities fall.

Customers come in waves and owe at once; nova tells of much else meanwhile.
The daemons are real, and so are the broker and the database; the cloud is a
stand-in that remembers what was done to it.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections import Counter
import contextlib
import datetime as dt
import os
import pathlib
import random
import signal
import threading
import time
from typing import Any
import uuid

import fixtures
from oslo_db import exception
import sqlalchemy as sa

from patrii_billing.domain import server as servers
from patrii_billing.store import schema
from tests.broker import base as broker
from tests.database import backends
from tests.fire import crier
from tests.fire import customers
from tests.fire import openstack
from tests.fire import servers as machines
from tests.functional import billing
from tests import services

# Seconds. Whoever stands still for longer has lost what he had claimed.
LEASE = 5
# What it may take to the end after the last calamity.
PATIENCE = 600
WORKERS = ('listener', 'processor', 'engine', 'reconciler')
_MANY = '1000000'
# For so long nobody is mailed again what may have arrived twice.
_SPARED = dt.timedelta(minutes=10)
# Seconds that rows are locked in the wrong order.
_CROSS = 0.3
# A racer pays within so many seconds after his invoice.
_RACE = 7


class Siege(fixtures.Fixture):
    """So many daemons on the same books."""

    def __init__(
        self,
        backend: str,
        daemons: int = 1,
        rate: float = 20,
        release: pathlib.Path | None = None,
    ) -> None:
        """:param rate: messages a second that are of nobody
        :param release: source of the one that it begins with
        """
        self._backend = backend
        self._count = daemons
        self._rate = rate
        self._release = release
        self.customers: list[customers.Customer] = []
        # Calamities by what they were.
        self.fallen: Counter[str] = Counter()

    def _setUp(self) -> None:
        self.topic = f'fire_{uuid.uuid4().hex}'
        publisher = self.useFixture(broker.Publisher(self.topic, durable=True))
        self.crier = crier.Crier(publisher, self._rate)
        self.cloud = openstack.Openstack(self.crier.tell)
        self.facts = {
            'auth_url': self.cloud.open(),
            'region': 'RegionOne',
            'transport_url': services.transport_url(),
            'users': {'billing': {'password': 'secret', 'project': 'service'}},
            'books': self.useFixture(backends.Scratch(self._backend)).url,
        }
        self.addCleanup(self.cloud.close)
        self.service = _Service(
            self, self.addCleanup, _options(self.topic), self._release
        )
        for other in self.crier.others:
            self.cloud.boot(other)
        self.daemons = [self.service.start() for _ in range(self._count)]
        self.crier.start()
        self.addCleanup(self.crier.hush)
        self._began = time.monotonic()

    # The life of the city.

    def wave(self, *kinds: str) -> None:
        """New customers, who owe at once."""
        came = [
            customers.make(kind, len(self.customers) + place)
            for place, kind in enumerate(kinds)
        ]
        for one in came:
            server = servers.Server(
                one.server, one.project, 'web', 's1', 'active',
                created_at=dt.datetime.now(dt.UTC),
            )  # fmt: skip
            self.cloud.boot(server)
            self.crier.tell('create.end', server, 0)
        self.service.subscribe_all(
            [(one, customers.KINDS[one.kind].ladder) for one in came]
        )
        self.customers += came

    def let_pay(self) -> None:
        """Those pay whose time has come."""
        self._find_spared()
        invoiced = set(self._accounts_with(schema.invoices))
        taken = schema.custody
        shelved = {
            server
            for (server,) in self.service.rows(
                sa.select(taken.c.server).where(taken.c.state == 'shelved')
            )
        }
        now = time.monotonic()
        for one in self.customers:
            if one.paid or not one.pays or one.name not in invoiced:
                continue
            ready = one.kind != 'payer' or one.spared
            if one.pays_at is None and (ready or one.server in shelved):
                late = random.uniform(0, _RACE) if one.kind == 'racer' else 0
                one.pays_at = now + late
            if one.pays_at is not None and one.pays_at <= now:
                self.service.pay(one.name)
                one.paid = True

    def _find_spared(self) -> None:
        notices = schema.notices
        soon = dt.datetime.now(dt.UTC) + _SPARED
        waiting = set(self._accounts_with(notices, notices.c.next_at > soon))
        for one in self.customers:
            one.spared |= one.name in waiting

    def _accounts_with(
        self, table: sa.Table, *among: sa.ColumnElement[bool]
    ) -> Iterator[str]:
        accounts = schema.accounts
        for (name,) in self.service.rows(
            sa.select(accounts.c.name)
            .join(table, accounts.c.id == table.c.account_id)
            .where(*among)
        ):
            yield name

    # Calamities.

    def kill_one(self) -> None:
        """kill -9 of any worker, as soon as one lives."""
        until = time.monotonic() + PATIENCE
        while not (living := self._workers(*WORKERS)):
            if time.monotonic() > until:
                raise TimeoutError('no worker lives')
            time.sleep(0.1)
        role, worker = random.choice(living)
        _signal(worker, signal.SIGKILL)
        self.fallen[role] += 1

    def kill_daemon(self) -> None:
        """kill -9 of a daemon with all its workers, and a new one."""
        place = random.randrange(len(self.daemons))
        self.daemons[place].kill()
        self.daemons[place] = self.service.start()
        self.fallen['whole daemon'] += 1

    def freeze_one(self) -> None:
        """SIGSTOP of an engine or a processor, SIGCONT past its lease."""
        living = self._workers('engine', 'processor')
        if living:
            role, worker = random.choice(living)
            _signal(worker, signal.SIGSTOP)
            wake = threading.Timer(
                LEASE + 1.5, _signal, (worker, signal.SIGCONT)
            )
            wake.daemon = True
            wake.start()
            self.fallen[f'{role} frozen'] += 1

    def restart_broker(self) -> None:
        """kill -9 of the broker, and the same one again."""
        machines.broker().restart()
        self.fallen['broker'] += 1

    def restart_database(self) -> None:
        machines.of_books(self.facts['books']).restart()
        self.fallen['database'] += 1

    def fill_disk(self, seconds: float = 4) -> None:
        """Leave the database no room at all for a while."""
        server = machines.of_books(self.facts['books'])
        ballast = services.disk_of(self._backend) / 'ballast'
        with contextlib.suppress(OSError), ballast.open('wb', 0) as file:
            while True:
                file.write(bytes(2**16))
        time.sleep(seconds)
        ballast.unlink()
        if not server.answers():
            # PostgreSQL ends where it can keep no log.
            server.restart()
        self.fallen['full disk'] += 1

    def cross_locks(self) -> None:
        """Lock rows against the order in which the house takes them.

        Whoever meets this is thrown out by the database, here or there.
        """
        engine = self.service.books.engine
        ids = schema.accounts.c.id
        with contextlib.suppress(exception.DBDeadlock), engine.begin() as conn:
            conn.execute(schema.watch.update().values(id=1))
            time.sleep(_CROSS)
            conn.execute(
                sa.select(ids).order_by(ids.desc()).with_for_update()
            )
            time.sleep(_CROSS)
        self.fallen['crossed locks'] += 1

    def deadlocks(self) -> int:
        """How many the database server has seen."""
        asked = {
            'mysql': 'SELECT variable_value FROM '
            'information_schema.global_status '
            "WHERE variable_name = 'Innodb_deadlocks'",
            'postgresql': 'SELECT sum(deadlocks) FROM pg_stat_database',
        }[self._backend]
        ((count,),) = self.service.rows(sa.text(asked))
        return int(count)

    def signal(self, role: str, number: int) -> None:
        """Send all workers that do this a signal."""
        for _, worker in self._workers(role):
            _signal(worker, number)

    def _workers(self, *names: str) -> list[tuple[str, int]]:
        """Those that live, by what they do."""
        return [
            (role, int(worker))
            for daemon in self.daemons
            for worker in daemon.workers()
            if (role := _role(worker)) in names
        ]

    # The end.

    def end(self) -> None:
        """Wait until all is done that is to be done, and read."""
        until = time.monotonic() + PATIENCE
        while left := self.unfinished():
            if time.monotonic() > until:
                raise TimeoutError(
                    f'not at their end: {len(left)}\n{self._story(left[0])}'
                )
            self.let_pay()
            time.sleep(0.5)
        self.crier.stop()
        while self._unread():
            if time.monotonic() > until + PATIENCE:
                raise TimeoutError(f'{self._unread()} messages are unread')
            time.sleep(0.2)

    def unfinished(self) -> list[customers.Customer]:
        subs, actions = schema.subscriptions, schema.actions
        statuses = dict(
            self.service.rows(sa.select(subs.c.name, subs.c.billing_status))
        )
        busy = {
            server
            for (server,) in self.service.rows(
                sa.select(actions.c.server).where(actions.c.live.is_not(None))
            )
        }
        return [
            one
            for one in self.customers
            if one.server in busy or not one.is_at_end(statuses[one.name])
        ]

    def _unread(self) -> int:
        inbox = schema.inbox
        found = dict(
            self.service.rows(
                sa.select(inbox.c.state, sa.func.count()).group_by(
                    inbox.c.state
                )
            )
        )
        missing = len(self.crier.sent) - sum(found.values())
        return int(found.get('new', 0)) + max(0, missing)

    def _story(self, one: customers.Customer) -> str:
        tables = (
            schema.subscriptions, schema.timeline, schema.actions,
            schema.notices,
        )  # fmt: skip
        found = (self.rows_of(one, table) for table in tables)
        lines = [str(row) for rows in found for row in rows]
        return '\n'.join(lines + self.service.logged('')[-50:])

    def rows_of(self, one: customers.Customer, table: sa.Table) -> list[Any]:
        accounts = schema.accounts
        return self.service.rows(
            sa.select(table)
            .join(accounts, accounts.c.id == table.c.account_id)
            .where(accounts.c.name == one.name)
        )

    def told(self) -> str:
        """What it was, in figures."""
        effects = sum(
            len(self.cloud.effects(one.server).split())
            for one in self.customers
        )
        entries = schema.timeline
        ((noted,),) = self.service.rows(
            sa.select(sa.func.count()).where(entries.c.what == 'call')
        )
        calamities = ', '.join(
            f'{what} {count}' for what, count in sorted(self.fallen.items())
        )
        return (
            f'{time.monotonic() - self._began:.0f} s, '
            f'{len(self.customers)} customers, {effects} effects '
            f'({effects - int(noted)} of workers that died before they had '
            f'noted it), {len(self.crier.sent)} messages, '
            f'{self.deadlocks()} deadlocks; {calamities}'
        )


class _Service(billing.Service):
    """On books of any database, with a stand-in for the cloud."""

    def __init__(
        self,
        cloud: Any,
        later: Callable[..., Any],
        options: billing.Options,
        release: pathlib.Path | None,
    ) -> None:
        self.release = release
        super().__init__(cloud, later, options)

    def _make_database(self) -> str:
        return str(self.cloud.facts['books'])


def _options(topic: str) -> billing.Options:
    return {
        # Small, so that there is much to be in the middle of.
        'listener': {'topics': topic, 'batch_size': '10'},
        'nova': {'timeout': '2'},
        'engine': {
            'lease': f'{LEASE}s',
            'sweep_every': '2s',
            'full_sweep_every': '6s',
        },
        'enforcement': {
            'dry_run': 'false',
            'max_shelves_per_hour': _MANY,
            'max_deletes_per_hour': _MANY,
            'min_delete_cap': _MANY,
        },
        'ladder': {'freeze_quota': 'false'},
        'mail': {'timeout': '1'},
    }


def _role(worker: str) -> str:
    """What a worker's process calls itself: `listener worker(0)`."""
    with contextlib.suppress(OSError):
        title = pathlib.Path(f'/proc/{worker}/cmdline').read_text()
        for role in WORKERS:
            if f'{role} worker' in title:
                return role
    return ''


def _signal(worker: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, number)
