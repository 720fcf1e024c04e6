# SPDX-License-Identifier: Apache-2.0
"""A cloud whose customers are subscribed in another engine, called lynx."""

import dataclasses
import datetime as dt
from typing import Any

from patrii_billing.domain import bridge
from patrii_billing.domain import cloud
from patrii_billing.engine.bridging import reading
from patrii_billing.engine.bridging import telling
from patrii_billing.engine import deliver
from patrii_billing.engine import events
from patrii_billing.engine import ports
from patrii_billing.engine import reconcile
from patrii_billing.sim import engine as engines
from patrii_billing.simulation import scenario
from patrii_billing.simulation import world as worlds
from patrii_billing.store import events as outbox
from patrii_billing.store import schema
from tests.unit import stories

_LONGEST = dt.timedelta(hours=6)
_NAME = 'lynx'
_TELLER = f'{_NAME} (engine)'
PROJECT = 'acme-prod'
_PLANS = """
  - name: quota
    currency: EUR
    cycle: month
    prices: [{kind: quota, resource: cores, unit_price: "5.00"}]
accounts: []
"""


class Ally(stories.Story):
    """The books on 30 January: two plans, a project, a server, no account."""

    def __init__(self, policy: str = '', ours: str = '', **pace: Any) -> None:
        text = stories.text(policy=policy, until='2026-03-20T00:00:00Z')
        head, rest = text.split('accounts:\n')
        # It is read whenever something is due.
        pace = {'read_every': dt.timedelta(), **pace}
        super().__init__(
            f'{head.rstrip()}{_PLANS}events:{rest.split("events:")[1]}', **pace
        )
        world = self.world
        self.lynx = engines.Engine(world.clock)
        self.trouble: list[str] = []  # what the cloud lacks
        outbox.keep(self.db.engine)
        self.connect(self.lynx, ours)
        self._run._running = True
        self.add_project(PROJECT)
        self.db.write(
            world.boot, scenario.Server('web', 's1'), PROJECT,
            stories.instant('01-01'),
        )  # fmt: skip

    def connect(
        self, engine: ports.SubscriptionEngine, ours: str = ''
    ) -> None:
        """Have the customers in another engine than the simulated one."""
        by = ports.Bridge(
            _NAME, engine, frozenset(ours.split()),
            {'timezone': 'UTC', 'locale': 'en', 'taxes': []},
            lambda: self.trouble,
        )  # fmt: skip
        self.tools = self.world.tools = dataclasses.replace(
            self.world.tools,
            bridges={_NAME: by},
            listeners={
                _TELLER: ports.Listener(
                    telling.Teller(self.db, by), telling.WANTS
                )
            },
        )

    @property
    def now(self) -> dt.datetime:
        return self.world.clock.now()

    def add_project(self, name: str) -> None:
        """One of keystone's, without a server."""
        self.world.projects.projects[name] = cloud.KeystoneProject(name, name)
        self.world.quotas.quotas[name] = {'cores': 8, 'instances': 10}

    def acme(self, **more: Any) -> None:
        """A customer with a contract for the project, paid until 1 Feb."""
        self.lynx.customer('c1', 'Acme', contacts=('a@acme.example',))
        given = {
            'project': PROJECT, 'plan': 'vps', 'name': 'S001',
            'start': dt.date(2025, 6, 1), 'period_start': dt.date(2026, 1, 1),
            'paid_until': dt.date(2026, 2, 1), 'anchor_day': 1, **more,
        }  # fmt: skip
        self.lynx.contract('s1', 'c1', **given)

    def bill(self, minor: int = 1000, due: str = '02-01', **more: Any) -> None:
        """A bill of his contract, called b1."""
        day = stories.instant(due).date()
        self.lynx.bill(
            'b1', 'c1', minor, due_on=day, contract='s1', **more
        )

    def read(self) -> None:
        reading.run(self.tools, _NAME)

    def work(self) -> None:
        """All that the daemon does, until nothing is left."""
        self.read()
        reconcile.run(self.tools, self.now)
        self._run._tick_up_to(self.now)
        self._run._tick(self.now)
        while events.run(self.tools, self.now):
            pass
        while deliver.run(self.tools, _TELLER):
            pass
        self.lines += self._run.news()

    def until(self, when: str) -> None:
        """Work whenever something is due, up to an instant."""
        end = stories.instant(when)
        self.work()
        while self.now < end:
            due = self._run._next(self.now) or end
            self.world.clock.move_to(min(due, end, self.now + _LONGEST))
            self.work()

    def links(self, state: str) -> list[str]:
        """What was read, by what became of it: 'contract s1: why'."""
        return [
            f'{row.kind} {row.ref}' + (f': {row.why}' if row.why else '')
            for row in self.rows(schema.links, state=state)
        ]

    def debts(self) -> list[str]:
        """Of `owed`, what the other engine told of."""
        return [one for one in self.owed() if one.startswith('foreign')]

    def owed(self) -> list[str]:
        return [
            f'{row.kind} {row.owed / 100:.2f} {row.state}'
            for row in self.rows(schema.invoices)
        ]


OPEN = bridge.BillState.OPEN
VOID = bridge.BillState.VOID
SERVER = worlds.server_id('web')
