# SPDX-License-Identifier: Apache-2.0
"""Another engine's customers as a scenario, of which nothing comes out.

Contracts are as they are there now, servers and quotas as they are in the
cloud now, and what was paid there is paid at the instant it was.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.engine import customers
from patrii_billing.engine import ports
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.simulation import scenario as scenarios
from patrii_billing.store import plans

_PLAN = ('unit', 'trial_days', 'tax_inclusive', 'policy')


@dataclass(slots=True)
class Theirs:
    """All that the other engine says, by its refs; later words count."""

    customers: dict[str, bridge.Customer] = field(default_factory=dict)
    contracts: dict[str, bridge.Contract] = field(default_factory=dict)
    bills: dict[str, bridge.Bill] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Copy:
    """A scenario, and what of theirs is not in it, by ref and why."""

    scenario: scenarios.Scenario
    left_out: dict[str, str]
    servers: Mapping[str, str]  # names by their ids


def read(engine: ports.SubscriptionEngine) -> Theirs:
    """Everything there is. Raises EngineError; nothing is written there."""
    theirs = Theirs()
    for page in engine.changes(None):
        theirs.customers |= {each.ref: each for each in page.customers}
        theirs.contracts |= {each.ref: each for each in page.contracts}
        theirs.bills |= {each.ref: each for each in page.bills}
        theirs.unread |= page.unread
    return theirs


def copy(
    tools: toolbox.Tools,
    theirs: Theirs,
    since: dt.date,
    until: dt.datetime,
    defaults: customers.Defaults,
) -> Copy:
    """The scenario from a day on. Raises CloudError.

    What was invoiced for periods that began before is none of it.
    """
    copying = _Copying(tools, theirs, since, until, defaults)
    return copying.copy()


class _Copying:
    def __init__(
        self,
        tools: toolbox.Tools,
        theirs: Theirs,
        since: dt.date,
        until: dt.datetime,
        defaults: customers.Defaults,
    ) -> None:
        self._tools, self._theirs = tools, theirs
        self._since, self._until = since, until
        self._start = dt.datetime.combine(since, dt.time(), dt.UTC)
        self._defaults = defaults
        self._left: dict[str, str] = dict(theirs.unread)
        self._plans: dict[str, scenarios.Plan] = {}
        self._covered: set[tuple[str, str | None]] = set()

    def copy(self) -> Copy:
        taken: dict[str, list[bridge.Contract]] = {}
        for each in self._theirs.contracts.values():
            why = self._why_not(each)
            if why is None:
                taken.setdefault(each.customer, []).append(each)
            else:
                self._left[each.ref] = why
        wanted = {one.project for some in taken.values() for one in some}
        servers = self._servers(wanted)
        accounts = tuple(
            self._account(self._theirs.customers[ref], contracts, servers)
            for ref, contracts in taken.items()
        )
        return Copy(
            scenarios.Scenario(
                self._start, self._until, self._tools.settings.policy,
                tuple(self._plans.values()), accounts,
                tuple(self._events(taken)),
            ),
            self._left,
            {
                one.id: one.name
                for some in servers.values()
                for one in some
            },
        )

    def _why_not(self, each: bridge.Contract) -> str | None:
        """Why a contract cannot be copied; None where it can."""
        if each.project is None or each.plan is None:
            missing = 'project' if each.project is None else 'plan'
            return f'{each.name} names no {missing}'
        if each.customer not in self._theirs.customers:
            return f'{each.name} is of a customer who is not there'
        if each.ends_on is not None and each.ends_on <= self._since:
            return f'{each.name} has ended on {each.ends_on}'
        if dt.datetime.combine(each.start, dt.time(), dt.UTC) >= self._until:
            return f'{each.name} begins on {each.start}'
        covered = each.project, each.server
        if covered in self._covered:
            return f'{each.name} is a second one for {each.project}'
        try:
            plan = self._plan(each.plan)
        except errors.NotFound as error:
            return f'{each.name}: {error}'
        currency = self._theirs.customers[each.customer].currency
        if plan.currency != currency:
            return f'{each.name}: {plan.name} is in {plan.currency}'
        self._covered.add(covered)
        return None

    def _plan(self, name: str) -> scenarios.Plan:
        if name not in self._plans:
            self._plans[name] = self._tools.db.read(_plan, name)
        return self._plans[name]

    def _servers(
        self, projects: Iterable[str | None]
    ) -> dict[str, list[Any]]:
        """The servers of some projects, as they are now."""
        found: dict[str, list[Any]] = {
            each: [] for each in projects if each is not None
        }
        for page in self._tools.cloud.servers.pages():
            for server in page:
                if server.project in found:
                    found[server.project].append(server)
        return found

    def _account(
        self,
        customer: bridge.Customer,
        contracts: Sequence[bridge.Contract],
        servers: Mapping[str, Sequence[Any]],
    ) -> scenarios.Account:
        projects = dict.fromkeys(str(each.project) for each in contracts)
        return scenarios.Account(
            name=customer.ref,
            timezone=customer.timezone or self._defaults.timezone,
            locale=customer.locale or self._defaults.locale,
            contacts=customer.contacts or ('nobody@example.org',),
            policy={},
            projects=tuple(
                self._project(each, servers[each]) for each in projects
            ),
            subscriptions=tuple(map(self._subscription, contracts)),
            invoicing={'taxes': list(self._defaults.taxes)},
        )

    def _project(
        self, project: str, servers: Sequence[Any]
    ) -> scenarios.Project:
        # They are as before anything is done to them: what the other engine
        # has shelved is to be shelved here by our own ladder, or not.
        return scenarios.Project(
            project,
            dict(self._tools.cloud.quotas.get(project)),
            tuple(
                scenarios.Server(each.id, each.flavor) for each in servers
            ),
        )

    def _subscription(
        self, contract: bridge.Contract
    ) -> scenarios.Subscription:
        plan = self._plan(str(contract.plan))
        day = contract.anchor_day or contract.start.day
        paid_until = None
        if contract.start < self._since:
            cycles = calendar.anchored(
                calendar.Cycle.parse(plan.cycle), day, contract.start
            )
            period = cycles.cycle_of(self._since)
            paid_until = period.end
            if period.start == self._since:
                paid_until = period.start
        return scenarios.Subscription(
            contract.ref, plan.name, str(contract.project), contract.start,
            paid_until, contract.server, day,
        )  # fmt: skip

    def _events(
        self, taken: Mapping[str, Sequence[bridge.Contract]]
    ) -> Iterable[scenarios.Event]:
        """What was paid there, and which contracts end."""
        for bill in self._theirs.bills.values():
            paid = bill.total - bill.owed
            customer = self._theirs.customers.get(bill.customer)
            if (
                bill.customer in taken
                and customer is not None
                and bill.currency == customer.currency
                and bill.state is not bridge.BillState.VOID
                and paid > 0
                and bill.due_on >= self._since
                and self._start <= bill.changed_at < self._until
            ):
                amount = Decimal(money.plain(paid, bill.currency))
                yield scenarios.Event(
                    bill.changed_at, 'pay', bill.customer,
                    {'amount': amount}, bill.number,
                )  # fmt: skip
        for contracts in taken.values():
            for each in contracts:
                if each.ends_on is not None:
                    yield scenarios.Event(
                        max(self._start, _instant(each.start)), 'cancel',
                        each.ref, {'on': each.ends_on}, each.name,
                    )  # fmt: skip


def _instant(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _plan(conn: sa.Connection, name: str) -> scenarios.Plan:
    row = plans.by_name(conn, name)
    more = {
        each: getattr(row, each) for each in _PLAN
        if getattr(row, each) is not None
    }  # fmt: skip
    return scenarios.Plan(
        row.name, row.currency, row.cycle, row.same_day,
        tuple(map(plans.price, plans.prices(conn, row.id))), more,
    )  # fmt: skip
