# SPDX-License-Identifier: Apache-2.0
"""Run a scenario to its end: jump from one thing that is due to the next."""

from collections.abc import Iterator
import contextlib
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.engine import reconcile
from patrii_billing.engine import tick
from patrii_billing import errors
from patrii_billing.simulation import events
from patrii_billing.simulation import scenario as scenarios
from patrii_billing.simulation import world as worlds
from patrii_billing.store import due
from patrii_billing.store import schema
from patrii_billing.store import watch

KINDS = ('invoice', 'notice', 'action', 'status', 'payment', 'alarm')
# More ticks than this at one instant would never end.
_MOST_TICKS = 1000
_SECOND = dt.timedelta(seconds=1)


def run(scenario: scenarios.Scenario) -> Iterator[dict[str, Any]]:
    """What happens, in the order of time: one mapping an event.

    Raises InvalidInput for an event that makes no sense at its time.
    """
    yield from Run(worlds.World(scenario)).lines()


class Run:
    """One run of a world, from its start to its end."""

    def __init__(self, world: worlds.World) -> None:
        self.world = world
        self._events = sorted(world.scenario.events, key=lambda one: one.at)
        self._told = 0
        self._running = False  # whether the daemon is

    def lines(self) -> Iterator[dict[str, Any]]:
        """Run to the end, telling what happened as it happens."""
        for _ in self.instants():
            yield from self.news()

    def instants(self) -> Iterator[dt.datetime]:
        """Move from instant to instant, doing all that is due at each."""
        now: dt.datetime | None = self.world.clock.now()
        until = self.world.scenario.until
        while now is not None and now < until:
            self.world.clock.move_to(now)
            self._apply_outages(now)
            while self._events and self._events[0].at <= now:
                events.happen(self.world, self._events.pop(0))
            if not self._down('daemon', now):
                self._work(now)
            yield now
            now = self._next(now)
        self.world.clock.move_to(until)

    def news(self) -> Iterator[dict[str, Any]]:
        """What the timeline tells since it was last asked."""
        rows = self.world.tools.db.read(_since, self._told)
        for row in rows:
            self._told = row.id
            # A mail to the operator says what its alarm says.
            if row.what not in KINDS or row.name == 'operator':
                continue
            # A mail that is put off is told of when it is over.
            if row.detail.get('result') != lifecycle.Attempt.DEFERRED:
                yield self._line(row)

    def _work(self, now: dt.datetime) -> None:
        self._tick_up_to(now)
        self._running = True
        with contextlib.suppress(errors.CloudError):
            reconcile.run(self.world.tools, now)
        self._tick(now)

    def go_on(self, span: dt.timedelta) -> None:
        """Let some time pass after the end, and do what is due by then."""
        now = self.world.clock.now() + span
        self._tick_up_to(self.world.clock.now())
        self.world.clock.move_to(now)
        self._tick(now)

    def _tick(self, now: dt.datetime) -> None:
        """Until nothing is due."""
        for _ in range(_MOST_TICKS):
            tick.run(self.world.tools)
            if all(at > now for at in self._due()):
                return
        raise AssertionError(f'there is no end of work at {now}')

    def _tick_up_to(self, now: dt.datetime) -> None:
        """Between two instants with nothing due a daemon ticks as well."""
        if self._running:
            self.world.tools.db.write(watch.change, ticked_at=now)

    def _due(self) -> list[dt.datetime]:
        """When each step has its next work."""
        return list(self.world.tools.db.read(due.instants).values())

    def _down(self, what: str, now: dt.datetime) -> bool:
        return any(
            outage.what == what and outage.start <= now < outage.end
            for outage in self.world.scenario.outages
        )

    def _apply_outages(self, now: dt.datetime) -> None:
        self.world.mailbox.down = self._down('mail', now)
        self.world.nova.down = None
        for outage in self.world.scenario.outages:
            if outage.what == 'nova' and outage.start <= now < outage.end:
                self.world.nova.down = outage.why
        if self._down('daemon', now):
            self._tick_up_to(now)
            self._running = False

    def _next(self, now: dt.datetime) -> dt.datetime | None:
        """The next instant at which something is due, in whole seconds."""
        moments = [one.at for one in self._events[:1]]
        for outage in self.world.scenario.outages:
            moments += [outage.start, outage.end]
        if not self._down('daemon', now):
            moments += self._due()
            swept = self.world.tools.db.read(watch.get).swept_at
            if swept is not None:
                moments.append(swept + self.world.tools.settings.sweep_every)
            missed = self.world.tools.db.read(_missed)
            if missed is not None and self.world.nova.down is None:
                settings = self.world.tools.settings
                confirmed = missed + settings.absence_gap
                # What is not believed by then is looked at now and again.
                again = now + settings.blocked
                moments.append(confirmed if confirmed > now else again)
        ahead = [one for one in moments if one > now]
        return min(ahead, default=None)

    def _line(self, row: sa.Row[Any]) -> dict[str, Any]:
        return {
            'at': f'{row.at:%Y-%m-%dT%H:%M:%S}Z',
            'kind': row.what,
            'account': row.account,
            'subscription': row.subscription,
            'server': self.world.server_names.get(row.server, row.server),
            'name': row.name,
            'amount': row.detail.get('amount'),
            'result': row.detail.get('result'),
        }


def _since(conn: sa.Connection, last: int) -> Any:
    timeline, accounts = schema.timeline, schema.accounts
    subs = schema.subscriptions
    return conn.execute(
        sa.select(
            timeline,
            accounts.c.name.label('account'),
            subs.c.name.label('subscription'),
        )
        .outerjoin(accounts, accounts.c.id == timeline.c.account_id)
        .outerjoin(subs, subs.c.id == timeline.c.subscription_id)
        .where(timeline.c.id > last)
        .order_by(timeline.c.id)
    ).all()


def _missed(conn: sa.Connection) -> dt.datetime | None:
    """Since when a server's absence waits to be confirmed."""
    at = schema.servers.c.missed_at
    return conn.execute(sa.select(sa.func.min(at))).scalar_one_or_none()
