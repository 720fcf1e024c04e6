# SPDX-License-Identifier: Apache-2.0
"""Stories of a customer, told as a scenario and played on simulated parts."""

from collections.abc import Callable
import contextlib
import copy
import dataclasses
import datetime as dt
import gc
import re
import sqlite3
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import server as nova
from patrii_billing.engine import tick
from patrii_billing.sim import cloud
from patrii_billing.simulation import reading
from patrii_billing.simulation import run
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from patrii_billing.store import watch

# What is imported stays: the collector need not look at it again and again.
gc.freeze()

_SECOND = dt.timedelta(seconds=1)
WEB = '{name: web, flavor: s1, state: ACTIVE}'

# The ladder in ten days, for what does not depend on its spans: invoice on
# 30 January, a reminder on the 31st, grace, shelved on 3 February, the last
# warning on the 6th, deleted on the 8th.
SHORT = (
    'invoice_lead: 2d, reminders: [-1d], shelved_span: 3d, '
    'deletion_warning: 2d, undo: 2d'
)

_TEXT = """
start: {start}
until: {until}
dry_run: {dry_run}
policy: {{{policy}}}
plans:
  - name: vps
    currency: EUR
    cycle: month
    prices:
      - {{kind: flavor, resource: s1, unit_price: "10.00"}}
      - {{kind: flavor, resource: s2, unit_price: "20.00"}}
accounts:
  - name: acme
    timezone: {timezone}
    policy: {{{account_policy}}}
    projects:
      - name: acme-prod
        quota: {{cores: 8, instances: 10, ram: 20480}}
        servers: [{servers}]
    subscriptions:
      - {{name: acme-1, plan: vps, project: acme-prod, start: 2026-01-01,
          paid_until: {paid_until}{more}}}
{subscriptions}
events:
{events}
"""


def text(
    events: str = '', policy: str = '', ladder: str = SHORT, **given: str
) -> str:
    """A scenario of acme, whose server is paid for until 1 February.

    Events are written one a line, without their braces and the year. The
    policy is added to the ladder.
    """
    lines = [
        re.sub(r'\b(\d\d-\d\d)T([\d:]+)', r'2026-\1T\2Z', line.strip())
        for line in events.splitlines()
        if line.strip()
    ]
    values = {
        'start': '2026-01-30T00:00:00Z',
        'until': '2026-02-09T00:00:00Z',
        'dry_run': 'false',
        'policy': ', '.join(part for part in (ladder, policy) if part),
        'timezone': 'UTC',
        'account_policy': '',
        'servers': WEB,
        'paid_until': '2026-02-01',
        'more': '',
        'subscriptions': '',
        **given,
    }
    values['events'] = '\n'.join(f'  - {{{line}}}' for line in lines) or '  []'
    return _TEXT.format(**values)


def instant(text: str) -> dt.datetime:
    """A day or a time of 2026 in UTC, such as 02-03 or 02-03 00:00:02."""
    return dt.datetime.fromisoformat(f'2026-{text}').replace(tzinfo=dt.UTC)


