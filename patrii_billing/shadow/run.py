# SPDX-License-Identifier: Apache-2.0
"""Run the whole ladder over a copy, and lay it beside what was done there.

The engine is the real one; its books, its cloud, its mailbox and its clock
are simulated, so that nothing is changed and nobody is told.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain import calendar
from patrii_billing.domain import document
from patrii_billing.domain import money
from patrii_billing.engine import customers
from patrii_billing.engine import ports
from patrii_billing.engine import tools as toolbox
from patrii_billing.shadow import comparing
from patrii_billing.shadow import copying
from patrii_billing.simulation import run as simulation
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema

# Nobody but the engine itself changes a simulated cloud.
_SWEEP = dt.timedelta(days=30)
_ACTED = ('action', 'notice', 'alarm')


@dataclass(frozen=True, slots=True)
class Row:
    """One thing here beside the same there; amounts as texts, or None.

    `apart` says how much more is there, or that it is otherwise.
    """

    at: str
    kind: str  # invoice | action | notice | alarm | status
    name: str  # an invoice's number there, an action's type ...
    contract: str
    here: str | None
    there: str | None
    apart: str | None = None


@dataclass(frozen=True, slots=True)
class Shadow:
    """All rows by their time, and what is not compared, by name and why."""

    rows: Sequence[Row]
    left_out: Mapping[str, str]

    @property
    def differences(self) -> int:
        return sum(each.apart is not None for each in self.rows)


def run(
    tools: toolbox.Tools,
    engine: ports.SubscriptionEngine,
    since: dt.date,
    until: dt.datetime,
    defaults: customers.Defaults,
) -> Shadow:
    """From a day on to an instant. Raises EngineError, CloudError."""
    theirs = copying.read(engine)
    copy = copying.copy(tools, theirs, since, until, defaults)
    world = worlds.World(
        copy.scenario, sweep_every=_SWEEP, sweep_age=3 * _SWEEP,
        full_sweep_every=_SWEEP, quota_sweep_every=_SWEEP,
    )  # fmt: skip
    happened = list(simulation.Run(world).lines())
    names = {
        each.ref: each.name
        for some in (theirs.customers, theirs.contracts)
        for each in some.values()
    }
    taken = {
        ref: each for ref, each in theirs.contracts.items()
        if ref not in copy.left_out
    }  # fmt: skip
    bills = comparing.of_contracts(
        theirs.bills.values(), taken, since, until.date()
    )
    ours = world.tools.db.read(_invoices, since, until)
    rows = [
        *_invoices_beside(comparing.paired(ours, bills), names),
        *_acts(happened, names, copy.servers),
        *_statuses(world.tools.db.read(_standing), taken, until),
    ]
    rows.sort(key=lambda one: one.at)
    return Shadow(rows, copy.left_out)


def _invoices_beside(
    pairs: Sequence[comparing.Pair], names: Mapping[str, str]
) -> Iterator[Row]:
    for pair in pairs:
        here, there = pair.here, pair.there
        apart = None
        if pair.differs:
            apart = str(money.Money(pair.apart, pair.currency))
        yield Row(
            pair.due_on.isoformat(), 'invoice',
            there.number if there is not None else '-',
            names.get(pair.contract, pair.contract or '-'),
            None if here is None else _amount(here.total, here.currency),
            None if there is None else _amount(there.total, there.currency),
            apart,
        )  # fmt: skip


def _acts(
    happened: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    servers: Mapping[str, str],
) -> Iterator[Row]:
    """What would have been done and said; the other engine has no such."""
    for each in happened:
        if each['kind'] in _ACTED:
            of = each['subscription'] or each['account'] or ''
            who = names.get(of, '-')
            server = servers.get(each['server'] or '', '')
            yield Row(
                each['at'], each['kind'], each['name'],
                f'{who} {server}'.strip(), each['result'] or 'told', None,
            )  # fmt: skip


def _statuses(
    here: Mapping[str, str],
    contracts: Mapping[str, bridge.Contract],
    until: dt.datetime,
) -> Iterator[Row]:
    """How each contract stands in the end, and there now."""
    for ref, contract in contracts.items():
        ours = here.get(ref, '-')
        otherwise = comparing.stands_otherwise(ours, contract.status)
        yield Row(
            f'{until:%Y-%m-%dT%H:%M:%S}Z', 'status', 'in the end',
            contract.name, ours, contract.status or None,
            'otherwise' if otherwise else None,
        )  # fmt: skip


def _amount(minor: int, currency: str) -> str:
    return str(money.Money(minor, currency))


def _invoices(
    conn: sa.Connection, since: dt.date, until: dt.datetime
) -> list[comparing.Ours]:
    """The invoices that are due in the span, in local days."""
    table, subs = schema.invoices, schema.subscriptions
    accounts = schema.accounts
    rows = conn.execute(
        sa.select(table, subs.c.name.label('contract'), accounts.c.timezone)
        .join(subs, subs.c.id == table.c.subscription_id)
        .join(accounts, accounts.c.id == table.c.account_id)
        .where(table.c.number.is_not(None))
        .order_by(table.c.id)
    )
    found = []
    for row in rows:
        due = calendar.local_day(row.due_at, calendar.zone(row.timezone))
        if since <= due < until.date():
            found.append(
                comparing.Ours(
                    row.contract, document.number(row.series, row.number),
                    due, row.total, row.currency,
                )  # fmt: skip
            )
    return found


def _standing(conn: sa.Connection) -> dict[str, str]:
    subs = schema.subscriptions
    rows = conn.execute(sa.select(subs.c.name, subs.c.billing_status))
    return {row.name: str(row.billing_status) for row in rows}
