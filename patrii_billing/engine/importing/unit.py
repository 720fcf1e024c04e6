# SPDX-License-Identifier: Apache-2.0
"""The unit of work of an import: what it does, tells and refuses."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.engine import customers
from patrii_billing.engine.importing import cloud
from patrii_billing.engine.importing import document
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import timeline

different = customers.different

ByName = Callable[[sa.Connection, str], sa.Row[Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """What became, or would become, of one entry of the file."""

    done: str  # added | changed | left
    kind: str  # plan | account | project | subscription | balance
    name: str
    what: str = ''


@dataclass(slots=True)
class Unit:
    """One transaction over the books, and the file it is to bring in.

    `echoes` are mistakes that follow from another one: they are told only
    where no other is, so that nothing is left out in silence.
    """

    conn: sa.Connection
    tools: toolbox.Tools
    wanted: document.Wanted
    seen: cloud.Seen
    defaults: customers.Defaults
    by: str
    now: dt.datetime
    changes: list[Change] = field(default_factory=list)
    mistakes: list[errors.InvalidInput] = field(default_factory=list)
    echoes: list[errors.InvalidInput] = field(default_factory=list)

    def find(self, by_name: ByName, name: str) -> sa.Row[Any] | None:
        try:
            return by_name(self.conn, name)
        except errors.NotFound:
            return None

    def named(
        self, kind: str, by_name: ByName, at: entries.Entry, name: str
    ) -> sa.Row[Any] | None:
        """What an entry refers to; None where it is refused."""
        row = self.find(by_name, name)
        if row is None:
            reason = f'no {kind} is called {name!r}'
            echo = name in self.wanted.names.get(kind, ())
            self.refuse(at, reason, kind, echo)
        return row

    def refuse(
        self,
        at: entries.Entry,
        reason: str,
        name: str = '',
        echo: bool = False,
    ) -> None:
        where = self.echoes if echo else self.mistakes
        where.append(at.wrong(reason, name))

    def unchanged(
        self,
        at: entries.Entry,
        booked: Mapping[str, Any],
        given: Mapping[str, Any],
    ) -> bool:
        """Refuse what is given otherwise than booked; None is not given."""
        sound = True
        for name, value in given.items():
            if value is not None and value != booked[name]:
                was = booked[name]
                if isinstance(was, bool):
                    was = str(was).lower()
                self.refuse(at, f'cannot change from {was} by an import', name)
                sound = False
        return sound

    def tell_changed(
        self,
        kind: str,
        name: str,
        what: Sequence[str],
        account_id: int | None = None,
        subscription_id: int | None = None,
    ) -> None:
        done = 'changed' if what else 'left'
        self.tell(
            done, kind, name, ', '.join(what), account_id, subscription_id
        )  # fmt: skip

    def tell(
        self,
        done: str,
        kind: str,
        name: str,
        what: str = '',
        account_id: int | None = None,
        subscription_id: int | None = None,
    ) -> None:
        """Say what became of an entry, on the timeline where it matters."""
        self.changes.append(Change(done, kind, name, what))
        if done != 'left':
            timeline.record(
                self.conn, self.now, 'import', f'{kind} {name} {done}'[:255],
                what, account_id=account_id, subscription_id=subscription_id,
                by=self.by,
            )  # fmt: skip
