# SPDX-License-Identifier: Apache-2.0
"""A scenario's world: the books and the simulated cloud at its start."""

import datetime as dt
import itertools
from typing import Any
import uuid

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import cloud
from patrii_billing.domain import facts
from patrii_billing.domain import server as nova
from patrii_billing.engine import charge
from patrii_billing.engine import observe
from patrii_billing.engine import ports
from patrii_billing.engine import quota
from patrii_billing.engine import settings as engine_settings
from patrii_billing.engine import tools as toolbox
from patrii_billing.sim import clock as clocks
from patrii_billing.sim import cloud as clouds
from patrii_billing.sim import mailbox
from patrii_billing.simulation import scenario as scenarios
from patrii_billing.store import accounts
from patrii_billing.store import memory
from patrii_billing.store import plans
from patrii_billing.store import subscriptions

# Made of the name alone, so that every run has the same ids.
_NAMESPACE = uuid.UUID('a9f1b1a0-6d0e-4b52-9c33-7b7f6a3c1d55')
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)


def server_id(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


class World:
    """The engine's tools over simulated parts, and who is who."""

    def __init__(
        self,
        scenario: scenarios.Scenario,
        voice: ports.Voice | None = None,
        **pace: Any,
    ) -> None:
        self.scenario = scenario
        self.clock = clocks.Clock(scenario.start)
        self.nova = clouds.Nova(self.clock)
        self.quotas = clouds.Quotas(self.nova)
        self.projects = clouds.Projects()
        self.mailbox = mailbox.Voice()
        self.server_names: dict[str, str] = {}
        self._facts = itertools.count(1)
        cases = itertools.count(1)
        self.tools = toolbox.Tools(
            db=memory.books(),
            cloud=ports.Cloud(
                self.nova, clouds.Keeper(self.nova), self.quotas, self.projects
            ),
            voice=voice or self.mailbox,
            clock=self.clock,
            settings=_settings(scenario, **pace),
            new_case=lambda: f'case-{next(cases)}',
        )
        self.tools.db.write(self._people)

    def _people(self, conn: sa.Connection) -> None:
        now = self.clock.now()
        for plan in self.scenario.plans:
            plan_id = plans.add(
                conn, plan.name, plan.currency, plan.cycle, now,
                same_day=plan.same_day, **plan.more,
            )  # fmt: skip
            for price in plan.prices:
                plans.add_priced(conn, plan_id, price)
        for account in self.scenario.accounts:
            self._customer(conn, account, now)

    def _customer(
        self,
        conn: sa.Connection,
        account: scenarios.Account,
        now: dt.datetime,
    ) -> None:
        currency = next(
            (plans.by_name(conn, sub.plan).currency
             for sub in account.subscriptions),
            'EUR',
        )  # fmt: skip
        account_id = accounts.add(
            conn, account.name, now,
            timezone=account.timezone, locale=account.locale,
            contacts=list(account.contacts), currency=currency,
            policy=dict(account.policy), **account.invoicing,
        )  # fmt: skip
        for project in account.projects:
            accounts.add_project(conn, project.name, project.name, account_id)
            self.projects.projects[project.name] = cloud.KeystoneProject(
                project.name, project.name
            )
            self.quotas.quotas[project.name] = dict(project.quota)
            for server in project.servers:
                self.boot(conn, server, project.name, _long_ago(account, now))
        zone = calendar.zone(account.timezone)
        for sub in account.subscriptions:
            self._subscription(conn, sub, account_id, zone, now)

    def _subscription(
        self,
        conn: sa.Connection,
        sub: scenarios.Subscription,
        account_id: int,
        zone: dt.tzinfo,
        now: dt.datetime,
    ) -> None:
        plan = plans.by_name(conn, sub.plan)
        trial = 0 if sub.paid_until else plan.trial_days
        billed_until = sub.paid_until or sub.start + trial * _DAY
        starts = calendar.start_of_day(billed_until, zone)
        lead = self.scenario.policy.reading(sub.policy or {}).invoice_lead
        charge_at = lead.before(starts, zone) if sub.paid_until else starts
        subscription_id = subscriptions.add(
            conn, sub.name, now,
            account_id=account_id,
            plan_id=plan.id,
            project=sub.project,
            server=server_id(sub.server) if sub.server else None,
            anchor_day=sub.anchor_day or sub.start.day, start=sub.start,
            billed_until=billed_until, charge_at=max(charge_at, now),
            enforce_from=sub.enforce_from, policy=dict(sub.policy or {}),
        )  # fmt: skip
        if trial:
            charge.begin_trial(
                conn, subscription_id, sub.start, billed_until
            )
        began = calendar.start_of_day(sub.start, zone)
        held = self.quotas.quotas.get(sub.project, {})
        quota.adopt(conn, sub.project, held, began, 'at the start')

    def boot(
        self,
        conn: sa.Connection,
        server: scenarios.Server,
        project: str,
        created_at: dt.datetime,
    ) -> None:
        """A server appears in the cloud, and Nova tells of it."""
        shown = nova.Server(
            id=server_id(server.name), project=project, name=server.name,
            flavor=server.flavor, vm_state=server.state,
            locked=server.locked is not None, host='host',
            host_status='UP', created_at=created_at, updated_at=created_at,
        )  # fmt: skip
        self.nova.boot(shown)
        if server.locked == 'admin':
            self.nova.set_lock(shown.id, nova.Locker.ADMIN)
        self.server_names[shown.id] = server.name
        fact = facts.ServerCreated(
            server=shown.id, project=project, at=created_at,
            message_id=self.message_id(), name=server.name,
            flavor=flavor(server.flavor), created_at=created_at,
            state=server.state,
        )  # fmt: skip
        observe.observe(conn, self.tools, fact, self.clock.now())

    def message_id(self) -> str:
        return f'message-{next(self._facts)}'


def flavor(name: str) -> facts.Flavor:
    return facts.Flavor(name, name, 1, 512, 1, 0)


def _long_ago(account: scenarios.Account, now: dt.datetime) -> dt.datetime:
    """Servers that are there at the start were there before any contract."""
    days = [sub.start for sub in account.subscriptions]
    first = min(days, default=now.date())
    started = dt.datetime(first.year, first.month, first.day, tzinfo=dt.UTC)
    return min(now, started) - _DAY


def _settings(
    scenario: scenarios.Scenario, **pace: Any
) -> engine_settings.Settings:
    """A daemon's settings, with less polling: its time is simulated.

    It tells what the ladder does, so no guard takes a scenario's few
    customers, who may all be behind or gone, for a mistake.
    """
    given = {
        'policy': scenario.policy,
        'dry_run': scenario.dry_run,
        'silence': None,
        'clock_gap': None,
        'max_arrears_share': 100,
        'max_missing_share': 100,
        'sweep_age': 3 * _DAY,
        'sweep_every': _DAY,
        'full_sweep_every': _DAY,
        'quota_sweep_every': _DAY,
        'blocked': _HOUR,
        'retry': dt.timedelta(seconds=30),
        'mail_retry': dt.timedelta(minutes=10),
        **pace,
    }
    return engine_settings.Settings(**given)