class Story:
    """A scenario that can be stopped at any instant and looked into."""

    def __init__(self, text: str, **pace: Any) -> None:
        self.world = worlds.World(reading.read(text, 'story.yaml'), **pace)
        self.db = self.world.tools.db
        self.nova = self.world.nova
        self.lines: list[dict[str, Any]] = []
        self.end = self.world.scenario.until
        self._run = run.Run(self.world)

    def play(self, until: str | None = None) -> 'Story':
        """Go on up to an instant, or to the end."""
        self.world.scenario = dataclasses.replace(
            self.world.scenario, until=instant(until) if until else self.end
        )
        for _ in self._run.instants():
            self.lines += self._run.news()
        return self

    def tick(self, seconds: int) -> None:
        """Go on as a daemon does, second by second."""
        # It ticked up to here as well.
        self.db.write(watch.change, ticked_at=self.world.clock.now())
        for _ in range(seconds):
            while tick.run(self.world.tools):
                pass
            self.world.clock.move_to(self.world.clock.now() + _SECOND)

    def revive(self) -> None:
        """All mailboxes live, and a person has said so."""
        self.world.mailbox.dead.clear()
        self.db.write(
            lambda conn: conn.execute(schema.undeliverable.delete())
        )

    def remember(self) -> Callable[[], None]:
        """What brings books and cloud back to how they are now, if called."""
        world, saved = self.world, sqlite3.connect(':memory:')
        with contextlib.closing(self.db.engine.raw_connection()) as books:
            books.driver_connection.backup(saved)
        outside = (self.nova, world.quotas, world.mailbox, world.clock)
        memo = {id(part): part for part in outside}
        states = [copy.deepcopy(part.__dict__, dict(memo)) for part in outside]

        def back() -> None:
            with contextlib.closing(self.db.engine.raw_connection()) as books:
                saved.backup(books.driver_connection)
            for part, state in zip(outside, states, strict=True):
                part.__dict__.update(copy.deepcopy(state, dict(memo)))

        return back

    def told(self, *kinds: str, name: str = '') -> list[str]:
        """What happened, such as '02-01 00:00:00 status grace'."""
        return [
            ' '.join(
                str(line[key])
                for key in ('at', 'kind', 'server', 'name', 'result')
                if line[key] is not None
            )
            .removeprefix('2026-')
            .replace('T', ' ', 1)
            .replace('Z', '', 1)
            for line in self.lines
            if line['kind'] in kinds and name in (line['name'] or '')
        ]

    def statuses(self) -> list[str]:
        return [
            line['name'] for line in self.lines if line['kind'] == 'status'
        ]

    def alarms(self) -> list[str]:
        return [line['name'] for line in self.lines if line['kind'] == 'alarm']

    def guest(self, name: str = 'web') -> cloud.Guest:
        """A server as nova has it now; gone raises KeyError."""
        server = worlds.server_id(name)
        self.nova.down = None
        self.nova.get(server)
        return self.nova.guests[server]

    def shows(self, name: str = 'web') -> str:
        """Its state and lock, such as 'shelved_offloaded, locked by admin'."""
        if worlds.server_id(name) in self.nova.gone:
            return 'gone'
        guest = self.guest(name)
        lock = f', locked by {guest.locker}' if guest.shown.locked else ''
        return f'{guest.shown.vm_state}{lock}'

    def moves(self, name: str = 'web') -> list[str]:
        """Every call that was made for it, in order."""
        server = worlds.server_id(name)
        guests = {**self.nova.gone, **self.nova.guests}
        return guests[server].moves

    def sub(self, name: str = 'acme-1') -> sa.Row[Any]:
        return self.db.read(subscriptions.by_name, name)

    def rows(self, table: sa.Table, **match: Any) -> list[sa.Row[Any]]:
        query = table.select().order_by(*table.primary_key)
        for column, value in match.items():
            query = query.where(table.c[column] == value)
        return list(self.db.read(lambda conn: conn.execute(query).all()))

    def invoices(self) -> list[str]:
        """Each invoice as 'period, total, owed, state'."""
        return [
            f'{row.period_start:%m-%d} to {row.period_end:%m-%d}: '
            f'{row.total / 100:.2f} {row.state}'
            for row in self.rows(schema.invoices)
        ]

    def mails(self, template: str) -> list[str]:
        """The texts of the mails of a template that were accepted."""
        return [
            mail.text
            for mail in self.world.mailbox.sent
            if mail.subject.startswith(f'{template}: ')
        ]

    def case(self) -> str | None:
        return self.sub().case_id  # type: ignore[no-any-return]

    def lock(self, name: str, by: str, reason: str | None = None) -> None:
        """Somebody locks a server with a reason."""
        server = worlds.server_id(name)
        self.nova.set_lock(server, nova.Locker(by))
        self.nova.set(server, locked_reason=reason)


def told(events: str = '', **given: str) -> Story:
    """Play a story of acme to its end."""
    return Story(text(events, **given)).play()


def whole(events: str = '', **given: str) -> Story:
    """Play a story on the ladder of the defaults to its end."""
    return told(
        events,
        **{
            'ladder': '',
            'start': '2026-01-24T00:00:00Z',
            'until': '2026-03-10T00:00:00Z',
            **given,
        },
    )
