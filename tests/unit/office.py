# SPDX-License-Identifier: Apache-2.0
"""Systems that listen to the books of acme, and what each was told."""

import dataclasses
import datetime as dt
import json
from typing import Any

from patrii_billing.domain import events as law
from patrii_billing.engine import deliver
from patrii_billing.engine import events
from patrii_billing.engine import ports
from patrii_billing import errors
from patrii_billing.store import events as outbox
from patrii_billing.store import schema
from tests.unit import till


class Reader:
    """A listener that takes what it is told, unless it is away or refuses."""

    def __init__(self) -> None:
        self.told: list[law.Event] = []
        self.tried: list[str] = []
        self.away: str | None = None
        self.refuses: frozenset[str] = frozenset()

    def publish(self, event: law.Event) -> str:
        self.tried.append(event.type)
        if self.away is not None:
            raise errors.ListenerAway(self.away)
        if event.type in self.refuses:
            raise errors.ListenerRefused('not this one', 422)
        self.told.append(event)
        return '204'

    def types(self) -> list[str]:
        return [event.type.removeprefix('billing.') for event in self.told]

    def bodies(self, type_: str) -> list[dict[str, Any]]:
        """What was told of a type, such as invoice.paid."""
        return [
            json.loads(event.body)
            for event in self.told
            if event.type == f'billing.{type_}'
        ]


class Office(till.Till):
    """A till whose books are listened to by `erp`, and by `crm` in part."""

    def __init__(self, policy: str = '', **given: str) -> None:
        super().__init__(policy, **given)
        self.erp, self.crm = Reader(), Reader()
        outbox.keep(self.db.engine)
        self.tools = self.world.tools = dataclasses.replace(
            self.tools,
            listeners={
                'erp': ports.Listener(self.erp),
                'crm': ports.Listener(self.crm, ('billing.invoice.*',)),
            },
        )

    def tell(self, *names: str) -> None:
        """Do what the daemon does for those who listen, until all is done."""
        while events.run(self.tools, self.now):
            pass
        for name in names or self.tools.listeners:
            while deliver.run(self.tools, name):
                pass

    def wait(self, **span: float) -> None:
        self.world.clock.move_to(self.now + dt.timedelta(**span))

    def states(self, listener: str) -> list[str]:
        rows = self.rows(schema.deliveries, listener=listener)
        return [row.state for row in rows]
