# SPDX-License-Identifier: Apache-2.0
"""A fleet of many small customers, to whom the same accident happens."""

from collections.abc import Callable
import contextlib
import copy
import dataclasses
import datetime as dt
import sqlite3
from typing import Any

from patrii_billing.domain import money
from patrii_billing.engine import payments
from patrii_billing.engine import reconcile
from patrii_billing.engine import settings as engine_settings
from patrii_billing.engine import switches
from patrii_billing.engine import tick
from patrii_billing import errors
from patrii_billing.sim import cloud
from patrii_billing.simulation import world as worlds
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests.unit import stories

_SECOND = dt.timedelta(seconds=1)
_CUSTOMER = """
  - name: customer-{n}
    projects:
      - name: project-{n}
        servers: [{{name: web-{n}, flavor: s1}}]
    subscriptions:
      - {{name: sub-{n}, plan: vps, project: project-{n}, start: 2026-01-01,
          paid_until: 2026-02-01}}
"""


class Fleet(stories.Story):
    """A story of many customers with a server each, numbered from 0.

    All is told in the ladder of ten days, and guarded as a daemon is.
    """

    def __init__(
        self, customers: int, price: str = '10.00', **pace: Any
    ) -> None:
        text = stories.text(until='2026-03-01T00:00:00Z')
        text = text.replace('"10.00"', f'"{price}"')
        head, rest = text.split('accounts:\n')
        _, events = rest.split('events:\n')
        people = ''.join(_CUSTOMER.format(n=n) for n in range(customers))
        super().__init__(
            f'{head}accounts:\n{people}events:\n{events}', **pace
        )
        self.customers = customers

    def kept(self) -> Callable[[], None]:
        """What brings all back to how it is now, if called."""
        remembered, tools, told = self.remember(), self.world.tools, self._run

        def back() -> None:
            remembered()
            # What a test may have put in the place of nova's own.
            self.nova.__dict__.pop('pages', None)
            self.world.tools = tools
            self._run = copy.copy(told)
            self.lines.clear()

        self._run = copy.copy(told)
        return back

    def backup(self) -> Callable[[], None]:
        """What puts the books back to how they are now, if called."""
        saved = sqlite3.connect(':memory:')
        with contextlib.closing(self.db.engine.raw_connection()) as books:
            books.driver_connection.backup(saved)

        def restore() -> None:
            with contextlib.closing(self.db.engine.raw_connection()) as books:
                saved.backup(books.driver_connection)

        return restore

    def pay(self, *numbers: int, minor: int | None = None) -> None:
        """Some pay all that they owe, or so much."""
        for n in numbers:
            self.db.write(self._pay, f'customer-{n}', minor)

    def _pay(self, conn: Any, name: str, minor: int | None) -> None:
        account = accounts.by_name(conn, name)
        owed = minor or sum(
            one.owed for one in invoices.open_of_account(conn, account.id)
        )
        now = self.world.clock.now()
        if owed:
            payments.record(
                conn, self.world.tools, account.id,
                money.Money(owed, account.currency), f'{name}@{now}', now,
            )  # fmt: skip

    def stop(self) -> None:
        now = self.world.clock.now()
        self.db.write(switches.stop, 'look at it', 'ann', now)

    def resume(self) -> None:
        now = self.world.clock.now()
        self.db.write(switches.resume, 'ann', now)

    def move(self, span: dt.timedelta) -> None:
        """The clock of its host jumps."""
        self.world.clock.move_to(self.world.clock.now() + span)

    def tick_on(self, seconds: int) -> None:
        """Go on second by second, by a clock that may be wrong."""
        for _ in range(seconds):
            with contextlib.suppress(errors.CloudError):
                reconcile.run(self.world.tools, self.world.clock.now())
            while tick.run(self.world.tools):
                pass
            self.move(_SECOND)

    def sweeps(self, at: dt.datetime) -> None:
        """The books say that they were compared with nova then."""
        self.db.write(watch.change, swept_at=at, sweep_from=at)

    def hide(self, count: int | None = None) -> dict[str, cloud.Guest]:
        """Nova does not know so many of its servers any more."""
        names = list(self.nova.guests)[:count]
        return {name: self.nova.guests.pop(name) for name in names}

    def show(self, hidden: dict[str, cloud.Guest]) -> None:
        self.nova.guests.update(hidden)

    def standing(self) -> set[str]:
        """Every status that a contract has."""
        return {row.billing_status for row in self.rows(schema.subscriptions)}

    def configured(self, **settings: Any) -> None:
        """The daemon is told otherwise from now on."""
        now = self.world.tools.settings
        self.configured_as(dataclasses.replace(now, **settings))

    def configured_as(self, settings: engine_settings.Settings) -> None:
        self.world.tools = dataclasses.replace(
            self.world.tools, settings=settings
        )

    def touched(self) -> int:
        """How many servers nova was ever asked to lock, shelve or delete."""
        guests = {**self.nova.gone, **self.nova.guests}
        return sum(bool(guest.moves) for guest in guests.values())

    def running(self) -> int:
        return sum(
            self.nova._settled(one).shown.vm_state == 'active'
            for one in self.nova.guests.values()
        )

    def out(self) -> list[int]:
        """The numbers of those whose servers are shelved."""
        return [
            n
            for n in range(self.customers)
            if worlds.server_id(f'web-{n}') in self.nova.guests
            and self.shows(f'web-{n}').startswith('shelved')
        ]

    def operators_mails(self) -> list[str]:
        """What the operator was told, each by its name."""
        return [
            row.context['name']
            for row in self.rows(schema.notices, template='operator')
        ]

    def state(self) -> Any:
        [row] = self.rows(schema.watch)
        return row
